"""Checks at the border: each returns the value it was given, or raises WireError."""

from __future__ import annotations

from collections.abc import Sized
from math import inf

from coordinator.model.ids import NAME
from coordinator.transport.codec.errors import WireError

MAX_COUNTER = 2**63 - 1
MAX_TEXT_CHARACTERS = 200
MAX_KEY_CHARACTERS = 160

_name = NAME.fullmatch


def name(field: str, value: str) -> str:
    """An identifier of the plant or of a robot."""
    if _name(value) is None:
        raise WireError(field, value, "must be 1 to 64 of A-Z a-z 0-9 . _ - and begin with a letter or digit")
    return value


def key(field: str, value: str) -> str:
    """A key that the coordinator gave out, such as an order id: compared, never parsed."""
    if not 0 < len(value) <= MAX_KEY_CHARACTERS or not value.isprintable():
        raise WireError(field, value, f"must be 1 to {MAX_KEY_CHARACTERS} printable characters")
    return value


def text(field: str, value: str, max_characters: int = MAX_TEXT_CHARACTERS) -> str:
    """A text for people whose length the proto bounds."""
    if len(value) > max_characters:
        raise WireError(field, value, f"must have at most {max_characters} characters")
    return value


def clip(value: str) -> str:
    """A text for people whose length the proto leaves open: what is too long is cut."""
    return value[:MAX_TEXT_CHARACTERS]


def finite(field: str, value: float) -> float:
    """A number that is neither NaN nor infinite."""
    if not -inf < value < inf:
        raise WireError(field, value, "must be finite")
    return value


def within(field: str, value: float, low: float, high: float) -> float:
    """A number in [low, high]."""
    if not low <= value <= high:
        raise WireError(field, value, f"must be in [{low:g}, {high:g}]")
    return value


def positive(field: str, value: float, high: float = inf) -> float:
    """A finite number above 0, and at most `high`."""
    if not 0.0 < value <= high or value == inf:
        raise WireError(field, value, "must be finite and above 0" + ("" if high == inf else f", at most {high:g}"))
    return value


def counter(field: str, value: int, low: int = 0) -> int:
    """A counter from `low` on that any store can hold."""
    if not low <= value <= MAX_COUNTER:
        raise WireError(field, value, f"must be in [{low}, 2^63 - 1]")
    return value


def at_most(field: str, items: Sized, count: int) -> None:
    """A list of bounded length."""
    if len(items) > count:
        raise WireError(field, f"{len(items)} items", f"must have at most {count}")
