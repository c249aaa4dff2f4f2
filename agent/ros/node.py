"""The lifecycle node of a robot's agent. Everything here runs on the ROS thread; the body lives in asyncio."""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseWithCovarianceStamped
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.context import Context
from rclpy.exceptions import ParameterException
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter as RosParameter
from std_srvs.srv import Trigger

from agent.ros.captures import Captures
from agent.ros.frames import Pose2, quaternion_of
from agent.ros.look import Look
from agent.ros.navigation import Errand, GoalEnd
from agent.ros.parameters import PARAMETERS, SENSOR_PARAMETERS, Parameter, ParameterError, Value, check
from agent.ros.pose_goals import PoseGoalDriver
from agent.ros.readings import TYPES, SensorSpec
from agent.ros.senses import LATCHED, Senses
from agent.ros.settings import RosSettings, Settings, settings_of
from agent.ros.status import Status

LOOK_PERIOD_S = 0.1
# Of a pose given by a person or a file: half a metre, a quarter of a radian.
INITIAL_COVARIANCE = (0.25, 0.25, 0.0625)


class Overseer(Protocol):
    """The process, as the node sees it; called on the ROS thread."""

    def activate(self, settings: Settings) -> None:
        """Join the fleet."""

    def deactivate(self) -> None:
        """Leave the fleet."""

    def shut_down(self, text: str) -> None:
        """End the process; with a text it has failed."""

    def look(self, look: Look) -> None:
        """How the robot is."""

    def answered(self, number: int, *, is_accepted: bool) -> None:
        """See GoalListener."""

    def ended(self, number: int, end: GoalEnd, text: str) -> None:
        """See GoalListener."""

    def taken(self, number: int, spec: SensorSpec, message: Any) -> None:
        """A sensor gave a message."""

    def stop_locally(self, reason: str) -> None:
        """A person at the robot stops it."""

    def pause_locally(self) -> None:
        """A person at the robot lets it wait."""

    def unlock(self) -> None:
        """The person is done."""


