"""
What a frame of telemetry costs the coordinator's process, beside raw sockets.

Three hundred robots, each with a TCP connection of its own over loopback, report their pose ten times a second to
servers in processes of their own, in turns. The figure is CPU time of the server's process a frame received:
raw sockets decode the same message and keep the newest of each robot; `transport` is our control service doing
just that; `coordinator` is the whole of `roundsman serve`, with core, journal, heartbeats and their echoes.

Servers inherit the environment: GRPC_EXPERIMENTS=-event_engine_listener measures gRPC without its thread pool.
Linux only, for the servers' CPU clocks.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.ingest.servers import COORDINATOR, RAW, RAW_UVLOOP, TRANSPORT, kinds
from benchmarks.options import parse_options
from benchmarks.report import ROOT, Figure, Sense, print_report
from coordinator.runtime.listener import choose_listener

ROBOT_COUNT, FRAMES_PER_S = 300, 10.0
# Of notes/grpc-5g.md: gRPC for Python reaches 4.0 times the cost of raw sockets on uvloop.
GOAL = 4.5
WINDOW_S, ROUNDS = 6.0, 5
QUICK_WINDOW_S, QUICK_ROUNDS = 1.0, 2


@dataclass(slots=True)
class Contender:
    """A server, its robots, and what was measured: microseconds a frame, frames a second."""

    kind: str
    load: subprocess.Popen[str]
    frame_us: list[float] = field(default_factory=list)
    frames_per_s: list[float] = field(default_factory=list)

    def run_round(self, window_s: float) -> None:
        """Let the robots report."""
        told = ask(self.load, f"{window_s}\n")
        self.frame_us.append(1e6 * told["server_cpu_s"] / told["frames"])
        self.frames_per_s.append(told["frames"] / told["window_s"])


def main() -> None:
    """Measure and print."""
    options = parse_options("benchmarks.ingest", __doc__)
    window_s, rounds = (QUICK_WINDOW_S, QUICK_ROUNDS) if options.is_quick else (WINDOW_S, ROUNDS)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roundsman-bench-")))
        contenders = [stack.enter_context(contender(kind, folder)) for kind in kinds()]
        for _ in range(rounds):
            for one in contenders:
                one.run_round(window_s)
    by_kind = {one.kind: one for one in contenders}
    rates = ", ".join(f"{one.kind} {statistics.median(one.frames_per_s):,.0f}" for one in contenders)
    notes = [
        f"{ROBOT_COUNT} robots at {FRAMES_PER_S:g} Hz, {rounds} rounds of {window_s:g} s in turns; frames/s: {rates}",
        "coordinator: robots stand on their parking nodes; a robot on its way costs more, by its releases",
        "the goal is held against raw asyncio, and against raw uvloop"
        if RAW_UVLOOP in by_kind
        else "uvloop isn't installed",
    ]
    print_report("ingest", _figures(by_kind), seed=options.seed, notes=notes)


def _figures(by_kind: dict[str, Contender]) -> list[Figure]:
    floor = by_kind.get(RAW_UVLOOP) or by_kind[RAW]
    plain, transport, whole = by_kind[RAW].frame_us, by_kind[TRANSPORT].frame_us, by_kind[COORDINATOR].frame_us
    costs = {f"{one.kind} sockets": statistics.median(one.frame_us) for one in by_kind.values() if RAW in one.kind}
    return [
        Figure("transport_over_raw", _ratios(transport, floor.frame_us), "x", Sense.MIN, GOAL, {floor.kind: 1.0}),
        Figure("transport_over_raw_asyncio", _ratios(transport, plain), "x", Sense.MIN, GOAL, {RAW: 1.0}),
        Figure("coordinator_over_raw", _ratios(whole, floor.frame_us), "x", Sense.MIN, None, {floor.kind: 1.0}),
        Figure("transport_frame", transport, "us", Sense.MIN, None, costs),
        Figure("coordinator_frame", whole, "us", Sense.MIN, None, costs),
        *(Figure(f"{one.kind}_frame", one.frame_us, "us", Sense.MIN) for one in by_kind.values() if RAW in one.kind),
    ]


def _ratios(costs: list[float], floor: list[float]) -> list[float]:
    """Each round by the floor's median: single rounds of the floor are too short to divide by."""
    bottom = statistics.median(floor)
    return [cost / bottom for cost in costs]


@contextmanager
def contender(kind: str, folder: Path) -> Iterator[Contender]:
    """A server with its robots connected, until the block ends."""
    with process("benchmarks.ingest.servers", kind, str(folder)) as server:
        port = ask(server)
        with process("benchmarks.ingest.load", kind, str(port), str(server.pid), str(ROBOT_COUNT)) as load:
            ask(load)
            yield Contender(kind, load)


@contextmanager
def process(module: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python module in a process that ends with the block, at the latest when we do."""
    command = [sys.executable, "-m", module, *arguments]
    # The servers as `roundsman serve` starts them.
    choose_listener()
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            if child.stdin is not None:
                child.stdin.close()
            try:
                child.wait(10.0)
            except subprocess.TimeoutExpired:
                child.kill()


def ask(child: subprocess.Popen[str], question: str = "") -> Any:
    """
    Say something to a child, and read its answer.

    Raises:
        ChildProcessError: If it ended instead.
    """
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(question)
    child.stdin.flush()
    answer = child.stdout.readline()
    if not answer:
        raise ChildProcessError(f"{child.args!r} ended with status {child.wait(10.0)} and no answer to {question!r}")
    return json.loads(answer)


if __name__ == "__main__":
    main()
