"""State reports: the newest telemetry of the body, seen through what the session ordered."""

from __future__ import annotations

from collections import deque

from agent.body import Activity, Fault, Link, Pose, Telemetry
from agent.held_route import HeldRoute
from agent.states import Latch
from roundsman.v1 import robot_pb2
from roundsman.v1.session_pb2 import SessionRequest

# The wire's bound on earlier poses in one report.
HISTORY_LIMIT_COUNT = 64

_WIRE_ACTIVITIES = {
    Activity.IDLE: robot_pb2.ROBOT_ACTIVITY_IDLE,
    Activity.DRIVING: robot_pb2.ROBOT_ACTIVITY_DRIVING,
    Activity.WORKING: robot_pb2.ROBOT_ACTIVITY_WORKING,
    Activity.CHARGING: robot_pb2.ROBOT_ACTIVITY_CHARGING,
    Activity.STOPPED: robot_pb2.ROBOT_ACTIVITY_STOPPED,
    Activity.BLOCKED: robot_pb2.ROBOT_ACTIVITY_BLOCKED,
    Activity.FAULTED: robot_pb2.ROBOT_ACTIVITY_FAULTED,
    Activity.MANUAL: robot_pb2.ROBOT_ACTIVITY_MANUAL,
}
# Asked for each report: a tuple compares, where a set would hash the member in Python.
_BODYS_WORD = (Activity.BLOCKED, Activity.STOPPED)
_BEYOND_ORDERS = (Activity.FAULTED, Activity.MANUAL)


def activity_of(telemetry: Telemetry | None, latch: Latch, *, task_type: str | None, has_legs: bool) -> Activity:
    """
    What the robot does, in the words of the plant.

    Args:
        telemetry: Newest of the body; None: none yet.
        latch: Whether the robot was made to wait.
        task_type: Of the task under way; None: none is.
        has_legs: Whether the body has a leg it hasn't finished.
    """
    own = Activity.IDLE if telemetry is None else telemetry.activity
    if own in _BEYOND_ORDERS:
        return own
    if telemetry is not None and telemetry.faults and any(fault.stops_driving for fault in telemetry.faults):
        return Activity.FAULTED
    if latch is Latch.STOPPED:
        return Activity.STOPPED
    if own in _BODYS_WORD:
        return own
    if task_type is not None:
        return Activity.CHARGING if task_type == "charge" else Activity.WORKING
    if latch is Latch.PAUSED:
        return Activity.DRIVING if own is Activity.DRIVING and has_legs else Activity.STOPPED
    return Activity.DRIVING if has_legs else Activity.IDLE


class Telemeter:
    """
    The newest telemetry, poses not reported yet, and the numbers of reports.

    Attributes:
        latest: None before the body's first.
    """

    __slots__ = ("_history", "_is_reported", "_report_seq", "_taken_s", "latest")

    def __init__(self) -> None:
        self.latest: Telemetry | None = None
        self._taken_s = 0.0
        self._is_reported = False
        self._history: deque[tuple[float, Pose]] = deque(maxlen=HISTORY_LIMIT_COUNT)
        self._report_seq = 0

    def take(self, telemetry: Telemetry, now_s: float) -> bool:
        """Take in telemetry; returns whether it says something that can't wait for the next report."""
        last = self.latest
        if last is not None and last.pose is not None and not self._is_reported:
            self._history.append((self._taken_s, last.pose))
        self.latest = telemetry
        self._taken_s = now_s
        self._is_reported = False
        return (
            last is None
            or last.activity is not telemetry.activity
            or last.faults != telemetry.faults
            or last.blocked_edge_id != telemetry.blocked_edge_id
            or (last.pose is None) is not (telemetry.pose is None)
        )

    def report(self, now_s: float, activity: Activity, route: HeldRoute | None, *, rtt_s: float) -> SessionRequest:
        """
        Make the next report and forget the poses in it.

        Args:
            now_s: Robot's monotonic clock.
            activity: From `activity_of`.
            route: None: none is held.
            rtt_s: Round trip to the coordinator; 0: not known.
        """
        self._report_seq += 1
        request = SessionRequest()
        # Field by field: that costs a third of handing messages to constructors.
        report = request.state
        report.report_seq = self._report_seq
        report.robot_s = now_s
        report.activity = _WIRE_ACTIVITIES[activity]
        if route is not None:
            route.fill_progress(report.progress)
        telemetry = self.latest
        if telemetry is not None:
            report.speed_mps = telemetry.speed_mps
            report.charge_ratio = telemetry.charge_ratio
            if telemetry.pose is not None:
                fill_pose(report.map_pose_body, telemetry.pose)
            for fault in telemetry.faults:
                report.faults.append(fault_message(fault))
            if activity is Activity.BLOCKED:
                report.blocked_edge_id = telemetry.blocked_edge_id
            _fill_link(report, telemetry.link, rtt_s)
        for at_s, pose in self._history:
            timed = report.history.add()
            timed.robot_s = at_s
            fill_pose(timed.map_pose_body, pose)
        self._history.clear()
        # The pose just sent mustn't come again as history.
        self._is_reported = True
        return request


def fill_pose(message: robot_pb2.Pose2D, pose: Pose) -> None:
    """Write a pose into a message."""
    message.x_m = pose.x_m
    message.y_m = pose.y_m
    message.yaw_rad = pose.yaw_rad
    message.level_id = pose.level_id


def fault_message(fault: Fault) -> robot_pb2.RobotFault:
    """A fault for the wire, its text cut to the wire's 200 characters."""
    return robot_pb2.RobotFault(code=fault.code, text=fault.text[:200], stops_driving=fault.stops_driving)


def _fill_link(report: robot_pb2.StateReport, link: Link | None, rtt_s: float) -> None:
    if link is not None:
        if link.rsrp_dbm is not None:
            report.link.rsrp_dbm = link.rsrp_dbm
        if link.sinr_db is not None:
            report.link.sinr_db = link.sinr_db
        report.link.cell_id = link.cell_id
    if rtt_s > 0.0:
        report.link.rtt_s = rtt_s
