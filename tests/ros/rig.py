"""A coordinator, agents in processes of their own, and simulated robots in this one, joined by Fast DDS and gRPC."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rclpy
import yaml
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from coordinator.model.ids import NodeId, RobotTypeId
from coordinator.plant.map import PlantMap
from coordinator.plant.parse import parse_plant
from sim.ros.node import SimRobotNode, Start
from sim.ros.scene import Scene
from sim.sensors import PlantCondition
from tests.e2e.plant_rig import ROOT, Server, brisk_plant, wait_until

SENSORS = yaml.safe_load((ROOT / "launch" / "sim_fleet.params.yaml").read_text())["/**"]["ros__parameters"]
ONE_OF_EACH = {"V-201": "camera", "B-902": "thermal", "K-302": "gas", "S-602": "acoustic"}
# A machine may be busy; nothing waits longer than it must.
WITHIN_S = 60.0
LIVE = 1


def until(
    holds: Callable[[], Any], what: str, *, within_s: float = WITHIN_S, said: Callable[[], object] = lambda: ""
) -> Any:
    """Wait for something to be true; returns it. A failure tells what was `said` at the end."""
    try:
        return wait_until(holds, what, within_s=within_s)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{said()}") from None


class RosSide:
    """Nodes of this process, spun on a thread; `call` does something there."""

    def __init__(self, domain_id: int | None = None) -> None:
        self.context = Context()
        rclpy.init(context=self.context, domain_id=domain_id, signal_handler_options=SignalHandlerOptions.NO)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._nodes: list[Node] = []
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns on the ROS thread."""
        done = threading.Event()
        answer: list[Any] = []

        def work() -> None:
            try:
                answer.append(function())
            finally:
                done.set()

        self._executor.create_task(work)
        assert done.wait(30.0), "the ROS thread is stuck"
        assert answer, "it raised on the ROS thread"
        return answer[0]

    def add(self, make: Callable[[Context], Node]) -> Any:
        """Make a node there."""

        def work() -> Node:
            node = make(self.context)
            self._executor.add_node(node)
            self._nodes.append(node)
            return node

        return self.call(work)

    def remove(self, node: Node) -> None:
        """End a node."""

        def work() -> None:
            self._executor.remove_node(node)
            self._nodes.remove(node)
            node.destroy_node()

        self.call(lambda: work() or True)

    def close(self) -> None:
        """End it."""
        self._is_ending.set()
        self._executor.wake()
        self._thread.join(10.0)
        for node in self._nodes:
            node.destroy_node()
        self._executor.shutdown(timeout_sec=1.0)
        self.context.try_shutdown()

    def _spin(self) -> None:
        while not self._is_ending.is_set():
            self._executor.spin_once(timeout_sec=0.2)


@dataclass
class Agent:
    """An agent's process."""

    folder: Path
    parameters: dict[str, Any]
    namespace: str = ""
    arguments: tuple[str, ...] = ()
    domain_id: int | None = None
    command: tuple[str, ...] = (sys.executable, "-m", "agent.ros.agent")
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "agent.log").read_text(errors="replace")

    def start(self) -> None:
        """Start it with the line that launch makes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        params = self.folder / "params.yaml"
        params.write_text(yaml.safe_dump({"/**": {"ros__parameters": self.parameters}}))
        line = [*self.command, "--ros-args", "-r", "__node:=robot_agent", "-r", f"__ns:=/{self.namespace}"]
        line += ["--params-file", str(params), *self.arguments]
        env = dict(os.environ)
        if self.domain_id is not None:
            env["ROS_DOMAIN_ID"] = str(self.domain_id)
        with (self.folder / "agent.log").open("ab") as log:
            self.process = subprocess.Popen(line, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self, within_s: float = 30.0) -> int:
        """Its exit status."""
        assert self.process is not None
        return self.process.wait(within_s)

    def end(self) -> None:
        """Whatever it does, it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Robot:
    """A simulated robot and its agent."""

    robot_id: str
    plant: Plant
    ros: RosSide
    sim: SimRobotNode
    agent: Agent

    @property
    def seen(self) -> Any:
        """As the coordinator sees it; None: it doesn't."""
        fleet = self.plant.server.fleet()
        found = [] if fleet is None else [robot for robot in fleet.robots if robot.robot_id == self.robot_id]
        return found[0] if found else None

    @property
    def is_live(self) -> bool:
        """Whether the coordinator hears it."""
        return self.seen is not None and self.seen.link == LIVE

    @property
    def faults(self) -> set[str]:
        """Codes of the faults the coordinator shows."""
        seen = self.seen
        return set() if seen is None else {fault.code for fault in seen.faults}

    @property
    def task_values(self) -> dict[str, Any]:
        """Its results so far, by task: the newest of each."""
        with self.plant.server.client() as client:
            stored = client.observations(robot_id=self.robot_id, limit=1000)
        return {one.task_id: one for one in reversed(stored)}

    @property
    def is_driving(self) -> bool:
        """Whether its wheels turn."""
        return self.sim.vehicle.speed_mps > 0.1

    def until_live(self) -> None:
        """Wait until the coordinator hears it."""
        until(lambda: self.is_live, f"{self.robot_id} is live", said=self.tell)

    def until_driving(self) -> None:
        """Wait until it drives."""
        until(lambda: self.is_driving, f"{self.robot_id} drives", said=self.tell)

    def until_fault(self, code: str, *, is_present: bool = True) -> None:
        """Wait until the coordinator shows a fault, or doesn't any more."""
        until(lambda: (code in self.faults) is is_present, f"fault {code}: {is_present}", said=self.tell)

    def tell(self) -> str:
        """All that helps to see why something didn't happen."""
        return f"{self.seen}\n{self.sim.vehicle}, {self.sim.goal_count} goals\n{self.agent.log[-2000:]}"

    def resume(self) -> None:
        """The operator's RESUME."""
        with self.plant.server.client() as client:
            client.resume([self.robot_id], reason="test", key=f"resume-{self.robot_id}-{time.monotonic_ns()}")

    def stop(self) -> None:
        """The operator's STOP."""
        with self.plant.server.client() as client:
            client.stop([self.robot_id], reason="test", key=f"stop-{self.robot_id}-{time.monotonic_ns()}")


