"""
Is there still an order in which every robot can leave everybody's way?

A *refuge* is a node with one neighbour: nobody drives through it. The witness that all is well is a sequence of robots,
each with a way over places nobody holds any more at its turn, to its own home or to a refuge that is nobody's home. A
release keeps the witness when it takes nothing that a robot earlier in the sequence counts on, and leaves its own robot
a way; only else a new sequence is looked for. Homes come first in the search, because who is at home is in nobody's
way; other refuges are given out only when nobody can reach its home.

Sources:
    Habermann, "Prevention of system deadlocks", CACM 12(7), 1969 (a safe sequence as witness); Fanti, "Event-based
    controller to avoid deadlock and collisions in zone-control AGVS", Int. J. Production Research 40(6), 2002.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from coordinator.checker.bases import Bases
from coordinator.checker.floor import Floor
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId
from coordinator.plant.map import Edge, PlantMap

RETRY_COUNT = 4
POCKET_COUNT = 60


@dataclass(frozen=True, slots=True)
class Way:
    """
    How a robot gets from the end of its base to where it bars nobody.

    Attributes:
        edges: In order; none if it stays.
        refuge: Node where the way ends.
        touched: Places on the way, rooms they are part of and places near them; or more, of a way it was part of.
    """

    edges: tuple[Edge, ...]
    refuge: NodeId
    touched: frozenset[str]


@dataclass(slots=True)
class Witness:
    """A sequence of robots that can finish, the way of each, and robots for which there is none."""

    sequence: list[RobotId] = field(default_factory=list)
    ways: dict[RobotId, Way] = field(default_factory=dict)
    left: frozenset[RobotId] = frozenset()


@dataclass(slots=True)
class _Failure:
    """
    A robot that found no way home.

    Attributes:
        barred: What the places that stopped it bear on: until one of those is freed, it need not look again.
        parked_count: How many had been parked when it was looked at last.
    """

    barred: frozenset[str]
    parked_count: int


@dataclass(slots=True)
class _Trial:
    """A sequence in the making: who is parked where, by robot and by place, in the order of their turns."""

    parked: dict[RobotId, str] = field(default_factory=dict)
    stands: dict[str, RobotId] = field(default_factory=dict)
    ways: dict[RobotId, Way] = field(default_factory=dict)
    failures: dict[RobotId, _Failure] = field(default_factory=dict)


class FinishingSequence:
    """Keeps a witness in step with the floor; `forget` makes it be looked for anew."""

    def __init__(self, plant: PlantMap, floor: Floor, bases: Bases) -> None:
        self._floor = floor
        self._bases = bases
        self._places = floor.places
        neighbours: dict[NodeId, set[NodeId]] = {node_id: set() for node_id in plant.nodes}
        out: dict[NodeId, list[Edge]] = {node_id: [] for node_id in plant.nodes}
        for edge in plant.edges.values():
            neighbours[edge.start].add(edge.end)
            neighbours[edge.end].add(edge.start)
            out[edge.start].append(edge)
        self._edges: Mapping[EdgeId, Edge] = plant.edges
        self._refuges = frozenset(node_id for node_id, others in neighbours.items() if len(others) == 1)
        self._out: dict[RobotTypeId, dict[NodeId, tuple[Edge, ...]]] = {
            type_id: {
                node_id: tuple(edge for edge in edges if self._places.is_open_to(edge, type_id))
                for node_id, edges in out.items()
            }
            for type_id in plant.robot_types
        }
        self._into: dict[RobotTypeId, dict[NodeId, list[Edge]]] = {}
        for type_id, edges_of in self._out.items():
            into = self._into[type_id] = {node_id: [] for node_id in plant.nodes}
            for edge in itertools.chain.from_iterable(edges_of.values()):
                into[edge.end].append(edge)
        self._homes: frozenset[NodeId] = frozenset()
        self._witness = Witness()
        self._is_known = False
        self._is_freed_since = False

    def freed(self) -> None:
        """A robot has left places behind: who had no way before may have one now."""
        self._is_freed_since = True

    def forget(self) -> None:
        """Something else than a release changed what robots may count on."""
        self._is_known = False

    def before(self) -> Witness:
        """The witness for the floor as it is; robots in `left` have none, whatever is released next."""
        if not self._is_known or (self._witness.left and self._is_freed_since):
            self._homes = frozenset(member.home for member in self._bases.members.values())
            self._witness = self._search(self._witness)
            self._is_known, self._is_freed_since = True, False
        return self._witness

    def restore(self, witness: Witness) -> None:
        """The release wasn't written: what held before it holds."""
        self._witness = witness
        self._is_known = True

    def released(
        self, before: Witness, robot_id: RobotId, edges: Iterable[Edge], gained: frozenset[str]
    ) -> list[RobotId]:
        """
        Robots that could finish before a release and can't any more; the floor has it already.

        Args:
            before: The witness before it.
            edges: Driven by the release, in order.
            gained: Places the robot holds through it and didn't before.
        """
        if not gained:
            return []
        kept = self._keep(before, robot_id, tuple(edges), gained)
        self._witness = kept if kept is not None else self._search(before)
        return sorted(self._witness.left - before.left)

    def _keep(
        self, before: Witness, robot_id: RobotId, edges: tuple[Edge, ...], gained: frozenset[str]
    ) -> Witness | None:
        """
        The sequence of before with a new way for the robot, if need be earlier in it.

        Where the release is in the way of another one the rest of the sequence is looked for anew: those that come
        earlier are parked by then as they were before. None if that leaves anybody over.
        """
        if robot_id not in before.ways:
            return None
        touched: frozenset[str] = frozenset().union(*(self._places.touched(place) for place in gained))
        trial = _Trial()
        for other in before.sequence:
            if other == robot_id and robot_id in trial.parked:
                continue
            theirs = before.ways[other]
            if robot_id not in trial.parked:
                is_hit = other == robot_id or not self._bears(other, theirs, touched, trial)
                if is_hit:
                    # Here, or before the first one that it would be in the way of.
                    way = self._leave(robot_id, before.ways[robot_id], edges, trial)
                    if way is None:
                        break
                    self._park(trial, robot_id, way)
                    if other == robot_id and way.refuge == theirs.refuge:
                        return Witness(before.sequence, {**before.ways, robot_id: way}, before.left)
                    touched = self._places.touched(self._places.node(way.refuge))
                if other == robot_id:
                    continue
            if not self._bears(other, theirs, touched, trial):
                break
            self._park(trial, other, theirs)
        for other in before.sequence:
            theirs = before.ways[other]
            is_due = other not in trial.parked and self._still_leads(other, theirs)
            if is_due and self._is_open(other, theirs, trial):
                self._park(trial, other, theirs)
        left = self._seek([other for other in before.sequence if other not in trial.parked], trial, before)
        return None if left else Witness(list(trial.parked), trial.ways, before.left)

    def _bears(self, robot_id: RobotId, way: Way, touched: frozenset[str], trial: _Trial) -> bool:
        """Whether a way that was open is so after a change that bears on some places."""
        return way.touched.isdisjoint(touched) or self._is_open(robot_id, way, trial)

    def _leave(self, robot_id: RobotId, old: Way, driven: tuple[Edge, ...], trial: _Trial) -> Way | None:
        """A way from where a release ends."""
        way = self._onward(robot_id, old, driven)
        if way is None or not self._is_open(robot_id, way, trial):
            way = self._find(robot_id, trial)
        return way

    def _onward(self, robot_id: RobotId, way: Way, driven: tuple[Edge, ...]) -> Way | None:
        """The way from where a release ends: the rest of the old one, or back the same way; None if neither can be."""
        rest, touched = way.edges, way.touched
        for edge in driven:
            passes = next((place for place, each in enumerate(rest) if each.end == edge.end), None)
            back = None if edge.reverse_id is None else self._edges[edge.reverse_id]
            if passes is not None:
                rest = rest[passes + 1 :]
            elif back is not None and self._places.is_open_to(back, self._bases.members[robot_id].robot_type_id):
                rest, touched = (back, *rest), touched | self._borne_on(back)
            else:
                return None
        return Way(rest, way.refuge, touched)

    def _search(self, old: Witness) -> Witness:
        """A sequence for as many robots as can be found; those left over get another try at the refuges."""
        robots = [robot_id for robot_id in old.sequence if self._is_placed(robot_id)]
        robots += sorted(
            robot_id for robot_id in set(self._bases.bases).difference(robots) if self._is_placed(robot_id)
        )
        best = self._try(robots, old)
        for _ in range(RETRY_COUNT):
            if not best.left:
                break
            robots = sorted(best.left) + [robot_id for robot_id in robots if robot_id not in best.left]
            other = self._try(robots, old)
            if len(other.left) >= len(best.left):
                break
            best = other
        return best

    def _try(self, robots: list[RobotId], old: Witness) -> Witness:
        trial = _Trial()
        left = self._seek(robots, trial, old)
        return Witness(list(trial.parked), trial.ways, frozenset(left))

    def _seek(self, pending: list[RobotId], trial: _Trial, old: Witness) -> list[RobotId]:
        """Park robots, whoever can be; returns who can't."""
        while pending:
            home = [robot_id for robot_id in pending if self._go_home(robot_id, trial, old)]
            # Aside one at a time: each may open the way home for others.
            if not home and not any(self._go_aside(robot_id, trial) for robot_id in pending):
                break
            pending = [robot_id for robot_id in pending if robot_id not in trial.parked]
        return pending

    def _go_home(self, robot_id: RobotId, trial: _Trial, old: Witness) -> bool:
        """Park a robot at home if there is a way; else remember why not."""
        failure = trial.failures.get(robot_id)
        if failure is not None and not self._is_freed(failure, trial):
            return False
        way = old.ways.get(robot_id)
        is_known = way is not None and way.refuge == self._bases.members[robot_id].home
        if (
            way is None
            or not is_known
            or not (self._still_leads(robot_id, way) and self._is_open(robot_id, way, trial))
        ):
            way, trial.failures[robot_id] = self._look(robot_id, trial)
        if way is None:
            return False
        self._park(trial, robot_id, way)
        return True

    def _go_aside(self, robot_id: RobotId, trial: _Trial) -> bool:
        """Park a robot that has no way home at another refuge, if there is a way to one."""
        way = self._aside(robot_id, trial)
        if way is None:
            return False
        self._park(trial, robot_id, way)
        return True

    def _is_freed(self, failure: _Failure, trial: _Trial) -> bool:
        """Whether any robot parked since then has left what was in the way."""
        since = list(itertools.islice(trial.parked, failure.parked_count, None))
        failure.parked_count = len(trial.parked)
        places = (place for robot_id in since for place in self._floor.held(robot_id))
        return any(not failure.barred.isdisjoint(self._places.touched(place)) for place in places)

    def _park(self, trial: _Trial, robot_id: RobotId, way: Way) -> None:
        place = self._places.node(way.refuge)
        trial.parked[robot_id] = place
        trial.stands[place] = robot_id
        trial.ways[robot_id] = way

    def _is_placed(self, robot_id: RobotId) -> bool:
        return robot_id in self._bases.bases and self._bases.bases[robot_id].end is not None

    def _still_leads(self, robot_id: RobotId, way: Way) -> bool:
        """Whether a way begins where the robot's base ends now, and leads to its home or nobody's."""
        start = way.edges[0].start if way.edges else way.refuge
        return start == self._bases.bases[robot_id].end and self._may_park(robot_id, way.refuge)

    def _may_park(self, robot_id: RobotId, node_id: NodeId) -> bool:
        if node_id == self._bases.members[robot_id].home:
            return True
        return node_id in self._refuges and node_id not in self._homes

    def _is_open(self, robot_id: RobotId, way: Way, trial: _Trial) -> bool:
        """Whether a robot can drive a way at its turn, and park at its end."""
        if trial.stands.get(self._places.node(way.refuge), robot_id) != robot_id:
            return False
        return all(self._is_passable(robot_id, edge, trial) for edge in way.edges)

    def _is_passable(self, robot_id: RobotId, edge: Edge, trial: _Trial) -> bool:
        if self._bases.closures.get(edge.edge_id) is False:
            return False
        places, floor = self._places, self._floor
        return floor.is_free(robot_id, places.node_name[edge.end], trial.parked, trial.stands) and floor.is_free(
            robot_id, places.way_name[edge.edge_id], trial.parked, trial.stands
        )

    def _way(self, edges: tuple[Edge, ...], refuge: NodeId) -> Way:
        names = [self._places.node_name[edge.end] for edge in edges] + [self._places.node(refuge)]
        names += [self._places.way_name[edge.edge_id] for edge in edges]
        return Way(edges, refuge, frozenset().union(*(self._places.touched(name) for name in names)))

    def _find(self, robot_id: RobotId, trial: _Trial) -> Way | None:
        """A way home, else the shortest to another refuge."""
        way, _ = self._look(robot_id, trial)
        return way or self._aside(robot_id, trial)

    def _look(self, robot_id: RobotId, trial: _Trial) -> tuple[Way | None, _Failure]:
        """A way home; what was in the way of one if there is none."""
        barred = self._pocket(robot_id, trial)
        way = None
        if barred is None:
            barred = set()
            home = self._bases.members[robot_id].home
            way = self._nearest(robot_id, trial, lambda node_id: node_id == home, barred)
        return way, _Failure(frozenset(barred), len(trial.parked))

    def _aside(self, robot_id: RobotId, trial: _Trial) -> Way | None:
        """The shortest way to any refuge."""
        return self._nearest(robot_id, trial, lambda node_id: self._may_park(robot_id, node_id), set())

    def _pocket(self, robot_id: RobotId, trial: _Trial) -> set[str] | None:
        """
        What cuts a robot's home off from all but a few nodes round it; None if nothing does.

        Backward from home: who stands before a home is found at once, and not after a look at the whole plant.
        """
        member, start = self._bases.members[robot_id], self._bases.bases[robot_id].end
        into = self._into.get(member.robot_type_id, {})
        reached = {member.home}
        queue = deque(reached)
        barred: set[str] = set()
        while queue:
            node_id = queue.popleft()
            if node_id == start or len(reached) > POCKET_COUNT:
                return None
            for edge in into.get(node_id, ()):
                if edge.start in reached:
                    continue
                if self._is_passable(robot_id, edge, trial):
                    reached.add(edge.start)
                    queue.append(edge.start)
                else:
                    barred |= self._borne_on(edge)
        return barred

    def _nearest(
        self, robot_id: RobotId, trial: _Trial, is_goal: Callable[[NodeId], bool], barred: set[str]
    ) -> Way | None:
        """The shortest open way from the end of a base to a goal, breadth first; notes in `barred` what stopped it."""
        start = self._bases.bases[robot_id].end
        out = self._out.get(self._bases.members[robot_id].robot_type_id, {})
        came: dict[NodeId, Edge] = {}
        queue = deque(() if start is None else (start,))
        while queue and start is not None:
            node_id = queue.popleft()
            if is_goal(node_id):
                return self._way(_path(came, start, node_id), node_id)
            for edge in out.get(node_id, ()):
                if edge.end == start or edge.end in came:
                    continue
                if self._is_passable(robot_id, edge, trial):
                    came[edge.end] = edge
                    queue.append(edge.end)
                else:
                    barred |= self._borne_on(edge)
        return None

    def _borne_on(self, edge: Edge) -> frozenset[str]:
        places = self._places
        return places.touched(places.node_name[edge.end]) | places.touched(places.way_name[edge.edge_id])


def _path(came: dict[NodeId, Edge], start: NodeId, end: NodeId) -> tuple[Edge, ...]:
    edges: list[Edge] = []
    while end != start:
        edges.append(came[end])
        end = edges[-1].start
    return tuple(reversed(edges))
