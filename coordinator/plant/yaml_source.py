"""
YAML text to plain data with a line for every value.

A map is data from outside, so only the harmless part of YAML is read: mappings with text keys, lists,
text, numbers, true, false and null. Anchors, aliases, tags, a second document, repeated keys and numbers
that aren't finite are problems. The parser's events are read one by one, so no limit is found out too late
and no depth of nesting can exhaust the stack. `no`, `on`, `1:30` and dates are text, as in YAML 1.2.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from coordinator.plant.errors import MapError, MapProblem

if TYPE_CHECKING:
    from collections.abc import Iterator

Plain: TypeAlias = "dict[str, Plain] | list[Plain] | str | int | float | bool | None"
Path: TypeAlias = tuple[str | int, ...]

MAX_BYTES = 20_000_000
MAX_VALUE_COUNT = 1_000_000
MAX_DEPTH = 16
MAX_PROBLEM_COUNT = 1_000

INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Source:
    """A document's plain data, the line of each value by its path, and the problems found in it so far."""

    name: str
    data: Plain = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[MapProblem] = field(default_factory=list)

    def add(self, path: Path, message: str) -> None:
        """Note a problem of the value at a path; one not in the file has the line of what is round it."""
        known = path
        while known and known not in self.lines:
            known = known[:-1]
        self.add_at(self.lines.get(known, 1), path, message)

    def add_at(self, line: int, path: Path, message: str) -> None:
        """Note a problem at a line."""
        if len(self.problems) < MAX_PROBLEM_COUNT:
            self.problems.append(MapProblem(line, dotted(path), message))

    def refuse_if_bad(self) -> None:
        """
        End the reading if there is any problem.

        Raises:
            MapError: With all problems in the order of the file.
        """
        if self.problems:
            raise MapError(self.name, tuple(sorted(self.problems, key=lambda item: (item.line, item.where))))


@dataclass(slots=True)
class _Container:
    """A list or mapping being read."""

    path: Path
    items: dict[str, Plain] | list[Plain]
    key: str | None = None
    key_line: int = 0


def dotted(path: Path) -> str:
    """Write a path as people do: `edges[3].from`."""
    text = ""
    for part in path:
        name = shown(part, 64) if isinstance(part, str) and not part.isprintable() else str(part)[:80]
        text += f"[{part}]" if isinstance(part, int) else f".{name}" if text else name
    return text or "map"


def shown(value: object, limit_count: int = 60) -> str:
    """Write a value for a message, cut when long."""
    text = repr(value)
    return text if len(text) <= limit_count else text[: limit_count - 3] + "..."


def read_source(text: str, *, name: str) -> Source:
    """
    Read YAML into plain data.

    Raises:
        MapError: If the text isn't YAML or breaks a limit or rule of this module.
    """
    source = Source(name)
    try:
        size_count = len(text.encode("utf-8"))
    except UnicodeEncodeError as error:
        source.add_at(text.count("\n", 0, error.start) + 1, (), "text isn't valid Unicode")
        size_count = 0
    if size_count > MAX_BYTES:
        source.add_at(1, (), f"{size_count} bytes: a map may have at most {MAX_BYTES}")
    source.refuse_if_bad()
    try:
        _read_events(source, yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
        source.add_at(line, (), f"not YAML: {error.problem or error.context or 'unreadable'}")
    except yaml.YAMLError as error:
        source.add_at(1, (), f"not YAML: {shown(str(error), 120)}")
    source.refuse_if_bad()
    return source


def _read_events(source: Source, events: Iterator[yaml.Event]) -> None:
    """Build the data from the parser's events; stops at the first problem of the whole document."""
    stack: list[_Container] = []
    document_count = 0
    for event in events:
        if isinstance(event, yaml.ScalarEvent):
            _take_scalar(source, stack, event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            _open(source, stack, event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            stack.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            document_count += 1
            if document_count > 1:
                source.add_at(_line(event), (), "a second document: a map is one YAML document")
                return
        elif isinstance(event, yaml.AliasEvent):
            path = _path(stack)
            source.add_at(_line(event), path, f"alias *{event.anchor}: maps have no aliases")
            return
        if len(source.lines) > MAX_VALUE_COUNT:
            source.add_at(_line(event), (), f"a map may have at most {MAX_VALUE_COUNT} values")
            return
        if len(stack) > MAX_DEPTH:
            line = _line(event)
            source.add_at(line, (), f"nested deeper than {MAX_DEPTH} levels; a map needs fewer")
            return


def _take_scalar(source: Source, stack: list[_Container], event: yaml.ScalarEvent) -> None:
    line = _line(event)
    _check_marks(source, stack, event)
    if stack and isinstance(stack[-1].items, dict) and stack[-1].key is None:
        top = stack[-1]
        if event.value in top.items:
            first = source.lines.get((*top.path, event.value), 0)
            path = (*top.path, event.value)
            source.add_at(line, path, f"key given twice; first on line {first}")
        top.key, top.key_line = event.value, line
        return
    path = _path(stack)
    value: Plain = event.value
    if event.style is None or event.style == "":
        value = _resolve(source, line, path, event.value)
    _place(source, stack, value, path, line)


def _open(source: Source, stack: list[_Container], event: yaml.CollectionStartEvent) -> None:
    line = _line(event)
    _check_marks(source, stack, event)
    path = _path(stack)
    items: dict[str, Plain] | list[Plain] = {} if isinstance(event, yaml.MappingStartEvent) else []
    if stack and isinstance(stack[-1].items, dict) and stack[-1].key is None:
        source.add_at(line, path, "a key must be text")
        stack[-1].key, stack[-1].key_line = f"?{line}", line
    _place(source, stack, items, path, line)
    stack.append(_Container(path, items))


def _place(source: Source, stack: list[_Container], value: Plain, path: Path, line: int) -> None:
    """Put a value where it belongs; a value with a key has the line of the key, where people look for it."""
    if not stack:
        source.data = value
    elif isinstance(items := stack[-1].items, list):
        items.append(value)
    else:
        top = stack[-1]
        assert top.key is not None
        items[top.key] = value
        top.key, line = None, top.key_line
    source.lines[path] = line


def _path(stack: list[_Container]) -> Path:
    """Path of the value that comes next."""
    if not stack:
        return ()
    top = stack[-1]
    if isinstance(top.items, list):
        return (*top.path, len(top.items))
    return top.path if top.key is None else (*top.path, top.key)


def _check_marks(source: Source, stack: list[_Container], event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
    line = _line(event)
    if event.anchor is not None:
        source.add_at(line, _path(stack), f"anchor &{event.anchor}: maps have no anchors")
    if event.tag is not None:
        source.add_at(line, _path(stack), f"tag {shown(event.tag)}: maps have no tags")


def _line(event: yaml.Event) -> int:
    """Line of the file where an event begins."""
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _resolve(source: Source, line: int, path: Path, text: str) -> Plain:
    """Meaning of an unquoted scalar."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    if DECIMAL.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return number
    elif not NOT_FINITE.fullmatch(text):
        return text
    source.add_at(line, path, f"{shown(text)}: a number must be finite")
    return 0.0
