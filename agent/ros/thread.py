"""One thread owns every rclpy object; asyncio owns the process. Nothing of rclpy is touched from elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

NodeT = TypeVar("NodeT", bound=Node)

# The longest a stop may take to be noticed, should the wake-up be lost.
SPIN_S = 0.5


class RosThread(Generic[NodeT]):
    """
    Runs nodes of one context until stopped.

    Attributes:
        ended: Done when the thread has ended; raises what ended it.
    """

    def __init__(self, make: Callable[[Context], Sequence[NodeT]], arguments: Sequence[str]) -> None:
        """
        Prepare it.

        Args:
            make: Makes the nodes, on the thread.
            arguments: The process's, as launch gives them: --ros-args ...
        """
        self._make = make
        self._arguments = list(arguments)
        self._loop = asyncio.get_running_loop()
        self._executor: SingleThreadedExecutor | None = None
        self._stopping = threading.Event()
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name="ros", daemon=True)

    def start(self) -> None:
        """Begin. Nodes are made and spun on the thread."""
        self._thread.start()

    def post(self, function: Callable[..., object], *arguments: object) -> None:
        """Call on the thread, soon; nothing once it has ended. From any thread."""
        executor = self._executor
        if executor is not None and not self._stopping.is_set():
            executor.create_task(function, *arguments)

    async def stop(self) -> None:
        """End it: what was posted before is still done."""
        self.post(self._stopping.set)
        if self._executor is None:
            self._stopping.set()
        await asyncio.shield(asyncio.gather(self.ended, return_exceptions=True))
        self._thread.join()

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._spin()
        except BaseException as raised:  # noqa: BLE001  (whatever it is, the process must hear of it)
            error = raised
        try:
            self._loop.call_soon_threadsafe(self._tell, error)
        except RuntimeError:
            # The loop has ended before: nobody waits.
            return

    def _tell(self, error: BaseException | None) -> None:
        if self.ended.done():
            return
        if error is None:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(error)

    def _spin(self) -> None:
        context = Context()
        rclpy.init(args=self._arguments, context=context, signal_handler_options=SignalHandlerOptions.NO)
        executor = SingleThreadedExecutor(context=context)
        nodes: list[NodeT] = []
        try:
            # Before the nodes: what they make others post isn't lost.
            self._executor = executor
            nodes.extend(self._make(context))
            for node in nodes:
                executor.add_node(node)
            while context.ok() and not self._stopping.is_set():
                executor.spin_once(timeout_sec=SPIN_S)
        finally:
            self._executor = None
            executor.shutdown(timeout_sec=1.0)
            for node in nodes:
                node.destroy_node()
            context.try_shutdown()
