"""The books of waiting: what is booked to which cause, and who is to blame in the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.fleet.waits import Blame, Hold, WaitKey, Waits, blame

T0_S = 1_800_000_000.0
HOLDS = [None, *(Hold(cause, "x", behind) for cause in ("resource", "door", "stop") for behind in ((), ("b",), ("c",)))]


@given(st.lists(st.tuples(st.sampled_from("ad"), st.sampled_from(HOLDS), st.floats(0.0, 400.0)), max_size=60))
def test_causes_add_up_whatever_happens(notes: list[tuple[str, Hold | None, float]]):
    """However causes change, each second from a wait's first to its last belongs to exactly one of them."""
    waits, now_s = Waits(T0_S), T0_S
    waited_s = {"a": 0.0, "d": 0.0}
    holds: dict[str, Hold | None] = {}
    for robot_id, hold, pause_s in notes:
        waits.note(robot_id, hold, now_s)
        holds[robot_id] = hold
        now_s += pause_s
        for each, held in holds.items():
            waited_s[each] += pause_s if held is not None else 0.0
        assert waits.gap() is None
    for each, seconds in waited_s.items():
        assert waits.total_s(each, now_s) == pytest.approx(seconds, abs=1e-3)
        assert sum(waits.by_cause_of(each, now_s).values()) == pytest.approx(seconds, abs=1e-3)
    assert sum(waits.by_cause(now_s).values()) == pytest.approx(sum(waited_s.values()), abs=1e-3)


def test_a_wait_goes_on_while_its_cause_changes():
    """Who waits first for a robot, then for a door, waits since the beginning, and for the door since later."""
    waits = Waits(T0_S)
    waits.note("a", Hold("resource", "node n", ("b",)), T0_S)
    waits.note("a", Hold("door", "door d"), T0_S + 10.0)

    assert (waits.present["a"].since_s, waits.present["a"].hold_since_s) == (T0_S, T0_S + 10.0)
    lately = {key: (each.amount, each.count) for key, each in waits.lately(T0_S + 15.0).items()}
    assert lately == {
        WaitKey("a", "resource", "node n", "b"): (10.0, 1),
        WaitKey("a", "door", "door d", None): (5.0, 1),
    }


def test_the_totals_of_a_robot_that_leaves_stay():
    """When a robot is taken off the floor, what it waited for still counts for the plant."""
    waits = Waits(T0_S)
    waits.note("a", Hold("link", "robot a"), T0_S)
    waits.forget("a", T0_S + 7.0)

    assert waits.by_cause(T0_S + 100.0) == {"link": 7.0}
    assert waits.present == {}
    assert waits.accounts == {}


def test_an_hour_later_the_totals_remain_and_the_details_are_forgotten():
    """What a robot waited for long ago counts in its total alone."""
    waits = Waits(T0_S)
    waits.note("a", Hold("link", "robot a"), T0_S)
    waits.note("a", None, T0_S + 7.0)

    assert waits.lately(T0_S + 7200.0) == {}
    assert waits.total_s("a", T0_S + 7200.0) == 7.0


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ({"a": ()}, Blame(None, ())),
        ({"a": ("b",)}, Blame("b", ())),
        ({"a": ("b",), "b": ("c",), "c": ()}, Blame("c", ())),
        ({"a": ("b", "x"), "b": ("c",), "c": ("d",)}, Blame("d", ())),
        ({"a": ("b",), "b": ("a",)}, Blame(None, ("a", "b"))),
        ({"a": ("x", "b"), "b": ("c",), "c": ("a",)}, Blame(None, ("a", "b", "c"))),
        ({"a": ("b",), "b": ("c",), "c": ("b",)}, Blame(None, ("b", "c"))),
    ],
)
def test_the_chain_is_followed_to_its_end(behind: dict[str, tuple[str, ...]], expected: Blame):
    """Who waits behind a robot that waits is told the one at the end, or the circle there."""
    assert blame("a", behind) == expected
