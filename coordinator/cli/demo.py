"""`roundsman demo`: a coordinator and simulated robots on this machine, over real gRPC."""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from coordinator.cli.children import Child
from coordinator.cli.connection import DEFAULT_TIMEOUT_S, connected, parse_address
from coordinator.cli.exits import CheckFailedError, CommandError, NotConnectedError
from coordinator.cli.options import DEFAULT_ADDRESS, DEFAULT_BULK_PORT, DEFAULT_HTTP_ADDRESS, NoHttp, Plant, Seed
from coordinator.cli.output import console, print_json
from coordinator.cli.plant_file import check_parking, load_plant
from coordinator.cli.ports import check_port_is_free

if TYPE_CHECKING:
    from coordinator.client import FleetClient
    from roundsman.v1.fleet_pb2 import FleetState

READY_S = 30.0
PICTURE_PERIOD_S = 0.5
# How long robots that were just inspecting have to get their last results acknowledged.
SETTLE_S = 10.0
HEADLESS_S = 120.0
JOIN_S = 30.0
SHOWN_COUNT = 6


def demo(
    *,
    robots: Annotated[int, typer.Option("--robots", min=1, max=200, help="How many robots.")] = 6,
    seed: Seed = 1,
    plant: Plant = "demo",
    headless: Annotated[bool, typer.Option("--headless", help="No pictures: print a JSON summary.")] = False,
    duration_s: Annotated[
        float | None, typer.Option("--duration", metavar="SECONDS", min=1, help="End after this.")
    ] = None,
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where the coordinator listens.")
    ] = DEFAULT_ADDRESS,
    bulk_port: Annotated[
        int, typer.Option("--bulk-port", min=1, max=65535, help="Its port for pictures.")
    ] = DEFAULT_BULK_PORT,
    http: Annotated[
        str, typer.Option("--http", metavar="HOST:PORT", help="Where the control room is served.")
    ] = DEFAULT_HTTP_ADDRESS,
    no_http: NoHttp = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="Keep the journal here, not in a temporary folder."),
    ] = None,
) -> None:
    """Run a simulated plant in real time: a coordinator and robots, each side a process, over gRPC."""
    check_parking(load_plant(plant), robots)
    # Whoever reads the output of a pipe wants its end, not an endless picture.
    headless = headless or not sys.stdout.isatty()
    if headless and duration_s is None:
        duration_s = HEADLESS_S
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="roundsman-demo-")))
        stack.enter_context(_terminate_as_interrupt())
        setting = _Setting(plant, robots, seed, listen, bulk_port, "" if no_http else http, data or folder / "data")
        children = stack.enter_context(_running(setting, folder))
        client = stack.enter_context(connected(listen, DEFAULT_TIMEOUT_S))
        _await_robots(client, children, robots)
        if not no_http:
            typer.echo(f"control room: http://{http}/", err=True)
        if headless:
            _run_headless(client, children, duration_s or HEADLESS_S)
        else:
            _run_screen(client, children, duration_s, _hint(listen, "" if no_http else http))


def _hint(listen: str, http: str) -> str:
    room = f"Control room: http://{http}/ . " if http else ""
    return f"{room}Ctrl-C ends it. In another terminal: roundsman robots list -c {listen}"


@contextmanager
def _terminate_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that the children are ended on both."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a demo runs with."""

    plant: str
    robots_count: int
    seed: int
    listen: str
    bulk_port: int
    http: str
    data: Path

    @property
    def serve(self) -> list[str]:
        ports = ["--listen", self.listen, "--bulk-port", str(self.bulk_port)]
        http = ["--http", self.http] if self.http else ["--no-http"]
        return ["serve", "--plant", self.plant, *ports, *http, "--data", str(self.data)]

    @property
    def fleet(self) -> list[str]:
        ports = ["--coordinator", self.listen, "--bulk-port", str(self.bulk_port)]
        return [
            *("sim", "fleet", "--plant", self.plant, *ports),
            *("--robots", str(self.robots_count), "--seed", str(self.seed), "--state", str(self.data / "robots")),
        ]


