"""Prometheus metrics, read from the newest picture at the moment somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from coordinator.model.mission import MissionState
from coordinator.model.observation import Severity
from coordinator.model.robot import Activity, LinkState
from coordinator.model.snapshot import FleetSnapshot, PointView, RobotView, Totals
from coordinator.web.sources import Sources

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UNKNOWN = "unknown"


class FleetCollector(Collector):
    """What the coordinator tells Prometheus. Labels are ids of the plant, so their number is bounded by its map."""

    def __init__(self, sources: Sources, viewer_count: Callable[[], int]) -> None:
        self._sources = sources
        self._viewer_count = viewer_count

    def collect(self) -> Iterator[Metric]:
        """All families."""
        snapshot = self._sources.pictures.snapshot
        if snapshot is not None:
            yield from _coordinator(snapshot)
            yield from _robots(snapshot.robots, snapshot.now_s)
            yield from _points(snapshot.points, snapshot.now_s)
            yield from _lists(snapshot)
            yield from _totals(snapshot.totals)
        yield _gauge("viewers", "Dashboards that watch now.", self._viewer_count())
        yield _gauge("journal_stalled", "1 while the journal can't be written.", self._sources.is_stalled())
        broken = self._sources.violation_count()
        yield CounterMetricFamily("roundsman_broken_invariants", "Invariants found broken: bugs.", value=broken)


def _coordinator(snapshot: FleetSnapshot) -> Iterator[Metric]:
    info = GaugeMetricFamily("roundsman_plant_info", "The plant, as a label.", labels=["plant_id"])
    info.add_metric([snapshot.plant_id], 1)
    yield info
    yield _gauge("epoch", "Starts of the coordinator on this journal.", snapshot.epoch)
    yield _gauge("degraded", "1 while nothing is released because the journal can't be written.", snapshot.is_degraded)
    yield _gauge("picture_time_seconds", "When the newest picture was made, Unix seconds.", snapshot.now_s)


def _robots(robots: tuple[RobotView, ...], now_s: float) -> Iterator[Metric]:
    by_link = dict.fromkeys((link.value for link in LinkState), 0)
    by_activity = dict.fromkeys([*(activity.value for activity in Activity), UNKNOWN], 0)
    charge = GaugeMetricFamily("roundsman_robot_charge_ratio", "State of charge, 0 to 1.", labels=["robot_id"])
    heard = GaugeMetricFamily("roundsman_robot_silence_seconds", "Time since its last word.", labels=["robot_id"])
    waiting = GaugeMetricFamily(
        "roundsman_robot_waiting_seconds", "How long it has been waiting now.", labels=["robot_id", "cause"]
    )
    faults = GaugeMetricFamily("roundsman_robot_faults", "Faults it reports.", labels=["robot_id"])
    power = GaugeMetricFamily("roundsman_robot_rsrp_dbm", "Received power it reports.", labels=["robot_id"])
    missing = GaugeMetricFamily(
        "roundsman_robot_missing_observations", "Results announced and not here yet.", labels=["robot_id"]
    )
    for robot in robots:
        by_link[robot.link.value] += 1
        by_activity[UNKNOWN if robot.activity is None else robot.activity.value] += 1
        name = [robot.robot_id]
        charge.add_metric(name, robot.charge_ratio)
        heard.add_metric(name, max(0.0, now_s - robot.heard_s))
        faults.add_metric(name, len(robot.faults))
        missing.add_metric(name, robot.observations_missing_count)
        if robot.wait is not None:
            waiting.add_metric([robot.robot_id, robot.wait.cause], max(0.0, now_s - robot.wait.since_s))
        if robot.quality is not None and robot.quality.rsrp_dbm is not None:
            power.add_metric(name, robot.quality.rsrp_dbm)
    yield _by("robots", "Robots by freshness of their last word.", "link", by_link)
    yield _by("robots_by_activity", "Robots by what they say they do.", "activity", by_activity)
    yield _gauge("robots_stopped", "Robots latched by a stop.", sum(robot.is_stopped for robot in robots))
    yield from (charge, heard, waiting, faults, power, missing)


def _points(points: tuple[PointView, ...], now_s: float) -> Iterator[Metric]:
    ratio = GaugeMetricFamily(
        "roundsman_point_age_ratio", "Idleness over revisit period; above 1 it is due.", labels=["point_id"]
    )
    for point in points:
        if point.age_ratio is not None:
            ratio.add_metric([point.point_id], point.age_ratio)
    yield ratio
    due_count = sum(point.due_s is not None and point.due_s <= now_s for point in points)
    yield _gauge("points", "Inspection points.", len(points))
    yield _gauge("points_due", "Points that are due.", due_count)
    yield _gauge("points_overdue", "Points late beyond their tolerance.", sum(point.is_overdue for point in points))


def _lists(snapshot: FleetSnapshot) -> Iterator[Metric]:
    missions = dict.fromkeys((state.value for state in MissionState), 0)
    for mission in snapshot.missions:
        missions[mission.state.value] += 1
    yield _by("missions", "Missions by state.", "state", missions)
    alarms = dict.fromkeys((severity.value for severity in Severity), 0)
    unseen = dict(alarms)
    for alarm in snapshot.alarms:
        if alarm.is_active:
            alarms[alarm.severity.value] += 1
        if not alarm.is_acknowledged:
            unseen[alarm.severity.value] += 1
    yield _by("alarms_active", "Alarms whose condition holds.", "severity", alarms)
    yield _by("alarms_unacknowledged", "Alarms nobody has acknowledged.", "severity", unseen)
    yield _gauge("edges_closed", "Directed edges closed.", sum(edge.is_closed for edge in snapshot.edges))


def _totals(totals: Totals) -> Iterator[Metric]:
    yield CounterMetricFamily("roundsman_visits", "Visits of points.", value=totals.visits_count)
    yield CounterMetricFamily("roundsman_late_visits", "Of them late.", value=totals.late_visits_count)
    yield CounterMetricFamily(
        "roundsman_observations_stored", "Results made durable.", value=totals.observations_stored_count
    )
    yield CounterMetricFamily(
        "roundsman_observations_duplicate", "Results that came again.", value=totals.observations_duplicate_count
    )
    yield _counter_by("wait_seconds", "Time robots waited.", "cause", totals.wait_s_by_cause)
    yield _counter_by("replans", "Changed horizons.", "reason", totals.replans_by_reason)
    yield _counter_by("refusals", "Releases refused by the checker: bugs.", "rule", totals.refusals_by_rule)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"roundsman_{name}", text, value=float(value))


def _by(name: str, text: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(f"roundsman_{name}", text, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _counter_by(name: str, text: str, label: str, sums: tuple[tuple[str, float], ...]) -> Metric:
    family = CounterMetricFamily(f"roundsman_{name}", text, labels=[label])
    for value, total in sums:
        family.add_metric([value], total)
    return family


class Metrics:
    """The text that Prometheus scrapes."""

    def __init__(self, sources: Sources, viewer_count: Callable[[], int]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(FleetCollector(sources, viewer_count))
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def text(self) -> bytes:
        """All families as of now."""
        return generate_latest(self._registry)
