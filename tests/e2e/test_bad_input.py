"""Broken, hostile and unlucky input at a running coordinator: each is named, and nothing else stops."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import grpc
import pytest

from coordinator.model.records import ObservationStored
from roundsman.v1 import robot_pb2, session_pb2
from tests.e2e.plant_rig import COMMAND, ROOT, Robots, Server, brisk_plant, running, wait_until

SESSION = "/roundsman.v1.AgentService/Session"


def _plain(data: bytes) -> bytes:
    return data


class Stranger:
    """A client that sends whatever bytes it likes."""

    def __init__(self, server: Server) -> None:
        self._channel = grpc.insecure_channel(
            str(server.address), options=[("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
        )
        self._session = self._channel.stream_stream(SESSION, request_serializer=_plain, response_deserializer=_plain)

    def say(self, *messages: session_pb2.SessionRequest | bytes) -> grpc.RpcError:
        """Open a session, send messages, keep it open, and return how the coordinator ends it."""
        over = threading.Event()
        try:
            with pytest.raises(grpc.RpcError) as caught:
                for _ in self._session(_spoken(messages, over), timeout=20):
                    pass
        finally:
            over.set()
        return caught.value

    def close(self) -> None:
        self._channel.close()


def _spoken(messages: Sequence[session_pb2.SessionRequest | bytes], over: threading.Event) -> Iterator[bytes]:
    for message in messages:
        yield message if isinstance(message, bytes) else message.SerializeToString()
    over.wait(30)


def _hello(robot_id: str, robot_type_id: str, *, boot_id: int = 1, model: str = "") -> session_pb2.SessionRequest:
    return session_pb2.SessionRequest(
        hello=session_pb2.Hello(
            min_version=1,
            max_version=1,
            robot_id=robot_id,
            boot_id=boot_id,
            factsheet=robot_pb2.Factsheet(robot_type_id=robot_type_id, model=model),
            charge_ratio=0.5,
        )
    )


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Robots]]:
    """A small plant with six robots on their rounds."""
    folder = tmp_path_factory.mktemp("bad-input")
    brisk_plant("demo", folder / "demo.yaml")
    server = Server(folder, folder / "demo.yaml")
    robots = Robots(folder, server.plant, server, 6, 1)
    with running(server, robots):
        server.start()
        robots.start()
        wait_until(lambda: _stored_count(server) > 2, "the first results")
        yield server, robots


@pytest.fixture
def server(plant: tuple[Server, Robots]) -> Iterator[Server]:
    """The plant's coordinator; after the test all robots are still there, and results still come in."""
    running_server, robots = plant
    stored_count, process = _stored_count(running_server), running_server.process
    yield running_server
    wait_until(lambda: _stored_count(running_server) > stored_count, "further results")
    assert process is not None
    assert process.poll() is None
    assert running_server.live_robots() >= {f"sim-0{number}" for number in range(1, 7)}, robots.log[-2000:]


@pytest.fixture
def stranger(server: Server) -> Iterator[Stranger]:
    """A second client at the same coordinator."""
    client = Stranger(server)
    yield client
    client.close()


def _stored_count(server: Server) -> int:
    return sum(isinstance(record, ObservationStored) for record in server.records())


def test_random_bytes_end_their_own_stream_only(stranger: Stranger):
    """A device that speaks another protocol is turned away."""
    rng = random.Random(7)

    for size in (1, 10, 1000):
        error = stranger.say(rng.randbytes(size))

        assert error.code() in {
            grpc.StatusCode.INVALID_ARGUMENT,
            grpc.StatusCode.INTERNAL,
            grpc.StatusCode.UNKNOWN,
        }, (error.code(), error.details())
        assert error.details()


def test_a_huge_message_is_refused(stranger: Stranger):
    """Nobody fills the coordinator's memory with one message."""
    error = stranger.say(_hello("huge-01", "scout", model="x" * 8_000_000))

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in error.details()


def test_a_pose_that_is_no_number_is_refused_and_shown(server: Server, stranger: Stranger):
    """A robot with broken localisation is named to the operator, with the field that is wrong."""
    pose = robot_pb2.Pose2D(x_m=float("nan"), level_id="ground")
    report = robot_pb2.StateReport(
        report_seq=1, charge_ratio=0.5, activity=robot_pb2.ROBOT_ACTIVITY_IDLE, map_pose_body=pose
    )
    state = session_pb2.SessionRequest(state=report)
    error = stranger.say(_hello("lost-01", "scout"), state)

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "pose" in error.details()
    assert "x_m" in error.details()
    wait_until(lambda: "lost-01.bad_message" in server.alarms(), "an alarm that names the robot")


def test_an_unknown_robot_type_is_refused_by_name(stranger: Stranger):
    """A robot the map doesn't know is told which types it does know."""
    error = stranger.say(_hello("new-01", "hovercraft"))

    assert error.code() is grpc.StatusCode.NOT_FOUND
    assert "hovercraft" in error.details()
    assert "scout" in error.details()


def test_a_second_robot_with_a_living_robots_name_is_refused(server: Server, stranger: Stranger):
    """Two robots with one name are a mistake that a person must see; the first one goes on."""
    error = stranger.say(_hello("sim-01", "scout", boot_id=99))

    assert error.code() is grpc.StatusCode.ALREADY_EXISTS
    assert "sim-01" in error.details()
    wait_until(lambda: "sim-01.duplicate_identity" in server.alarms(), "an alarm that names the robot")


