"""Happenings that make up a story told on a floor, the end of all trouble, and what must be true of the journal."""

from __future__ import annotations

from coordinator.model.ids import RobotId
from coordinator.model.operator import CloseEdge, CreateMission, OpenEdge, ResumeRobots, StopRobots
from coordinator.model.records import BaseExtended, RobotPlaced, StepPassed
from coordinator.model.robot import Activity
from tests.coordinator.fleet.puppets import Floor

HAPPENINGS = ("cut", "reconnect", "reboot", "crash", "close", "fault", "mend", "stop", "resume", "mission", "nothing")


def happen(floor: Floor, what: str, number: int) -> None:
    """One thing happens to one robot, edge or the coordinator."""
    names = sorted(floor.puppets)
    puppet = floor.puppets[names[number % len(names)]]
    if what == "cut":
        floor.cut(puppet)
    elif what == "reconnect" and puppet.connection is None:
        floor.connect(puppet)
    elif what == "reboot":
        floor.reboot(puppet)
    elif what == "crash":
        floor.crash()
    elif what == "close":
        edges = list(floor.plant.edges)
        floor.ask(CloseEdge(edges[number % len(edges)], "test", float(20 + number)))
    elif what in ("fault", "mend"):
        puppet.activity = Activity.FAULTED if what == "fault" else Activity.IDLE
        floor.report(puppet)
    elif what == "stop":
        floor.ask(StopRobots((puppet.robot_id,), "test"))
    elif what == "resume":
        floor.ask(ResumeRobots((), "test"))
    elif what == "mission":
        points = list(floor.plant.points)
        floor.ask(CreateMission(tuple(points[(number + i) % len(points)] for i in range(2))))


def heal(floor: Floor) -> None:
    """The trouble is over: everybody is well and connected, nothing is closed."""
    for puppet in floor.puppets.values():
        puppet.activity = Activity.IDLE
        if puppet.connection is None:
            floor.connect(puppet)
        floor.report(puppet)
    for edge_id in sorted(floor.fleet.state.closures):
        floor.ask(OpenEdge(edge_id))
    floor.ask(ResumeRobots((), "well again"))


def check_bases(floor: Floor) -> None:
    """In the journal a base only grows at its end, and progress only goes on, until a robot is placed anew."""
    end: dict[RobotId, int] = {}
    reached: dict[RobotId, tuple[int, int]] = {}
    for record in floor.journal:
        match record:
            case RobotPlaced():
                end[record.robot_id] = 0 if record.edge_id is None else 1
                reached[record.robot_id] = (0, -1)
            case BaseExtended():
                assert record.steps[0].seq == end[record.robot_id] + 1
                end[record.robot_id] = record.steps[-1].seq
            case StepPassed():
                before = reached[record.robot_id]
                assert before[0] <= record.reached_seq <= end[record.robot_id]
                assert before[1] <= record.cleared_seq <= record.reached_seq
                reached[record.robot_id] = (record.reached_seq, record.cleared_seq)
            case _:
                pass
