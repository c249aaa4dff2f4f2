"""Doors and lifts: asked before a robot passes, let go when it has passed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from coordinator.model.effects import RequestDevice
from coordinator.model.events import DeviceReported, DeviceState
from coordinator.model.ids import DeviceId, LevelId
from coordinator.model.observation import Severity
from coordinator.plant.map import DeviceKind

if TYPE_CHECKING:
    from coordinator.fleet.core import Core
    from coordinator.fleet.state import RobotState
    from coordinator.traffic.resources import Way

ASK_AGAIN_S = 5.0
GIVE_UP_S = 60.0


def gates(core: Core, chunk: list[int]) -> Iterator[Way]:
    """
    Ways that doors and lifts must be open for before a chunk is released.

    Until its robot is through for the last time a door stays open, and a lift where the robot left it.
    """
    left_at: dict[DeviceId, LevelId | None] = {}
    for index in chunk:
        way = core.resources.ways[index]
        device_id = core.plant.edges[way.edge_id].device_id
        if device_id is None:
            continue
        is_lift = core.plant.devices[device_id].kind is DeviceKind.LIFT
        start, end = core.resources.node_ids[way.start], core.resources.node_ids[way.end]
        needed_at = core.plant.nodes[start].level_id if is_lift else None
        if device_id not in left_at or left_at[device_id] != needed_at:
            yield way
        left_at[device_id] = core.plant.nodes[end].level_id if is_lift else None


def ask_device(core: Core, robot: RobotState, way: Way) -> tuple[str, str] | None:
    """
    Ask the door or lift on a way to open.

    None when it is open for the robot or there is none; else cause and subject of the wait.
    """
    device_id = core.plant.edges[way.edge_id].device_id
    if device_id is None or core.open_for.get(device_id) == (robot.robot_id, way.edge_id):
        return None
    asked = core.asked_devices.get(device_id)
    if asked is None or (asked[0] == robot.robot_id and asked[1] != way.edge_id):
        core.asked_devices[device_id] = (robot.robot_id, way.edge_id, core.now_s)
        core.device_asked_s[device_id] = core.now_s
        core.effects.append(RequestDevice(device_id, robot.robot_id, way.edge_id))
    return core.plant.devices[device_id].kind.value, f"{core.plant.devices[device_id].kind.value} {device_id}"


def device_reported(core: Core, event: DeviceReported) -> None:
    """A door or lift says what it does."""
    if event.device_id not in core.plant.devices:
        return
    if event.state is DeviceState.OPEN and event.held_for is not None:
        core.open_for[event.device_id] = (event.held_for, event.at)
    else:
        core.open_for.pop(event.device_id, None)
    if event.state is DeviceState.FAILED:
        core.raise_alarm(event.device_id, "device_failed", Severity.HIGH, f"{event.device_id} is out of order")
    else:
        core.clear_alarm(event.device_id, "device_failed")
    core.is_traffic_dirty = True


def let_go(core: Core) -> None:
    """Let go of devices whose robot has passed or doesn't want them any more; ask silent ones again."""
    for device_id, (robot_id, edge_id, asked_s) in sorted(core.asked_devices.items()):
        live = core.live.get(robot_id)
        way = core.resources.way_index[edge_id]
        is_on_it = live is not None and bool(live.held & core.resources.way_claim[way])
        # What a base must be released with may lead on beyond the path, out of a radio hole.
        is_wanted = live is not None and (way in live.path or bool(live.wanted & core.resources.way_claim[way]))
        if is_on_it:
            continue
        device = DeviceId(device_id)
        if not is_wanted or core.now_s - asked_s > GIVE_UP_S:
            del core.asked_devices[device_id]
            core.effects.append(RequestDevice(device, None, None))
            core.is_traffic_dirty = True
        elif (
            core.open_for.get(device_id) != (robot_id, edge_id)
            and core.now_s - core.device_asked_s[device_id] > ASK_AGAIN_S
        ):
            core.device_asked_s[device_id] = core.now_s
            core.effects.append(RequestDevice(device, robot_id, edge_id))
