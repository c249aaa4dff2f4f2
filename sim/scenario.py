"""Scenarios as data: which plant, who works there, and what goes wrong. Unknown keys are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

PerHour = Annotated[float, Field(ge=0.0, le=3600.0)]
Seconds = Annotated[float, Field(gt=0.0, le=86400.0)]
Ratio = Annotated[float, Field(ge=0.0, le=1.0)]
Range = tuple[Seconds, Seconds]


class UnknownScenarioError(LookupError):
    """Neither a file nor a known scenario has the name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"scenario {name!r} is neither a file nor a known scenario (known: {', '.join(known)})")
        self.name = name
        self.known = known


class BadScenarioError(ValueError):
    """A scenario's file breaks a rule; the message lists each."""


class Section(BaseModel):
    """Strict and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Robots(Section):
    """How many robots of which types, and where they stand at the start."""

    count: Annotated[int, Field(ge=1, le=200)]
    types: dict[str, Annotated[int, Field(ge=1)]] = {}
    """Shares of the types; all types of the plant alike if empty."""
    start: Literal["parking", "charger"] = "parking"
    charge_ratio: tuple[Ratio, Ratio] = (0.6, 1.0)


class Radio(Section):
    """The network. See sim/network.py for what each means."""

    offset_db: Annotated[float, Field(ge=-60.0, le=60.0)] = 0.0
    rtt_s: Seconds = 0.018
    weak_rtt_s: Seconds = 0.034
    stall_every_s: Seconds = 60.0
    stall_s: Range = (0.1, 0.34)
    weak_stall_every_s: Seconds = 40.0
    weak_stall_s: Seconds = 10.0
    handover_s: Range = (0.03, 0.15)
    weak_dbm: float = -104.0
    hole_dbm: float = -112.0
    cut_after_s: Seconds = 8.0
    late_ratio: Ratio = 0.3
    fading_db: Annotated[float, Field(ge=0.0, le=20.0)] = 6.0
    fading_every_s: Seconds = 20.0


class People(Section):
    """People who step in front of robots."""

    per_h: PerHour = 0.0
    for_s: Range = (5.0, 120.0)


class Crowd(Section):
    """Edges that are busy at some hours of the run: people stand there, and everybody drives slowly."""

    edges: tuple[str, ...] = Field(min_length=1)
    from_h: Annotated[float, Field(ge=0.0)]
    to_h: Annotated[float, Field(gt=0.0)]
    per_h: PerHour = 0.0
    for_s: Range = (5.0, 40.0)
    pace_ratio: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0


class Faults(Section):
    """What breaks: each per robot and hour, but the last two, which are per plant and hour."""

    reboot_per_h: PerHour = 0.0
    motor_per_h: PerHour = 0.0
    localisation_per_h: PerHour = 0.0
    sensor_per_h: PerHour = 0.0
    battery_per_h: PerHour = 0.0
    link_cut_per_h: PerHour = 0.0
    coordinator_per_h: PerHour = 0.0
    device_per_h: PerHour = 0.0
    task_failure_ratio: Ratio = 0.002


class Missions(Section):
    """Missions that operators create on the way."""

    per_h: PerHour = 0.0
    points_count: Annotated[int, Field(ge=1, le=50)] = 3
    priority: Annotated[int, Field(ge=0, le=100)] = 50
    deadline_s: Seconds | None = None


class Scenario(Section):
    """One scenario; the seed and the flags of the command line are not part of it."""

    name: str = ""
    title: str = ""
    plant: str
    robots: Robots
    start_at: datetime = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
    hours: Annotated[float, Field(gt=0.0, le=168.0)] = 8.0
    radio: Radio = Radio()
    people: People = People()
    crowds: tuple[Crowd, ...] = ()
    faults: Faults = Faults()
    missions: Missions = Missions()
    anomaly_ratio: Ratio = 0.03
    blob_bytes: Annotated[int, Field(ge=0, le=1 << 20)] = 0
    period_ratio: Annotated[float, Field(gt=0.0, le=100.0)] = 1.0
    """Revisit periods of the plant are multiplied by this: below 1 for more demand."""
    settings: dict[str, float | bool] = {}
    """Fields of FleetSettings that differ from their defaults."""
    planner: dict[str, float | bool] = {}
    """Fields of the assignment planner's settings that differ."""


def known_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that come with the simulator, sorted."""
    folder = resources.files("sim") / "scenarios"
    return tuple(sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".yaml")))


def load_scenario(name_or_path: str) -> Scenario:
    """
    Read a scenario by name or from a file.

    Raises:
        UnknownScenarioError: If there is no such scenario.
        BadScenarioError: If a key is unknown or a value breaks its rule.
    """
    path = Path(name_or_path)
    if path.is_file():
        text, name = path.read_text(encoding="utf-8"), path.stem
    elif name_or_path in known_scenarios():
        text = (resources.files("sim") / "scenarios" / f"{name_or_path}.yaml").read_text(encoding="utf-8")
        name = name_or_path
    else:
        raise UnknownScenarioError(name_or_path, known_scenarios())
    try:
        return Scenario.model_validate({"name": name, **yaml.safe_load(text)})
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise BadScenarioError(f"scenario {name_or_path}: {error}") from error
