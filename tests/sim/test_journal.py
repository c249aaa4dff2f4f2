"""The simulated journal."""

from __future__ import annotations

import random

from coordinator.model.effects import Append, Effect, Send
from coordinator.model.ids import RobotId
from coordinator.model.messages import Command, CommandKind, Heartbeat
from coordinator.model.records import EpochStarted
from sim.journal import SimJournal
from sim.world import World


def epoch(number: int) -> Append:
    """A record."""
    return Append(EpochStarted(number, "p", "d", 0.0))


def say(message: Heartbeat | Command) -> Send:
    """A message to a robot."""
    return Send(RobotId("r"), 1, 1, 1, 1, message)


BEAT = say(Heartbeat(1, 0.0, 0.0))


class Desk:
    """A journal whose effects are collected."""

    def __init__(self) -> None:
        self.world = World(0.0)
        self.left: list[Effect] = []
        self.journal = SimJournal(self.world, random.Random(1), perform=self.left.append, synced=lambda record: None)


def test_nothing_is_said_before_what_it_rests_on_is_durable():
    """An effect leaves only after the records of its batch are synced."""
    desk = Desk()
    desk.journal.take([epoch(1), BEAT])
    assert desk.left == []

    desk.world.run_until(1.0)
    assert desk.left == [BEAT]


def test_a_stop_waits_for_no_disk():
    """A stop leaves at once."""
    desk = Desk()
    stop = say(Command(1, CommandKind.STOP))
    desk.journal.take([epoch(1), stop])

    assert desk.left == [stop]


def test_a_crash_loses_what_was_not_synced_and_only_that():
    """After a crash the journal holds exactly what was durable, and nothing is said that rested on the rest."""
    desk = Desk()
    desk.journal.take([epoch(1)])
    desk.world.run_until(1.0)
    desk.journal.take([epoch(2), BEAT])
    desk.journal.crash()
    desk.world.run_until(2.0)

    assert desk.journal.fold().epoch == 1
    assert desk.journal.synced_count == 1
    assert desk.journal.lost_count == 1
    assert desk.left == []
