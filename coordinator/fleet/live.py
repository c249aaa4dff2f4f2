"""What the core knows of a robot beyond the journal: gone with the process, told anew by the robot."""

from __future__ import annotations

from dataclasses import dataclass, field

from coordinator.model.assignment import Stop
from coordinator.model.ids import NodeId, PointId, RobotId
from coordinator.model.robot import Activity, LinkState, StateReport
from coordinator.model.snapshot import Wait


@dataclass(slots=True)
class GiveWay:
    """A robot stands aside at `node_id` until the other has passed the resources in `spot`, or until `until_s`."""

    node_id: NodeId
    other: RobotId
    spot: int
    until_s: float


@dataclass(frozen=True, slots=True)
class Clearing:
    """
    The way of one robot, that was held up long, is being cleared.

    Nobody else is released into `mask`, and those in it may only stand aside. Until `fresh_until_s` it alone opens
    circles of waits.
    """

    owner: RobotId
    mask: int
    fresh_until_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class Foretold:
    """An arrival as it was foretold from edges and tasks; `place`: stops that were to be made before it."""

    place: int
    p50_s: float
    p90_s: float


@dataclass(slots=True)
class LiveRobot:
    """
    Volatile side of one robot.

    Attributes:
        connection: Stream of the present session; None when there is none.
        heard_s: When anything of it arrived last.
        hello_charge_ratio: Its charge as it connected; counts until its first report.
        held: Mask of all it has reserved; kept in step with the durable state.
        clock_offset_s: Coordinator's time minus robot's monotonic clock, of the quickest heartbeat lately.
        accepted_seq: End of base the robot is known to hold.
        itinerary: Stops to come, not yet in the base.
        target: Node the path leads to; None when the robot has nowhere to go.
        is_shut_in: Not even home could be reached when it was tried last.
        path: Way numbers from the end of the base to the target.
        path_version: Router version the path was found on.
        wait: Why the release rule holds it at the end of its base, and `wait_way` and `blockers` what for and behind
            whom. What people are told is in `Core.waits`.
        wanted: Mask of the chunk it waits for; 0 when it waits for none.
        cleared_s: When the fleet began to clear its way last.
        searched_s, searched_for: When a plan was looked for last, and to where.
        improved_s: When its plan was last tried in another order.
        held_up_s: Waiting and standing aside since its last stop.
        barred: Points it can't reach, until when.
        distrust: Why its place isn't believed until a person or a new start tells it anew; empty when it is.
        pose_trouble: Why its pose can't be used just now; empty when it can.
        foretold: Arrivals foretold and awaited, by point; `foretold_s` is when the last ones were.
        ready_s: When it could begin its drive or work: its node reached, its task before done, its base long enough.
        waited_s: How long it waited for others before.
        is_hindered: Whether what it does says nothing about how long that usually takes.
        knows_start: Whether its drive began before our eyes.
        sound_path: The path that was last found to be one, as an object.
        settled: The situation in which its base was last found long enough; None while it may grow.
    """

    robot_id: RobotId
    connection: int | None = None
    upload: int | None = None
    sequence: int = 0
    revision: int = 0
    heard_s: float = -1e18
    link: LinkState = LinkState.LOST
    report: StateReport | None = None
    hello_charge_ratio: float = 0.5
    held: int = 0
    clock_offset_s: float | None = None
    rtt_s: float = 0.0
    accepted_seq: int = -1
    sent_s: float = -1e18
    is_route_due: bool = False
    itinerary: list[Stop] = field(default_factory=list)
    target: NodeId | None = None
    target_why: str = ""
    is_shut_in: bool = False
    path: list[int] = field(default_factory=list)
    path_version: int = -1
    wait: Wait | None = None
    wait_way: int | None = None
    blockers: tuple[RobotId, ...] = ()
    wanted: int = 0
    cleared_s: float = -1e18
    searched_s: float = -1e18
    searched_for: NodeId | None = None
    improved_s: float = -1e18
    held_up_s: float = 0.0
    give_way: GiveWay | None = None
    barred: dict[PointId, float] = field(default_factory=dict)
    distrust: str = ""
    pose_trouble: str = ""
    sound_path: list[int] | None = None
    settled: tuple[object, ...] | None = None
    blocked_since_s: float | None = None
    foretold: dict[PointId, list[Foretold]] = field(default_factory=dict)
    foretold_s: float = -1e18
    ready_s: float = 0.0
    waited_s: float = 0.0
    is_hindered: bool = True
    knows_start: bool = False
    commands_sent_s: dict[int, float] = field(default_factory=dict)

    @property
    def activity(self) -> Activity | None:
        """What the robot said last that it does."""
        return None if self.report is None else self.report.activity
