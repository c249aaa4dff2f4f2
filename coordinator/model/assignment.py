"""The assignment problem and its answer, as plain data: a planner needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coordinator.model.ids import MissionId, NodeId, PointId, RobotId


@dataclass(frozen=True, slots=True)
class Stop:
    """
    One stop of an itinerary.

    Attributes:
        node_id: Where.
        point_id: Point to inspect there; None for charging.
        mission_id: Mission it serves; None for the standing patrol.
        arrive_s: Planned arrival, coordinator's timeline.
        leave_s: Planned end of the work.
        charge_until_ratio: For charging.
        reason: Why it is in the plan, and why this robot, in a few words.
    """

    node_id: NodeId
    point_id: PointId | None
    mission_id: MissionId | None
    arrive_s: float
    leave_s: float
    charge_until_ratio: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RobotOffer:
    """
    A robot that can take work.

    Attributes:
        node_id: Where it will be free: end of its base.
        free_s: When it will be free there, tasks of its base done.
        charge_ratio: Expected then.
        sensors: What it carries.
        speed_mps: Top speed; travel times are for `reference_speed_mps` and scale with it.
        travel_ratio_per_s, idle_ratio_per_s, inspect_ratio_per_s: Charge used per second of each.
        charge_ratio_per_s: Charge gained per second at a charger.
        reserve_ratio: Never planned below.
        frozen: Leading stops of its present plan that must stay first.
        planned: Rest of its present plan; keeping it is worth something.
    """

    robot_id: RobotId
    node_id: NodeId
    free_s: float
    charge_ratio: float
    sensors: frozenset[str]
    speed_mps: float
    travel_ratio_per_s: float
    idle_ratio_per_s: float
    inspect_ratio_per_s: float
    charge_ratio_per_s: float
    reserve_ratio: float
    home: NodeId
    frozen: tuple[Stop, ...] = ()
    planned: tuple[Stop, ...] = ()


@dataclass(frozen=True, slots=True)
class PointDemand:
    """
    A point that wants a visit.

    Attributes:
        period_s: Revisit period, or for a mission's point the time within which it should be served.
        last_visit_s: Idleness counts from here; for a mission's point the mission's creation.
        weight: Of its age ratio; a mission's priority is part of it.
        barred: Robots that tried in vain or can't reach it.
    """

    point_id: PointId
    node_id: NodeId
    duration_s: float
    sensors: frozenset[str]
    period_s: float
    last_visit_s: float
    weight: float
    mission_id: MissionId | None = None
    barred: frozenset[RobotId] = frozenset()


@dataclass(frozen=True, slots=True)
class DockOffer:
    """A charger and the intervals (from_s, to_s, robot) already booked there, sorted."""

    node_id: NodeId
    booked: tuple[tuple[float, float, RobotId], ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """
    Everything a planner may look at.

    Attributes:
        version: Echoed in the plan.
        node_index: Row and column in `travel_s` of each node that a point, a charger or a robot's plan is at.
        travel_s: Seconds from node to node at `reference_speed_mps`, learned times, waits for others, congestion and
            closures counted; inf: no way.
            Shape (n, n), float64, read only.
        travel_version: Of `travel_s`: equal ones have equal travel times, since the coordinator's process began.
        speed_mps is of the robots; a travel takes travel_s * max(1, reference_speed_mps / robot speed).
    """

    version: int
    now_s: float
    robots: tuple[RobotOffer, ...]
    points: tuple[PointDemand, ...]
    docks: tuple[DockOffer, ...]
    node_index: dict[NodeId, int]
    travel_s: npt.NDArray[np.float64]
    reference_speed_mps: float
    seed: int = 0
    travel_version: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A point nobody can serve, and the rule that removed the last robot."""

    point_id: PointId
    mission_id: MissionId | None
    rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Itineraries for all robots of the problem.

    Attributes:
        itineraries: For each robot its stops in order, frozen ones first. Sorted by robot id.
        bookings: Charger intervals (node, from_s, to_s, robot) the itineraries need.
        refused: Points that no robot can ever serve under this problem.
        later: For each robot the stops beyond its itinerary, as far as the planner looked ahead: nobody drives there by
            this plan, but they are why others don't come first. Without reasons.
    """

    version: int
    itineraries: tuple[tuple[RobotId, tuple[Stop, ...]], ...]
    bookings: tuple[tuple[NodeId, float, float, RobotId], ...] = ()
    refused: tuple[Refusal, ...] = ()
    later: tuple[tuple[RobotId, tuple[Stop, ...]], ...] = ()
