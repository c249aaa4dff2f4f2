"""Whether a fleet can keep the revisit periods of a plant, which point says so, and how many robots would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from coordinator.assignment.template.bound import Bound, lower_bound
from coordinator.assignment.template.rounds import Bools, Floats, RobotKind, RoundPoint, Rounds
from coordinator.assignment.template.template import Template, make_template
from coordinator.model.ids import PointId, RobotTypeId
from coordinator.plant.fleet_mix import mix_types
from coordinator.plant.map import InspectionPoint, NodeRole, PlantMap, RobotType
from coordinator.traffic.resources import Resources
from coordinator.traffic.routing import NODE_S

MOST_ROBOTS = 200
TRIES, SIZING_TRIES = 6, 2
"""How often a template is searched for: for the answer itself, and for each other size of the fleet."""


class UnservedError(ValueError):
    """A point that none of the fleet's robots can serve."""

    def __init__(self, point: InspectionPoint, fleet: Mapping[RobotTypeId, int], count: int) -> None:
        names = ", ".join(f"{name} {robots}" for name, robots in fleet.items())
        sensors = " + ".join(sorted(point.sensors))
        more = f" (and {count - 1} more)" if count > 1 else ""
        super().__init__(f"point {point.point_id}: no robot of {names} carries {sensors} and gets there and back{more}")
        self.point_id = point.point_id


@dataclass(frozen=True, slots=True)
class Fleet:
    """
    A fleet as the answer sees it.

    Attributes:
        robots: Of each type.
        ages: Points and the age ratios that are to be expected of them, the oldest first.
        late: Those of them that come later than their tolerance allows.
        chargers_needed: To keep them all charged, on average.
    """

    robots: Mapping[RobotTypeId, int]
    template: Template
    ages: tuple[tuple[PointId, float], ...]
    late: tuple[tuple[PointId, float], ...]
    chargers_needed: int

    @property
    def robots_count(self) -> int:
        """All robots."""
        return sum(self.robots.values())

    @property
    def expected_ratio(self) -> float:
        """Age ratio of the oldest point; 0 if there are none."""
        return self.ages[0][1] if self.ages else 0.0


@dataclass(frozen=True, slots=True)
class Feasibility:
    """
    The answer.

    Attributes:
        bound: What no plan of this fleet beats.
        enough: The smallest fleet of the same mixture that keeps all periods by its template; None: not even 200 do.
        proven_robots_count: Fewer robots of the same mixture can't do it, whatever their plan; None: 200 can't.
    """

    fleet: Fleet
    points_count: int
    chargers_count: int
    bound: Bound
    enough: Fleet | None
    proven_robots_count: int | None

    @property
    def is_overloaded(self) -> bool:
        """Whether not all periods can be kept, tolerances counted, as far as the template knows."""
        return bool(self.fleet.late)


def judge(plant: PlantMap, shares: Mapping[RobotTypeId, int], robots_count: int) -> Feasibility:
    """
    Answer for a fleet on a plant without disturbances.

    Args:
        shares: Of the types that the plant has, sorted, each 1 or more; of which the robots are is `mix_types`.

    Raises:
        UnservedError: If there is a point that none of the robots can serve.
    """
    surveyed = Survey(plant)
    fleet = _fleet(surveyed, shares, robots_count, tries=TRIES)
    proven = _proven_count(surveyed, shares)
    return Feasibility(
        fleet=fleet,
        points_count=len(surveyed.points),
        chargers_count=surveyed.chargers_count,
        bound=lower_bound(surveyed.rounds(fleet.robots, node_s=0.0)),
        enough=None if proven is None else _enough(surveyed, shares, fleet, proven),
        proven_robots_count=proven,
    )


