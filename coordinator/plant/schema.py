"""The shape of a map file: what may stand where. What the parts mean to each other is checked by `checks`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(max_length=200)]
Name = Annotated[str, Field(description="1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit.")]
Coordinate = Annotated[float, Field(ge=-100_000, le=100_000)]
Place = Annotated[list[Coordinate], Field(min_length=2, max_length=2, description="[x, y] in metres, x east, y north.")]
Ring = Annotated[list[Place], Field(min_length=3, max_length=1_000, description="Corners; the last joins the first.")]
Speed = Annotated[float, Field(gt=0, le=50, description="Metres a second.")]
Length = Annotated[float, Field(gt=0, le=100_000, description="Metres.")]
Duration = Annotated[float, Field(gt=0, le=31_536_000, description="Seconds.")]
Power = Annotated[float, Field(ge=0, le=1_000_000, description="Watts.")]
Decibel = Annotated[float, Field(ge=-300, le=300)]
Ratio = Annotated[float, Field(ge=0, le=1)]

Role = Literal["charger", "parking", "holding", "inspection", "evacuation", "passthrough"]
ZoneKindName = Literal["blocked", "single_vehicle", "capacity", "speed_limit", "penalty", "permit_to_work"]


class Part(BaseModel):
    """Base of all parts: an unknown key is an error, numbers are finite, nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class DefaultsPart(Part):
    """What edges and nodes have unless they say otherwise."""

    speed_mps: Speed = 1.2
    width_m: Length = 1.2
    level: Name | None = Field(None, description="Level of nodes without one; not needed on a single level.")


class LevelPart(Part):
    """A floor of the plant."""

    elevation_m: Coordinate = 0.0


class BatteryPart(Part):
    """Battery of a robot type."""

    capacity_j: float = Field(gt=0, le=1e12, description="Usable energy in joules.")
    idle_w: Power
    travel_w: Power
    inspect_w: Power
    charge_w: float = Field(gt=0, le=1_000_000, description="Watts into the battery at a charger.")
    reserve_ratio: Ratio = Field(description="State of charge that is never planned away.")


class RobotTypePart(Part):
    """What all robots of a type share."""

    radius_m: float = Field(gt=0, le=10, description="Of the smallest circle round the body.")
    max_speed_mps: Speed
    acceleration_mps2: float = Field(gt=0, le=50)
    turn_radps: float = Field(gt=0, le=50)
    sensors: list[Name] = Field(default_factory=list)
    battery: BatteryPart


class NodePart(Part):
    """A place where a robot can stop."""

    at: Place
    level: Name | None = None
    roles: list[Role] = Field(default_factory=list)


class EdgePart(Part):
    """A way between two nodes. With `two_way` (the default) it is one way for each direction."""

    id: Name | None = Field(None, description="Default: `from--to`; the other direction adds `.r`.")
    start: Name = Field(alias="from")
    end: Name = Field(alias="to")
    two_way: bool = True
    speed_mps: Speed | None = None
    width_m: Length | None = Field(None, description="Clear width; robots pass each other only if it holds both.")
    length_m: Length | None = Field(None, description="Default: straight distance.")
    locked: bool = Field(False, description="Closed in the map itself.")
    door: Name | None = None
    lift: Name | None = None
    robot_types: list[Name] = Field(default_factory=list, description="Types that may use it; empty for all.")


class ZonePart(Part):
    """An area with a rule."""

    kind: ZoneKindName
    level: Name | None = None
    polygon: Ring
    capacity_count: int | None = Field(None, ge=1, le=10_000, description="For kind `capacity`.")
    speed_mps: Speed | None = Field(None, description="For kind `speed_limit`.")
    penalty_ratio: float | None = Field(None, gt=1, le=1_000, description="Factor of travel time: `penalty`.")


class DevicePart(Part):
    """A door or lift that must be asked."""

    kind: Literal["door", "lift"]
    open_s: Duration = Field(description="From request to open, by its data sheet.")


class RevisitPart(Part):
    """How often a point is due."""

    period_s: Duration
    tolerance_s: float = Field(0.0, ge=0, le=31_536_000, description="Lateness that is still on time.")


class LimitsPart(Part):
    """Alarm limits in the task's unit, rising: low_low, low, high, high_high."""

    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None


class TaskPart(Part):
    """One thing to do at a point."""

    name: Name
    type: Name = Field(description="read_gauge, thermal_image, gas_sniff, acoustic, photo, ...")
    sensor: Name = Field(description="Sensor a robot must carry.")
    duration_s: Duration
    unit: Annotated[str, Field(max_length=32)] = ""
    nominal: float | None = Field(None, description="Value of a healthy point.")
    limits: LimitsPart = LimitsPart()


class PointPart(Part):
    """A place and tag where tasks are due again and again."""

    node: Name
    heading_rad: float = Field(0.0, ge=-6.2832, le=6.2832, description="Counter-clockwise from east.")
    tag: Text = Field("", description="Tag of the equipment; default: the point's id.")
    weight: float = Field(1.0, gt=0, le=1_000)
    revisit: RevisitPart | None = Field(None, description="Without it only missions visit the point.")
    tasks: list[TaskPart] = Field(min_length=1, max_length=100)


class CellPart(Part):
    """A 5G cell."""

    at: Place
    level: Name | None = None
    power_dbm: Decibel = Field(description="Received power one metre away.")


class ShadowPart(Part):
    """An area behind steel."""

    polygon: Ring
    level: Name | None = None
    loss_db: float = Field(gt=0, le=300)


class RadioPart(Part):
    """The planned 5G coverage."""

    path_loss_exponent: float = Field(2.7, ge=1, le=10)
    noise_dbm: Decibel = -100.0
    cells: dict[str, CellPart] = Field(default_factory=dict, max_length=1_000)
    shadows: list[ShadowPart] = Field(default_factory=list, max_length=1_000)


class PlantDocument(Part):
    """A plant: levels, places, ways between them, rules, devices, inspection points and radio coverage."""

    plant_id: Name
    frame_id: Name = Field(description="ROS frame of all coordinates.")
    timezone: Text = Field(description="IANA name, for example Europe/Berlin.")
    defaults: DefaultsPart = DefaultsPart()
    levels: dict[str, LevelPart] = Field(min_length=1, max_length=100)
    robot_types: dict[str, RobotTypePart] = Field(min_length=1, max_length=100)
    nodes: dict[str, NodePart] = Field(min_length=1, max_length=50_000)
    edges: list[EdgePart] = Field(default_factory=list, max_length=100_000)
    zones: dict[str, ZonePart] = Field(default_factory=dict, max_length=1_000)
    devices: dict[str, DevicePart] = Field(default_factory=dict)
    points: dict[str, PointPart] = Field(default_factory=dict, max_length=50_000)
    radio: RadioPart = RadioPart()


def map_json_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a map file, for editors that complete and check while one writes."""
    schema = PlantDocument.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Roundsman plant map",
    }
