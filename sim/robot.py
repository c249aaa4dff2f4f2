"""A simulated robot: the body that a production agent session drives."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent import body as port
from coordinator.model.ids import EdgeId, NodeId, RobotId, TaskId
from coordinator.plant.map import NodeRole, RobotType
from sim.battery import Battery
from sim.chassis import Chassis
from sim.chassis import Leg as DriveLeg
from sim.floor import Floor, turn_between_rad
from sim.people import People
from sim.sensors import PlantCondition
from sim.world import Timer, World

# The session's report period: each look at the body becomes the next report at once.
TELEMETRY_PERIOD_S = 1.0
CHARGE_TASK_ID = "charge"
# Fault of a robot that was told to drive what it can't.
UNFIT_LEG = "leg_unfit"
# A person with a trolley comes this long after a battery ran empty, and swaps it.
SWAP_AFTER_S = 600.0
SWAPPED_RATIO = 0.6


@dataclass(frozen=True, slots=True)
class BodySettings:
    """How well the robots work: parts of the tasks that fail, and noise of their duration."""

    task_failure_ratio: float = 0.005
    duration_noise_ratio: float = 0.2
    blob_bytes: int = 0


@dataclass(slots=True)
class Work:
    """A task under way."""

    task: port.Task
    end: Timer | None


class SimBody:
    """
    A robot on the simulated floor; obeys `agent.body.Body`.

    Attributes:
        hear: What the radio says where the robot is now; None for no radio.
    """

    def __init__(
        self,
        world: World,
        floor: Floor,
        robot_id: RobotId,
        robot_type: RobotType,
        node_id: NodeId,
        *,
        people: People,
        condition: PlantCondition,
        settings: BodySettings,
        seed: int,
        charge_ratio: float = 1.0,
    ) -> None:
        self._world = world
        self._floor = floor
        self.robot_id = robot_id
        self.robot_type = robot_type
        self._condition = condition
        self._settings = settings
        self.hear: Callable[[], port.Link] | None = None
        self._chance = random.Random(f"{seed}:body:{robot_id}")
        self.chassis = Chassis(
            world, floor, robot_type, node_id, is_barred=people.is_barred, pace_ratio=people.pace_ratio
        )
        self.chassis.listener = self
        self.battery = Battery(
            robot_type.battery,
            charge_ratio=charge_ratio,
            now_s=world.now_s,
            efficiency_ratio=self._chance.uniform(0.95, 1.08),
        )
        self._listener: port.BodyListener | None = None
        self._life = 0
        self._faults: dict[str, port.Fault] = {}
        self._work: Work | None = None
        self._is_stopped = False
        self._is_held = False
        self.has_localisation = True
        self.swap_count = 0
        self._said: port.Activity | None = None
        self._load()

    # What the agent asks for.

    def start(self, listener: port.BodyListener) -> None:
        self._listener = listener
        self._life += 1
        self._drop_work()
        self._is_stopped = False
        self._is_held = False
        self.chassis.drop_legs()
        self.chassis.pause(is_pausing=False)
        self.chassis.release("stop")
        life = self._life
        first_s = self._chance.uniform(0.0, TELEMETRY_PERIOD_S)
        self._world.after(first_s, lambda: self._tick(life))
        self._report()

    def leave(self) -> None:
        """The agent's process is gone: nobody listens and nobody drives."""
        self._listener = None
        self._life += 1
        self._drop_work()
        self.chassis.drop_legs()

    def placement(self) -> port.Placement:
        node_id, edge_id = self.chassis.resting_place()
        return port.Placement(node_id, edge_id or "")

    def follow(self, legs: Sequence[port.Leg]) -> None:
        lines = self._floor.lines
        try:
            self.chassis.follow([DriveLeg(leg.seq, lines[EdgeId(leg.edge_id)], leg.max_speed_mps) for leg in legs])
        except KeyError as error:
            self.set_fault(UNFIT_LEG, f"the robot's map has no edge {error}", stops=True)
        except ValueError as error:
            self.set_fault(UNFIT_LEG, str(error)[:200], stops=True)
        self._note()

    def perform(self, task: port.Task) -> None:
        if self._work is not None:
            self._ended(task.order_id, port.Outcome.FAILED, "another task is under way")
            return
        if task.task_id == CHARGE_TASK_ID:
            self._charge(task)
            return
        turn_rad = 0.0
        if task.heading_rad is not None:
            turn_rad = turn_between_rad(self.chassis.yaw_rad, task.heading_rad)
            self.chassis.yaw_rad = math.remainder(task.heading_rad, math.tau)
        noise = self._settings.duration_noise_ratio
        duration_s = task.duration_s * self._chance.uniform(1.0 - noise, 1.0 + noise)
        duration_s += turn_rad / self.robot_type.turn_radps
        self._work = Work(task, self._world.after(duration_s, self._finish))
        self._note()

    def end_task(self, order_id: str) -> None:
        work = self._work
        if work is None or work.task.order_id != order_id:
            return
        is_charge = work.task.task_id == CHARGE_TASK_ID
        self._drop_work()
        self._ended(order_id, port.Outcome.DONE if is_charge else port.Outcome.SKIPPED, "")
        self._note()

    def hold(self) -> None:
        self._is_held = True
        self.chassis.pause(is_pausing=True)

    def stop(self) -> None:
        self._is_stopped = True
        self.chassis.hold("stop")
        self._note()

    def resume(self) -> None:
        self._is_stopped = False
        self._is_held = False
        self.chassis.pause(is_pausing=False)
        self.chassis.release("stop")
        self._note()

    def void_base(self) -> None:
        self.chassis.drop_legs()
        self._note()

    # What the floor reports.

    def on_reached(self, seq: int) -> None:
        self._load()
        if self._listener is not None:
            self._listener.reached(seq)

    def on_cleared(self, seq: int) -> None:
        if self._listener is not None:
            self._listener.cleared(seq)

    def on_motion(self) -> None:
        self._load()
        self._note()

    # Faults.

    def set_fault(self, code: str, text: str, *, stops: bool) -> None:
        """Break something."""
        self._faults[code] = port.Fault(code, text, stops)
        if stops:
            self.chassis.hold(code)
        self._report()

    def clear_fault(self, code: str) -> None:
        """Mend it."""
        if self._faults.pop(code, None) is not None:
            self.chassis.release(code)
            self._report()

    def lose_localisation(self) -> None:
        """The robot doesn't know where it is, and stands."""
        self.has_localisation = False
        self.set_fault("localisation_lost", "no pose", stops=True)

    def find_localisation(self) -> None:
        """It knows again."""
        self.has_localisation = True
        self.clear_fault("localisation_lost")

    @property
    def faults(self) -> tuple[port.Fault, ...]:
        """All present faults."""
        return tuple(self._faults.values())

    @property
    def is_working(self) -> bool:
        """Whether a task is under way."""
        return self._work is not None

    def _finish(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        task = work.task
        if f"sensor_{task.sensor}" in self._faults:
            self._ended(task.order_id, port.Outcome.FAILED, f"sensor {task.sensor} is out of order")
        elif self._chance.random() < self._settings.task_failure_ratio:
            self._ended(task.order_id, port.Outcome.FAILED, "no usable view of the point")
        else:
            self._ended(task.order_id, port.Outcome.DONE, "", self._read(task))
        self._note()

    def _read(self, task: port.Task) -> port.Reading:
        measured = self._condition.measure(TaskId(task.task_id), self._world.now_s, self._chance)
        blob = b""
        size = self._settings.blob_bytes
        if measured.value is None or size:
            text = f"{self.robot_id} {task.order_id} {measured.quality_ratio!r}"
            seed = hashlib.sha256(text.encode()).digest()
            blob = (seed * (size // len(seed) + 1))[: max(size, len(seed))]
        return port.Reading(
            value=measured.value,
            unit=self._condition.unit_of(TaskId(task.task_id)),
            quality_ratio=measured.quality_ratio,
            blob=blob,
            media_type="application/octet-stream" if blob else "",
        )

    def _charge(self, task: port.Task) -> None:
        node = self._floor.plant.nodes[self.chassis.node_id]
        if self.chassis.line is not None or NodeRole.CHARGER not in node.roles:
            self._ended(task.order_id, port.Outcome.FAILED, f"no charger at {self.chassis.node_id}")
            return
        self._work = Work(task, None)
        self._load()
        wait_s = self.battery.time_to_s(self._world.now_s, task.charge_until_ratio or 1.0)
        self._work.end = self._world.after(wait_s, self._finish_charge)
        self._note()

    def _finish_charge(self) -> None:
        work, self._work = self._work, None
        assert work is not None
        self._ended(work.task.order_id, port.Outcome.DONE, "")
        self._note()

    def _ended(self, order_id: str, outcome: port.Outcome, reason: str, reading: port.Reading | None = None) -> None:
        self._load()
        if self._listener is not None:
            self._listener.task_ended(order_id, outcome, reason, reading)

    def _drop_work(self) -> None:
        if self._work is not None and self._work.end is not None:
            self._work.end.cancel()
        self._work = None
        self._load()

    def _load(self) -> None:
        """Tell the battery what the robot does now."""
        model = self.robot_type.battery
        work = self._work
        if self.chassis.is_moving or self.chassis.is_turning:
            power_w = model.travel_w
        elif work is None:
            power_w = model.idle_w
        else:
            power_w = -model.charge_w if work.task.task_id == CHARGE_TASK_ID else model.inspect_w
        self.battery.load(self._world.now_s, power_w)

    def _tick(self, life: int) -> None:
        if life != self._life:
            return
        self._world.after(TELEMETRY_PERIOD_S, lambda: self._tick(life))
        if "battery_empty" not in self._faults and self.battery.ratio_at(self._world.now_s) <= 0.0:
            self._run_empty()
        self._report()

    def _run_empty(self) -> None:
        self.set_fault("battery_empty", "the battery is empty", stops=True)

        def swap() -> None:
            self.swap_count += 1
            self.battery.change(self._world.now_s, SWAPPED_RATIO)
            self.clear_fault("battery_empty")

        self._world.after(SWAP_AFTER_S, swap)

    def _activity(self) -> port.Activity:
        if self._faults and any(fault.stops_driving for fault in self._faults.values()):
            return port.Activity.FAULTED
        if self._is_stopped:
            return port.Activity.STOPPED
        if self._work is not None:
            is_charge = self._work.task.task_id == CHARGE_TASK_ID
            return port.Activity.CHARGING if is_charge else port.Activity.WORKING
        if self.chassis.is_moving or self.chassis.is_turning:
            return port.Activity.DRIVING
        return port.Activity.BLOCKED if self.chassis.barred_edge is not None else port.Activity.IDLE

    def _note(self) -> None:
        """Report when the activity changed."""
        if self._activity() is not self._said:
            self._report()

    def _report(self) -> None:
        if self._listener is None:
            return
        activity = self._activity()
        self._said = activity
        barred = self.chassis.barred_edge if activity is port.Activity.BLOCKED else None
        self._listener.telemetry(
            port.Telemetry(
                self.chassis.pose() if self.has_localisation else None,
                self.chassis.speed_mps(),
                self.battery.ratio_at(self._world.now_s),
                activity,
                self.faults,
                self.hear() if self.hear is not None else None,
                barred or "",
            )
        )
