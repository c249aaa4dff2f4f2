"""How simulated robots drive."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.body import Activity, Leg, Outcome, Task
from coordinator.model.ids import EdgeId
from tests.contract.body_suite import Recorder
from tests.sim.plants import Track


def started(track: Track) -> Recorder:
    """Start the body and write down what it says."""
    recorder = Recorder()
    track.body.start(recorder)
    return recorder


def legs(track: Track, first: int, last: int) -> list[Leg]:
    """Legs of the track's chain."""
    return [Leg(seq, *track.chain[seq - 1], max_speed_mps=1.2) for seq in range(first, last + 1)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["more", "stop", "resume", "hold", "person"]), st.floats(0.1, 15.0))))
def test_a_robot_never_passes_the_end_of_its_base(script):
    """Whatever is asked of it and whoever steps in its way, a robot stays within its base."""
    track = Track()
    seen = started(track)
    given_seq = 0
    for what, wait_s in script:
        if what == "more" and given_seq < len(track.chain):
            given_seq += 1
            track.body.follow(legs(track, given_seq, given_seq))
        elif what == "person" and given_seq:
            edge_id = EdgeId(track.chain[given_seq - 1][0])
            track.people.step_onto(edge_id, 0.7 * track.floor.lines[edge_id].length_m, 5.0)
        elif what in ("stop", "resume", "hold"):
            getattr(track.body, what)()
        track.advance(wait_s)
        reached = seen.numbers("reached")
        assert reached == list(range(1, len(reached) + 1))
        assert len(reached) <= given_seq
        line, offset_m = track.body.chassis.place()
        assert line is None or 0.0 <= offset_m <= line.length_m
    track.body.resume()
    track.advance(600.0)

    assert len(seen.numbers("reached")) == given_seq
    assert seen.numbers("cleared") == list(range(given_seq))


def test_a_robot_drives_through_nodes_when_it_knows_what_follows():
    """A robot with a long base is faster than one that is told node by node."""
    known, told = Track(), Track()
    for track in (known, told):
        started(track)
    known.body.follow(legs(known, 1, 6))
    first = known.world.now_s
    while known.body.chassis.legs:
        known.world.step()
    for seq in range(1, 7):
        told.body.follow(legs(told, seq, seq))
        while told.body.chassis.legs:
            told.world.step()

    assert known.world.now_s - first < told.world.now_s - first


def test_a_robot_waits_for_a_person_and_says_where():
    """Somebody in the way makes the robot brake, report the edge, and go on when the way is free."""
    track = Track()
    seen = started(track)
    track.body.follow(legs(track, 1, 3))
    edge_id = EdgeId(track.chain[1][0])
    track.people.step_onto(edge_id, 0.5 * track.floor.lines[edge_id].length_m, 200.0)
    track.advance(100.0)

    assert seen.last is not None
    assert seen.last.activity is Activity.BLOCKED
    assert seen.last.blocked_edge_id == edge_id
    assert 3 not in seen.numbers("reached")

    track.advance(300.0)
    assert seen.numbers("reached") == [1, 2, 3]


def test_a_robot_whose_agent_restarts_on_an_edge_drives_the_rest_of_it():
    """After a reboot between nodes the robot says on which edge it stands and can drive on from there."""
    track = Track()
    started(track)
    track.body.follow(legs(track, 1, 2))
    while track.body.chassis.speed_mps() < 0.5:
        track.world.step()
        track.advance(0.2)
    track.body.leave()
    track.advance(30.0)
    again = started(track)
    placement = track.body.placement()

    assert placement.edge_id in {edge_id for edge_id, _ in track.chain}
    line = track.floor.lines[EdgeId(placement.edge_id)]
    track.body.follow([Leg(1, placement.edge_id, line.end, 1.0)])
    track.advance(60.0)
    assert again.numbers("reached") == [1]
    assert track.body.placement().node_id == line.end


def test_a_robot_charges_to_the_ratio_asked_for():
    """A charge ends when the battery has what was ordered."""
    track = Track()
    seen = started(track)
    track.body.perform(Task("c1", "charge", task_type="charge", duration_s=900.0, charge_until_ratio=0.8))
    track.advance(4 * 3600.0)

    assert seen.numbers("ended") == [("c1", Outcome.DONE)]
    assert seen.seen


def test_a_robot_with_a_broken_motor_stands_until_it_is_mended():
    """A fault that stops driving stops the robot, and nothing of its base is lost."""
    track = Track()
    seen = started(track)
    track.body.follow(legs(track, 1, 2))
    track.advance(2.0)
    track.body.set_fault("motor_hot", "too hot", stops=True)
    track.advance(300.0)
    assert seen.last is not None
    assert seen.last.activity is Activity.FAULTED
    assert seen.numbers("reached") != [1, 2]

    track.body.clear_fault("motor_hot")
    track.advance(300.0)
    assert seen.numbers("reached") == [1, 2]


def test_a_leg_that_does_not_begin_where_the_robot_is_going_is_a_fault():
    """A robot told to drive what it can't stands and says so; nothing crashes."""
    track = Track()
    seen = started(track)
    track.body.follow([Leg(1, track.chain[3][0], track.chain[3][1], 1.0)])
    track.advance(20.0)

    assert seen.last is not None
    assert [fault.code for fault in seen.last.faults] == ["leg_unfit"]
    assert seen.numbers("reached") == []
