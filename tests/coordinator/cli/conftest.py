"""A coordinator's edge with canned data: a real gRPC server that notes what it is asked."""
# ruff: noqa: N802  (gRPC names its methods so)

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from typer.testing import CliRunner, Result

from coordinator.cli.app import app
from roundsman.v1 import fleet_pb2 as wire
from roundsman.v1 import robot_pb2, route_pb2
from roundsman.v1.fleet_pb2_grpc import FleetServiceServicer, add_FleetServiceServicer_to_server

NOW_S = 1_800_000_000.0


def canned_fleet() -> wire.FleetState:
    """Two robots, three points, two missions, three alarms, two edges."""
    robots = [
        wire.RobotSummary(
            robot_id="rover-1",
            link=wire.LINK_STATE_LIVE,
            heard_s=NOW_S - 0.4,
            activity=robot_pb2.ROBOT_ACTIVITY_DRIVING,
            charge_ratio=0.81,
            last_node_id="n1",
            home_node_id="p1",
            base=[route_pb2.RouteStep(seq=0, node_id="n1")],
            next_point_ids=["P-1", "P-2", "P-3", "P-4"],
            session=3,
            stops=[
                wire.StopEta(node_id="n4", point_id="P-1", is_released=True, p50_s=NOW_S + 40, p90_s=NOW_S + 55),
                wire.StopEta(node_id="n7", point_id="P-2", mission_id="m-1", p50_s=NOW_S + 300, p90_s=NOW_S + 480),
                wire.StopEta(node_id="dock-1"),
            ],
        ),
        wire.RobotSummary(
            robot_id="rover-2",
            link=wire.LINK_STATE_LOST,
            heard_s=NOW_S - 90,
            activity=robot_pb2.ROBOT_ACTIVITY_IDLE,
            charge_ratio=0.4,
            wait=wire.WaitReason(cause="resource", subject="rack-3", behind_robot_id="rover-1", since_s=NOW_S - 30),
        ),
    ]
    points = [
        wire.PointSummary(point_id="P-1", last_visit_s=NOW_S - 60, due_s=NOW_S + 540, age_ratio=0.1, visit_count=4),
        wire.PointSummary(point_id="P-2", due_s=NOW_S - 600, age_ratio=1.5, is_overdue=True),
        wire.PointSummary(point_id="P-3"),
    ]
    missions = [
        wire.MissionSummary(
            mission_id="m-1",
            name="after the storm",
            state="running",
            priority=50,
            created_s=NOW_S - 120,
            deadline_s=NOW_S + 600,
            points=[
                wire.MissionPointSummary(point_id="P-1", state="done", attempt_count=1),
                wire.MissionPointSummary(point_id="P-2", state="open"),
            ],
        ),
        wire.MissionSummary(mission_id="m-2", state="partly_done", created_s=NOW_S - 9000, reason="edge closed"),
    ]
    alarms = [
        wire.AlarmSummary(
            alarm_id="rover-2.robot_lost",
            severity="high",
            text="silent for 90 s",
            raised_s=NOW_S - 84,
            is_active=True,
        ),
        wire.AlarmSummary(
            alarm_id="P-1.high_high", severity="critical", text="8.2 bar", raised_s=NOW_S - 5, is_active=True
        ),
        wire.AlarmSummary(
            alarm_id="P-2.low",
            severity="low",
            text="0.1 bar",
            raised_s=NOW_S - 5,
            is_active=True,
            shelved_until_s=NOW_S + 60,
        ),
    ]
    edges = [
        wire.EdgeSummary(edge_id="rack-3", holder_robot_id="rover-1", delay_ratio=1.0),
        wire.EdgeSummary(
            edge_id="yard-1",
            is_closed=True,
            reason="crane",
            source="ada",
            until_s=NOW_S + 1800,
            delay_ratio=1.0,
        ),
    ]
    totals = wire.FleetTotals(
        visits_count=4,
        max_age_ratio=1.5,
        wait_s_by_cause={"resource": 30.0},
        replans_by_reason={"congestion": 2},
        observations_stored_count=9,
    )
    return wire.FleetState(
        now_s=NOW_S,
        epoch=2,
        plant_id="tank_farm",
        robots=robots,
        points=points,
        missions=missions,
        alarms=alarms,
        edges=edges,
        totals=totals,
    )


