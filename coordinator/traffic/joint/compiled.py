"""Kernels: functions of arrays and numbers that numba compiles to machine code on first use, and keeps on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

import numba

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# A kernel contains the kernels it calls, also those of other files, so what is kept is stale when any of them changed;
# numba itself looks at the kernel's own file only.
_FILES = [path.stat() for path in sorted(Path(__file__).parent.glob("*.py"))]
_STAMP = (max(file.st_mtime_ns for file in _FILES), sum(file.st_size for file in _FILES))


def kernel(function: Kernel) -> Kernel:
    """The function, compiled; with NUMBA_DISABLE_JIT=1 the function itself, which answers the same."""
    return _compiled(function, inline="never")


def recursive(function: Kernel) -> Kernel:
    """
    The same for what calls itself, and for all that calls it, up to Python.

    It isn't kept on disk but compiled anew in each process: a recursive kernel that numba 0.68 has loaded crashes.
    """
    compiled: Kernel = numba.njit(function)
    return compiled


def leaf(function: Kernel) -> Kernel:
    """The same for what is small and called millions of times: its text becomes part of the kernels that call it."""
    return _compiled(function, inline="always")


def _compiled(function: Kernel, inline: Literal["never", "always"]) -> Kernel:
    compiled: Any = numba.njit(cache=True, inline=inline)(function)
    if compiled is not function:
        compiled._cache._cache_file._source_stamp = _STAMP
    return cast("Kernel", compiled)
