"""The checker finds what it is there to find."""

from __future__ import annotations

from coordinator.model.effects import AcknowledgeObservations
from coordinator.model.ids import NodeId
from coordinator.model.mission import TaskOutcome
from coordinator.model.records import TaskEnded
from sim.run import Overrides, prepare
from sim.simulation import Simulation


def shift(seconds: float) -> Simulation:
    """Two robots on a quiet day, some time after the start."""
    simulation = prepare("quiet", seed=1, overrides=Overrides(robot_count=2, hours=1.0))
    simulation.world.run_until(simulation.start_s + seconds, after_step=simulation.truth.after_step)
    assert simulation.truth.violations == []
    return simulation


def rules(simulation: Simulation, seconds: float = 20.0) -> set[str]:
    """What is found within the next while."""
    world = simulation.world
    world.run_until(world.now_s + seconds, after_step=simulation.truth.after_step)
    return {violation.rule for violation in simulation.truth.violations}


def test_two_robots_in_one_place_are_seen():
    """Bodies that touch are a collision, whatever anybody reports."""
    simulation = prepare("quiet", seed=1, overrides=Overrides(robot_count=2, hours=1.0))
    first, second = simulation.robots
    second.body.chassis.node_id = first.body.chassis.node_id

    assert "I1" in rules(simulation, 1.0)
    assert simulation.truth.collision_count == 1


def test_a_robot_outside_of_its_reservation_is_seen():
    """A body on a node that isn't reserved for it is found before it meets anybody."""
    simulation = shift(0.9)
    robot = simulation.robots[0]
    assert "I2" not in rules(simulation, 0.5)
    robot.body.chassis.node_id = NodeId("dock-1")

    assert "I2" in rules(simulation, 5.0)


def test_an_acknowledgement_of_what_is_not_durable_is_seen():
    """Telling a robot to forget a result that a crash could lose is a violation."""
    simulation = shift(10.0)
    simulation.truth.leaving(AcknowledgeObservations(simulation.robots[0].robot_id, 1, 99))

    assert "I4" in rules(simulation, 0.0)


def test_a_state_that_the_journal_does_not_explain_is_seen():
    """Live state that differs from the journal's fold is a violation."""
    simulation = shift(10.0)
    fleet = simulation.coordinator.fleet
    assert fleet is not None
    fleet.state.visits_count += 1
    simulation.truth.check_fold()

    assert "I9" in rules(simulation, 0.0)


def test_an_exception_in_the_core_is_a_violation_and_a_crash():
    """A bug that kills the coordinator is reported with its place, and a supervisor starts it again."""
    simulation = shift(10.0)
    simulation.coordinator.handle(TaskEnded("?", "?", 1, TaskOutcome.DONE, "", 0.0))  # type: ignore[arg-type]

    assert not simulation.coordinator.is_up
    assert "core" in rules(simulation, 5.0)
    assert simulation.coordinator.is_up


def test_a_coordinator_that_crashes_comes_back_with_what_was_durable():
    """After a crash the fleet goes on where the journal ends, under a higher epoch."""
    simulation = shift(120.0)
    coordinator = simulation.coordinator
    coordinator.crash()
    coordinator.start()

    assert rules(simulation, 120.0) == set()
    assert coordinator.fleet is not None
    assert coordinator.fleet.state.epoch == 2
