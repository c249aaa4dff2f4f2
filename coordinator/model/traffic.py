"""An immutable picture of the traffic: who waits for what, where robots queue, and where time is lost."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import EdgeId, NodeId, RobotId


@dataclass(frozen=True, slots=True)
class WaitingRobot:
    """
    A robot that waits now.

    Attributes:
        cause, subject: As in `Wait`.
        behind: All robots it waits for, the one to name first.
        since_s: When it began to wait.
        cause_since_s: Since when for this cause, subject and first robot.
        root: The robot at the end of the chain of those that wait for one another; None when it waits for no robot
            or the chain ends in a circle.
        root_state: What the root does, or waits for; empty without one.
        circle: Robots at the end of the chain that wait for each other, each for the next; empty for none.
    """

    robot_id: RobotId
    cause: str
    subject: str
    behind: tuple[RobotId, ...]
    since_s: float
    cause_since_s: float
    root: RobotId | None
    root_state: str
    circle: tuple[RobotId, ...]


@dataclass(frozen=True, slots=True)
class QueuedRobot:
    """A robot in a queue: the edge it wants to drive next, and since when it waits."""

    robot_id: RobotId
    edge_id: EdgeId
    since_s: float


@dataclass(frozen=True, slots=True)
class Queue:
    """
    Robots before one way (both directions) or one corridor.

    Attributes:
        robots: Those that stand before it, then those behind them; of as many before them, the longest wait first.
        holders: Robots that hold something of the place.
    """

    name: str
    robots: tuple[QueuedRobot, ...]
    holders: tuple[RobotId, ...]


@dataclass(frozen=True, slots=True)
class HotEdge:
    """One direction of an edge: passages within the window, and how much longer than free they took on average."""

    edge_id: EdgeId
    passages_count: int
    passages_per_h: float
    mean_delay_s: float
    free_s: float
    queue_count: int


@dataclass(frozen=True, slots=True)
class Blocker:
    """
    A robot that others wait for.

    Attributes:
        state: What it does, or waits for.
        blocked: Those that wait for it directly, longest first.
        held_up_count: Those and all that wait for them in turn.
        since_s: When the first of them began to wait for it.
    """

    robot_id: RobotId
    state: str
    blocked: tuple[RobotId, ...]
    held_up_count: int
    since_s: float


@dataclass(frozen=True, slots=True)
class RobotWaits:
    """One robot's waiting since the process started; the seconds by cause add up to `total_s`."""

    robot_id: RobotId
    total_s: float
    waits_count: int
    wait_s_by_cause: tuple[tuple[str, float], ...]
    lately_s: float


@dataclass(frozen=True, slots=True)
class WaitSum:
    """Waiting within the window for one cause, subject and robot behind it, over `robots_count` robots."""

    cause: str
    subject: str
    behind: RobotId | None
    wait_s: float
    waits_count: int
    robots_count: int


@dataclass(frozen=True, slots=True)
class TrafficClaim:
    """The robot that waits longest comes first into these resources until then."""

    robot_id: RobotId
    resources: tuple[str, ...]
    until_s: float


@dataclass(frozen=True, slots=True)
class StandAside:
    """A robot that drives or stands aside at a node for another; until then, unless a whole way is being cleared."""

    robot_id: RobotId
    node_id: NodeId
    behind: RobotId
    until_s: float
    is_there: bool


@dataclass(frozen=True, slots=True)
class TrafficSnapshot:
    """
    The traffic at `now_s`.

    Attributes:
        window_s: How far back the figures of the last hour reach.
        robot_ids: All robots the coordinator knows.
        waiting: Longest wait first.
        queues: Longest first.
        hot_edges: Most time lost first.
        blockers: Most robots held up first.
        accounts: Robots that ever waited, by id.
        sums: Most seconds first.
    """

    now_s: float
    window_s: float
    robot_ids: tuple[RobotId, ...]
    waiting: tuple[WaitingRobot, ...]
    queues: tuple[Queue, ...]
    hot_edges: tuple[HotEdge, ...]
    blockers: tuple[Blocker, ...]
    accounts: tuple[RobotWaits, ...]
    sums: tuple[WaitSum, ...]
    wait_s_by_cause: tuple[tuple[str, float], ...]
    claim: TrafficClaim | None
    stand_asides: tuple[StandAside, ...]
    replans_lately: tuple[tuple[str, int], ...]
    replans: tuple[tuple[str, int], ...]
