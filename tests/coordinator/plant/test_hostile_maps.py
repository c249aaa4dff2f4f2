"""Whatever stands in a map file, it is read or refused: nothing else happens."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.plant.parse import MapError, parse_plant
from tests.coordinator.plant.small_plant import SMALL

BOMB = "a: &a [x, x]\n" + "\n".join(
    f"{n}: &{n} [*{p}, *{p}, *{p}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True)
)

HOSTILE = {
    "empty": ("", "must be a mapping"),
    "a list": ("- 1\n- 2\n", "must be a mapping"),
    "not yaml": ("plant_id: [", "not YAML"),
    "tabs": ("a:\n\t- b\n", "not YAML"),
    "two documents": (SMALL + "---\nplant_id: x\n", "second document"),
    "alias bomb": (BOMB, "no anchors"),
    "alias to itself": ("a: &a [*a]\n", "no anchors"),
    "alias of nothing": ("a: *b\n", "no aliases"),
    "merge key": ("a: {<<: *b}\n", "no aliases"),
    "code": ("a: !!python/object/apply:os.system [ls]\n", "no tags"),
    "binary": ("a: !!binary aGVsbG8=\n", "no tags"),
    "deep lists": ("[" * 100_000, "nested deeper"),
    "deep mappings": ("{a: " * 100_000, "nested deeper"),
    "deep blocks": ("\n".join(" " * n + "a:" for n in range(2_000)), "nested deeper"),
    "list as key": ("? [1, 2]\n: 3\n", "a key must be text"),
    "huge number": ("plant_id: " + "9" * 10_000 + "\n", "must be finite"),
    "nan": ("plant_id: .nan\n", "must be finite"),
    "lone surrogate": ("plant_id: \ud800\n", "valid Unicode"),
    "control characters": ("plant_id: \x00\x01\n", "not YAML"),
    "too long": ("#" * 20_000_001, "may have at most 20000000"),
    "no text at all": ("\ufeff", "must be a mapping"),
    "wrong types everywhere": (
        "plant_id: []\nframe_id: {}\ntimezone: 1\nlevels: 2\nrobot_types: []\nnodes: x\nedges: {}\n",
        "nodes: 'x'",
    ),
}


@pytest.mark.parametrize(("text", "rule"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_refused_with_a_reason(text: str, rule: str):
    """A map from an unknown hand can't run code, fill the memory or stop the coordinator."""
    start_s = time.perf_counter()
    with pytest.raises(MapError) as caught:
        parse_plant(text, source="evil.yaml")

    assert rule in str(caught.value)
    assert len(str(caught.value)) < 100_000
    assert time.perf_counter() - start_s < 10.0


def test_a_file_of_too_many_values_is_refused():
    """A file may be short in bytes and still ask for too much memory."""
    with pytest.raises(MapError, match="at most 1000000 values"):
        parse_plant("[" + "1," * 1_000_002 + "]")


def test_a_million_wrong_things_give_a_message_of_bounded_length():
    """The message stays one that can be shown and logged."""
    nodes = "\n".join(f"  n{index}: {{at: nowhere}}" for index in range(20_000))

    with pytest.raises(MapError) as caught:
        parse_plant(f"nodes:\n{nodes}\n")

    assert len(caught.value.problems) == 1_000
    assert "more problems" in str(caught.value)


@given(st.text(max_size=400))
@settings(max_examples=300)
def test_any_text_is_refused_and_nothing_worse(text: str):
    """Garbage is a MapError, never a crash."""
    with pytest.raises(MapError):
        parse_plant(text)


@given(st.data())
@settings(max_examples=200)
def test_a_damaged_map_is_read_or_refused(data: st.DataObject):
    """A file spoiled by a bad disk or a slip of the hand is refused at worst."""
    start = data.draw(st.integers(0, len(SMALL)))
    end = data.draw(st.integers(start, min(start + 40, len(SMALL))))
    pieces = st.text(alphabet="[]{}:,-&*!|>'\"%@`#? \n0.e+~abcxyz\t", max_size=12)
    text = SMALL[:start] + data.draw(pieces) + SMALL[end:]

    with suppress(MapError):
        assert parse_plant(text).nodes
