"""Words for the wire, drawn by chance, and the way over it."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import Message
from hypothesis import strategies as st

from coordinator.model.ids import RobotId
from roundsman.v1 import robot_pb2

ROBOT = RobotId("spot-1")
CONNECTION = 7

names = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True)
texts = st.text(max_size=200)
numbers = st.floats(allow_nan=False, allow_infinity=False)
counters = st.integers(0, 2**63 - 1)
ratios = st.floats(0.0, 1.0)

M = TypeVar("M", bound=Message)


def over_the_wire(message: M) -> M:
    """A message as the other side reads it."""
    return type(message).FromString(message.SerializeToString())


def wire_enum(prefix: str, value: str, module=robot_pb2) -> int:
    """The number of an enum's value, by its name."""
    return getattr(module, f"{prefix}_{value.upper()}")
