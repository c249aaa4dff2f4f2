"""Joins the two halves of an agent: the body and its session in asyncio, the node on the ROS thread."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from rclpy.context import Context
from rclpy.exceptions import ParameterException

from agent.body import Reading
from agent.client import AgentRefusedError, run_agent, wait_at_most
from agent.graph_client import obtain_graph
from agent.held_route import BodyError
from agent.identity import IdentityError
from agent.retry import check_addresses
from agent.ros.body import RosBody
from agent.ros.frames import Pose2
from agent.ros.localisation import Quality
from agent.ros.look import Look
from agent.ros.navigation import Errand, GoalEnd
from agent.ros.node import RobotAgentNode
from agent.ros.readings import SensorSpec, reading_of
from agent.ros.settings import Settings
from agent.ros.status import status_of
from agent.ros.thread import RosThread
from agent.session import AgentSession
from agent.spool import SpoolError

STATUS_PERIOD_S = 1.0
# A robot that publishes its pose says it within this; one that doesn't is announced without.
FIRST_POSE_S = 5.0
LEAVE_S = 8.0
# Numbers of goals and captures begin here for the second activation, at twice that for the third: a late answer to an
# earlier one belongs to nobody.
LIFE_NUMBERS = 1 << 32


def run(arguments: Sequence[str]) -> int:
    """Run an agent's process; returns its exit status."""
    logging.basicConfig(level=logging.INFO, format="[%(levelname)s] [%(name)s] %(message)s")

    async def live() -> int:
        return await AgentProcess().run(arguments)

    return asyncio.run(live())


