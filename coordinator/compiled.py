"""numba's compiler as typed decorators, its results kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """
    Compile a function at its first call, to the same numbers as without: no fast-math.

    What was compiled is kept in NUMBA_CACHE_DIR, beside the source, or in the user's cache folder, whichever can be
    written to first, and replaced whole, so that processes may share it. Where none can, each process compiles anew.
    """
    return _compiled(function, boundscheck=False)


def guarded(function: F) -> F:
    """The same for what works on shared arrays: an index that is out of bounds raises, and never reaches memory."""
    return _compiled(function, boundscheck=True)


def _compiled(function: F, *, boundscheck: bool) -> F:
    try:
        return cast("F", numba.njit(function, cache=True, boundscheck=boundscheck))
    except RuntimeError:  # So says numba when it finds no folder to write to.
        return cast("F", numba.njit(function, boundscheck=boundscheck))
