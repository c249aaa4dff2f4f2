"""
What a robot can do, for whoever connects one: the commands a body obeys and the reports it makes.

A body is command style: every method returns at once, and what comes of it is reported to the listener. It
owns no clock, loop or thread that the agent must know, so the same body runs under asyncio, rclpy and
simulated time. Commands and reports pass on one thread; a body with threads of its own hands its reports
over (`loop.call_soon_threadsafe`). docs/write-an-agent.md shows a whole body; tests/contract/body_suite.py
is what every body must pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol


class Activity(Enum):
    """What a body does. IDLE, DRIVING, WORKING and CHARGING the session works out by itself."""

    IDLE = "idle"
    DRIVING = "driving"
    WORKING = "working"
    CHARGING = "charging"
    STOPPED = "stopped"
    BLOCKED = "blocked"
    FAULTED = "faulted"
    MANUAL = "manual"


class Outcome(Enum):
    """How a task ended: done, tried and failed, or not tried."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Pose(NamedTuple):
    """
    Where the body is, in the map frame.

    Attributes:
        x_m: East, finite.
        y_m: North, finite.
        yaw_rad: Counter-clockwise from east, in [-pi, pi].
        level_id: Level of the plant map, never empty.
    """

    x_m: float
    y_m: float
    yaw_rad: float
    level_id: str


@dataclass(frozen=True, slots=True)
class Placement:
    """
    Where the body stands in the plant's graph.

    Attributes:
        node_id: The node, or the start of `edge_id` when the body is between nodes; empty: not known.
        edge_id: The directed edge the body stands on; empty: it stands on the node.
    """

    node_id: str
    edge_id: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """
    One edge to drive, and the node at its end.

    Attributes:
        seq: Names the leg; grows from leg to leg, not always by one.
        edge_id: The directed edge. The first leg after a start or `void_base` may be the edge the body
            stands on: drive the rest.
        node_id: The node at its end.
        max_speed_mps: Speed limit on the edge, above 0.
    """

    seq: int
    edge_id: str
    node_id: str
    max_speed_mps: float


@dataclass(frozen=True, slots=True)
class Task:
    """
    One thing to do where the body stands.

    Attributes:
        order_id: Names this order; each is given at most once.
        task_id: Task of the plant map; `charge` for charging.
        point_id: Inspection point; empty for charging.
        task_type: read_gauge, thermal_image, gas_sniff, acoustic, photo, charge, ...
        sensor: Sensor to use; empty for charging.
        heading_rad: Heading to take in the map frame; None: any.
        duration_s: Time the plant expects it to take.
        charge_until_ratio: Where charging ends, in (0, 1]; None for any other task.
        parameters: Free parameters of the map.
    """

    order_id: str
    task_id: str
    point_id: str = ""
    task_type: str = ""
    sensor: str = ""
    heading_rad: float | None = None
    duration_s: float = 0.0
    charge_until_ratio: float | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a task found: a value, a blob, or both.

    Attributes:
        value: In `unit`, finite; None: the blob alone is the result.
        unit: As in the plant map; empty for none.
        quality_ratio: Trust in the result, in [0, 1].
        blob: Picture, thermal frame or sound, up to 2^30 bytes; empty for none.
        media_type: Of the blob, such as image/jpeg.
        pose: Where it was taken; None: at the newest reported pose.
        is_alarm: Whether the reading must outlive others when the spool is full.
    """

    value: float | None = None
    unit: str = ""
    quality_ratio: float = 1.0
    blob: bytes = b""
    media_type: str = ""
    pose: Pose | None = None
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault a person should know of: `code` of 1 to 64 A-Z a-z 0-9 . _ - and `text` up to 200."""

    code: str
    text: str = ""
    stops_driving: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """What the radio says: RSRP in dBm, SINR in dB, serving cell; None or empty where it isn't known."""

    rsrp_dbm: float | None = None
    sinr_db: float | None = None
    cell_id: str = ""


