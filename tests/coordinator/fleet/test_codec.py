"""Records and state survive their bytes, and a fold over the journal is the live state."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.fleet.apply import apply, fold
from coordinator.fleet.codec import UnknownRecordError, decode_record, decode_state, encode_record, encode_state
from coordinator.model.operator import CreateMission, StopRobots
from coordinator.model.records import EpochStarted, Record
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.tiny_plants import alley

# msgspec writes infinite and NaN as null: none of ours may be.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(str, st.text(max_size=12))


@pytest.mark.parametrize("record_type", get_args(Record), ids=lambda record_type: record_type.__name__)
def test_each_kind_of_record_survives_its_bytes(record_type):
    """Whatever is written to the journal is read back as it was."""

    @settings(max_examples=15)
    @given(st.from_type(record_type))
    def survives(record: Record) -> None:
        kind, body = encode_record(record)
        assert kind == record_type.__name__
        again = decode_record(kind, body)
        assert again == record
        assert encode_record(again) == (kind, body)

    survives()


def _journal() -> list[Record]:
    floor = Floor(alley(period_s=60.0))
    for name, home, kind in (("a", "hw1", "red"), ("b", "he1", "blue")):
        floor.join(name, home, kind)
    floor.ask(CreateMission(("E-red", "W-blue")), key="k")
    floor.run(150, laziness=0.3)
    floor.ask(StopRobots((), "x"))
    floor.reboot(floor.puppets["a"])
    floor.run(5)
    return floor.journal


JOURNAL = _journal()


@given(st.integers(0, len(JOURNAL)))
def test_a_state_taken_anywhere_and_the_rest_of_the_journal_give_the_same(split: int):
    """Recovery may begin at any kept state: the end is the same."""
    state = decode_state(encode_state(fold(JOURNAL[:split])))
    assert encode_state(fold(JOURNAL[split:], state)) == encode_state(fold(JOURNAL))


def test_equal_states_have_equal_bytes():
    """A state read back is written as it was: snapshots can be compared."""
    body = encode_state(fold(JOURNAL))
    assert encode_state(decode_state(body)) == body


@pytest.mark.parametrize(
    ("kind", "body"), [("Sorcery", b"{}"), ("EpochStarted", b"{}"), ("EpochStarted", b"\xff"), ("EpochStarted", b"[1]")]
)
def test_what_can_not_be_read_is_named(kind, body):
    """A journal of a newer version, or a damaged one, is refused by the kind of record, not by a crash."""
    with pytest.raises(UnknownRecordError, match=kind):
        decode_record(kind, body)


def test_a_state_that_can_not_be_read_is_named():
    """The same for kept states."""
    with pytest.raises(UnknownRecordError, match="snapshot"):
        decode_state(b"{")


def test_a_record_about_nobody_is_a_bug_and_raises():
    """A journal can't speak of what isn't there: recovery stops rather than guess."""
    for record in JOURNAL:
        if type(record).__name__ in ("SessionOpened", "StepPassed", "MissionChanged", "TaskEnded", "BaseExtended"):
            with pytest.raises(KeyError):
                apply(fold([]), record)


def test_journals_have_no_infinite_times():
    """Bytes of records hold real numbers only."""
    for record in JOURNAL:
        kind, body = encode_record(record)
        assert b"Infinity" not in body, kind
        assert b"NaN" not in body, kind
    assert math.isfinite(next(r for r in JOURNAL if isinstance(r, EpochStarted)).started_s)
