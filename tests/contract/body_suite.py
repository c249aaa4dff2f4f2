"""What every body must do, simulated or real: `check_body` runs all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from agent.body import Body, Leg, Outcome, Reading, Task, Telemetry

# Long enough for any body to drive one edge of its rig, or to perform a task of one second.
LONG_S = 120.0
SHORT_S = 1.0


class Rig(Protocol):
    """
    A fresh body on a test track.

    Attributes:
        body: Not started.
        chain: At least four edges in a row from where the body stands, each with the node at its end.
    """

    body: Body
    chain: Sequence[tuple[str, str]]

    def advance(self, duration_s: float) -> None:
        """Let time pass for the body."""


class Recorder:
    """Writes down what a body reports."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, object]] = []
        self.last: Telemetry | None = None
        self.stops: list[str] = []

    def telemetry(self, telemetry: Telemetry) -> None:
        self.last = telemetry

    def reached(self, seq: int) -> None:
        self.seen.append(("reached", seq))

    def cleared(self, seq: int) -> None:
        self.seen.append(("cleared", seq))

    def task_ended(self, order_id: str, outcome: Outcome, reason: str = "", reading: Reading | None = None) -> None:
        self.seen.append(("ended", (order_id, outcome)))

    def local_stop(self, reason: str) -> None:
        self.stops.append(reason)

    def numbers(self, kind: str) -> list[object]:
        return [value for seen, value in self.seen if seen == kind]


def check_body(factory: Callable[[], Rig]) -> None:
    """Run every check on a body of its own; AssertionError names the rule that was broken."""
    for check in CHECKS:
        rig = factory()
        recorder = Recorder()
        rig.body.start(recorder)
        check(rig, recorder)


def legs(rig: Rig, first: int, last: int) -> list[Leg]:
    """Legs `first` to `last` of the rig's chain."""
    return [Leg(seq, *rig.chain[seq - 1], max_speed_mps=1.0) for seq in range(first, last + 1)]


def speaks_at_once_and_stands(rig: Rig, seen: Recorder) -> None:
    """A body that was given nothing says how it is and stays."""
    assert seen.last is not None, "start: telemetry comes before start returns"
    before = rig.body.placement()
    rig.advance(LONG_S)
    assert seen.seen == [], "start: a body without legs drives nowhere"
    assert rig.body.placement() == before, "start: a body without legs drives nowhere"


def drives_its_legs_in_order_and_no_further(rig: Rig, seen: Recorder) -> None:
    """The base is driven to its end, and the end is the end."""
    rig.body.follow(legs(rig, 1, 2))
    rig.advance(4 * LONG_S)
    assert seen.numbers("reached") == [1, 2], "follow: every leg is reached once, in order, and no other"
    assert seen.numbers("cleared") == [0, 1], "cleared: every node but the last is left, in order"
    assert rig.body.placement().node_id == rig.chain[1][1], "placement: names the node it stands on"
    assert rig.body.placement().edge_id == "", "placement: no edge while it stands on a node"


def clears_a_node_only_after_reaching_it(rig: Rig, seen: Recorder) -> None:
    """No node is freed before the robot was there."""
    rig.body.follow(legs(rig, 1, 4))
    rig.advance(8 * LONG_S)
    for seq in (1, 2, 3):
        assert seen.seen.index(("cleared", seq)) > seen.seen.index(("reached", seq)), "cleared: comes after reached"


def goes_on_when_its_base_grows(rig: Rig, seen: Recorder) -> None:
    """A longer base is driven."""
    rig.body.follow(legs(rig, 1, 1))
    rig.advance(2 * LONG_S)
    rig.body.follow(legs(rig, 2, 3))
    rig.advance(4 * LONG_S)
    assert seen.numbers("reached") == [1, 2, 3], "follow: a longer base is driven on"


def legs_from_within_a_report_are_kept(rig: Rig, seen: Recorder) -> None:
    """The session extends the base while it hears that a node was reached."""

    class Extending(Recorder):
        def reached(self, seq: int) -> None:
            super().reached(seq)
            if seq < 3:
                rig.body.follow(legs(rig, seq + 1, seq + 1))

    extending = Extending()
    rig.body.start(extending)
    rig.body.follow(legs(rig, 1, 1))
    rig.advance(6 * LONG_S)
    assert extending.numbers("reached") == [1, 2, 3], "follow: may be called from within a report"