def canned_explanation() -> wire.TaskExplanation:
    """P-1 is rover-1's; rover-2 could, rover-3 lacks a sensor."""
    return wire.TaskExplanation(
        point_id="P-1",
        robot_id="rover-1",
        is_released=True,
        why="age 1.02 at visit; next best robot rover-2 +30 s of way",
        plan_version=17,
        decided_s=NOW_S - 40,
        candidates=[
            wire.TaskCandidate(
                robot_id="rover-1", arrive_s=NOW_S + 20, age_ratio=1.02, detour_s=12.0, price=1.5, place=0
            ),
            wire.TaskCandidate(
                robot_id="rover-2", arrive_s=NOW_S + 80, age_ratio=1.12, detour_s=42.0, price=6.25, place=2
            ),
            wire.TaskCandidate(robot_id="rover-3", rule="sensors: it lacks gas"),
        ],
    )


def canned_traffic() -> wire.TrafficState:
    """A column of three behind a robot at work, and two that wait for each other."""
    return wire.TrafficState(
        now_s=NOW_S,
        window_s=3600.0,
        waiting=[
            wire.WaitingRobot(
                robot_id="rover-2",
                cause="resource",
                subject="node rack-3",
                behind_robot_ids=["rover-1"],
                since_s=NOW_S - 30,
                cause_since_s=NOW_S - 20,
                root_robot_id="rover-1",
                root_state="working",
            ),
            wire.WaitingRobot(
                robot_id="rover-3",
                cause="resource",
                subject="node yard",
                behind_robot_ids=["rover-2"],
                since_s=NOW_S - 12,
                cause_since_s=NOW_S - 12,
                circle_robot_ids=["rover-3", "rover-2"],
            ),
        ],
        queues=[
            wire.TrafficQueue(
                name="corridor at east, west",
                robots=[
                    wire.QueuedRobot(robot_id="rover-2", edge_id="rack-3", since_s=NOW_S - 30),
                    wire.QueuedRobot(robot_id="rover-3", edge_id="yard-1", since_s=NOW_S - 12),
                ],
                holder_robot_ids=["rover-1"],
            )
        ],
        hot_edges=[
            wire.HotEdge(
                edge_id="rack-3", passages_count=9, passages_per_h=9.0, mean_delay_s=7.25, free_s=4.0, queue_count=1
            )
        ],
        blockers=[
            wire.TrafficBlocker(
                robot_id="rover-1", state="working", blocked_robot_ids=["rover-2"], held_up_count=2, since_s=NOW_S - 20
            )
        ],
        robots=[
            wire.RobotWaits(
                robot_id="rover-2",
                total_s=150.0,
                waits_count=4,
                wait_s_by_cause={"resource": 120.0, "door": 30.0},
                lately_s=90.0,
            )
        ],
        wait_sums=[
            wire.WaitSum(
                cause="resource",
                subject="node rack-3",
                behind_robot_id="rover-1",
                wait_s=90.0,
                waits_count=3,
                robots_count=2,
            )
        ],
        wait_s_by_cause={"resource": 120.0, "door": 30.0},
        claim=wire.TrafficClaim(robot_id="rover-2", resources=["node rack-3"], until_s=NOW_S + 40),
        stand_asides=[
            wire.StandAside(robot_id="rover-4", node_id="bay-2", behind_robot_id="rover-2", until_s=NOW_S + 60)
        ],
        replans_lately_by_reason={"congestion": 2},
        replans_by_reason={"congestion": 5, "give_way": 1},
    )


def canned_observations() -> list[wire.StoredObservation]:
    """Newest first: one value, one picture."""
    return [
        wire.StoredObservation(
            robot_id="rover-1",
            counter=9,
            point_id="P-1",
            task_id="P-1.gauge",
            taken_s=NOW_S - 5,
            stored_s=NOW_S - 4,
            value=8.2,
            unit="bar",
            quality_ratio=0.95,
        ),
        wire.StoredObservation(
            robot_id="rover-1", counter=8, point_id="P-2", task_id="P-2.photo", blob_sha256="ab" * 32
        ),
    ]


