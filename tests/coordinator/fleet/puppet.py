"""A puppet robot: what it holds and where it is in it, for a floor to pull its strings."""

from __future__ import annotations

from dataclasses import dataclass, field

from coordinator.model.events import TaskReported
from coordinator.model.ids import EdgeId, NodeId, RobotId, RobotTypeId, RouteId
from coordinator.model.messages import RouteUpdate
from coordinator.model.mission import TaskOrder, TaskOutcome
from coordinator.model.robot import Activity, Fault, Placement, Progress
from coordinator.model.route import Step
from coordinator.plant.map import PlantMap
from coordinator.traffic.resources import Resources


@dataclass
class Puppet:
    """One robot on strings: what it holds, and where it is in it."""

    robot_id: RobotId
    type_id: RobotTypeId
    node_id: NodeId
    boot_id: int = 1
    connection: int | None = None
    session: int = 0
    epoch: int = 0
    route_id: RouteId | None = None
    revision: int = 0
    steps: dict[int, Step] = field(default_factory=dict)
    reached: int = 0
    cleared: int = -1
    report_seq: int = 0
    event_seq: int = 0
    counter: int = 0
    pending: list[TaskOrder] = field(default_factory=list)
    done: set[str] = field(default_factory=set)
    charge_ratio: float = 1.0
    is_stopped: bool = False
    is_on_edge: bool = False
    is_idle: bool = False
    """It reports, and doesn't move."""
    is_deaf: bool = False
    """What is said to it is lost."""
    knows_place: bool = True
    activity: Activity = Activity.IDLE
    faults: tuple[Fault, ...] = ()
    blocked_edge_id: EdgeId | None = None
    rsrp_dbm: float | None = None
    task_outcome: TaskOutcome = TaskOutcome.DONE
    task_reason: str = ""
    unacknowledged: list[TaskReported] = field(default_factory=list)

    @property
    def end(self) -> int:
        """End of the base it holds."""
        return max(self.steps, default=0)

    @property
    def progress(self) -> Progress | None:
        """How far it says it is; None without a base."""
        return None if self.route_id is None else Progress(self.route_id, self.reached, self.cleared, self.end)

    def placement(self, plant: PlantMap) -> Placement:
        """Where it stands, by itself."""
        if self.route_id is None or not self.steps:
            return Placement(self.node_id)
        if self.cleared == self.reached and self.reached + 1 in self.steps:
            step = self.steps[self.reached + 1]
            if step.edge_id is not None:
                return Placement(plant.edges[step.edge_id].start, step.edge_id)
        return Placement(self.steps[self.reached].node_id)

    def occupied(self, resources: Resources) -> int:
        """Mask of what its body is in, by the truth of the floor."""
        if not self.steps:
            return resources.node_claim[resources.node_index[self.node_id]]
        here = self.steps[self.reached]
        if self.cleared < self.reached:
            return resources.node_claim[resources.node_index[here.node_id]]
        edge_id = self.steps[self.reached + 1].edge_id
        assert edge_id is not None
        return resources.way_claim[resources.way_index[edge_id]]

    def take(self, update: RouteUpdate) -> bool:
        """Hold a base, or more of it; another route voids what was held. An update older than the last is dropped."""
        if update.route_id == self.route_id and update.revision < self.revision:
            return False
        self.revision = update.revision
        if update.route_id != self.route_id:
            self.route_id = update.route_id
            self.steps = {}
            self.reached, self.cleared = 0, 0 if self.is_on_edge else -1
        for step in update.base:
            if step.seq not in self.steps:
                assert step.seq == self.end + 1 or not self.steps, "a base has a gap"
                self.steps[step.seq] = step
        return True