@dataclass
class Plant:
    """The demo plant, everything due at once and quickly done."""

    folder: Path
    map: PlantMap = field(init=False)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "demo.yaml"
        brisk_plant("demo", path, task_s=1.0, period_s=300.0)
        drawn = yaml.safe_load(path.read_text())
        # One task for each sensor, a few metres from the first home, due all the time.
        for point_id in ONE_OF_EACH:
            drawn["points"][point_id] |= {"node": "inlet", "revisit": {"period_s": 20, "tolerance_s": 5}}
        # The two ends of the pump alley, each for a robot that begins at the other end.
        for point_id, kind, sensor in (("P-102", "thermal_image", "thermal"), ("P-103", "acoustic", "acoustic")):
            drawn["points"][point_id]["revisit"] = {"period_s": 20, "tolerance_s": 5}
            drawn["points"][point_id]["tasks"][0] |= {"type": kind, "sensor": sensor}
        path.write_text(yaml.safe_dump(drawn, sort_keys=False))
        self.map = parse_plant(path.read_text(), source=str(path))
        self.server = Server(self.folder, path)

    @contextlib.contextmanager
    def running(self) -> Iterator[Plant]:
        """Serve until the block ends."""
        try:
            self.server.start()
            yield self
        finally:
            self.server.end()

    @contextlib.contextmanager
    def robot(self, robot_id: str, node_id: str = "park-1", **options: Any) -> Iterator[Robot]:
        """A robot in the fleet until the block ends; then it is taken out of the plant."""
        ros = options.pop("ros", None) or RosSide(options.get("domain_id"))
        robot = self.make_robot(robot_id, node_id, ros=ros, **options)
        try:
            robot.agent.start()
            yield robot
        finally:
            robot.agent.end()
            ros.close()
            self.remove(robot_id)

    def remove(self, robot_id: str) -> None:
        """Carry it off the floor, so that others find its home free."""
        with self.server.client() as client:
            until(lambda: self._is_gone(robot_id), f"{robot_id} is heard no more")
            token = client.remove(robot_id, key=f"ask-{robot_id}").confirm_token
            client.remove(robot_id, key=f"remove-{robot_id}", confirm_token=token)

    def _is_gone(self, robot_id: str) -> bool:
        fleet = self.server.fleet()
        return fleet is not None and all(robot.link != LIVE for robot in fleet.robots if robot.robot_id == robot_id)

    def make_robot(
        self,
        robot_id: str,
        node_id: str,
        *,
        ros: RosSide,
        namespace: str | None = None,
        type_id: str = "ranger",
        domain_id: int | None = None,
        arguments: tuple[str, ...] = (),
        **parameters: Any,
    ) -> Robot:
        """A simulated robot on a node, and its agent, not started."""
        namespace = robot_id.replace("-", "_") if namespace is None else namespace
        robot_type = self.map.robot_types[RobotTypeId(type_id)]
        condition = PlantCondition(self.map, seed=1, start_s=time.time(), hours=1.0, anomaly_ratio=0.0)
        scene = Scene(self.map, condition, random.Random(robot_id))
        start = Start(robot_type, NodeId(node_id), 0.9)
        sim = ros.add(lambda context: SimRobotNode(context, namespace, self.map, start, scene))
        given = {
            "robot_id": robot_id,
            "robot_type": type_id,
            "coordinator": str(self.server.address),
            "observations": str(self.server.results),
            "state_folder": str(self.folder / robot_id / "state"),
            "robot_radius": robot_type.radius_m,
            "capture_settle": 0.1,
            **SENSORS,
            **parameters,
        }
        agent = Agent(self.folder / robot_id, given, namespace, arguments, domain_id)
        return Robot(robot_id, self, ros, sim, agent)
