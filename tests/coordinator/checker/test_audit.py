"""The audit finds in a journal what must never be in one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from coordinator.checker.audit import audit
from coordinator.model.ids import EdgeId, MissionId, NodeId, RobotId, RobotTypeId, RouteId, TaskId
from coordinator.model.mission import Mission, MissionPoint, MissionState, TaskOrder, TaskOutcome
from coordinator.model.observation import Observation
from coordinator.model.operator import Accepted
from coordinator.model.records import (
    BaseExtended,
    EpochStarted,
    MissionChanged,
    MissionCreated,
    ObservationStored,
    OperatorActed,
    Record,
    RobotJoined,
    RobotPlaced,
    SessionOpened,
    StepPassed,
    TaskEnded,
)
from coordinator.model.robot import Factsheet
from coordinator.model.route import Step
from coordinator.plant.map import Edge
from coordinator.plant.parse import parse_plant

PATH = Path(__file__).parents[3] / "maps" / "demo.yaml"
PLANT = parse_plant(PATH.read_text(encoding="utf-8"), source="demo.yaml")
TYPE = RobotTypeId("scout")
ANN, BOB = RobotId("ann"), RobotId("bob")
EPOCH = EpochStarted(1, PLANT.plant_id, PLANT.digest, 0.0)
POINT_AT = {point.node_id: point.point_id for point in PLANT.points.values()}
# Two edges in a row, both ways, and apart from each other; there is work at the end.
FIRST, SECOND = next(
    (first, second)
    for first in PLANT.edges.values()
    for second in PLANT.edges.values()
    if first.reverse_id is not None
    and second.reverse_id is not None
    and second.start == first.end
    and second.end != first.start
    and second.end in POINT_AT
)
POINT = POINT_AT[SECOND.end]
ORDER = TaskOrder("o1", TaskId("p.look"), "photo", "camera", 1.0, POINT)
RESULT = Observation(1, "o1", POINT, TaskId("p.look"), 1.0)
MISSION = Mission(MissionId("m1"), "", (MissionPoint(POINT),), MissionState.WAITING, 50, 0.0)
ACTED = OperatorActed("ada", "key", "digest", "text", Accepted("m1"), None, 0.0)


def _robot(robot_id: RobotId, node_id: NodeId) -> list[Record]:
    return [
        RobotJoined(robot_id, Factsheet(TYPE), node_id),
        SessionOpened(robot_id, 1, 1),
        RobotPlaced(robot_id, RouteId(f"{robot_id}-1"), node_id, None, None, "start"),
    ]


def _drive(robot_id: RobotId, seq: int, edge: Edge, *tasks: TaskOrder) -> BaseExtended:
    return BaseExtended(robot_id, RouteId(f"{robot_id}-1"), (Step(seq, edge.end, edge.edge_id, tasks),))


def _passed(robot_id: RobotId, reached: int, cleared: int) -> StepPassed:
    return StepPassed(robot_id, RouteId(f"{robot_id}-1"), reached, cleared)


GOOD: list[Record] = [
    EPOCH,
    *_robot(ANN, FIRST.start),
    _drive(ANN, 1, FIRST),
    _passed(ANN, 1, 0),
    _drive(ANN, 2, SECOND, ORDER),
    _passed(ANN, 2, 1),
    TaskEnded(ANN, "o1", 1, TaskOutcome.DONE, "", 1.0),
    ObservationStored(ANN, RESULT, 1.0),
    MissionCreated(MISSION, "ada"),
    ACTED,
    # The node that Ann has cleared is free for Bob.
    *_robot(BOB, FIRST.start),
    replace(EPOCH, epoch=2),
    SessionOpened(ANN, 2, 1),
]


def test_a_journal_of_a_good_day_passes():
    """Nothing is found where nothing is wrong."""
    assert audit(GOOD, PLANT) == ()


BAD: dict[str, tuple[list[Record], str]] = {
    "one node for two": ([_drive(BOB, 1, FIRST), _drive(BOB, 2, SECOND)], f"I3: node {SECOND.end}"),
    "one way for two, from both ends": (
        [_drive(ANN, 3, PLANT.edges[EdgeId(str(SECOND.reverse_id))]), _drive(BOB, 1, FIRST)],
        f"I3: node {FIRST.end}",
    ),
    "a step left out": ([_drive(ANN, 4, SECOND)], "I2: base of robot ann: step 4 after step 2"),
    "a step from elsewhere": ([_drive(ANN, 3, SECOND)], "I2: base of robot ann: step 3 goes from"),
    "work where there is none": (
        [_drive(ANN, 3, PLANT.edges[EdgeId(str(SECOND.reverse_id))], replace(ORDER, order_id="o2"))],
        f"task: base of robot ann: o2 at {SECOND.start}, point {POINT} is at {SECOND.end}",
    ),
    "charging where nothing charges": (
        [_drive(ANN, 3, PLANT.edges[EdgeId(str(SECOND.reverse_id))], replace(ORDER, order_id="o2", point_id=None))],
        f"task: base of robot ann: o2 is to charge at {SECOND.start}",
    ),
    "beyond the base": ([_passed(ANN, 3, 1)], "I2: robot ann at step 3"),
    "going back": ([_passed(ANN, 1, 0)], "I2: robot ann went back"),
    "a result twice": ([ObservationStored(ANN, RESULT, 2.0)], "I5: result 1 of robot ann stored twice"),
    "an order ended twice": ([TaskEnded(ANN, "o1", 2, TaskOutcome.DONE, "", 2.0)], "I5: task order o1 ended twice"),
    "a mission twice": ([MissionCreated(MISSION, "ada")], "I5: mission m1 created twice"),
    "a key twice": ([ACTED], "I5: request key of ada carried out twice"),
    "a mission out of its table": (
        [MissionChanged(MISSION.mission_id, MissionState.SUCCEEDED, "done", "", 2.0)],
        "I6: mission m1 went from waiting to succeeded",
    ),
    "an epoch again": ([replace(EPOCH, epoch=2)], "I8: epoch 2 after epoch 2"),
    "a session again": ([SessionOpened(ANN, 2, 1)], "I8: session 2 of robot ann after session 2"),
    "an older boot": ([SessionOpened(ANN, 3, 0)], "I8: boot 0 of robot ann after boot 1"),
    "a stranger": ([_passed(RobotId("eve"), 0, 0)], "I6: StepPassed of robot eve, which hasn't joined"),
}


@pytest.mark.parametrize(("more", "finding"), BAD.values(), ids=BAD.keys())
def test_what_must_never_be_is_found(more: list[Record], finding: str):
    """Each broken rule is named with the entry that broke it."""
    found = audit(GOOD + more, PLANT)

    assert found
    assert found[0].startswith(f"entry {len(GOOD) + 1}: ") or len(more) > 1
    assert any(finding in text for text in found), found


def test_places_on_another_version_of_the_map_are_not_judged():
    """A plant that was rebuilt meanwhile makes no false alarm."""
    other = replace(EPOCH, plant_digest="another")

    assert audit([other, *_robot(ANN, FIRST.start), _drive(ANN, 1, SECOND)], PLANT) == ()
