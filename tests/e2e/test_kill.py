"""The coordinator dies again and again in the middle of the rounds, and nothing is lost."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from coordinator.checker.audit import audit
from coordinator.client import ClientError
from coordinator.model.records import MissionCreated, ObservationsMissing, ObservationStored, OperatorActed, Record
from tests.e2e.plant_rig import COMMAND, ROOT, Robots, Server, brisk_plant, running, wait_until
from tests.e2e.trespass import find_trespasses

KILLS_COUNT = 20
ROBOTS_COUNT = 20


class Operator(threading.Thread):
    """Orders missions one after the other, each with a key, and asks again with that key until it is answered."""

    def __init__(self, server: Server, point_ids: list[str], rng: random.Random) -> None:
        super().__init__(daemon=True)
        self._server = server
        self._point_ids = point_ids
        self._rng = rng
        self._done = threading.Event()
        self.answers: dict[str, set[str]] = {}
        self.retried: set[str] = set()

    def run(self) -> None:
        number = 0
        while not self._done.wait(self._rng.uniform(0.5, 3.0)):
            number += 1
            key = f"order-{number}"
            points = self._rng.sample(self._point_ids, 3)
            self._order(key, points)
            if number % 3 == 0:
                # A program that didn't note the answer asks again, perhaps another coordinator process.
                self._order(key, points)

    @property
    def ordered(self) -> set[str]:
        """Missions that were promised."""
        return {subject for subjects in self.answers.values() for subject in subjects}

    def finish(self) -> None:
        """Stop ordering; what is under way is finished first."""
        self._done.set()
        self.join(60)
        assert not self.is_alive()

    def _order(self, key: str, points: list[str]) -> None:
        while True:
            try:
                with self._server.client(timeout_s=3.0) as client:
                    answer = client.create_mission(points, key=key, name=key)
            except ClientError:
                self.retried.add(key)
                time.sleep(0.2)
                continue
            self.answers.setdefault(key, set()).add(answer.subject)
            return


@pytest.mark.parametrize("seed", [1])
def test_a_coordinator_killed_twenty_times_loses_nothing(seed: int, tmp_path: Path):
    """Killed at random moments it goes on: every reading and mission is there once, and no robot met another."""
    print(f"seed {seed}")
    rng = random.Random(seed)
    plant = brisk_plant("refinery", tmp_path / "refinery.yaml")
    server = Server(tmp_path, tmp_path / "refinery.yaml")
    robots = Robots(tmp_path, server.plant, server, ROBOTS_COUNT, seed)
    operator = Operator(server, list(plant.points), random.Random(f"{seed}:operator"))
    with running(server, robots):
        server.start()
        robots.start()
        operator.start()
        wait_until(lambda: len(robots.witnessed("captured")) > 3, "the first results")
        first_kill_s = time.time()
        for _ in range(KILLS_COUNT):
            # Either while robots come back, or when they drive and inspect again.
            time.sleep(rng.choice((rng.uniform(0.1, 2.0), rng.uniform(3.0, 7.0))))
            server.kill()
            server.start()
        last_kill_s = time.time()
        assert [e for e in robots.witnessed("captured") if first_kill_s < e["at_s"]], "no inspection between the kills"
        wait_until(
            lambda: len({e["robot_id"] for e in robots.witnessed("captured") if e["at_s"] > last_kill_s}) > 2,
            "three robots inspect after the last kill",
        )
        operator.finish()
        with server.client() as client:
            client.stop([], reason="end of the test", key="stop")
        wait_until(lambda: _are_drained(server, robots), "every result is in the journal")
        # Pictures may be a moment old.
        wait_until(lambda: operator.ordered <= _listed(server), "every mission is listed")
        assert robots.terminate() == 0, robots.log[-2000:]
        end_s = time.time()
        assert server.terminate() == 0, server.log[-2000:]

    entries, records = server.entries(), server.records()
    timed = [(entry.at_s, record) for entry, record in zip(entries, records, strict=True)]
    times_s = [entry.at_s for entry in entries]
    captured = Counter((event["robot_id"], event["order_id"]) for event in robots.witnessed("captured"))
    assert audit(records, plant) == ()
    assert times_s == sorted(times_s), "time ran back across a restart"
    assert robots.witnessed("touch") == []
    assert find_trespasses(timed, robots.witnessed("at"), end_s) == []
    assert not _stored(records) - captured, "a result that no robot took"
    _check_spools(robots, captured, records)
    _check_missions(operator, records)
    verified = subprocess.run(
        [*COMMAND, "journal", "verify", str(server.data), "--plant", str(server.plant)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr


def _listed(server: Server) -> set[str]:
    fleet = server.fleet()
    return set() if fleet is None else {mission.mission_id for mission in fleet.missions}


def _stored(records: list[Record]) -> Counter[tuple[str, str]]:
    return Counter(
        (record.robot_id, record.observation.order_id) for record in records if isinstance(record, ObservationStored)
    )


def _are_drained(server: Server, robots: Robots) -> bool:
    captured = Counter((event["robot_id"], event["order_id"]) for event in robots.witnessed("captured"))
    return not captured - _stored(server.records())


def _check_spools(robots: Robots, captured: Counter[tuple[str, str]], records: list[Record]) -> None:
    """Each result taken is in the journal, once, or still with its robot; and nothing was declared missing."""
    assert not [record for record in records if isinstance(record, ObservationsMissing)]
    counters: dict[str, list[int]] = {}
    for record in records:
        if isinstance(record, ObservationStored):
            counters.setdefault(record.robot_id, []).append(record.observation.counter)
    for robot_id, (last, kept) in robots.spools().items():
        stored = sorted(counters.get(robot_id, []))
        assert last == sum(count for (taker, _), count in captured.items() if taker == robot_id)
        assert len(set(stored)) == len(stored), f"robot {robot_id}: a result stored twice"
        assert set(stored) | kept == set(range(1, last + 1)), f"robot {robot_id}: {last} taken, {kept} kept"


def _check_missions(operator: Operator, records: list[Record]) -> None:
    """One mission an order, however often it was asked for."""
    created = [record.mission.mission_id for record in records if isinstance(record, MissionCreated)]
    acted = Counter(record.idempotency_key for record in records if isinstance(record, OperatorActed))
    answered = [subject for subjects in operator.answers.values() for subject in subjects]
    assert operator.retried, "no order met a dead coordinator: the test shows nothing"
    assert all(len(subjects) == 1 for subjects in operator.answers.values()), operator.answers
    assert sorted(created) == sorted(answered)
    assert len(set(created)) == len(created)
    assert all(acted[key] == 1 for key in operator.answers)
