"""Settings are taken whole or refused with every problem named."""

from __future__ import annotations

from pathlib import Path

import pytest

from coordinator.config import ConfigError, load_settings


def _file(folder: Path, text: str) -> Path:
    path = folder / "roundsman.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_and_the_command_line_together_make_settings(tmp_path: Path):
    """What a person types wins over the file; the rest are defaults."""
    path = _file(
        tmp_path,
        'plant = "demo.yaml"\n[listen]\ncontrol_port = 1\nobservation_port = 2\n[fleet]\nhold_after_s = 8\n',
    )

    settings = load_settings(path, {"listen.control_port": 7, "store.folder": "/data"})

    assert settings.plant == tmp_path / "demo.yaml"
    assert (settings.listen.control_port, settings.listen.observation_port) == (7, 2)
    assert settings.fleet.hold_after_s == 8.0
    assert settings.store.folder == Path("/data")
    assert settings.listen.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "plant is missing"),
        ('plant = "x"\nplnt = 1', "plnt is unknown"),
        ('plant = "x"\n[listen]\nprot = 1', "listen.prot is unknown"),
        ('plant = "x"\nlisten = 3', "listen is 3: must be a table"),
        ('plant = "x"\n[listen]\ncontrol_port = "many"', "listen.control_port is 'many'"),
        ('plant = "x"\n[loop]\nretry_s = nan', "loop.retry_s is nan: must be finite"),
        ('plant = "x"\n[fleet]\nhold_after_s = -1', "fleet.hold_after_s is -1"),
        ("plant = ", "roundsman.toml"),
    ],
)
def test_bad_settings_are_refused_by_file_and_key(tmp_path: Path, text: str, message: str):
    """A typing error in the settings is found before anything starts."""
    path = _file(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    """Who names a file that isn't there is told so."""
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load_settings(tmp_path / "gone.toml")


def test_settings_can_come_from_the_command_line_alone():
    """A plant's map is all that must be said."""
    assert load_settings(None, {"plant": "demo.yaml"}).plant == Path("demo.yaml")