class AgentProcess:
    """
    One robot. It is the node's Overseer (called on the ROS thread) and the body's two ports (called in asyncio).

    Its lives are activations: each has a body and a session of its own.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._exit: asyncio.Future[int] = self._loop.create_future()
        self._node: RobotAgentNode | None = None
        self._ros: RosThread[RobotAgentNode] | None = None
        self._body: RosBody | None = None
        self._session: AgentSession | None = None
        self._sensors: frozenset[str] = frozenset()
        self._serving: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._first_number = 0
        self._look = Look()
        self._is_localised = asyncio.Event()
        self._local_stop = ""
        self._is_locally_paused = False
        self._encoding: set[asyncio.Task[None]] = set()

    async def run(self, arguments: Sequence[str]) -> int:
        """From the start of the ROS thread to its end."""
        self._ros = RosThread(self._make_nodes, arguments)
        for number in (signal.SIGINT, signal.SIGTERM):
            # Launch and the terminal both send SIGINT: the second one must find the same handler.
            self._loop.add_signal_handler(number, self._leave)
        self._ros.start()
        try:
            ends: set[asyncio.Future[Any]] = {self._exit, self._ros.ended}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if not self._exit.done():
                return self._ros_failed()
            return self._exit.result()
        finally:
            await self._end_life()
            await self._ros.stop()

    def _make_nodes(self, context: Context) -> list[RobotAgentNode]:
        self._node = RobotAgentNode(context, self)
        self._node.start()
        return [self._node]

    def _ros_failed(self) -> int:
        assert self._ros is not None
        error = self._ros.ended.exception()
        if isinstance(error, ParameterException | ValueError):
            logging.getLogger("agent").critical("%s", error)
        else:
            logging.getLogger("agent").critical("ros_thread_ended", exc_info=error)
        return 1

    # Overseer: called on the ROS thread.

    def activate(self, settings: Settings) -> None:
        self._post(self._begin_life, settings)

    def deactivate(self) -> None:
        self._post(self._stop.set)

    def shut_down(self, text: str) -> None:
        self._post(self._finish, 1 if text else 0, text)

    def look(self, look: Look) -> None:
        self._post(self._take_look, look)

    def answered(self, number: int, *, is_accepted: bool) -> None:
        def answer() -> None:
            if self._body is not None and number > self._first_number:
                self._body.goal_answered(number - self._first_number, is_accepted=is_accepted)

        self._post(answer)

    def ended(self, number: int, end: GoalEnd, text: str) -> None:
        def answer() -> None:
            if self._body is not None and number > self._first_number:
                self._body.goal_ended(number - self._first_number, end, text)

        self._post(answer)

    def taken(self, number: int, spec: SensorSpec, message: Any) -> None:
        self._post(self._encode, number, spec, message)

    def stop_locally(self, reason: str) -> None:
        def stop() -> None:
            self._local_stop = reason
            if self._body is not None:
                self._body.stop_locally(reason)

        self._post(stop)

    def pause_locally(self) -> None:
        def pause() -> None:
            self._is_locally_paused = True
            if self._body is not None:
                self._body.pause_locally()

        self._post(pause)

    def unlock(self) -> None:
        def unlock() -> None:
            self._local_stop, self._is_locally_paused = "", False
            if self._body is not None:
                self._body.unlock()

        self._post(unlock)

    # NavPort and CapturePort: called by the body.

    def send(self, number: int, errand: Errand) -> None:
        """See NavPort."""
        self._tell(RobotAgentNode.send, self._first_number + number, errand)

    def cancel(self, number: int) -> None:
        """See NavPort."""
        self._tell(RobotAgentNode.cancel, self._first_number + number)

    def cancel_all(self) -> None:
        """See NavPort."""
        self._tell(RobotAgentNode.cancel_all)

    def clear_costmaps(self) -> None:
        """See NavPort."""
        self._tell(RobotAgentNode.clear_costmaps)

    def knows(self, sensor: str) -> bool:
        """See CapturePort."""
        return sensor in self._sensors

    def capture(self, number: int, sensor: str) -> None:
        """See CapturePort."""
        self._tell(RobotAgentNode.capture, self._first_number + number, sensor)

    def drop(self, number: int) -> None:
        """See CapturePort."""
        self._tell(RobotAgentNode.drop, self._first_number + number)

    # The rest: on the loop.

    def _post(self, function: Callable[..., object], *arguments: object) -> None:
        """Call in asyncio, soon; nothing when the process is at its end."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _tell(self, method: Callable[..., object], *arguments: object) -> None:
        """Call a method of the node on its thread, soon."""
        if self._ros is not None and self._node is not None:
            self._ros.post(method, self._node, *arguments)

    def _leave(self) -> None:
        self._finish(0, "")

    def _finish(self, status: int, text: str) -> None:
        if text:
            logging.getLogger("agent").critical("%s", text)
        if not self._exit.done():
            self._exit.set_result(status)

    def _take_look(self, look: Look) -> None:
        self._look = look
        if self._body is not None:
            self._body.look(look)
            if self._body.quality is not Quality.LOST:
                self._is_localised.set()

    def _encode(self, number: int, spec: SensorSpec, message: Any) -> None:
        """A large picture takes a while: neither thread waits for it."""
        first = self._first_number
        body = self._body

        async def encode() -> None:
            result: Reading | str
            try:
                result = await asyncio.to_thread(reading_of, message, spec)
            except ValueError as error:
                result = str(error)
            if body is not None and body is self._body:
                body.captured(number - first, result)

        task = asyncio.create_task(encode())
        self._encoding.add(task)
        task.add_done_callback(self._encoding.discard)

    def _begin_life(self, settings: Settings) -> None:
        before = self._serving
        self._stop = asyncio.Event()
        self._serving = asyncio.create_task(self._live(settings, self._stop, before))

    async def _end_life(self) -> None:
        """Say goodbye and let the robot stand."""
        self._stop.set()
        serving = self._serving
        if serving is not None:
            await asyncio.wait([serving], timeout=LEAVE_S)
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        self.cancel_all()

    async def _live(self, settings: Settings, stop: asyncio.Event, before: asyncio.Task[None] | None) -> None:
        """One activation, after the one before it has ended."""
        if before is not None:
            await asyncio.gather(before, return_exceptions=True)
        try:
            await self._serve(settings, stop)
        except (AgentRefusedError, ValueError, IdentityError, SpoolError, BodyError, OSError) as error:
            text = f"robot {settings.agent.robot_id} can't be in the fleet: {error}"
            self._tell(RobotAgentNode.fail, text)
            self._finish(1, text)
        finally:
            self._body, self._session = None, None
            self.cancel_all()

    async def _serve(self, settings: Settings, stop: asyncio.Event) -> None:
        config = settings.agent
        check_addresses(
            config.control_address,
            config.observation_address,
            is_open=config.credentials is not None or config.is_insecure_allowed,
        )
        config.directory.mkdir(parents=True, exist_ok=True)
        asking = asyncio.create_task(
            obtain_graph(config.control_address, config.credentials, config.directory / "graph.bin")
        )
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([asking, stopping], return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                return
            graph = asking.result()
        finally:
            asking.cancel()
            stopping.cancel()
            await asyncio.gather(asking, stopping, return_exceptions=True)
        level_file = config.directory / "level"
        limits = settings.body
        if level_file.is_file() and (level_id := level_file.read_text("utf-8")) in limits.drive.levels:
            # It went there by lift before the agent ended.
            limits = replace(limits, level_id=level_id)
        self._first_number += LIFE_NUMBERS
        self._sensors = frozenset(settings.ros.sensors)
        body = RosBody(
            graph, limits, self, self, now=time.monotonic, on_level=lambda level_id: _keep(level_file, level_id)
        )
        if settings.initial is not None:
            node_id, yaw_rad = settings.initial
            if node_id not in graph.nodes:
                raise ValueError(f"initial_node is {node_id!r}: plant {graph.plant_id} has no such node")
            node = graph.nodes[node_id]
            here = settings.body.site_pose_map.inverse().then(Pose2(node.x_m, node.y_m, yaw_rad))
            self._tell(RobotAgentNode.relocalise, here)
        self._is_localised.clear()
        self._body = body
        await wait_at_most(self._is_localised.wait(), FIRST_POSE_S)
        if self._local_stop:
            body.stop_locally(self._local_stop)
        if self._is_locally_paused:
            body.pause_locally()
        speaking = asyncio.create_task(self._speak(body))
        try:
            await run_agent(body, config, stop=stop, watch=self._watch)
        finally:
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)

    def _watch(self, session: AgentSession) -> None:
        self._session = session

    async def _speak(self, body: RosBody) -> None:
        """Tell the robot's own screens, every second."""
        while True:
            session = self._session
            if session is not None:
                place = body.place
                status = status_of(
                    link=session.link.value,
                    activity=session.activity.value,
                    place=place.edge_id or place.node_id,
                    task=body.task_id,
                    localisation=body.quality.value,
                    latch=session.latch.value,
                    faults=body.faults,
                )
                self._tell(RobotAgentNode.say, status)
            await asyncio.sleep(STATUS_PERIOD_S)


def _keep(file: Path, text: str) -> None:
    """Replace a small file whole."""
    part = file.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(file)
