"""Settings from a TOML file and from the command line, checked whole before anything starts."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from coordinator.runtime.settings import ServiceSettings

Overrides = Mapping[str, object]
_ADAPTER = TypeAdapter(ServiceSettings)


class ConfigError(Exception):
    """The settings can't be used; the message names file, key, value and rule of each problem."""

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))
        self.source = source
        self.problems = problems


def load_settings(path: Path | None, overrides: Overrides | None = None) -> ServiceSettings:
    """
    Read settings.

    Args:
        path: TOML file; None for none. Relative paths in it are relative to its folder.
        overrides: Dotted key to value, such as `{"listen.control_port": 0}`; they win over the file.

    Raises:
        ConfigError: If the file can't be read, a key is unknown, a value is bad, or no plant is named.
    """
    source = "settings" if path is None else str(path)
    tree = {} if path is None else _read(path)
    for key, value in sorted((overrides or {}).items()):
        _set(tree, key, value)
    problems = tuple(_problems(ServiceSettings, tree, ""))
    if problems:
        raise ConfigError(source, problems)
    try:
        return _ADAPTER.validate_python(tree)
    except ValidationError as error:
        raise ConfigError(source, tuple(_shown(detail) for detail in error.errors())) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(str(path), (str(error),)) from error
    for section, key in ((tree, "plant"), (tree.get("store"), "folder")):
        if isinstance(section, dict) and isinstance(section.get(key), str):
            section[key] = str(path.parent / section[key])
    return tree


def _set(tree: dict[str, Any], key: str, value: object) -> None:
    *sections, name = key.split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
    tree[name] = value


def _problems(shape: type, tree: Mapping[str, Any], where: str) -> Iterator[str]:
    """What pydantic lets pass in a plain dataclass: unknown keys, and numbers that no setting can have."""
    types = get_type_hints(shape)
    for key, value in tree.items():
        name = f"{where}{key}"
        if key not in types:
            yield f"{name} is unknown: must be one of {', '.join(sorted(types))}"
        elif dataclasses.is_dataclass(types[key]) and isinstance(types[key], type):
            if isinstance(value, Mapping):
                yield from _problems(types[key], value, f"{name}.")
            else:
                yield f"{name} is {value!r}: must be a table"
        elif isinstance(value, int | float) and not 0 <= value < math.inf:
            yield f"{name} is {value}: must be finite and at least 0"


def _shown(detail: ErrorDetails) -> str:
    name = ".".join(str(part) for part in detail["loc"])
    rule = detail["msg"][:1].lower() + detail["msg"][1:]
    return f"{name} is missing" if detail["type"] == "missing" else f"{name} is {detail['input']!r}: {rule}"
