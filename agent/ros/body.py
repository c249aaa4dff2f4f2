"""
A ROS 2 robot as a body of the fleet: what its navigation, sensors and people at it mean for the session.

Pure: it is told looks (ten times a second) and ends of goals and captures, and asks two ports. One thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from agent.body import Activity, BodyListener, Fault, Leg, Outcome, Placement, Pose, Reading, Task, Telemetry
from agent.graph import Graph
from agent.ros.drive import Drive, DriveLimits
from agent.ros.frames import Pose2
from agent.ros.localisation import Localisation, LocalisationLimits, Quality
from agent.ros.locks import Lock, Locks
from agent.ros.look import Look
from agent.ros.navigation import Errand, GoalEnd, Navigator, NavLimits, NavPort, Ride, Target, Trouble, Undock
from agent.ros.work import CapturePort, Charging, Inspection, Work, WorkLimits

# A robot that isn't on the graph looks for its place so often.
PLACE_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """
    All limits of a body.

    Attributes:
        level_id: Level of the plant that the robot's map shows at the start.
        site_pose_map: Origin of the robot's map in the plant's map.
        telemetry_s: Between two reports while nothing changes.
        unknown_charge_ratio: Reported while the battery never said anything, with a fault.
    """

    level_id: str
    site_pose_map: Pose2
    telemetry_s: float
    unknown_charge_ratio: float
    drive: DriveLimits
    navigation: NavLimits
    work: WorkLimits
    localisation: LocalisationLimits


class RosBody:
    """Implements agent.body.Body over a NavPort and a CapturePort."""

    def __init__(
        self,
        graph: Graph,
        limits: BodyLimits,
        nav: NavPort,
        captures: CapturePort,
        *,
        now: Callable[[], float],
        on_level: Callable[[str], None],
    ) -> None:
        """
        Bind it.

        Args:
            graph: Of the plant.
            limits: From the node's parameters.
            nav: Sends goals.
            captures: Takes readings.
            now: Monotonic clock, seconds.
            on_level: Told the level whenever the robot came to another one.

        Raises:
            ValueError: The plant has no such level.
        """
        if limits.level_id not in graph.levels:
            known = ", ".join(sorted(graph.levels))
            raise ValueError(f"level {limits.level_id!r} isn't one of plant {graph.plant_id}: it has {known}")
        self._limits = limits
        self._captures = captures
        self._now = now
        self._on_level = on_level
        self._level_id = limits.level_id
        self._graph = graph
        self._map_pose_site = limits.site_pose_map.inverse()
        self._drive = Drive(graph, limits.drive, self)
        self._navigator = Navigator(nav, self, limits.navigation)
        self._localisation = Localisation(limits.localisation)
        self._locks = Locks()
        self._listener: BodyListener | None = None
        self._look = Look()
        self._charge_ratio: float | None = None
        self._work: Work | None = None
        self._work_count = 0
        self._is_docked = False
        self._was_lost = True
        # A pulse of MANUAL makes the session ask anew where the robot stands.
        self._is_moved = False
        self._is_unplaced = False
        self._place_due_s = -inf
        self._reported: tuple[Activity, tuple[str, ...]] | None = None
        self._report_due_s = -inf

    # What the agent asks for: see agent.body.Body.

    def start(self, listener: BodyListener) -> None:
        self._listener = listener
        self._navigator.abandon_all(self._now())
        self._report(force=True)

    def placement(self) -> Placement:
        pose = self._pose()
        if not self._drive.place.node_id and pose is not None:
            self._drive.find_place(pose)
        self._is_unplaced = not self._drive.place.node_id
        return self._drive.place

    def follow(self, legs: Sequence[Leg]) -> None:
        self._drive.follow(legs)
        self._steer()

    def perform(self, task: Task) -> None:
        self._work_count += 1
        if self._drive.place.edge_id or not self._drive.place.node_id:
            if self._listener is not None:
                self._listener.task_ended(task.order_id, Outcome.FAILED, "the robot doesn't stand on a node")
            return
        if task.charge_until_ratio is not None or task.task_type == "charge":
            self._work = Charging(task, self._drive.place.node_id, self._limits.work)
        else:
            at = self._target_pose(self._drive.place.node_id, task.heading_rad or 0.0)
            self._work = Inspection(task, at, self._work_count, self._captures, self._limits.work)
        self._steer()

    def end_task(self, order_id: str) -> None:
        if self._work is not None and self._work.task.order_id == order_id:
            self._work.end_early()
            self._steer()

    def hold(self) -> None:
        self._locks.set(Lock.HOLD, is_set=True)
        self._steer()

    def stop(self) -> None:
        self._locks.set(Lock.STOP, is_set=True)
        self._steer()

    def resume(self) -> None:
        reason = self._locks.local_reason
        self._locks.set(Lock.HOLD, is_set=False)
        self._locks.set(Lock.STOP, is_set=bool(reason))
        if reason and self._listener is not None:
            self._listener.local_stop(reason)
        self._steer()

    def void_base(self) -> None:
        self._drive.void(self._look.speed_mps)
        self._steer()

    # What the robot says.

    def look(self, look: Look) -> None:
        """How the robot is now."""
        now_s = self._now()
        self._look = look
        if look.charge.ratio is not None:
            if self._charge_ratio is None:
                # Its first word: a robot that charges already was left on its dock.
                self._is_docked = self._limits.work.docks and look.charge.is_charging is True
            self._charge_ratio = look.charge.ratio
        self._localisation.judge(look, now_s)
        self._hear_people(look)
        pose = self._pose()
        if pose is not None:
            self._hear_pose(pose)
        self._was_lost = pose is None
        self._navigator.tick(now_s, look.nav_trouble)
        if self._work is not None:
            self._work.look(look, now_s)
            self._judge_work()
        self._steer()

    def goal_answered(self, number: int, *, is_accepted: bool) -> None:
        """Navigation took or refused a goal."""
        self._navigator.answered(number, is_accepted=is_accepted)
        self._steer()

    def goal_ended(self, number: int, end: GoalEnd, text: str) -> None:
        """Navigation is done with a goal."""
        self._navigator.ended(number, end, text, self._now())
        self._steer()

    def captured(self, number: int, result: Reading | str) -> None:
        """A sensor gave a reading, or says why it can't."""
        if self._work is not None:
            self._work.captured(number, result)
        self._steer()

    def stop_locally(self, reason: str) -> None:
        """A person at the robot stops it, until `unlock` and the coordinator's RESUME."""
        self._locks.lock(reason)
        self._latch(reason)

    def pause_locally(self) -> None:
        """A person at the robot lets it wait on the next node, until `unlock`."""
        self._locks.set(Lock.PAUSE, is_set=True)
        self._steer()

    def unlock(self) -> None:
        """The person at the robot is done. After a stop the coordinator's RESUME is needed, too."""
        self._locks.unlock()
        self._steer()

    # NavListener and DriveListener.

    def arrived(self, errand: Errand) -> str:
        """Navigation says that an errand is done."""
        if isinstance(errand, Undock):
            self._is_docked = False
            return ""
        if isinstance(errand, Ride):
            self._level_id = errand.level_id
            self._on_level(errand.level_id)
        if self._work is not None and errand == self._work.errand():
            self._is_docked = not isinstance(errand, Target)
            self._work.arrived()
            return ""
        pose, aim = self._pose(), self._drive.aim(is_held=self._locks.holds)
        if pose is None or aim is None:
            return "localisation was lost on arrival" if pose is None else ""
        return self._drive.arrived(aim.node.node_id, pose)

    def taken_away(self, reason: str) -> None:
        """Somebody at the robot cancelled our goal."""
        self._latch(reason)

    def reached(self, seq: int) -> None:
        """See agent.body.BodyListener."""
        if self._listener is not None:
            self._listener.reached(seq)

    def cleared(self, seq: int) -> None:
        """See agent.body.BodyListener."""
        if self._listener is not None:
            self._listener.cleared(seq)

    # For the robot's own screens.

    @property
    def activity(self) -> Activity:
        """What it does, by its own account."""
        if self._look.is_manual or self._is_moved:
            return Activity.MANUAL
        if any(fault.stops_driving for fault in self._faults()):
            return Activity.FAULTED
        if self._locks.stops:
            return Activity.STOPPED
        if self._work is not None:
            return Activity.CHARGING if isinstance(self._work, Charging) else Activity.WORKING
        if self._drive.has_legs and (self._look.blocker or self._navigator.trouble is Trouble.BLOCKED):
            return Activity.BLOCKED
        return Activity.DRIVING if self._navigator.is_busy else Activity.IDLE

    @property
    def quality(self) -> Quality:
        """How well it knows where it is."""
        return self._localisation.quality

    @property
    def place(self) -> Placement:
        """Where it stands on the plant's graph."""
        return self._drive.place

    @property
    def task_id(self) -> str:
        """The task under way; empty: none."""
        return "" if self._work is None else self._work.task.task_id

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All present faults."""
        return self._faults()

    def _latch(self, reason: str) -> None:
        """Stand until the coordinator's RESUME, whatever becomes of the reason."""
        self._locks.set(Lock.STOP, is_set=True)
        self._steer()
        if self._listener is not None:
            self._listener.local_stop(reason)

    def _hear_people(self, look: Look) -> None:
        reason = "emergency stop" if look.is_emergency_stopped else ""
        if self._locks.emergency(reason):
            self._navigator.abandon_all(self._now())
            self._latch(reason)
        if look.is_manual:
            self._drive.forget_place()

    def _hear_pose(self, pose: Pose) -> None:
        self._is_moved = False
        now_s, drive = self._now(), self._drive
        if not drive.place.node_id:
            if now_s >= self._place_due_s and not self._look.is_manual:
                self._place_due_s = now_s + PLACE_PERIOD_S
                if drive.find_place(pose) and self._is_unplaced:
                    self._is_unplaced, self._is_moved = False, True
        elif (self._was_lost or not drive.has_legs) and not drive.is_plausible(pose):
            drive.forget_place()
            self._is_moved = True
        self._drive.look(pose, is_held=self._locks.holds)

    def _judge_work(self) -> None:
        work = self._work
        if work is None or work.errand() is None or self._navigator.trouble is Trouble.NONE:
            return
        if self._navigator.trouble is not Trouble.COMMUNICATION:
            work.failed(self._navigator.text)

    def _steer(self) -> None:
        """Send the robot where it should be now, end a task that is over, and report what changed."""
        work = self._work
        if work is not None and work.ended is not None:
            self._work = None
            self._navigator.pursue(None, self._now())
            if self._listener is not None:
                self._listener.task_ended(work.task.order_id, *work.ended)
        self._navigator.pursue(self._errand(), self._now())
        self._report()

    def _errand(self) -> Errand | None:
        look = self._look
        is_barred = self._locks.stops or look.is_manual or self._is_moved
        if is_barred or self._localisation.quality is Quality.LOST:
            return None
        if self._work is not None:
            return self._work.errand()
        aim = self._drive.aim(is_held=self._locks.holds)
        if aim is None:
            return None
        if self._is_docked:
            return Undock()
        pose = self._target_pose(aim.node.node_id, aim.yaw_rad)
        if aim.node.level_id != self._level_id:
            return Ride(aim.node.level_id, pose)
        return Target(pose, aim.max_speed_mps)

    def _target_pose(self, node_id: str, yaw_rad: float) -> Pose2:
        """A node in the robot's map."""
        node = self._graph.nodes[node_id]
        return self._map_pose_site.then(Pose2(node.x_m, node.y_m, yaw_rad))

    def _pose(self) -> Pose | None:
        """In the plant's map; None while lost."""
        pose = self._localisation.pose
        if pose is None or self._localisation.quality is Quality.LOST:
            return None
        return Pose(*self._limits.site_pose_map.then(pose), self._level_id)

    def _faults(self) -> tuple[Fault, ...]:
        faults = [*self._drive.faults(), *self._look.faults]
        if (fault := self._localisation.fault()) is not None:
            faults.append(fault)
        if self._look.is_emergency_stopped:
            faults.append(Fault("emergency_stop", "pressed at the robot", stops_driving=True))
        if self._navigator.trouble is Trouble.INFEASIBLE and self._work is None:
            faults.append(Fault("leg_refused", self._navigator.text[:200], stops_driving=True))
        if self._navigator.trouble is Trouble.COMMUNICATION or self._look.nav_trouble:
            text = self._look.nav_trouble or self._navigator.text
            faults.append(Fault("navigation_unavailable", text[:200], stops_driving=True))
        if self._charge_ratio is None:
            faults.append(Fault("battery_unknown", "the battery hasn't said how full it is"))
        elif self._look.charge.ratio is None:
            faults.append(Fault("battery_silent", "the charge is the battery's last word"))
        return tuple(faults)

    def _report(self, *, force: bool = False) -> None:
        """Telemetry when it is due or says something new."""
        if self._listener is None:
            return
        activity, faults = self.activity, self._faults()
        now_s = self._now()
        says = (activity, tuple(fault.code for fault in faults))
        if not force and says == self._reported and now_s < self._report_due_s:
            return
        self._reported = says
        self._report_due_s = now_s + self._limits.telemetry_s
        ratio = self._limits.unknown_charge_ratio if self._charge_ratio is None else self._charge_ratio
        speed_mps = max(-10.0, min(10.0, self._look.speed_mps))
        blocked = self._drive.edge_id if activity is Activity.BLOCKED else ""
        self._listener.telemetry(Telemetry(self._pose(), speed_mps, ratio, activity, faults, None, blocked))