def test_a_broken_map_is_refused_in_one_line(server: Server, tmp_path: Path):
    """A mistake in the map is named by file, line and rule before anything starts."""
    text = (ROOT / "maps" / "demo.yaml").read_text().replace("at: [12, 0]", "at: [.nan, 0]", 1)
    (tmp_path / "broken.yaml").write_text(text)
    line = next(number for number, found in enumerate(text.splitlines(), start=1) if ".nan" in found)
    result = subprocess.run(
        [*COMMAND, "serve", "--plant", str(tmp_path / "broken.yaml"), "--listen", "127.0.0.1:0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )

    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert f"broken.yaml:{line}" in result.stderr
    assert "must be finite" in result.stderr


def test_a_full_disk_stops_the_rounds_until_there_is_room(tmp_path: Path):
    """On a full disk nothing is lost or promised; the operator sees why, and with room all goes on by itself."""
    brisk_plant("demo", tmp_path / "demo.yaml")
    server = Server(tmp_path, tmp_path / "demo.yaml")
    robots = Robots(tmp_path, server.plant, server, 3, 2)
    with running(server, robots):
        server.start()
        robots.start()
        wait_until(lambda: _stored_count(server) > 0, "the first results")
        assert server.process is not None
        pid = server.process.pid
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        wait_until(lambda: "coordinator.store_failed" in server.alarms(), "an alarm that names the journal")
        stored_count = _stored_count(server)
        time.sleep(3.0)
        assert server.process.poll() is None, server.log[-2000:]
        assert server.live_robots() == {"sim-01", "sim-02", "sim-03"}
        assert _stored_count(server) == stored_count
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: _stored_count(server) > stored_count, "further results")
        wait_until(lambda: not server.alarms()["coordinator.store_failed"].is_active, "the end of the alarm")


def test_a_frozen_fleet_is_noticed_and_heals_by_itself(tmp_path: Path):
    """Robots that fall silent are shown as lost within seconds, and come back without anybody's help."""
    brisk_plant("demo", tmp_path / "demo.yaml")
    server = Server(tmp_path, tmp_path / "demo.yaml")
    robots = Robots(tmp_path, server.plant, server, 3, 3)
    names = {"sim-01", "sim-02", "sim-03"}
    with running(server, robots):
        server.start()
        robots.start()
        wait_until(lambda: _stored_count(server) > 0, "the first results")
        robots.send(signal.SIGSTOP)
        wait_until(
            lambda: {alarm.robot_id for alarm in server.alarms().values() if alarm.code == "robot_lost"} == names,
            "all robots shown as lost",
            within_s=12.0,
        )
        stored_count = _stored_count(server)
        robots.send(signal.SIGCONT)
        wait_until(lambda: server.live_robots() == names, "all robots back", within_s=15.0)
        wait_until(lambda: _stored_count(server) > stored_count, "further results")
        assert not [alarm for alarm in server.alarms().values() if alarm.code == "robot_lost" and alarm.is_active]
        assert robots.witnessed("touch") == []

        # Told to end, the coordinator asks the robots to come back and leaves nothing behind.
        assert server.terminate(within_s=10.0) == 0
        assert robots.log.count("the coordinator asked to reconnect") == len(names)
        server.start()
        wait_until(lambda: server.live_robots() == names, "all robots back after a restart", within_s=15.0)


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The data of a coordinator that was killed in the middle of the rounds."""
    folder = tmp_path_factory.mktemp("torn")
    brisk_plant("demo", folder / "demo.yaml")
    server = Server(folder, folder / "demo.yaml")
    robots = Robots(folder, server.plant, server, 3, 4)
    with running(server, robots):
        server.start()
        robots.start()
        wait_until(lambda: _stored_count(server) > 1, "the first results")
        server.kill()
    return server


def _copy(torn: Server, folder: Path) -> Server:
    server = Server(folder, torn.plant)
    server.data.mkdir()
    for path in torn.data.glob("journal.sqlite3*"):
        (server.data / path.name).write_bytes(path.read_bytes())
    return server


def test_a_torn_log_gives_what_was_whole(torn: Server, tmp_path: Path):
    """A write cut short by a power failure is left out; everything before it is there."""
    server = _copy(torn, tmp_path)
    log = server.data / "journal.sqlite3-wal"
    os.truncate(log, log.stat().st_size - 2000)
    count = len(server.entries())
    with running(server):
        server.start()
        assert server.terminate() == 0

    assert 0 < count < len(torn.entries())
    assert [entry.kind for entry in server.entries()[count:]] == ["EpochStarted"]


def test_a_flipped_bit_stops_the_start_and_is_named(torn: Server, tmp_path: Path):
    """A journal that isn't what was written is never built upon: the last good entry is named."""
    server = _copy(torn, tmp_path)
    before = server.entries()
    with contextlib.closing(sqlite3.connect(server.journal)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    target = before[len(before) // 2]
    data = server.journal.read_bytes()
    place = data.index(target.body) + len(target.body) // 2
    server.journal.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    with running(server):
        server.start(wait=False)
        assert server.process is not None
        status = server.process.wait(30)

    assert status == 5
    assert f"last good entry is {target.seq - 1}" in server.log.splitlines()[-1] or str(target.seq - 1) in server.log
    assert "journal" in server.log
