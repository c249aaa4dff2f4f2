"""Takes a message of a sensor when a task asks; between tasks nothing is subscribed. Runs on the ROS thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from rclpy.time import Time

from agent.ros.readings import SensorSpec

Taken = Callable[[int, SensorSpec, Any], None]


def message_class(type_name: str) -> Any:
    """
    The class of `package/msg/Name`.

    Raises:
        ImportError: The package isn't installed, or has no such message.
    """
    package, _, name = type_name.partition("/msg/")
    try:
        return getattr(import_module(f"{package}.msg"), name)
    except AttributeError as error:
        raise ImportError(f"{package} has no message {name}") from error


class Captures:
    """
    The sensors of a robot.

    Args:
        taken: Called with the number, the sensor and the message.
    """

    def __init__(self, node: Node, sensors: Mapping[str, SensorSpec], taken: Taken) -> None:
        """Raises ImportError if a sensor's message isn't installed."""
        self._node = node
        self._sensors = {name: (spec, message_class(spec.type_name)) for name, spec in sensors.items()}
        self._taken = taken
        self._open: dict[int, Any] = {}

    def capture(self, number: int, sensor: str) -> None:
        """Wait for a message made after this call; one without a stamp counts when it comes."""
        spec, kind = self._sensors[sensor]
        asked = self._node.get_clock().now()

        def hear(message: Any) -> None:
            if number not in self._open:
                return
            stamp = getattr(getattr(message, "header", None), "stamp", None)
            is_stamped = stamp is not None and stamp.sec > 0
            if is_stamped and Time.from_msg(stamp, clock_type=asked.clock_type) < asked:
                return
            self.drop(number)
            self._taken(number, spec, message)

        self._open[number] = self._node.create_subscription(kind, spec.topic, hear, qos_profile_sensor_data)

    def drop(self, number: int) -> None:
        """Don't wait any longer."""
        subscription = self._open.pop(number, None)
        if subscription is not None:
            self._node.destroy_subscription(subscription)

    def destroy(self) -> None:
        """Leave nothing behind on the node."""
        for number in list(self._open):
            self.drop(number)
