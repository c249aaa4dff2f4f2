"""What operators ask for, and the pictures they get."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from coordinator.client import as_data
from coordinator.model import operator as op
from coordinator.model.geometry import Pose2
from coordinator.model.ids import (
    AlarmId,
    EdgeId,
    LevelId,
    MissionId,
    NodeId,
    PointId,
    RobotId,
    RobotTypeId,
    TaskId,
)
from coordinator.model.mission import Mission, MissionPoint, MissionState
from coordinator.model.observation import Alarm, Observation, Severity
from coordinator.model.robot import Activity, Fault, LinkQuality, LinkState
from coordinator.model.route import Step
from coordinator.model.snapshot import EdgeView, FleetSnapshot, PointView, RobotView, StopEta, Totals, Wait
from coordinator.model.traffic import (
    Blocker,
    HotEdge,
    Queue,
    QueuedRobot,
    RobotWaits,
    StandAside,
    TrafficClaim,
    TrafficSnapshot,
    WaitingRobot,
    WaitSum,
)
from coordinator.transport import codec
from coordinator.transport.codec import WireError
from roundsman.v1 import fleet_pb2

CREATE = fleet_pb2.CreateMissionRequest
CHANGE = fleet_pb2.ChangeMissionRequest
EDGE = fleet_pb2.SetEdgeRequest
ALARM = fleet_pb2.ChangeAlarmRequest
M = MissionId("m1")


@pytest.mark.parametrize(
    ("decode", "request_", "command"),
    [
        (
            codec.decode_create_mission,
            CREATE(point_ids=["p1", "p2"], name="leak", priority=0, deadline_s=5.0, mission_id="m1"),
            op.CreateMission((PointId("p1"), PointId("p2")), "leak", 0, 5.0, M),
        ),
        (codec.decode_create_mission, CREATE(point_ids=["p1"]), op.CreateMission((PointId("p1"),))),
        (
            codec.decode_change_mission,
            CHANGE(mission_id="m1", change=fleet_pb2.MISSION_CHANGE_PAUSE),
            op.PauseMission(M),
        ),
        (
            codec.decode_change_mission,
            CHANGE(mission_id="m1", change=fleet_pb2.MISSION_CHANGE_RESUME),
            op.ResumeMission(M),
        ),
        (
            codec.decode_change_mission,
            CHANGE(mission_id="m1", change=fleet_pb2.MISSION_CHANGE_CANCEL, reason="rain"),
            op.CancelMission(M, "rain"),
        ),
        (
            codec.decode_change_mission,
            CHANGE(mission_id="m1", change=fleet_pb2.MISSION_CHANGE_RERUN_FAILED),
            op.RerunFailed(M),
        ),
        (
            codec.decode_set_edge,
            EDGE(edge_id="e", is_closed=True, reason="scaffold", for_s=60.0),
            op.CloseEdge(EdgeId("e"), "scaffold", 60.0),
        ),
        (codec.decode_set_edge, EDGE(edge_id="e"), op.OpenEdge(EdgeId("e"))),
        (codec.decode_stop_robots, fleet_pb2.StopRobotsRequest(), op.StopRobots((), "")),
        (
            codec.decode_resume_robots,
            fleet_pb2.ResumeRobotsRequest(robot_ids=["a"], reason="clear"),
            op.ResumeRobots((RobotId("a"),), "clear"),
        ),
        (
            codec.decode_place_robot,
            fleet_pb2.PlaceRobotRequest(robot_id="a", node_id="n", confirm_token="t"),
            op.PlaceRobot(RobotId("a"), NodeId("n"), "t"),
        ),
        (
            codec.decode_remove_robot,
            fleet_pb2.RemoveRobotRequest(robot_id="a"),
            op.RemoveRobot(RobotId("a")),
        ),
        (
            codec.decode_change_alarm,
            ALARM(alarm_id="a/b", change=fleet_pb2.ALARM_CHANGE_ACKNOWLEDGE, comment="seen"),
            op.AcknowledgeAlarm(AlarmId("a/b"), "seen"),
        ),
        (
            codec.decode_change_alarm,
            ALARM(alarm_id="a", change=fleet_pb2.ALARM_CHANGE_SHELVE, shelve_for_s=60.0, comment="known"),
            op.ShelveAlarm(AlarmId("a"), 60.0, "known"),
        ),
    ],
)
def test_an_operators_request_is_understood_as_it_was_meant(decode, request_, command):
    """Every button of an operator does that one thing."""
    assert decode(type(request_).FromString(request_.SerializeToString())) == command


@pytest.mark.parametrize(
    ("decode", "request_", "field"),
    [
        (codec.decode_create_mission, CREATE(), "point_ids"),
        (codec.decode_create_mission, CREATE(point_ids=["p"] * 10_001), "point_ids"),
        (codec.decode_create_mission, CREATE(point_ids=["a b"]), "point_ids[0]"),
        (codec.decode_create_mission, CREATE(point_ids=["p"], name="x" * 101), "name"),
        (codec.decode_create_mission, CREATE(point_ids=["p"], priority=101), "priority"),
        (codec.decode_create_mission, CREATE(point_ids=["p"], deadline_s=math.nan), "deadline_s"),
        (codec.decode_change_mission, CHANGE(mission_id="m"), "change"),
        (codec.decode_change_mission, CHANGE(mission_id="m", change=99), "change"),
        (
            codec.decode_change_mission,
            CHANGE(mission_id="m", change=fleet_pb2.MISSION_CHANGE_CANCEL),
            "reason",
        ),
        (codec.decode_set_edge, EDGE(edge_id="e", is_closed=True), "reason"),
        (codec.decode_set_edge, EDGE(edge_id="e", is_closed=True, reason="r", for_s=0.0), "for_s"),
        (codec.decode_set_edge, EDGE(edge_id="e", is_closed=True, reason="r", for_s=math.inf), "for_s"),
        (codec.decode_resume_robots, fleet_pb2.ResumeRobotsRequest(reason=" "), "reason"),
        (codec.decode_change_alarm, ALARM(alarm_id="a"), "change"),
        (
            codec.decode_change_alarm,
            ALARM(alarm_id="a", change=fleet_pb2.ALARM_CHANGE_SHELVE, comment="c"),
            "shelve_for_s",
        ),
        (
            codec.decode_change_alarm,
            ALARM(alarm_id="a", change=fleet_pb2.ALARM_CHANGE_SHELVE, shelve_for_s=700_000.0, comment="c"),
            "shelve_for_s",
        ),
        (codec.decode_period, fleet_pb2.WatchFleetRequest(min_period_s=0.01), "min_period_s"),
        (codec.decode_limit, fleet_pb2.ListObservationsRequest(limit=1001), "limit"),
        (codec.decode_period, fleet_pb2.WatchTrafficRequest(min_period_s=61.0), "min_period_s"),
        (codec.decode_traffic_query, fleet_pb2.GetTrafficRequest(limit=1001), "limit"),
        (codec.decode_traffic_query, fleet_pb2.WatchTrafficRequest(robot_id="a b"), "robot_id"),
        (codec.decode_context, fleet_pb2.CallContext(idempotency_key="a b"), "context.idempotency_key"),
        (codec.decode_context, fleet_pb2.CallContext(principal="p" * 65), "context.principal"),
    ],
)
def test_a_request_that_breaks_a_rule_is_refused_by_name(decode, request_, field: str):
    """An operator learns which field was wrong and why."""
    with pytest.raises(WireError) as caught:
        decode(request_)

    assert caught.value.field == field


def test_defaults_of_requests_are_those_of_the_proto():
    """What is left out means what the protocol says."""
    assert codec.decode_period(fleet_pb2.WatchFleetRequest()) == 1.0
    assert codec.decode_limit(fleet_pb2.ListObservationsRequest()) == 100
    assert codec.decode_traffic_query(fleet_pb2.GetTrafficRequest()) == (None, 20)
    assert codec.decode_context(fleet_pb2.CallContext()) == ("", "")


def test_outcomes_leave_as_results():
    """An operator sees what was made, or the token to confirm with."""
    assert codec.encode_outcome(op.Accepted("m1", "made")) == fleet_pb2.CallResult(subject="m1", text="made")
    assert codec.encode_outcome(op.ConfirmationNeeded("t", "sure?")).confirm_token == "t"


def test_a_picture_shows_everything_the_core_knows():
    """Nothing of the fleet's state is lost on its way to those who watch."""
    robot = RobotView(
        RobotId("a"),
        RobotTypeId("spot"),
        LinkState.SUSPECT,
        9.0,
        Activity.DRIVING,
        Pose2(1.0, 2.0, 0.5, LevelId("ground")),
        0.7,
        0.8,
        NodeId("n1"),
        NodeId("h1"),
        (Step(0, NodeId("n1"), None), Step(1, NodeId("n2"), EdgeId("e1"))),
        (Step(2, NodeId("n3"), EdgeId("e2")),),
        (PointId("p1"),),
        Wait("door", "d1", RobotId("b"), 8.0),
        True,
        (Fault("hot", "motor hot", False),),
        LinkQuality(-80.0, None, "c1", 0.02),
        5,
        1,
        3,
        (
            StopEta(NodeId("n2"), PointId("p1"), M, is_released=True, p50_s=20.0, p90_s=30.0),
            StopEta(NodeId("dock"), None, None, is_released=False),
        ),
    )
    snapshot = FleetSnapshot(
        now_s=10.0,
        epoch=2,
        plant_id="demo",
        robots=(robot,),
        points=(
            PointView(PointId("p1"), None, 5.0, 1.2, True, 4, RobotId("a")),
            PointView(PointId("p2"), 0.0, None, None, False, 0, None),
        ),
        missions=(Mission(M, "leak", (MissionPoint(PointId("p1")),), MissionState.RUNNING, 50, 1.0, None, None, ""),),
        alarms=(Alarm(AlarmId("a1"), "p1", "high", Severity.HIGH, "hot", 3.0, robot_id=RobotId("a")),),
        edges=(EdgeView(EdgeId("e1"), True, False, "scaffold", "ann", None, None, 1.5),),
        totals=Totals(7, 1, 1.2, (("door", 3.0),), (("closure", 2),), 5, 1, 0),
        is_degraded=True,
    )

    wire = codec.encode_fleet(snapshot, {EdgeId("e1"): 1.5})

    shown = wire.robots[0]
    assert (wire.now_s, wire.epoch, wire.plant_id, wire.is_degraded) == (10.0, 2, "demo", True)
    assert (shown.robot_id, shown.link, shown.activity) == ("a", fleet_pb2.LINK_STATE_SUSPECT, 2)
    assert [(s.seq, s.node_id, s.edge_id, s.max_speed_mps) for s in shown.base] == [
        (0, "n1", "", 0.0),
        (1, "n2", "e1", 1.5),
    ]
    assert (shown.wait.cause, shown.wait.behind_robot_id) == ("door", "b")
    first, second = shown.stops
    assert (first.node_id, first.point_id, first.mission_id, first.is_released) == ("n2", "p1", M, True)
    assert (first.p50_s, first.p90_s) == (20.0, 30.0)
    assert (second.node_id, second.point_id, second.is_released) == ("dock", "", False)
    assert not second.HasField("p50_s")
    assert not second.HasField("p90_s")
    assert shown.quality.HasField("rsrp_dbm")
    assert not shown.quality.HasField("sinr_db")
    assert not wire.points[0].HasField("last_visit_s")
    assert wire.points[1].HasField("last_visit_s")
    assert not wire.points[1].HasField("due_s")
    assert (wire.missions[0].state, wire.missions[0].points[0].state) == ("running", "open")
    assert (wire.alarms[0].severity, wire.alarms[0].robot_id) == ("high", "a")
    assert wire.edges[0].delay_ratio == 1.5
    assert dict(wire.totals.wait_s_by_cause) == {"door": 3.0}
    assert dict(wire.totals.replans_by_reason) == {"closure": 2}