def performs_a_task_once(rig: Rig, seen: Recorder) -> None:
    """One order, one end."""
    rig.body.perform(Task("order-1", "gauge", "point-1", "read_gauge", "camera", duration_s=1.0))
    rig.advance(LONG_S)
    ended = seen.numbers("ended")
    assert len(ended) == 1, f"perform: every task ends exactly once, not {len(ended)} times"
    assert ended[0][0] == "order-1", "task_ended: names the order"  # type: ignore[index]


def ends_a_task_early_once(rig: Rig, seen: Recorder) -> None:
    """A charge can be cut short."""
    rig.body.perform(Task("order-1", "charge", task_type="charge", duration_s=80_000.0, charge_until_ratio=1.0))
    rig.body.end_task("another")
    assert seen.numbers("ended") == [], "end_task: of another order is nothing"
    rig.body.end_task("order-1")
    rig.advance(LONG_S)
    rig.body.end_task("order-1")
    rig.advance(SHORT_S)
    assert len(seen.numbers("ended")) == 1, "end_task: the task ends, and once"


def stop_brakes_and_resume_goes_on(rig: Rig, seen: Recorder) -> None:
    """STOP is at once; nothing is lost by it."""
    rig.body.follow(legs(rig, 1, 3))
    rig.advance(SHORT_S)
    rig.body.stop()
    rig.body.stop()
    rig.advance(4 * LONG_S)
    assert seen.numbers("reached") == [], "stop: brakes at once, wherever it is"
    assert seen.last is not None
    assert seen.last.speed_mps == 0.0, "stop: stands"
    rig.body.resume()
    rig.advance(6 * LONG_S)
    assert seen.numbers("reached") == [1, 2, 3], "resume: goes on with the legs it had"


def legs_given_while_stopped_wait(rig: Rig, seen: Recorder) -> None:
    """A stopped robot stays, whatever it is given."""
    rig.body.stop()
    rig.body.follow(legs(rig, 1, 1))
    rig.advance(2 * LONG_S)
    assert seen.numbers("reached") == [], "follow: a stopped body keeps its legs and stays"
    rig.body.resume()
    rig.advance(2 * LONG_S)
    assert seen.numbers("reached") == [1], "resume: drives the legs that came meanwhile"


def hold_waits_on_a_node(rig: Rig, seen: Recorder) -> None:
    """A held robot blocks no edge."""
    rig.body.follow(legs(rig, 1, 4))
    rig.advance(SHORT_S)
    rig.body.hold()
    rig.advance(8 * LONG_S)
    held = seen.numbers("reached")
    assert held in ([], [1]), "hold: stops on the next node at the latest"
    assert rig.body.placement().edge_id == "", "hold: stops on a node, not between nodes"
    rig.body.resume()
    rig.advance(8 * LONG_S)
    assert seen.numbers("reached") == [1, 2, 3, 4], "resume: goes on with the legs it had"


def void_base_forgets_legs(rig: Rig, seen: Recorder) -> None:
    """A void base isn't driven; the next one begins where the robot stands."""
    rig.body.follow(legs(rig, 1, 3))
    rig.advance(SHORT_S)
    rig.body.void_base()
    rig.advance(4 * LONG_S)
    assert seen.numbers("reached") == [], "void_base: brakes, and reports no leg of the void route any more"
    place = rig.body.placement()
    assert place.edge_id in ("", rig.chain[0][0]), "placement: names the edge it stands on"
    rig.body.follow(legs(rig, 1, 2))
    rig.advance(4 * LONG_S)
    assert seen.numbers("reached") == [1, 2], "void_base: the next route begins where it stands"


CHECKS: tuple[Callable[[Rig, Recorder], None], ...] = (
    speaks_at_once_and_stands,
    drives_its_legs_in_order_and_no_further,
    clears_a_node_only_after_reaching_it,
    goes_on_when_its_base_grows,
    legs_from_within_a_report_are_kept,
    performs_a_task_once,
    ends_a_task_early_once,
    stop_brakes_and_resume_goes_on,
    legs_given_while_stopped_wait,
    hold_waits_on_a_node,
    void_base_forgets_legs,
)
