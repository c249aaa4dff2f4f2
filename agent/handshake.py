"""The first words of a session: Hello, and whether the Welcome will do."""

from __future__ import annotations

from agent.body import Placement
from agent.facts import Factsheet, Identity, Memory
from agent.states import Latch
from roundsman.v1 import robot_pb2, session_pb2

PROTOCOL_VERSION = 1


def hello_message(
    identity: Identity, factsheet: Factsheet, memory: Memory, placement: Placement, charge_ratio: float
) -> session_pb2.Hello:
    """Who the robot is; without progress, which the caller adds when a route is held."""
    return session_pb2.Hello(
        min_version=PROTOCOL_VERSION,
        max_version=PROTOCOL_VERSION,
        robot_id=identity.robot_id,
        boot_id=identity.boot_id,
        factsheet=robot_pb2.Factsheet(
            robot_type_id=factsheet.robot_type_id,
            model=factsheet.model,
            agent_version=factsheet.agent_version,
        ),
        placement=robot_pb2.Placement(node_id=placement.node_id, edge_id=placement.edge_id),
        epoch=memory.epoch,
        charge_ratio=charge_ratio,
        is_stopped=memory.latch is Latch.STOPPED,
    )


def refusal_of(welcome: session_pb2.Welcome, epoch: int, known_epoch: int) -> str:
    """Why the robot can't take the Welcome, naming the value and the rule; empty: it can."""
    if epoch < known_epoch:
        return f"coordinator epoch {epoch} is lower than {known_epoch}, seen before: an old coordinator answers"
    if welcome.version != PROTOCOL_VERSION:
        return f"coordinator chose protocol version {welcome.version}: this agent speaks {PROTOCOL_VERSION}"
    for name in ("heartbeat_period_s", "hold_after_s", "report_period_s"):
        value_s = getattr(welcome, name)
        if not 0.0 < value_s < float("inf"):
            return f"Welcome.{name} is {value_s:g}: it must be above 0"
    return ""