def test_the_traffic_leaves_with_everything_the_core_knows():
    """Each field of the traffic is on the wire; what isn't there is unset or empty."""
    a, b, c = RobotId("a"), RobotId("b"), RobotId("c")
    traffic = TrafficSnapshot(
        now_s=100.0,
        window_s=60.0,
        robot_ids=(a, b, c),
        waiting=(
            WaitingRobot(a, "resource", "node n", (b, c), 80.0, 90.0, c, "working", ()),
            WaitingRobot(b, "door", "door d", (), 95.0, 96.0, None, "", (b, c)),
        ),
        queues=(Queue("edge e", (QueuedRobot(a, EdgeId("e"), 80.0),), (b,)),),
        hot_edges=(HotEdge(EdgeId("e"), 6, 360.0, 2.5, 8.0, 1),),
        blockers=(Blocker(b, "driving", (a,), 2, 90.0),),
        accounts=(RobotWaits(a, 33.0, 4, (("door", 13.0), ("resource", 20.0)), 21.0),),
        sums=(WaitSum("resource", "node n", b, 20.0, 3, 2), WaitSum("door", "door d", None, 1.0, 1, 1)),
        wait_s_by_cause=(("door", 14.0),),
        claim=TrafficClaim(a, ("node n", "edge e"), 130.0),
        stand_asides=(StandAside(c, NodeId("bay"), a, 140.0, True),),
        replans_lately=(("congestion", 1),),
        replans=(("congestion", 7),),
    )

    wire = codec.encode_traffic(traffic)
    data = as_data(wire)

    assert (wire.now_s, wire.window_s) == (100.0, 60.0)
    assert list(data["waiting"][0].values()) == ["a", "resource", "node n", ["b", "c"], 80.0, 90.0, "c", "working", []]
    assert data["waiting"][1]["root_robot_id"] == ""
    assert data["waiting"][1]["circle_robot_ids"] == ["b", "c"]
    assert data["queues"] == [
        {
            "name": "edge e",
            "robots": [{"robot_id": "a", "edge_id": "e", "since_s": 80.0}],
            "holder_robot_ids": ["b"],
        }
    ]
    assert list(data["hot_edges"][0].values()) == ["e", 6, 360.0, 2.5, 8.0, 1]
    assert list(data["blockers"][0].values()) == ["b", "driving", ["a"], 2, 90.0]
    assert list(data["robots"][0].values()) == ["a", 33.0, 4, {"door": 13.0, "resource": 20.0}, 21.0]
    assert [list(row.values()) for row in data["wait_sums"]] == [
        ["resource", "node n", "b", 20.0, 3, 2],
        ["door", "door d", "", 1.0, 1, 1],
    ]
    assert data["wait_s_by_cause"] == {"door": 14.0}
    assert list(data["claim"].values()) == ["a", ["node n", "edge e"], 130.0]
    assert list(data["stand_asides"][0].values()) == ["c", "bay", "a", 140.0, True]
    assert (data["replans_lately_by_reason"], data["replans_by_reason"]) == ({"congestion": 1}, {"congestion": 7})
    assert not codec.encode_traffic(replace(traffic, claim=None)).HasField("claim")


def test_observations_are_listed_with_and_without_a_value():
    """A result without a number is told apart from one that measured zero."""
    zero = Observation(1, "o", PointId("p"), TaskId("p.t"), 5.0, value=0.0, unit="bar")
    photo = Observation(2, "o2", PointId("p"), TaskId("p.f"), 6.0, blob_sha256="ab" * 32)

    wire = codec.encode_observations([(RobotId("a"), photo, 7.0), (RobotId("a"), zero, 6.0)])

    assert [o.HasField("value") for o in wire.observations] == [False, True]
    assert [o.stored_s for o in wire.observations] == [7.0, 6.0]
