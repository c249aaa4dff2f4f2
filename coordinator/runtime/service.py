"""A coordinator from its parts: recover, serve, and end in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import structlog

from coordinator.fleet import Fleet
from coordinator.model.effects import Effect
from coordinator.model.ids import RobotId
from coordinator.model.traffic import TrafficSnapshot
from coordinator.plant.map import PlantMap
from coordinator.plant.parse import parse_plant
from coordinator.runtime.blobs import ThreadedBlobs
from coordinator.runtime.clock import AnchoredClock
from coordinator.runtime.history_process import HistoryProcess
from coordinator.runtime.inbox import EventInbox
from coordinator.runtime.ledger import JournalLedger
from coordinator.runtime.loop import CoreLoop, Outlets
from coordinator.runtime.observation_log import ObservationLog
from coordinator.runtime.perform import Performer
from coordinator.runtime.planner import Planner
from coordinator.runtime.recovery import FleetForm, recover
from coordinator.runtime.settings import ServiceSettings
from coordinator.store.blobs import BlobStore
from coordinator.store.journal import Journal
from coordinator.store.reserve import ReserveFile
from coordinator.traffic.warm_up import warm_up
from coordinator.transport.calls import Calls
from coordinator.transport.codec import encode_graph, speed_limits
from coordinator.transport.device_service import DeviceService, DeviceStreams
from coordinator.transport.fleet_service import ExplanationSource, FleetService, PlantText, TrafficSource
from coordinator.transport.observation_stream import ObservationService, UploadStreams
from coordinator.transport.pictures import Pictures
from coordinator.transport.server import Addresses, Servers, Services, refuse_open_address
from coordinator.transport.session_stream import AgentService, SessionStreams
from coordinator.web.server import WebServer
from coordinator.web.sources import Sources

JOURNAL_NAME = "journal.sqlite3"
BLOB_FOLDER = "blobs"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Adapters:
    """Everything with a wire, and the planner."""

    inbox: EventInbox
    sessions: SessionStreams
    performer: Performer
    planner: Planner
    pictures: Pictures
    observations: ObservationLog
    blobs: ThreadedBlobs
    servers: Servers
    calls: Calls
    plant_text: PlantText
    blob_store: BlobStore


async def serve(
    settings: ServiceSettings,
    *,
    stop: asyncio.Event | None = None,
    ready: Callable[[Addresses], None] | None = None,
) -> None:
    """
    Run a coordinator until SIGTERM, SIGINT or `stop`.

    Args:
        settings: What to run.
        stop: Ends it when set; signals are handled as well.
        ready: Called with the addresses once robots can connect.

    Raises:
        InsecureAddressError: If the listen address can be reached from elsewhere and that wasn't asked for.
        MapError: If the plant map is bad.
        StoreError: If the journal can't be used.
        UnknownRecordError: If the journal was written by a newer version.
    """
    refuse_open_address(settings.listen.host, insecure_lab=settings.listen.insecure_lab)
    if settings.http.is_on:
        refuse_open_address(settings.http.host, insecure_lab=settings.listen.insecure_lab)
    text = await asyncio.to_thread(settings.plant.read_text, encoding="utf-8")
    plant = parse_plant(text, source=str(settings.plant))
    folder = settings.store.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stopping = asyncio.Event() if stop is None else stop
    ledger = await JournalLedger.open(
        folder / JOURNAL_NAME,
        lambda: Journal.open(
            folder / JOURNAL_NAME, plant_id=plant.plant_id, max_bytes=settings.store.max_journal_bytes
        ),
        reserve=_reserve(settings, folder),
    )
    try:
        with _signals_set(stopping):
            await _run(settings, plant, text, ledger, stopping=stopping, ready=ready)
    finally:
        with contextlib.suppress(TimeoutError):
            await ledger.close(within_s=settings.grace_s)
        log.info("stopped")


def _reserve(settings: ServiceSettings, folder: Path) -> ReserveFile | None:
    size_bytes = settings.store.reserve_bytes
    return ReserveFile(folder / "reserve", size_bytes=size_bytes) if size_bytes else None


async def _run(
    settings: ServiceSettings,
    plant: PlantMap,
    text: str,
    ledger: JournalLedger,
    *,
    stopping: asyncio.Event,
    ready: Callable[[Addresses], None] | None,
) -> None:
    observations = ObservationLog()
    recovered = await ledger.read(lambda journal: recover(journal, observations))
    if recovered.lost_count:
        log.error("journal_was_cut", lost_count=recovered.lost_count, hint="confirm where each robot stands")
    log.info("loading_planners", hint="the first start compiles them: up to a minute")
    warm_up()
    clock = AnchoredClock(not_before_s=recovered.last_at_s)
    now_s = clock.now_s()
    fleet = Fleet(plant, settings=settings.fleet, state=recovered.state, now_s=now_s, seed=settings.seed)

    def traffic(robot_id: RobotId | None, limit: int) -> TrafficSnapshot:
        return fleet.traffic(clock.now_s(), robot_id=robot_id, limit=limit)

    adapters = _adapters(settings, plant, text, observations, sources=(traffic, fleet.explain))
    loop = CoreLoop(
        fleet,
        FleetForm(fleet.state),
        adapters.inbox,
        ledger,
        Outlets(adapters.performer.perform, observations.note, adapters.pictures.publish),
        clock=clock,
        settings=settings.loop,
        last_seq=recovered.last_seq,
        last_snapshot_seq=recovered.snapshot_seq,
    )
    try:
        web = (
            _web_server(settings, plant, adapters, traffic=traffic, loop=loop, clock=clock)
            if settings.http.is_on
            else None
        )
        if await _started(loop, fleet.start(now_s), stopping):
            await _serve(settings, adapters, loop, web=web, stopping=stopping, ready=ready)
    finally:
        adapters.blobs.close()


async def _started(loop: CoreLoop, effects: Sequence[Effect], stopping: asyncio.Event) -> bool:
    """Make the new epoch durable; False if told to stop before, as a full disk may take for ever."""
    starting = asyncio.create_task(loop.start(effects))
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
        return starting.done()
    finally:
        for task in (starting, waiting):
            task.cancel()
        await asyncio.gather(starting, waiting, return_exceptions=True)


def _adapters(
    settings: ServiceSettings,
    plant: PlantMap,
    text: str,
    observations: ObservationLog,
    *,
    sources: tuple[TrafficSource, ExplanationSource],
) -> _Adapters:
    inbox, (traffic, explain) = EventInbox(), sources
    limits = speed_limits(plant)
    sessions, uploads, devices = SessionStreams(), UploadStreams(), DeviceStreams()
    calls = Calls(inbox, answer_within_s=settings.answer_within_s)
    pictures = Pictures(limits)
    store = settings.store
    blob_store = BlobStore(store.folder / BLOB_FOLDER, max_blob_bytes=store.max_blob_bytes)
    blobs = ThreadedBlobs(blob_store)
    plant_text = PlantText(plant.plant_id, text, plant.digest)
    planner = Planner(inbox.post, within_s=settings.plan_within_s)
    services = Services(
        agents=AgentService(inbox, sessions, limits, graph=encode_graph(plant)),
        devices=DeviceService(inbox, devices),
        fleet=FleetService(calls, pictures, plant_text, observations, traffic=traffic, explain=explain),
        observations=ObservationService(inbox, uploads, blobs),
    )
    listen = settings.listen
    addresses = Addresses(listen.host, listen.control_port, listen.observation_port)
    servers = Servers(addresses, services, dev=listen.dev, ping_s=listen.ping_s)
    performer = Performer(sessions, uploads, devices, calls, planner)
    return _Adapters(
        inbox, sessions, performer, planner, pictures, observations, blobs, servers, calls, plant_text, blob_store
    )


def _web_server(
    settings: ServiceSettings,
    plant: PlantMap,
    adapters: _Adapters,
    *,
    traffic: TrafficSource,
    loop: CoreLoop,
    clock: AnchoredClock,
) -> WebServer:
    sources = Sources(
        plant=plant,
        plant_text=adapters.plant_text,
        pictures=adapters.pictures,
        calls=adapters.calls,
        observations=adapters.observations,
        blobs=adapters.blob_store,
        traffic=traffic,
        history=HistoryProcess(settings.store.folder / JOURNAL_NAME, settings.plant),
        now_s=clock.now_s,
        is_stalled=lambda: loop.is_stalled,
        violation_count=lambda: loop.violation_count,
    )
    return WebServer(sources, host=settings.http.host, port=settings.http.port)


async def _serve(
    settings: ServiceSettings,
    adapters: _Adapters,
    loop: CoreLoop,
    *,
    web: WebServer | None,
    stopping: asyncio.Event,
    ready: Callable[[Addresses], None] | None,
) -> None:
    """Run the loop and the servers until told to stop, or until the loop fails."""
    planning = asyncio.create_task(adapters.planner.run())
    running = asyncio.create_task(loop.run())
    waiting = asyncio.create_task(stopping.wait())
    try:
        addresses = await adapters.servers.start()
        if web is not None:
            addresses = replace(addresses, http=f"http://{settings.http.host}:{await web.start()}/")
        log.info(
            "listening",
            host=addresses.host,
            control_port=addresses.control_port,
            observation_port=addresses.observation_port,
            http=addresses.http,
            process_id=os.getpid(),
        )
        if ready is not None:
            ready(addresses)
        await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        log.info("stopping", reconnect_after_s=settings.reconnect_after_s)
        adapters.sessions.drain(settings.reconnect_after_s)
        if web is not None:
            await web.stop()
        await adapters.servers.stop(settings.grace_s)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await loop.finish(settings.grace_s)
    finally:
        for task in (running, waiting, planning):
            task.cancel()
        await asyncio.gather(running, waiting, planning, return_exceptions=True)
        if web is not None:
            await web.stop()
        await adapters.servers.stop(0.0)


@contextlib.contextmanager
def _signals_set(stopping: asyncio.Event) -> Iterator[None]:
    running = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            running.add_signal_handler(number, stopping.set)
            handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            running.remove_signal_handler(number)
