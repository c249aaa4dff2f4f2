"""A ROS robot without ROS: the production body over a simulated vehicle that stands for Nav2, on a small plant."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from agent.body import BodyListener, Leg, Reading
from agent.graph import Edge, Graph, Node
from agent.ros.battery import Charge
from agent.ros.body import BodyLimits, RosBody
from agent.ros.drive import DriveLimits
from agent.ros.frames import ORIGIN, Pose2
from agent.ros.localisation import LocalisationLimits
from agent.ros.look import Look
from agent.ros.navigation import Dock, Errand, GoalEnd, NavLimits, Ride, Target, Undock
from agent.ros.work import WorkLimits
from sim.ros.vehicle import Vehicle, Wheels

STEP_S = 0.1
NODES = [
    Node("n0", 0.0, 0.0, "ground"),
    Node("n1", 10.0, 0.0, "ground"),
    Node("n2", 20.0, 0.0, "ground"),
    Node("n3", 20.0, 10.0, "ground"),
    Node("n4", 30.0, 10.0, "ground"),
    Node("up", 30.0, 10.0, "deck"),
]


def small_graph() -> Graph:
    """Five nodes in a row, with one corner, both directions; and a lift at the end."""
    nodes = {node.node_id: node for node in NODES}
    edges = {}
    for number, (start, end) in enumerate(pairwise(NODES), start=1):
        edges[f"e{number}"] = Edge(f"e{number}", start, end, 1.2)
        edges[f"e{number}.r"] = Edge(f"e{number}.r", end, start, 1.2)
    return Graph("small", "d1", nodes, edges, 0.5)


LIMITS = BodyLimits(
    level_id="ground",
    site_pose_map=ORIGIN,
    telemetry_s=0.5,
    unknown_charge_ratio=0.5,
    drive=DriveLimits(node_m=0.3, place_m=0.5, pass_m=1.5, beside_m=1.0, radius_m=0.5, levels=frozenset({"ground"})),
    navigation=NavLimits(goal_response_s=5.0, goal_timeout_s=0.0, cancel_s=5.0, max_retries=2, blocked_retry_s=10.0),
    work=WorkLimits(settle_s=0.5, capture_s=5.0, charge_start_s=30.0, docks=False),
    localisation=LocalisationLimits(position_std_m=0.5, yaw_std_rad=0.35, jump_m=1.0),
)


class RosRig:
    """
    One body on the small plant; time passes in steps of 0.1 s.

    Attributes:
        next_ends: How the next goals end, instead of being driven; "ignored" never answers, "rejected" refuses.
        sent: All errands, in order.
        is_silent: Nav2 has died: it does nothing and says nothing.
    """

    chain = (("e1", "n1"), ("e2", "n2"), ("e3", "n3"), ("e4", "n4"))

    def __init__(self, limits: BodyLimits = LIMITS, at: Pose2 = ORIGIN) -> None:
        self.now_s = 100.0
        self.vehicle = Vehicle(Wheels(1.0, 0.6, 1.0), at.x_m, at.y_m, at.yaw_rad)
        self.look = Look(charge=Charge(0.8, False))
        self.pose_offset = ORIGIN
        self.has_pose = True
        self.number = 0
        self.errand: Errand | None = None
        self.sent: list[Errand] = []
        self.cancelled: list[int] = []
        self.cancel_all_count = 0
        self.cleared_count = 0
        self.next_ends: list[GoalEnd | str] = []
        self.is_silent = False
        self.captures: list[tuple[int, str]] = []
        self.answers: list[Callable[[], None]] = []
        self.levels: list[str] = []
        self.body = self.make_body(limits)
        self.tell()

    # NavPort.

    def send(self, number: int, errand: Errand) -> None:
        self.sent.append(errand)
        if self.is_silent:
            return
        fate = self.next_ends.pop(0) if self.next_ends else None
        if fate == "ignored":
            return
        if fate == "rejected":
            self.answers.append(lambda: self.body.goal_answered(number, is_accepted=False))
            return
        self.number, self.errand = number, errand
        self.answers.append(lambda: self.body.goal_answered(number, is_accepted=True))
        if isinstance(fate, GoalEnd):
            self.end(fate, "error 103: no path")
        elif isinstance(errand, Target):
            self.vehicle.limit_mps = errand.max_speed_mps
            self.vehicle.head_for(*errand.pose)
        elif isinstance(errand, Dock | Undock | Ride):
            self.end(GoalEnd.SUCCEEDED, "")

    def cancel(self, number: int) -> None:
        self.cancelled.append(number)
        if number == self.number and self.errand is not None and not self.is_silent:
            self.end(GoalEnd.CANCELED, "")

    def cancel_all(self) -> None:
        self.cancel_all_count += 1
        if self.errand is not None and not self.is_silent:
            self.end(GoalEnd.CANCELED, "")

    def clear_costmaps(self) -> None:
        self.cleared_count += 1

    # CapturePort.

    def knows(self, sensor: str) -> bool:
        return sensor == "camera"

    def capture(self, number: int, sensor: str) -> None:
        self.captures.append((number, sensor))
        reading = Reading(blob=b"picture", media_type="image/jpeg")
        self.answers.append(lambda: self.body.captured(number, reading))

    def drop(self, number: int) -> None:
        self.captures = [entry for entry in self.captures if entry[0] != number]

    # For tests.

    def make_body(self, limits: BodyLimits) -> RosBody:
        """A body that knows nothing yet."""
        return RosBody(small_graph(), limits, self, self, now=lambda: self.now_s, on_level=self.levels.append)

    def start(self, listener: BodyListener) -> None:
        """Begin, already localised."""
        self.body.start(listener)

    def end(self, end: GoalEnd, text: str) -> None:
        """The goal under way ends, also by somebody else's hand."""
        number, self.errand = self.number, None
        self.vehicle.brake()
        self.answers.append(lambda: self.body.goal_ended(number, end, text))

    def tell(self) -> None:
        """One look."""
        pose = self.pose_offset.then(Pose2(self.vehicle.x_m, self.vehicle.y_m, self.vehicle.yaw_rad))
        speed_mps = self.vehicle.speed_mps
        at = {"at_s": self.now_s, "pose_age_s": 0.0}
        self.body.look(self.look._replace(**at, pose=pose if self.has_pose else None, speed_mps=speed_mps))

    def advance(self, duration_s: float) -> None:
        for _ in range(round(duration_s / STEP_S)):
            self.now_s += STEP_S
            answers, self.answers = self.answers, []
            for answer in answers:
                answer()
            if self.vehicle.step(STEP_S) and self.errand is not None:
                self.end(GoalEnd.SUCCEEDED, "")
            self.tell()

    def legs(self, first: int, last: int) -> list[Leg]:
        """Legs of the chain."""
        return [Leg(seq, *self.chain[seq - 1], max_speed_mps=1.0) for seq in range(first, last + 1)]
