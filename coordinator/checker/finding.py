"""What doesn't hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A broken rule.

    Attributes:
        rule: Number of the invariant (I2, I3, I5, I6, I8), or what a release ignored: closure, door, finish,
            stop, task, type.
        subject: Place, zone, device, edge, robot or key it is about.
        text: For people; names the robot too.
    """

    rule: str
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
