"""SVG to PNG by an optional library (`pip install 'roundsman[plant]'`)."""

from __future__ import annotations

import importlib


class PictureError(RuntimeError):
    """The PNG can't be made: the library isn't there, or it refuses the SVG."""


def svg_to_png(svg: str) -> bytes:
    """
    Make a PNG of an SVG picture, on white, in its own size.

    Raises:
        PictureError: If the library isn't installed or the text isn't SVG.
    """
    try:
        resvg = importlib.import_module("resvg_py")
    except ImportError as error:
        message = "PNG needs the library resvg-py: pip install 'roundsman[plant]'; SVG works without"
        raise PictureError(message) from error
    try:
        return bytes(resvg.svg_to_bytes(svg_string=svg, background="#ffffff"))
    except ValueError as error:
        raise PictureError(f"the SVG can't be drawn: {error}") from error
