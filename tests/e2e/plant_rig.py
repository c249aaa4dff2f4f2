"""A plant in real processes: a coordinator, a simulated fleet, and what can be read from their files afterwards."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from coordinator.cli.journal import JOURNAL_NAME, read_entries
from coordinator.client import Address, ClientError, FleetClient
from coordinator.fleet.codec import decode_record
from coordinator.model.records import Record
from coordinator.plant.map import PlantMap
from coordinator.plant.parse import parse_plant
from coordinator.store.entry import Entry

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "coordinator.cli")
# Ample for a busy machine; nothing waits longer than it must.
WITHIN_S = 60.0


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def brisk_plant(name: str, path: Path, *, task_s: float = 2.0, period_s: float = 1200.0) -> PlantMap:
    """Write a plant with quick robots and instruments and with points all due alike: a minute of rounds shows a lot."""
    plant = yaml.safe_load((ROOT / "maps" / f"{name}.yaml").read_text())
    for robot_type in plant["robot_types"].values():
        for key in ("max_speed_mps", "acceleration_mps2", "turn_radps"):
            robot_type[key] *= 2
    for ways in (plant["defaults"], *plant["edges"]):
        if "speed_mps" in ways:
            ways["speed_mps"] *= 2
    for point in plant["points"].values():
        for task in point["tasks"]:
            task["duration_s"] = task_s
        point["revisit"] = {"period_s": period_s, "tolerance_s": period_s / 10}
    path.write_text(yaml.safe_dump(plant, sort_keys=False))
    return parse_plant(path.read_text(), source=str(path))


def wait_until(holds: Callable[[], Any], what: str, *, within_s: float = WITHIN_S) -> Any:
    """Ask until something is true; its value, or an assertion that names what didn't come."""
    end_s = time.monotonic() + within_s
    while not (value := holds()):
        assert time.monotonic() < end_s, f"after {within_s:g} s still not: {what}"
        time.sleep(0.1)
    return value


@dataclass
class Server:
    """`roundsman serve`, which may be killed and started again on the same data and ports."""

    folder: Path
    plant: Path
    ports: list[int] = field(default_factory=lambda: free_ports(2))
    more: tuple[str, ...] = ("--no-http",)
    preexec: Callable[[], None] | None = None
    process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.ports[0])

    @property
    def results(self) -> Address:
        return Address("127.0.0.1", self.ports[1])

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def journal(self) -> Path:
        return self.data / JOURNAL_NAME

    @property
    def log(self) -> str:
        return (self.folder / "serve.log").read_text()

    def start(self, *, wait: bool = True) -> None:
        """Start it; by default return when robots can connect."""
        listen = ("--listen", str(self.address), "--bulk-port", str(self.ports[1]))
        arguments = ("serve", "--plant", str(self.plant), *listen, "--data", str(self.data), *self.more)
        with (self.folder / "serve.log").open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, *arguments],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=ROOT,
                start_new_session=True,
                preexec_fn=self.preexec,
            )
        if wait:
            assert self.process.stdout is not None
            assert self.process.stdout.readline().startswith("coordinator of"), self.log[-2000:]

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.end()

    def terminate(self, within_s: float = 20.0) -> int:
        """End it politely; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def end(self) -> None:
        """Whatever it does, it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            if self.process.stdout is not None:
                self.process.stdout.close()

    def client(self, timeout_s: float = 5.0) -> FleetClient:
        """A new channel, so that nothing waits for an old one to try again."""
        return FleetClient(self.address, principal="test", timeout_s=timeout_s)

    def fleet(self) -> Any:
        """One picture; None when nobody answers."""
        with self.client() as client, contextlib.suppress(ClientError):
            return client.fleet()
        return None

    def live_robots(self) -> set[str]:
        """Robots that are heard."""
        fleet = self.fleet()
        return set() if fleet is None else {robot.robot_id for robot in fleet.robots if robot.link == 1}

    def alarms(self) -> dict[str, Any]:
        """Alarms listed now, by id."""
        fleet = self.fleet()
        return {} if fleet is None else {alarm.alarm_id: alarm for alarm in fleet.alarms}

    def entries(self) -> list[Entry]:
        """The journal as it is on disk, every entry checked."""
        return list(read_entries(self.journal))

    def records(self) -> list[Record]:
        """The same, decoded."""
        return [decode_record(entry.kind, entry.body) for entry in self.entries()]


@dataclass
class Robots:
    """`roundsman sim fleet`: robots in a process of their own."""

    folder: Path
    plant: Path
    server: Server
    count: int
    seed: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def truth(self) -> Path:
        return self.folder / "truth.jsonl"

    @property
    def log(self) -> str:
        return (self.folder / "fleet.log").read_text()

    def start(self) -> None:
        """Start them; they connect when they can."""
        to = ("--coordinator", str(self.server.address), "--bulk-port", str(self.server.ports[1]))
        what = ("--robots", str(self.count), "--plant", str(self.plant), "--seed", str(self.seed))
        where = ("--state", str(self.folder / "robots"), "--truth", str(self.truth))
        with (self.folder / "fleet.log").open("a") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "sim", "fleet", *to, *what, *where],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self.process is not None
        os.kill(self.process.pid, number)

    def terminate(self, within_s: float = 20.0) -> int:
        """End it politely; its exit status."""
        self.send(signal.SIGTERM)
        assert self.process is not None
        return self.process.wait(within_s)

    def end(self) -> None:
        """Whatever it does, it is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def witnessed(self, what: str) -> list[dict[str, Any]]:
        """What really happened: see sim/witness.py."""
        lines = self.truth.read_text().splitlines(keepends=True) if self.truth.exists() else []
        # The last line may be under way.
        events = [json.loads(line) for line in lines if line.endswith("\n")]
        return [event for event in events if event["what"] == what]

    def spools(self) -> dict[str, tuple[int, set[int]]]:
        """Of each robot of an ended process: its newest counter, and those not acknowledged yet."""
        found = {}
        for path in sorted((self.folder / "robots").glob("*/spool/spool.sqlite")):
            with contextlib.closing(sqlite3.connect(path)) as spool:
                last = spool.execute("SELECT value FROM counters WHERE name = 'last'").fetchone()[0]
                kept: set[int] = set()
                for first, end in spool.execute("SELECT first_counter, last_counter FROM entries"):
                    kept.update(range(first, end + 1))
            found[path.parents[1].name] = (last, kept)
        return found


@contextlib.contextmanager
def running(*processes: Server | Robots) -> Iterator[None]:
    """End processes, however the test ends."""
    try:
        yield
    finally:
        for process in processes:
            process.end()
