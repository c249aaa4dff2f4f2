"""Elements of an SVG picture as text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

if TYPE_CHECKING:
    from collections.abc import Sequence

FONTS = "Inter, 'Segoe UI', Roboto, Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def element(name: str, content: str = "", /, **attributes: str | float) -> str:
    """
    Write an element.

    Args:
        name: Of the element.
        content: What stands in it, written as SVG already.
        attributes: With `_` for `-`; numbers are rounded to a tenth.
    """
    pairs = "".join(f" {key.replace('_', '-')}={_value(value)}" for key, value in attributes.items())
    return f"<{name}{pairs}>{content}</{name}>" if content else f"<{name}{pairs}/>"


def _value(value: str | float) -> str:
    return quoteattr(value) if isinstance(value, str) else f'"{round(value, 1):g}"'


def place(x: float, y: float, rotation_rad: float = 0.0) -> str:
    """Value of `transform` that puts what is drawn round (0, 0) at a place, turned counter-clockwise."""
    turn = f" rotate({-math.degrees(rotation_rad):.1f})" if rotation_rad else ""
    return f"translate({x:.1f} {y:.1f}){turn}"


def corners(places: Sequence[tuple[float, float]]) -> str:
    """Value of `points` of a polygon."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def text(words: str, x: float, y: float, *, size: float, color: str, anchor: str = "start") -> str:
    """Plain text."""
    return element("text", escape(words), x=x, y=y, font_size=size, fill=color, text_anchor=anchor)


def label(words: str, x: float, y: float, *, size: float, color: str, anchor: str = "start") -> str:
    """Text with a light rim, legible over lines."""
    rim = text(words, x, y, size=size, color="#ffffff", anchor=anchor)
    rim = rim.replace("<text ", '<text stroke="#ffffff" stroke-width="3" stroke-linejoin="round" ', 1)
    return rim + text(words, x, y, size=size, color=color, anchor=anchor)
