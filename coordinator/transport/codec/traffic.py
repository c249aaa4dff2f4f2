"""The traffic's picture, for those who ask why robots wait."""

from __future__ import annotations

from coordinator.model.traffic import (
    Blocker,
    HotEdge,
    Queue,
    RobotWaits,
    StandAside,
    TrafficClaim,
    TrafficSnapshot,
    WaitingRobot,
    WaitSum,
)
from roundsman.v1 import fleet_pb2


def encode_traffic(traffic: TrafficSnapshot) -> fleet_pb2.TrafficState:
    """The whole picture."""
    return fleet_pb2.TrafficState(
        now_s=traffic.now_s,
        window_s=traffic.window_s,
        waiting=[_encode_waiting(row) for row in traffic.waiting],
        queues=[_encode_queue(row) for row in traffic.queues],
        hot_edges=[_encode_hot_edge(row) for row in traffic.hot_edges],
        blockers=[_encode_blocker(row) for row in traffic.blockers],
        robots=[_encode_account(row) for row in traffic.accounts],
        wait_sums=[_encode_sum(row) for row in traffic.sums],
        wait_s_by_cause=dict(traffic.wait_s_by_cause),
        claim=None if traffic.claim is None else _encode_claim(traffic.claim),
        stand_asides=[_encode_stand_aside(row) for row in traffic.stand_asides],
        replans_lately_by_reason=dict(traffic.replans_lately),
        replans_by_reason=dict(traffic.replans),
    )


def _encode_waiting(row: WaitingRobot) -> fleet_pb2.WaitingRobot:
    return fleet_pb2.WaitingRobot(
        robot_id=row.robot_id,
        cause=row.cause,
        subject=row.subject,
        behind_robot_ids=row.behind,
        since_s=row.since_s,
        cause_since_s=row.cause_since_s,
        root_robot_id=row.root or "",
        root_state=row.root_state,
        circle_robot_ids=row.circle,
    )


def _encode_queue(row: Queue) -> fleet_pb2.TrafficQueue:
    return fleet_pb2.TrafficQueue(
        name=row.name,
        robots=[
            fleet_pb2.QueuedRobot(robot_id=each.robot_id, edge_id=each.edge_id, since_s=each.since_s)
            for each in row.robots
        ],
        holder_robot_ids=row.holders,
    )


def _encode_hot_edge(row: HotEdge) -> fleet_pb2.HotEdge:
    return fleet_pb2.HotEdge(
        edge_id=row.edge_id,
        passages_count=row.passages_count,
        passages_per_h=row.passages_per_h,
        mean_delay_s=row.mean_delay_s,
        free_s=row.free_s,
        queue_count=row.queue_count,
    )


def _encode_blocker(row: Blocker) -> fleet_pb2.TrafficBlocker:
    return fleet_pb2.TrafficBlocker(
        robot_id=row.robot_id,
        state=row.state,
        blocked_robot_ids=row.blocked,
        held_up_count=row.held_up_count,
        since_s=row.since_s,
    )


def _encode_account(row: RobotWaits) -> fleet_pb2.RobotWaits:
    return fleet_pb2.RobotWaits(
        robot_id=row.robot_id,
        total_s=row.total_s,
        waits_count=row.waits_count,
        wait_s_by_cause=dict(row.wait_s_by_cause),
        lately_s=row.lately_s,
    )


def _encode_sum(row: WaitSum) -> fleet_pb2.WaitSum:
    return fleet_pb2.WaitSum(
        cause=row.cause,
        subject=row.subject,
        behind_robot_id=row.behind or "",
        wait_s=row.wait_s,
        waits_count=row.waits_count,
        robots_count=row.robots_count,
    )


def _encode_claim(claim: TrafficClaim) -> fleet_pb2.TrafficClaim:
    return fleet_pb2.TrafficClaim(robot_id=claim.robot_id, resources=claim.resources, until_s=claim.until_s)


def _encode_stand_aside(row: StandAside) -> fleet_pb2.StandAside:
    return fleet_pb2.StandAside(
        robot_id=row.robot_id,
        node_id=row.node_id,
        behind_robot_id=row.behind,
        until_s=row.until_s,
        is_there=row.is_there,
    )