@contextmanager
def _running(setting: _Setting, folder: Path) -> Iterator[list[Child]]:
    """A coordinator that answers and a fleet that connects; both end with the context."""
    from coordinator.client.address import Address

    address = parse_address(setting.listen, option="--listen")
    check_port_is_free(address)
    check_port_is_free(Address(address.host, setting.bulk_port))
    if setting.http:
        check_port_is_free(parse_address(setting.http, option="--http"), option="--http")
    children: list[Child] = []
    try:
        children.append(Child.start("coordinator", setting.serve, folder / "coordinator.log"))
        _wait_until_ready(children[0], setting.listen)
        children.append(Child.start("fleet", setting.fleet, folder / "fleet.log"))
        yield children
    finally:
        # Robots first, so that the coordinator doesn't mourn them.
        for child in reversed(children):
            child.stop()


def _wait_until_ready(child: Child, listen: str) -> None:
    end_s = time.monotonic() + READY_S
    with connected(listen, DEFAULT_TIMEOUT_S) as client:
        while not client.wait_until_ready(timeout_s=0.25):
            _check_alive([child])
            if time.monotonic() > end_s:
                raise NotConnectedError(f"the coordinator at {listen} isn't ready after {READY_S:g} s")


def _check_alive(children: list[Child]) -> None:
    for child in children:
        if not child.is_running:
            raise CommandError(f"the {child.name} ended: {child.last_words}")


def _pictures(client: FleetClient, children: list[Child]) -> Iterator[FleetState]:
    for fleet in client.watch(period_s=PICTURE_PERIOD_S):
        _check_alive(children)
        yield fleet
    _check_alive(children)
    raise NotConnectedError("the coordinator ended the watch")


def _await_robots(client: FleetClient, children: list[Child], robots_count: int) -> None:
    """Until all robots have joined."""
    end_s = time.monotonic() + JOIN_S
    for fleet in _pictures(client, children):
        if len(fleet.robots) >= robots_count:
            return
        if time.monotonic() > end_s:
            raise NotConnectedError(f"only {len(fleet.robots)} of {robots_count} robots came within {JOIN_S:g} s")


def _run_screen(client: FleetClient, children: list[Child], duration_s: float | None, hint: str) -> None:
    from rich.live import Live

    from coordinator.cli.demo_screen import screen

    end_s = time.monotonic() + (duration_s or float("inf"))
    shown = console()
    fleet = None
    try:
        with Live(console=shown, auto_refresh=False, screen=True) as live:
            for fleet in _pictures(client, children):
                live.update(screen(fleet, client.observations(limit=SHOWN_COUNT), hint), refresh=True)
                if time.monotonic() >= end_s:
                    break
    except KeyboardInterrupt:
        pass
    if fleet is not None:
        shown.print(screen(fleet, client.observations(limit=SHOWN_COUNT), ""))


def _run_headless(client: FleetClient, children: list[Child], duration_s: float) -> None:
    start_s = time.monotonic()
    end_s = start_s + duration_s
    for fleet in _pictures(client, children):
        now_s = time.monotonic()
        if now_s >= end_s + SETTLE_S or (now_s >= end_s and not fleet.totals.observations_missing_count):
            break
    summary = demo_summary(fleet, time.monotonic() - start_s)
    print_json(summary)
    if summary["problems"]:
        raise CheckFailedError(f"the demo went wrong: {'; '.join(summary['problems'])}")


def demo_summary(fleet: FleetState, elapsed_s: float) -> dict[str, Any]:
    """What the demo did, and what was wrong with it."""
    from coordinator.cli.status import status_data

    data = status_data(fleet)
    problems = []
    if not fleet.totals.visits_count or not fleet.totals.observations_stored_count:
        problems.append("nothing was inspected")
    if fleet.totals.observations_missing_count:
        problems.append(f"{fleet.totals.observations_missing_count} observations are missing")
    if fleet.is_degraded:
        problems.append("the journal couldn't be written")
    return {"elapsed_s": round(elapsed_s, 1), "is_good": not problems, "problems": problems, **data}
