"""The agent as a process under ROS 2: how it starts, ends, comes back, and what it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rosgraph_msgs.msg import Clock

from tests.ros.rig import ROOT, Plant, Robot, RosSide, until


def ask(robot: Robot, kind: type, name: str, request: object) -> object:
    """Call a service of the agent's node."""
    client = robot.ros.call(lambda: robot.sim.create_client(kind, f"robot_agent/{name}"))
    until(lambda: robot.ros.call(client.service_is_ready), f"service {name} is there")
    future = robot.ros.call(lambda: client.call_async(request))
    until(future.done, f"{name} answers")
    answer = future.result()
    robot.ros.call(lambda: robot.sim.destroy_client(client))
    return answer


def state(robot: Robot) -> int:
    """The node's lifecycle state."""
    return ask(robot, GetState, "get_state", GetState.Request()).current_state.id


def change(robot: Robot, transition: int) -> bool:
    """Ask for a transition."""
    request = ChangeState.Request(transition=Transition(id=transition))
    return ask(robot, ChangeState, "change_state", request).success


def test_a_killed_agent_comes_back_as_the_same_robot_and_ctrl_c_ends_it_cleanly(plant: Plant):
    """A respawned agent keeps its name, its memory and its place; two SIGINTs in a row still end it with status 0."""
    with plant.robot("phoenix", "park-1") as robot:
        robot.until_live()
        first = robot.seen.session
        robot.agent.send(signal.SIGKILL)
        robot.agent.wait()
        robot.agent.start()
        until(lambda: robot.is_live and robot.seen.session > first, "it is back", said=robot.tell)
        robot.until_driving()
        memory = json.loads((plant.folder / "phoenix" / "state" / "memory.json").read_text())
        assert memory["boot_id"] == 2
        robot.agent.send(signal.SIGINT)
        robot.agent.send(signal.SIGINT)

        assert robot.agent.wait() == 0, robot.agent.log
        assert "Traceback" not in robot.agent.log
        until(lambda: not robot.is_live, "it has left")
        until(lambda: not robot.is_driving, "it stands")


def test_a_lifecycle_manager_takes_the_robot_into_the_fleet_and_out_of_it(plant: Plant):
    """Without autostart the node waits to be configured and activated; deactivated it leaves the fleet and stands."""
    with plant.robot("managed", "park-3", autostart=False) as robot:
        assert state(robot) == State.PRIMARY_STATE_UNCONFIGURED
        assert change(robot, Transition.TRANSITION_CONFIGURE)
        assert robot.seen is None
        assert change(robot, Transition.TRANSITION_ACTIVATE)
        robot.until_driving()
        rejected = set_parameter(robot, "telemetry_hz", 5.0)
        assert not rejected.successful
        assert "deactivate the node first" in rejected.reason
        assert change(robot, Transition.TRANSITION_DEACTIVATE)
        until(lambda: not robot.is_live, "it has left the fleet", said=robot.tell)
        until(lambda: not robot.is_driving, "it stands")
        assert set_parameter(robot, "telemetry_hz", 5.0).successful
        assert not set_parameter(robot, "telemetry_hz", 500.0).successful
        assert change(robot, Transition.TRANSITION_ACTIVATE)
        robot.until_driving()
        assert change(robot, Transition.TRANSITION_DEACTIVATE)
        assert change(robot, Transition.TRANSITION_CLEANUP)
        assert state(robot) == State.PRIMARY_STATE_UNCONFIGURED
        assert change(robot, Transition.TRANSITION_UNCONFIGURED_SHUTDOWN)

        assert robot.agent.wait() == 0


def set_parameter(robot: Robot, name: str, value: float) -> object:
    """Set a parameter of the agent's node."""
    given = Parameter(name=name, value=ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value))
    return ask(robot, SetParameters, "set_parameters", SetParameters.Request(parameters=[given])).results[0]


