"""A coordinator that starts again knows what it had promised, and promises nothing that can't be kept."""

from __future__ import annotations

from coordinator.fleet.release_rule import check
from coordinator.model.effects import Send
from coordinator.model.operator import CreateMission
from coordinator.model.records import BaseExtended, EpochStarted, StepPassed
from coordinator.model.route import Step
from tests.coordinator.fleet.tiny_plants import alley, build


def test_reservations_are_the_same_after_a_restart(make_floor):
    """Whatever was released before the crash is reserved after it, though no robot has said a word yet."""
    floor = make_floor(alley())
    robots = [floor.join("a", "hw1", "red"), floor.join("b", "he1", "blue")]
    floor.ask(CreateMission(("E-red", "W-blue")))
    most_count = 0
    for _ in range(12):
        floor.run(7.0, laziness=0.3)
        before = [floor.fleet.reserved_names(robot.robot_id) for robot in robots]
        most_count = max(most_count, *(len(names) for names in before))
        floor.crash()
        assert [floor.fleet.reserved_names(robot.robot_id) for robot in robots] == before
        for robot in robots:
            floor.connect(robot)
    assert most_count > 2


def test_each_start_is_a_higher_epoch(make_floor):
    """Robots can tell each start of the coordinator from all before it."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    for _ in range(3):
        floor.crash()
        floor.connect(robot)
    assert [record.epoch for record in floor.journal if isinstance(record, EpochStarted)] == [1, 2, 3, 4]
    assert [effect.epoch for effect in floor.effects if isinstance(effect, Send)][-1] == 4


def test_robots_drive_on_at_once_after_a_restart(make_floor):
    """However many routes the robots were sent before it, those of the new start aren't too old for them."""
    floor = make_floor(alley(period_s=60.0))
    robots = [floor.join("a", "hw1", "red"), floor.join("b", "he1", "blue")]
    floor.run(60.0)
    floor.crash()
    for robot in robots:
        robot.revision += 100_000  # As after a week.
        floor.connect(robot)
    seen = {robot.robot_id: robot.reached for robot in robots}
    floor.run(60.0)

    assert all(robot.reached > seen[robot.robot_id] for robot in robots)


def test_a_node_is_free_only_when_the_whole_body_has_left_it(make_floor):
    """A node stays its robot's while any part of the body is in it, and is free right after."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.ask(CreateMission(("E-red",)))
    for _ in range(80):
        floor.run(0.5, step_s=0.5)
        held = set(floor.fleet.reserved_names(robot.robot_id))
        if robot.cleared < robot.reached:
            assert f"node {robot.node_id}" in held
        else:
            assert f"node {robot.node_id}" not in held or robot.node_id in {
                step.node_id for seq, step in robot.steps.items() if seq > robot.reached
            }


def test_a_release_that_leaves_no_way_home_is_refused(make_floor):
    """On a one-way ring nobody is sent before another's home while that one is out: both would wait for ever."""
    plant = build(
        {"n0": (0, 0, ""), "n1": (2, 0, ""), "n2": (1, 2, ""), "x0": (-1, -1, "p"), "x1": (3, -1, "p")},
        "n0-x0 n1-x1",
        one_way="n0-n1 n1-n2 n2-n0",
    )
    floor = make_floor(plant)
    floor.join("a", "x0", "red")
    floor.join("b", "x1", "red")
    core = floor.fleet._core
    resources = core.resources

    def stands_at(name: str, *edges: str) -> None:
        """Let a robot have driven some edges."""
        route_id = core.state.robots[name].route_id
        steps = tuple(Step(seq, plant.edges[edge].end, edge) for seq, edge in enumerate(edges, start=1))
        core.effects = []
        core.record(BaseExtended(name, route_id, steps))
        core.record(StepPassed(name, route_id, len(steps), len(steps) - 1))
        floor.journal += [effect.record for effect in core.effects]

    def refusal(name: str, edge: str):
        way = resources.ways[resources.way_index[edge]]
        return check(core, core.state.robots[name], core.live[name], [way.index])

    assert refusal("a", "n0-x0.r") is None
    stands_at("b", "n1-x1.r", "n1-n2")
    stands_at("a", "n0-x0.r")
    refused = refusal("a", "n0-n1")
    assert refused is not None
    assert refused.cause == "safety"
    assert refusal("a", "n0-x0") is None
    floor.puppets.clear()
