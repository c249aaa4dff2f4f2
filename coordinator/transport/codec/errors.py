"""What is wrong with a message."""

from __future__ import annotations

_SHOWN_CHARACTERS = 80


class WireError(ValueError):
    """
    A message breaks a rule of its proto; the sender's fault, so don't retry it.

    Attributes:
        field: Path of the field from the top of the message, such as `state.map_pose_body.x_m`.
        value: What it held, shortened for people.
        rule: What it must be.
    """

    def __init__(self, field: str, value: object, rule: str) -> None:
        self.field = field
        self.value = repr(value)[:_SHOWN_CHARACTERS]
        self.rule = rule
        super().__init__(f"{field} is {self.value}: {rule}")
