"""Diagnostics of the robot's own software, as faults people of the plant see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from agent.body import Fault

# diagnostic_msgs/DiagnosticStatus.level.
ERROR, STALE = 2, 3
# Publishers repeat themselves every second; one silent for so long has ended or is well.
FORGET_S = 10.0
CODE_LIMIT_COUNT = 64


class Diagnosis:
    """
    The bad ones among the newest statuses.

    Args:
        patterns: Names to look at, with * and ?; none: look at nothing.
    """

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._bad: dict[str, tuple[float, Fault]] = {}

    def hear(self, name: str, level: int, message: str, now_s: float) -> None:
        """One status of a DiagnosticArray."""
        if not any(fnmatchcase(name, pattern) for pattern in self._patterns):
            return
        if level in (ERROR, STALE):
            self._bad[name] = (now_s, Fault(code_of(name), f"{name}: {message}"[:200]))
        else:
            self._bad.pop(name, None)

    def faults(self, now_s: float) -> tuple[Fault, ...]:
        """Present faults, by name."""
        for name in [name for name, (heard_s, _) in self._bad.items() if now_s - heard_s > FORGET_S]:
            del self._bad[name]
        return tuple(self._bad[name][1] for name in sorted(self._bad))


def code_of(name: str) -> str:
    """A fault's code from a diagnostic's name: only A-Z a-z 0-9 . _ - and at most 64 of them."""
    code = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_")
    return f"diagnostics.{code}"[:CODE_LIMIT_COUNT]