class Survey:
    """A plant's points, and the ways between them for each type of robot."""

    def __init__(self, plant: PlantMap) -> None:
        self.plant = plant
        self.points = tuple(p for p in plant.points.values() if p.period_s is not None)
        self.chargers_count = len(plant.nodes_with(NodeRole.CHARGER))
        self._resources = Resources(plant)
        self._known: dict[tuple[RobotTypeId, float], tuple[Floats, Floats, Bools]] = {}

    def rounds(self, robots: Mapping[RobotTypeId, int], *, node_s: float = NODE_S) -> Rounds:
        """
        The rounds of a fleet.

        Args:
            node_s: For slowing down and turning at the end of each edge; 0 for the best that can ever be.

        Raises:
            UnservedError: If there is a point that none of the robots can serve.
        """
        points = tuple(RoundPoint(p.point_id, p.duration_s, p.period_s or math.inf) for p in self.points)
        kinds = tuple(self._kind(self.plant.robot_types[name], count, node_s) for name, count in robots.items())
        rounds = Rounds(points, kinds, self.chargers_count)
        unserved = rounds.unserved()
        if unserved:
            raise UnservedError(self.plant.points[unserved[0]], robots, len(unserved))
        return rounds

    def _kind(self, robot_type: RobotType, count: int, node_s: float) -> RobotKind:
        key = (robot_type.robot_type_id, node_s)
        if key not in self._known:
            self._known[key] = self._ways(robot_type, node_s)
        travel_s, over_charger_s, is_reached = self._known[key]
        battery, has_chargers = robot_type.battery, self.chargers_count > 0
        return RobotKind(
            name=robot_type.robot_type_id,
            count=count,
            travel_s=travel_s,
            over_charger_s=over_charger_s,
            can_serve=is_reached & np.array([p.sensors <= robot_type.sensors for p in self.points], dtype=np.bool_),
            travel_use=battery.travel_w / battery.capacity_j if has_chargers else 0.0,
            inspect_use=battery.inspect_w / battery.capacity_j if has_chargers else 0.0,
            gain=battery.charge_w / battery.capacity_j,
            usable_ratio=1.0 - battery.reserve_ratio,
        )

    def _ways(self, robot_type: RobotType, node_s: float) -> tuple[Floats, Floats, Bools]:
        """Point to point, the same over a charger, and which points it gets to from a home and back."""
        index = self._resources.node_index
        nodes = [index[p.node_id] for p in self.points]
        chargers = [index[node_id] for node_id in self.plant.nodes_with(NodeRole.CHARGER)]
        homes = [index[node_id] for node_id in self.plant.nodes_with(NodeRole.PARKING)] or chargers
        sources = sorted({*nodes, *chargers, *homes})
        rows = dijkstra(self._graph(robot_type, node_s), indices=sources)
        row = {node: k for k, node in enumerate(sources)}
        to_s = rows[[row[node] for node in nodes]]
        travel_s = np.ascontiguousarray(to_s[:, nodes])
        over_s = np.full(travel_s.shape, np.inf)
        for charger in chargers:
            over_s = np.minimum(over_s, to_s[:, [charger]] + rows[row[charger]][nodes])
        is_reached = np.zeros(len(nodes), dtype=np.bool_)
        for home in homes:
            is_reached |= np.isfinite(to_s[:, home]) & np.isfinite(rows[row[home]][nodes])
        return travel_s, over_s, is_reached

    def _graph(self, robot_type: RobotType, node_s: float) -> csr_array:
        resources = self._resources
        ways = [
            way
            for way, is_allowed in zip(resources.ways, resources.allowed[robot_type.robot_type_id], strict=True)
            if is_allowed and not self.plant.edges[way.edge_id].is_locked
        ]
        times_s = [way.length_m / min(way.speed_mps, robot_type.max_speed_mps) + node_s for way in ways]
        places = ([way.start for way in ways], [way.end for way in ways])
        return csr_array((times_s, places), shape=(len(resources.node_ids),) * 2)


def _fleet(surveyed: Survey, shares: Mapping[RobotTypeId, int], robots_count: int, *, tries: int) -> Fleet:
    robots = _mixture(shares, robots_count)
    template = make_template(surveyed.rounds(robots), tries=tries)
    # Chargers that are wanted more than they can give hold everybody up.
    stretch = max(1.0, template.chargers_count / max(1, surveyed.chargers_count))
    ages = [(p, ratio * stretch) for p, ratio in zip(surveyed.points, template.age_ratio, strict=True)]
    ages.sort(key=lambda age: (-age[1], age[0].point_id))
    return Fleet(
        robots=robots,
        template=template,
        ages=tuple((p.point_id, ratio) for p, ratio in ages),
        late=tuple((p.point_id, ratio) for p, ratio in ages if ratio > allowed_ratio(p)),
        chargers_needed=math.ceil(template.chargers_count - 1e-9),
    )


def allowed_ratio(point: InspectionPoint) -> float:
    """Age ratio up to which a visit is on time; inf for a point without a revisit period."""
    return 1.0 + point.tolerance_s / point.period_s if point.period_s is not None else math.inf


def _mixture(shares: Mapping[RobotTypeId, int], robots_count: int) -> dict[RobotTypeId, int]:
    types = mix_types(shares, robots_count)
    return {name: types.count(name) for name in sorted(set(types))}


def _proven_count(surveyed: Survey, shares: Mapping[RobotTypeId, int]) -> int | None:
    """The fewest robots for which the bound doesn't rule it out that all are on time, by halving."""
    most_allowed = max(map(allowed_ratio, surveyed.points), default=1.0)

    def is_ruled_out(count: int) -> bool:
        try:
            return lower_bound(surveyed.rounds(_mixture(shares, count), node_s=0.0)).ratio > most_allowed
        except UnservedError:
            return True

    if is_ruled_out(MOST_ROBOTS):
        return None
    low, high = 0, MOST_ROBOTS
    while high - low > 1:
        count = min((low + high) // 2, 2 * low + 4)
        low, high = (count, high) if is_ruled_out(count) else (low, count)
    return high


def _enough(surveyed: Survey, shares: Mapping[RobotTypeId, int], fleet: Fleet, proven: int) -> Fleet | None:
    """The smallest fleet found that keeps all periods: from a guess up or down, then by halving."""
    low, high = proven - 1, None
    if not fleet.late:
        high = fleet
    else:
        low = max(low, fleet.robots_count)
    guess = max(low + 1, math.ceil(fleet.robots_count * fleet.expected_ratio))
    while high is None or high.robots_count - low > 1:
        if high is not None and guess >= high.robots_count:
            guess = (low + high.robots_count) // 2
        guess = max(guess, low + 1)
        if guess > MOST_ROBOTS:
            return None
        tried = _fleet(surveyed, shares, guess, tries=SIZING_TRIES)
        if not tried.late:
            high = tried
            guess -= 1
        else:
            low = guess
            guess = max(guess + 1, math.ceil(guess * tried.expected_ratio))
    return high
