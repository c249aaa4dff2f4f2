"""Why a robot has a task, on the wire."""

from __future__ import annotations

from coordinator.model.explanation import Candidate, Explanation
from roundsman.v1 import fleet_pb2


def encode_explanation(explanation: Explanation) -> fleet_pb2.TaskExplanation:
    """One decision with its candidates."""
    return fleet_pb2.TaskExplanation(
        point_id=explanation.point_id,
        mission_id=explanation.mission_id or "",
        robot_id=explanation.robot_id or "",
        is_released=explanation.is_released,
        why=explanation.why,
        plan_version=explanation.version,
        decided_s=explanation.decided_s,
        candidates=[_encode_candidate(candidate) for candidate in explanation.candidates],
    )


def _encode_candidate(candidate: Candidate) -> fleet_pb2.TaskCandidate:
    return fleet_pb2.TaskCandidate(
        robot_id=candidate.robot_id,
        rule=candidate.rule,
        arrive_s=candidate.arrive_s,
        age_ratio=candidate.age_ratio,
        detour_s=candidate.detour_s,
        price=candidate.price,
        place=candidate.place,
    )
