"""What Prometheus scrapes, and the Grafana dashboard that shows it."""

from __future__ import annotations

import json
import re

from prometheus_client.parser import text_string_to_metric_families

from coordinator.web.pages import FOLDER
from tests.coordinator.web.rig import Room

DASHBOARD = FOLDER / "grafana-dashboard.json"


async def _families(room: Room) -> dict[str, list[tuple[dict[str, str], float]]]:
    text = (await room.client.get("/metrics")).text
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


async def test_metrics_say_how_the_fleet_is(room: Room):
    """Robots, points, alarms and totals are there as of the newest picture."""
    await room.post("robots/stop", json={})
    found = await _families(room)

    assert ({"link": "live"}, 1.0) in found["roundsman_robots"]
    assert found["roundsman_robots_stopped"] == [({}, 1.0)]
    assert found["roundsman_robot_charge_ratio"][0][0] == {"robot_id": "a"}
    assert {"point_id": "W-red"} in [labels for labels, _ in found["roundsman_point_age_ratio"]]
    assert found["roundsman_points"] == [({}, 4.0)]
    assert found["roundsman_visits_total"] == [({}, 0.0)]
    assert found["roundsman_epoch"] == [({}, 1.0)]
    assert {labels["severity"] for labels, _ in found["roundsman_alarms_active"]} == {
        "low",
        "medium",
        "high",
        "critical",
    }


async def test_the_grafana_dashboard_asks_only_for_what_there_is(room: Room):
    """Every metric that a panel of the ready dashboard names is one that the coordinator tells."""
    room.floor.cut(room.floor.puppets["a"])  # type: ignore[index]
    room.floor.run(60)
    room.show()
    there = set(await _families(room))
    dashboard = json.loads(DASHBOARD.read_text())
    asked = {
        name
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
        for name in re.findall(r"(?:roundsman|process)_\w+", target["expr"])
    }

    # These appear with their first label only.
    appearing = {"roundsman_wait_seconds_total", "roundsman_replans_total", "roundsman_refusals_total"}
    assert len(asked) >= 15
    assert asked - there - appearing - {"roundsman_robot_waiting_seconds", "roundsman_robot_rsrp_dbm"} == set()
    assert appearing <= asked
