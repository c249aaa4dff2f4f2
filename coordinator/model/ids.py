"""Identifiers. All are text on the wire; here each kind is a type of its own."""

from __future__ import annotations

import re
from typing import NewType

RobotId = NewType("RobotId", str)
RobotTypeId = NewType("RobotTypeId", str)
LevelId = NewType("LevelId", str)
NodeId = NewType("NodeId", str)
EdgeId = NewType("EdgeId", str)
ZoneId = NewType("ZoneId", str)
DeviceId = NewType("DeviceId", str)
PointId = NewType("PointId", str)
MissionId = NewType("MissionId", str)
TaskId = NewType("TaskId", str)
AlarmId = NewType("AlarmId", str)
RouteId = NewType("RouteId", str)

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Tell whether a text may be an identifier: 1 to 64 of A-Z a-z 0-9 . _ - and no leading punctuation."""
    return NAME.fullmatch(text) is not None