class RobotAgentNode(LifecycleNode):
    """
    Configured: it looks and speaks to navigation. Active: the robot is in the fleet.

    Parameters may be changed while it isn't active; they count from the next activation on.
    """

    def __init__(self, context: Context, overseer: Overseer) -> None:
        """Raises ParameterException where a given parameter has another type or breaks its range."""
        super().__init__("robot_agent", context=context)
        self._overseer = overseer
        self._is_active = False
        self._senses: Senses | None = None
        self._driver: Any = None
        self._captures: Captures | None = None
        self._initial: Pose2 | None = None
        self._entities: list[Callable[[], object]] = []
        for parameter in PARAMETERS:
            self._declare(parameter, "")
        for name in self._sensor_names():
            for parameter in SENSOR_PARAMETERS:
                self._declare(parameter, f"{name}.")
        self.add_on_set_parameters_callback(self._judge_parameters)

    def start(self) -> None:
        """Configure and activate where that is asked for."""
        if not self.get_parameter("autostart").value:
            return
        if self.trigger_configure() is TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()
        else:
            self._overseer.shut_down("it can't be configured")

    # Asked by the body, through the process.

    def send(self, number: int, errand: Errand) -> None:
        """See NavPort."""
        if self._driver is not None:
            self._driver.send(number, errand)

    def cancel(self, number: int) -> None:
        """See NavPort."""
        if self._driver is not None:
            self._driver.cancel(number)

    def cancel_all(self) -> None:
        """See NavPort."""
        if self._driver is not None:
            self._driver.cancel_all()

    def clear_costmaps(self) -> None:
        """See NavPort."""
        if self._driver is not None:
            self._driver.clear_costmaps()

    def capture(self, number: int, sensor: str) -> None:
        """See CapturePort."""
        if self._captures is not None:
            self._captures.capture(number, sensor)

    def drop(self, number: int) -> None:
        """See CapturePort."""
        if self._captures is not None:
            self._captures.drop(number)

    def relocalise(self, pose: Pose2) -> None:
        """Publish `initialpose`, in the robot's map, as soon as somebody listens."""
        self._initial = pose

    def _tell_initial_pose(self) -> None:
        pose = self._initial
        if pose is None or not self._initial_pose.get_subscription_count():
            return
        self._initial = None
        message = PoseWithCovarianceStamped()
        message.header.frame_id = self.get_parameter("global_frame").value
        message.header.stamp = self.get_clock().now().to_msg()
        message.pose.pose.position.x, message.pose.pose.position.y = pose.x_m, pose.y_m
        q = message.pose.pose.orientation
        q.x, q.y, q.z, q.w = quaternion_of(pose.yaw_rad)
        for index, variance in zip((0, 7, 35), INITIAL_COVARIANCE, strict=True):
            message.pose.covariance[index] = variance
        self._initial_pose.publish(message)

    def say(self, status: Status) -> None:
        """Publish the agent's state."""
        if self._senses is None:
            return
        told = DiagnosticStatus(
            level=bytes([status.level]),
            name=f"{self.get_name()}: agent",
            message=status.summary,
            hardware_id=self.get_parameter("robot_id").value,
            values=[KeyValue(key=key, value=value) for key, value in status.values],
        )
        array = DiagnosticArray(status=[told])
        array.header.stamp = self.get_clock().now().to_msg()
        self._status.publish(array)
        self._diagnostics.publish(array)

    def fail(self, text: str) -> None:
        """The agent ended by itself: the node isn't active any more."""
        self.get_logger().fatal(text)
        if self._is_active:
            self.trigger_deactivate()

    # Lifecycle.

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Read the parameters and connect to the robot."""
        try:
            settings = self._read_settings()
            self._connect(settings.ros)
        except (ParameterError, ImportError) as error:
            self.get_logger().error(str(error))
            self._disconnect()
            return TransitionCallbackReturn.FAILURE
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Join the fleet."""
        try:
            settings = self._read_settings()
        except ParameterError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self._is_active = True
        self._overseer.activate(settings)
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Leave the fleet; the robot stands."""
        self._is_active = False
        self.cancel_all()
        self._overseer.deactivate()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the robot."""
        self._disconnect()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End the process."""
        if self._is_active:
            self._is_active = False
            self.cancel_all()
        self._overseer.shut_down("")
        return super().on_shutdown(state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Whatever failed: stand, leave, begin anew."""
        self._is_active = False
        self.cancel_all()
        self._overseer.deactivate()
        self._disconnect()
        return TransitionCallbackReturn.SUCCESS

    def _declare(self, parameter: Parameter, prefix: str) -> None:
        descriptor = ParameterDescriptor(description=parameter.text, additional_constraints=parameter.rule)
        if parameter.low is not None and parameter.high is not None:
            if isinstance(parameter.default, int):
                whole = IntegerRange(from_value=int(parameter.low), to_value=int(parameter.high), step=1)
                descriptor.integer_range = [whole]
            else:
                descriptor.floating_point_range = [
                    FloatingPointRange(from_value=parameter.low, to_value=parameter.high, step=0.0)
                ]
        self.declare_parameter(prefix + parameter.name, parameter.default, descriptor)

    def _sensor_names(self) -> list[str]:
        return [name for name in self.get_parameter("sensors").value if name]

    def _judge_parameters(self, parameters: list[RosParameter]) -> SetParametersResult:
        known = {parameter.name: parameter for parameter in PARAMETERS}
        sensor = {parameter.name: parameter for parameter in SENSOR_PARAMETERS}
        for given in parameters:
            prefix, _, last = given.name.rpartition(".")
            parameter = sensor.get(last) if prefix else known.get(last)
            if parameter is None:
                continue
            if self._is_active:
                return SetParametersResult(
                    successful=False, reason=f"{given.name} can't be changed while active: deactivate the node first"
                )
            try:
                check(parameter, given.value, prefix=f"{prefix}." if prefix else "")
            except ParameterError as error:
                return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _read_settings(self) -> Settings:
        values: dict[str, Value] = {p.name: self._value(p.name) for p in PARAMETERS}
        return settings_of(values, {name: self._sensor(name) for name in self._sensor_names()})

    def _value(self, name: str) -> Value:
        value = self.get_parameter(name).value
        return value if isinstance(value, str | bool | int | float) else list(value)

    def _sensor(self, name: str) -> SensorSpec:
        values: dict[str, Any] = {}
        for parameter in SENSOR_PARAMETERS:
            if not self.has_parameter(f"{name}.{parameter.name}"):
                raise ParameterError(f"{name}.{parameter.name}", None, "sensors can only be named at the start")
            values[parameter.name] = self._value(f"{name}.{parameter.name}")
            check(parameter, values[parameter.name], prefix=f"{name}.")
        if values["type"] not in TYPES:
            raise ParameterError(f"{name}.type", values["type"], f"must be one of {', '.join(sorted(TYPES))}")
        return SensorSpec(
            values["topic"], values["type"], values["unit"], values["scale"], values["offset"], values["image_value"]
        )

    def _connect(self, settings: RosSettings) -> None:
        """Raises ImportError where a package that a parameter asks for isn't installed."""
        self._driver = self._make_driver(settings)
        self._senses = Senses(self, settings)
        self._captures = Captures(self, settings.sensors, self._overseer.taken)
        self._status = self.create_publisher(DiagnosticArray, "~/status", LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, "diagnostics", 10)
        self._initial_pose = self.create_publisher(PoseWithCovarianceStamped, "initialpose", LATCHED)
        services = [
            self.create_service(Trigger, "~/stop", self._on_stop),
            self.create_service(Trigger, "~/pause", self._on_pause),
            self.create_service(Trigger, "~/resume", self._on_resume),
        ]
        # On a steady clock: a simulation that stands still must not silence the robot.
        timer = self.create_timer(LOOK_PERIOD_S, self._tell_look, clock=Clock(clock_type=ClockType.STEADY_TIME))
        publishers = (self._status, self._diagnostics, self._initial_pose)
        self._entities = [
            lambda: self.destroy_timer(timer),
            *(lambda service=service: self.destroy_service(service) for service in services),
            *(lambda publisher=publisher: self.destroy_publisher(publisher) for publisher in publishers),
        ]

    def _make_driver(self, settings: RosSettings) -> Any:
        has_nav2 = find_spec("nav2_msgs") is not None
        if settings.nav_driver == "nav2" or (settings.nav_driver == "auto" and has_nav2):
            from agent.ros.nav2 import Nav2Driver

            return Nav2Driver(self, settings, self._overseer, relocalise=self.relocalise)
        return PoseGoalDriver(self, settings, self._overseer)

    def _disconnect(self) -> None:
        for entity in (self._driver, self._senses, self._captures):
            if entity is not None:
                entity.destroy()
        self._driver = self._senses = self._captures = None
        for destroy in self._entities:
            destroy()
        self._entities = []

    def _tell_look(self) -> None:
        senses, driver = self._senses, self._driver
        if senses is None:
            return
        self._tell_initial_pose()
        look = senses.look(driver.trouble(time.monotonic()), is_taken=driver.is_taken())
        if isinstance(driver, PoseGoalDriver):
            driver.look(look.pose, look.speed_mps)
        self._overseer.look(look)

    def _on_stop(self, request: Any, response: Any) -> Any:
        del request
        self._overseer.stop_locally("stopped at the robot")
        response.success, response.message = True, "stopped; ~/resume and then the coordinator's RESUME end it"
        return response

    def _on_pause(self, request: Any, response: Any) -> Any:
        del request
        self._overseer.pause_locally()
        response.success, response.message = True, "waits on the next node until ~/resume"
        return response

    def _on_resume(self, request: Any, response: Any) -> Any:
        del request
        self._overseer.unlock()
        response.success, response.message = True, "no longer kept by a person at the robot"
        return response


__all__ = ["Overseer", "ParameterException", "RobotAgentNode"]
