"""What leaves first when a link is slow, and what need not leave at all."""

from __future__ import annotations

import pytest

from coordinator.model.effects import Send
from coordinator.model.ids import EdgeId, NodeId, RobotId, RouteId
from coordinator.model.messages import (
    Acknowledge,
    Command,
    CommandKind,
    Drain,
    Heartbeat,
    RobotMessage,
    RouteUpdate,
    Welcome,
)
from coordinator.model.route import Step
from coordinator.transport.outbox import MAX_WAITING, Outbox, OutboxFullError

WELCOME = Welcome(1.0, 10.0, 1.0, 0.0, True, 0)


def _route(revision: int, first: int, last: int, route_id: str = "r1") -> RouteUpdate:
    base = tuple(Step(seq, NodeId(f"n{seq}"), EdgeId(f"e{seq}")) for seq in range(first, last + 1))
    return RouteUpdate(RouteId(route_id), revision, base, ())


def _put(outbox: Outbox, *messages: RobotMessage) -> None:
    for message in messages:
        outbox.put(Send(RobotId("a"), 1, 1, 1, 1, message))


async def _all(outbox: Outbox) -> list[RobotMessage]:
    _put(outbox, WELCOME)
    outbox.close()
    taken = []
    while (send := await outbox.take()) is not None:
        taken.append(send.message)
    assert taken[0] == WELCOME
    return taken[1:]


async def test_a_stop_overtakes_everything_but_the_welcome():
    """A stop never waits behind routes and heartbeats."""
    outbox = Outbox()
    beat, stop, pause = (
        Heartbeat(1, 0.0, 0.0),
        Command(2, CommandKind.STOP),
        Command(1, CommandKind.PAUSE),
    )
    _put(outbox, beat, Acknowledge(1), pause, _route(1, 1, 2), Drain(1.0), stop)

    assert await _all(outbox) == [
        stop,
        _route(1, 1, 2),
        pause,
        Acknowledge(1),
        beat,
        Drain(1.0),
    ]


async def test_nothing_is_said_before_the_welcome():
    """A robot that doesn't know its session yet couldn't obey anyway."""
    outbox = Outbox()
    _put(outbox, Command(2, CommandKind.STOP))
    outbox.close()

    assert await outbox.take() is None


async def test_a_stop_is_never_undone_by_an_older_resume():
    """A robot stopped after it was resumed stays stopped, in whatever order the words get out."""
    before, after = Outbox(), Outbox()
    resume, stop, later = (
        Command(1, CommandKind.RESUME),
        Command(2, CommandKind.STOP),
        Command(3, CommandKind.RESUME),
    )
    _put(before, resume, stop, later)
    _put(after, stop, resume, later)

    assert await _all(before) == [stop, later]
    assert await _all(after) == [stop, later]


async def test_a_newer_route_replaces_one_that_it_covers():
    """A robot behind a slow link gets the newest base at once, not its history."""
    outbox = Outbox()
    _put(outbox, _route(1, 1, 2), _route(2, 1, 4))

    assert await _all(outbox) == [_route(2, 1, 4)]


async def test_a_route_that_lacks_steps_of_an_older_one_waits_behind_it():
    """No released step is lost by replacing."""
    outbox = Outbox()
    _put(outbox, _route(1, 1, 2), _route(2, 3, 4), _route(1, 1, 1, "r2"))

    assert await _all(outbox) == [_route(1, 1, 2), _route(2, 3, 4), _route(1, 1, 1, "r2")]


async def test_newest_heartbeat_and_acknowledgement_win():
    """Only the newest time and the highest acknowledgement matter."""
    outbox = Outbox()
    _put(outbox, Heartbeat(1, 1.0, 0.0), Acknowledge(3), Heartbeat(2, 2.0, 0.0), Acknowledge(5))

    assert await _all(outbox) == [Acknowledge(5), Heartbeat(2, 2.0, 0.0)]


async def test_a_command_sent_again_waits_once():
    """Repeating an unanswered command doesn't fill the queue."""
    outbox = Outbox()
    _put(outbox, *[Command(1, CommandKind.PAUSE)] * 200)

    assert await _all(outbox) == [Command(1, CommandKind.PAUSE)]


async def test_an_outbox_is_bounded():
    """A robot that takes nothing is let go instead of filling the memory."""
    outbox = Outbox()
    _put(outbox, *[Command(number, CommandKind.PAUSE) for number in range(MAX_WAITING)])

    with pytest.raises(OutboxFullError):
        _put(outbox, Command(1000, CommandKind.PAUSE))
