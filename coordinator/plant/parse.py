"""Map text to PlantMap: read, check the shape, check the meaning, build; taken whole or refused whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from coordinator.plant.build import build_plant
from coordinator.plant.checks import check_document
from coordinator.plant.errors import MapError, MapProblem
from coordinator.plant.schema import PlantDocument
from coordinator.plant.yaml_source import read_source, shown

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from coordinator.plant.map import PlantMap
    from coordinator.plant.yaml_source import Source

__all__ = ["MapError", "MapProblem", "parse_plant"]


def parse_plant(text: str, *, source: str = "<text>") -> PlantMap:
    """
    Read a plant map.

    Args:
        text: YAML as described in maps/README.md.
        source: Name of the text in messages, usually the file's.

    Raises:
        MapError: If anything is wrong; `problems` has all of it. Meaning is checked once the shape is right.
    """
    read = read_source(text, name=source)
    document = _document(read)
    check_document(read, document)
    read.refuse_if_bad()
    return build_plant(document)


def _document(read: Source) -> PlantDocument:
    try:
        return PlantDocument.model_validate(read.data)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_context=True):
            read.add(tuple(details["loc"]), _rule(details))
    read.refuse_if_bad()
    raise AssertionError("a document that isn't valid has problems")


def _rule(details: ErrorDetails) -> str:
    """Say what is wrong with a value in the words of a map."""
    match details["type"]:
        case "extra_forbidden":
            return "unknown key"
        case "missing":
            return "required key is missing"
        case "model_type" | "dict_type":
            return f"{shown(details['input'])}: must be a mapping of keys to values"
        case "string_type":
            return f"{shown(details['input'])}: must be text; put numbers in quotes"
        case _:
            rule = details["msg"].removeprefix("Input ")
            return f"{shown(details['input'])}: {rule[:1].lower()}{rule[1:]}"