def test_an_agent_that_cannot_join_says_why_in_one_line_and_ends_with_status_1(plant: Plant, tmp_path: Path):
    """Wrong parameters and an unknown robot type are told, not retried for ever."""
    base = [sys.executable, "-m", "agent.ros.agent", "--ros-args", "-r", "__ns:=/wrong"]
    to = ["-p", f"coordinator:={plant.server.address}", "-p", f"observations:={plant.server.results}"]
    at = ["-p", f"state_folder:={tmp_path}"]
    for more, reason in (
        (["-p", "robot_type:=ranger"], "parameter robot_id is '': must be given"),
        (["-p", "robot_id:=r1", "-p", "robot_type:=ranger", "-p", "pose_timeout:=1000.0"], "pose_timeout"),
        (["-p", "robot_id:=r1", "-p", "robot_type:=tank"], "tank"),
        (
            ["-p", "robot_id:=r1", "-p", "robot_type:=ranger", "-p", "level:=roof"],
            "level 'roof' isn't one of plant demo",
        ),
    ):
        ended = subprocess.run(
            [*base, *to, *at, *more], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
        assert ended.returncode == 1, ended.stderr
        assert reason in ended.stderr, ended.stderr
        assert "Traceback" not in ended.stderr


def test_topics_can_be_remapped_and_a_robot_put_on_its_first_node(plant: Plant):
    """A battery published elsewhere is one remap away; `initial_node` localises a robot at its start."""
    line = ("-r", "battery_state:=bms/state")
    with plant.robot("remap-1", "park-5", namespace="yard/remap_1", arguments=line, initial_node="park-5") as robot:
        # Until it is told where it is; the agent's process is only just starting.
        robot.sim.is_localised = False
        robot.until_live()
        robot.until_fault("battery_unknown")
        assert robot.seen.charge_ratio == 0.5

        robot.until_driving()


def test_two_robots_in_two_domains_do_not_hear_each_other(plant: Plant):
    """The same names in two domains are two robots: only gRPC is between them."""
    with (
        plant.robot("dom-1", "park-6", namespace="", domain_id=61) as first,
        plant.robot("dom-2", "park-7", namespace="", domain_id=62, type_id="scout") as second,
    ):
        first.until_driving()
        second.until_driving()
        first.ros.call(lambda: first.sim.press_emergency_stop(is_pressed=True) or True)
        first.until_fault("emergency_stop")

        assert second.faults == set()
        second.until_driving()


def test_a_robot_lives_on_simulated_time(plant: Plant):
    """With use_sim_time ages are those of /clock; while it stands still the robot is heard all the same."""
    ros = RosSide(71)
    clock = ros.add(lambda context: SimClock(context))
    with plant.robot("clock-1", "park-8", ros=ros, domain_id=71, use_sim_time=True) as robot:
        ros.call(lambda: robot.sim.set_parameters([clock.use_sim_time]))
        robot.until_driving()
        clock.is_running = False
        heard_s = robot.seen.heard_s
        until(lambda: robot.seen.heard_s > heard_s + 1.0, "it is heard though time stands still")
        clock.is_running = True

        robot.until_driving()


class SimClock(Node):
    """A simulation's clock, at the pace of the real one."""

    def __init__(self, context: object) -> None:
        super().__init__("sim_clock", context=context)
        self.is_running = True
        self._now_ns = 1_000_000_000_000
        self._publisher = self.create_publisher(Clock, "/clock", 1)
        self.create_timer(0.02, self._tick)

    @property
    def use_sim_time(self) -> object:
        """The parameter that lets a node hear it."""
        from rclpy.parameter import Parameter as NodeParameter

        return NodeParameter("use_sim_time", NodeParameter.Type.BOOL, True)

    def _tick(self) -> None:
        if self.is_running:
            self._now_ns += 20_000_000
        message = Clock()
        message.clock.sec, message.clock.nanosec = divmod(self._now_ns, 1_000_000_000)
        self._publisher.publish(message)
