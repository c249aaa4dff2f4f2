"""One thing that lint found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How bad: an error stops work in the plant, a warning costs time or margin, an info is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Place in a list that has the worst first."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A doubtful thing in a map.

    Attributes:
        code: Which rule, in words joined by dashes; stable, for scripts.
        subject: Id of the node, edge, zone, point or plant.
        message: Value and rule.
    """

    severity: Severity
    code: str
    subject: str
    message: str
