"""The journal can't be written: nobody is sent on, a stop still goes out, and it ends by itself."""

from __future__ import annotations

from coordinator.model.effects import Send, is_urgent
from coordinator.model.events import StoreFailed, StoreRecovered
from coordinator.model.messages import Command, CommandKind
from coordinator.model.mission import MissionState
from coordinator.model.operator import CreateMission, StopRobots
from coordinator.model.records import BaseExtended
from tests.coordinator.fleet.tiny_plants import alley


def test_nothing_is_released_while_the_journal_can_not_be_written(make_floor):
    """With a full disk robots finish their base and hold; when there is room again they go on."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.run(2)
    floor.feed(StoreFailed("disk full"))
    assert floor.fleet.snapshot().is_degraded
    assert "coordinator.store_failed" in floor.alarms()
    before = [record for record in floor.journal if isinstance(record, BaseExtended)]
    floor.ask(CreateMission(("E-red",)))
    floor.run(60)
    assert [record for record in floor.journal if isinstance(record, BaseExtended)] == before

    floor.feed(StoreRecovered())
    assert not floor.fleet.snapshot().is_degraded
    assert "coordinator.store_failed" not in floor.alarms()
    floor.until(lambda: floor.mission("m1").state is MissionState.SUCCEEDED)
    assert robot.counter == 1


def test_a_stop_goes_out_while_the_journal_can_not_be_written(make_floor):
    """Stopping never waits for a disk: the stop is marked to leave before its record is safe."""
    floor = make_floor(alley())
    robot = floor.join("a", "hw1", "red")
    floor.feed(StoreFailed("disk full"))
    floor.effects.clear()
    floor.ask(StopRobots((), "smoke"))

    urgent = [effect for effect in floor.effects if is_urgent(effect)]
    assert [(send.robot_id, send.message.kind) for send in urgent if isinstance(send, Send)
            and isinstance(send.message, Command)] == [("a", CommandKind.STOP)]  # fmt: skip
    assert robot.is_stopped