class Telemetry(NamedTuple):
    """
    One look at the body.

    Attributes:
        pose: None when localisation is lost.
        speed_mps: Along the heading, in [-10, 10].
        charge_ratio: State of charge, in [0, 1].
        activity: BLOCKED, FAULTED and MANUAL are the body's word alone.
        faults: All present faults.
        link: None when there is no radio to ask.
        blocked_edge_id: The edge something stands on while `activity` is BLOCKED, else empty.
    """

    pose: Pose | None
    speed_mps: float
    charge_ratio: float
    activity: Activity
    faults: tuple[Fault, ...] = ()
    link: Link | None = None
    blocked_edge_id: str = ""


class BodyListener(Protocol):
    """Whom a body reports to. Calls may be made from inside a command."""

    def telemetry(self, telemetry: Telemetry) -> None:
        """
        How the body is: one to twenty times a second, and whenever activity or faults change.

        A body silent for long is reported with its last pose. MANUAL voids the base: afterwards the body is
        asked for its placement and gets a new route.
        """

    def reached(self, seq: int) -> None:
        """
        The body's centre is on the node of leg `seq`: every leg once, in order, also when driving through.

        A leg reported twice is ignored; one that was never given or left out raises BodyError.
        """

    def cleared(self, seq: int) -> None:
        """
        The whole body has left the footprint of the node of leg `seq` (0: of the place it started from).

        Frees that node for others: report late rather than early. Never later than that of the next node.
        One not reached yet raises BodyError; one reported twice is ignored.
        """

    def task_ended(self, order_id: str, outcome: Outcome, reason: str = "", reading: Reading | None = None) -> None:
        """
        The task given by `perform` has ended. Every task ends once; after FAILED the plant may order it anew.

        DONE needs a reading, except for a charge: DONE without one is passed on as FAILED. A task that isn't
        under way is ignored.
        """

    def local_stop(self, reason: str) -> None:
        """A person or a guard at the robot stopped it. Latches like the coordinator's STOP until a RESUME."""


class Body(Protocol):
    """
    What a robot can do.

    A body drives the legs it has, through nodes without stopping while a further leg is known, and stops on
    the node of the last. It drives nothing else. Its own safety (obstacles, emergency stop) is its own
    affair: it slows and stops as it must, reports BLOCKED or FAULTED, and goes on by itself when it can.
    """

    def start(self, listener: BodyListener) -> None:
        """
        Brakes, forgets what was under way before, and reports to `listener`: telemetry before it returns.

        Called once, before any other method. An exception ends the agent: the robot is never announced.
        """

    def placement(self) -> Placement:
        """
        Where it stands or drives now, by its own localisation.

        An empty node: not known; a person must place it.
        Asked with every connection. An exception ends the agent.
        """

    def follow(self, legs: Sequence[Leg]) -> None:
        """
        Appends legs to those it has; begins to drive unless held, stopped or at work.

        A leg it can't drive is a fault with `stops_driving`, reported after it has reached the leg before:
        the coordinator hands its tasks to others. While held or stopped the legs are kept for `resume`.
        """

    def perform(self, task: Task) -> None:
        """
        Does the task on the node where it stands, then reports `task_ended`. One task at a time, each once.

        Legs beyond the node come only after the end, and never a second task meanwhile. A task it can't do
        ends at once as FAILED with the reason. `stop` and `hold` don't end a task; it may finish as long as
        nothing drives.
        """

    def end_task(self, order_id: str) -> None:
        """Ends the task early and reports `task_ended`. Nothing if that task isn't under way."""

    def hold(self) -> None:
        """Stops on the next node at the latest; a body on a node stays there. Keeps its legs for `resume`."""

    def stop(self) -> None:
        """Brakes at once, wherever it is. Keeps its legs for `resume`. Again is the same; outranks `hold`."""

    def resume(self) -> None:
        """
        Drops `hold` and `stop` and goes on with its legs.

        A body that is still locked by a person at the robot doesn't move, and reports `local_stop` again.
        """

    def void_base(self) -> None:
        """
        Brakes at once and forgets all legs; reports none of them any more. A task under way goes on.

        The next legs are another route's, numbered anew from 1. `stop` and `hold` stay in force.
        """
