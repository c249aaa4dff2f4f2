"""The picture of a plant."""

from __future__ import annotations

import importlib.util
from xml.etree import ElementTree

import pytest

from coordinator.plant.parse import parse_plant
from coordinator.plant.render import render_svg
from coordinator.render_png import PictureError, svg_to_png
from tests.coordinator.plant.small_plant import MAPS, SMALL, changed

HAS_LIBRARY = importlib.util.find_spec("resvg_py") is not None


@pytest.mark.parametrize("radio", [False, True])
@pytest.mark.parametrize("name", ["demo", "refinery"])
def test_the_picture_is_well_formed_and_stable(name: str, radio: bool):
    """Drawing the same plant twice gives the same file, which any viewer opens."""
    plant = parse_plant((MAPS / f"{name}.yaml").read_text())

    svg = render_svg(plant, radio=radio)
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert render_svg(plant, radio=radio) == svg
    assert ("5G cell" in svg) is radio


def test_one_level_can_be_drawn_alone():
    """A floor is easier to read on its own."""
    plant = parse_plant(SMALL)

    assert "level ground" in render_svg(plant)
    roof = render_svg(plant, level="roof")
    assert "level roof" in roof
    assert "level ground" not in roof
    with pytest.raises(KeyError):
        render_svg(plant, level="cellar")


def test_text_of_the_map_is_not_taken_for_markup():
    """A tag with angle brackets is shown, not run."""
    plant = parse_plant(changed(("tag: P-101 discharge", "tag: '<script>&'")))

    assert "&lt;script&gt;&amp;" in render_svg(plant)


@pytest.mark.skipif(not HAS_LIBRARY, reason="resvg-py isn't installed")
def test_a_png_is_made_where_the_library_is():
    """People paste pictures into reports."""
    assert svg_to_png(render_svg(parse_plant(SMALL))).startswith(b"\x89PNG\r\n")
    with pytest.raises(PictureError, match="can't be drawn"):
        svg_to_png("not svg")


@pytest.mark.skipif(HAS_LIBRARY, reason="resvg-py is installed")
def test_without_the_library_the_message_says_what_to_install():
    """Nobody has to guess what is missing."""
    with pytest.raises(PictureError, match=r"pip install 'roundsman\[plant\]'"):
        svg_to_png(render_svg(parse_plant(SMALL)))