@dataclass
class Desk(FleetServiceServicer):
    """Answers each call with canned data and keeps the requests."""

    fleet: wire.FleetState = field(default_factory=canned_fleet)
    traffic: wire.TrafficState = field(default_factory=canned_traffic)
    explanation: wire.TaskExplanation = field(default_factory=canned_explanation)
    requests: list[Any] = field(default_factory=list)
    refusal: status_pb2.Status | None = None

    def refuse(self, code: int, text: str, **fields: str) -> None:
        """Refuse the next mutating calls, naming fields if any."""
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=name, description=what) for name, what in fields.items()
        ]
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.BadRequest(field_violations=violations))
        self.refusal = status_pb2.Status(code=code, message=text, details=[detail] if violations else [])

    def GetFleet(self, request, context):
        return wire.GetFleetResponse(fleet=self.fleet)

    def WatchFleet(self, request, context):
        for _ in range(2):
            yield wire.WatchFleetResponse(fleet=self.fleet)
            self.fleet.totals.observations_stored_count += 1

    def GetTraffic(self, request, context):
        self._note(request, context, "", "")
        return wire.GetTrafficResponse(traffic=self.traffic)

    def ExplainTask(self, request, context):
        self._note(request, context, "", "")
        return wire.ExplainTaskResponse(explanation=self.explanation)

    def WatchTraffic(self, request, context):
        self.requests.append(request)
        for _ in range(2):
            yield wire.WatchTrafficResponse(traffic=self.traffic)
            self.traffic.now_s += 1.0

    def ListObservations(self, request, context):
        self.requests.append(request)
        return wire.ListObservationsResponse(observations=canned_observations())

    def CreateMission(self, request, context):
        return wire.CreateMissionResponse(result=self._note(request, context, "m-1", "mission m-1 of 1 point"))

    def ChangeMission(self, request, context):
        return wire.ChangeMissionResponse(result=self._note(request, context, request.mission_id, "changed"))

    def SetEdge(self, request, context):
        return wire.SetEdgeResponse(result=self._note(request, context, request.edge_id, "closed"))

    def StopRobots(self, request, context):
        return wire.StopRobotsResponse(result=self._note(request, context, "all", "2 robots"))

    def ResumeRobots(self, request, context):
        return wire.ResumeRobotsResponse(result=self._note(request, context, "all", "2 robots"))

    def PlaceRobot(self, request, context):
        return wire.PlaceRobotResponse(result=self._two_steps(request, context))

    def RemoveRobot(self, request, context):
        return wire.RemoveRobotResponse(result=self._two_steps(request, context))

    def ChangeAlarm(self, request, context):
        return wire.ChangeAlarmResponse(result=self._note(request, context, request.alarm_id, "changed"))

    def _note(self, request, context, subject: str, text: str) -> wire.CallResult:
        self.requests.append(request)
        if self.refusal is not None:
            context.abort_with_status(rpc_status.to_status(self.refusal))
        return wire.CallResult(subject=subject, text=text)

    def _two_steps(self, request, context) -> wire.CallResult:
        result = self._note(request, context, request.robot_id, "done")
        if not request.confirm_token:
            result = wire.CallResult(
                subject=request.robot_id, text="Have you looked at the robot?", confirm_token="t-77"
            )
        return result


@pytest.fixture
def desk() -> Iterator[tuple[Desk, str]]:
    """The canned coordinator and its address."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    servicer = Desk()
    add_FleetServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer, f"127.0.0.1:{port}"
    server.stop(None).wait()


@dataclass(frozen=True)
class Operator:
    """Somebody who types commands at a desk."""

    desk: Desk
    address: str

    def type(self, *arguments: str, says: str = "") -> Result:
        """Run `roundsman ARGUMENTS` against the desk."""
        return CliRunner().invoke(
            app, list(arguments), input=says, env={"ROUNDSMAN_COORDINATOR": self.address, "LOGNAME": "ada"}
        )

    def read(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        result = self.type(*arguments, "--json")
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)


@pytest.fixture
def operator(desk: tuple[Desk, str]) -> Operator:
    """An operator named ada."""
    return Operator(*desk)


@pytest.fixture
def type_command() -> Callable[..., Result]:
    """Run `roundsman ARGUMENTS` without any coordinator."""
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


NOT_FOUND = code_pb2.NOT_FOUND
INVALID_ARGUMENT = code_pb2.INVALID_ARGUMENT
UNAVAILABLE = code_pb2.UNAVAILABLE
