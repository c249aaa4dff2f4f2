"""`roundsman plan`: whether so many robots can keep a plant's revisit periods, and how many would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from coordinator.cli.exits import UsageError
from coordinator.cli.options import Json
from coordinator.cli.output import percent, print_json, print_table, span
from coordinator.cli.plant_file import load_plant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator.model.ids import RobotTypeId
    from coordinator.plant.map import PlantMap
    from coordinator.runtime.feasibility import Feasibility, Fleet

LATE_COUNT = 5
IMPOSSIBLE = ("no-robot-type", "no-way-for-type", "impossible-period", "overloaded-node")
"""What lint finds that no fleet can mend."""


def plan(
    name: Annotated[str, typer.Argument(metavar="PLANT", help="A map file, or a name from `map list`.")],
    *,
    robots: Annotated[int, typer.Option("--robots", min=1, max=200, help="How many robots.")],
    types: Annotated[
        str,
        typer.Option(
            "--types", metavar="TYPE=SHARE,...", help="Shares of robot types, as ranger=2,scout=1. Else all alike."
        ),
    ] = "",
    as_json: Json = False,
) -> None:
    """Say whether robots can keep the revisit periods, which point says so, and how many would do."""
    from coordinator.runtime.feasibility import UnservedError, judge

    plant = load_plant(name)
    shares = _shares(plant, types)
    _refuse_impossible(plant, name)
    try:
        answer = judge(plant, shares, robots)
    except UnservedError as error:
        raise UsageError(f"--robots {robots}: {error}") from error
    if as_json:
        print_json(_data(plant, answer))
        return
    print_table(("PLANT", plant.plant_id), _rows(plant, answer), empty="")
    typer.echo("")
    columns = ("TYPE", "#ROBOTS", "#POINTS", "#CYCLE", "#CHARGING", "#WORST AGE", "BEGINS")
    print_table(columns, _groups(answer.fleet), empty="no point has a revisit period")


def _shares(plant: PlantMap, text: str) -> dict[RobotTypeId, int]:
    """Shares by type, sorted; all types of the plant alike if none are given."""
    from coordinator.model.ids import RobotTypeId

    if not plant.robot_types:
        raise UsageError(f"plant {plant.plant_id} has no robot types: there is nobody to plan for")
    if not text:
        return dict.fromkeys(plant.robot_types, 1)
    shares: dict[RobotTypeId, int] = {}
    for part in text.split(","):
        type_name, _, share = part.strip().partition("=")
        if type_name not in plant.robot_types:
            known = ", ".join(plant.robot_types)
            raise UsageError(f"--types {part.strip()!r}: plant {plant.plant_id} has robot types {known}")
        if not share.isdecimal() or not 1 <= int(share) <= 1000 or type_name in shares:
            raise UsageError(f"--types {part.strip()!r}: each type once, with a share of 1 to 1000, as {type_name}=2")
        shares[RobotTypeId(type_name)] = int(share)
    return dict(sorted(shares.items()))


def _refuse_impossible(plant: PlantMap, name: str) -> None:
    """
    Look for what no fleet can mend.

    Raises:
        UsageError: If there is something; names the first.
    """
    from coordinator.plant.lint import lint

    found = [finding for finding in lint(plant) if finding.code in IMPOSSIBLE]
    if found:
        more = f" (and {len(found) - 1} more: `roundsman map lint {name}`)" if len(found) > 1 else ""
        raise UsageError(f"plant {plant.plant_id}: {found[0].subject}: {found[0].message}{more}")


def _rows(plant: PlantMap, answer: Feasibility) -> list[tuple[str, str]]:
    fleet, points = answer.fleet, plant.points
    rows = [
        ("robots", f"{fleet.robots_count}: {_mixture(fleet.robots)}"),
        ("points", f"{answer.points_count} with a revisit period"),
    ]
    if fleet.ages:
        oldest = points[fleet.ages[0][0]]
        period_s = oldest.period_s or 0.0
        late_s = (fleet.expected_ratio - 1.0) * period_s
        lateness = f": {span(late_s)} late, {span(oldest.tolerance_s)} is tolerated" if late_s > 0.0 else ""
        rows += [
            ("expected", f"worst age ratio {fleet.expected_ratio:.2f}, if nothing disturbs the rounds"),
            ("binding point", f"{oldest.point_id}, due every {span(period_s)}{lateness}"),
            ("proven", f"no plan gets below {answer.bound.ratio:.2f}: {answer.bound.because}"),
        ]
    if answer.is_overloaded:
        late = ", ".join(f"{point_id} {ratio:.2f}" for point_id, ratio in fleet.late[:LATE_COUNT])
        more = f" and {len(fleet.late) - LATE_COUNT} more" if len(fleet.late) > LATE_COUNT else ""
        rows.append(("overloaded", f"{len(fleet.late)} of {answer.points_count} points come late: {late}{more}"))
    else:
        rows.append(("verdict", "all revisit periods can be kept"))
    rows.append(("would do", _enough(answer)))
    chargers = f"{fleet.chargers_needed} of {answer.chargers_count} taken on average at most"
    if fleet.chargers_needed > answer.chargers_count:
        chargers = f"TOO FEW: this fleet needs {fleet.chargers_needed}, the plant has {answer.chargers_count}"
    return [*rows, ("chargers", chargers)]


def _enough(answer: Feasibility) -> str:
    if answer.enough is None or answer.proven_robots_count is None:
        return "not even 200 robots of this mixture"
    enough = answer.enough
    return (
        f"{enough.robots_count} robots ({_mixture(enough.robots)}) with {enough.chargers_needed} chargers;"
        f" proven: at least {answer.proven_robots_count}"
    )


def _mixture(robots: Mapping[RobotTypeId, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in robots.items())


def _groups(fleet: Fleet) -> list[tuple[str, ...]]:
    groups = sorted(fleet.template.groups, key=lambda group: (-group.worst_ratio, group.points))
    return [
        (
            group.kind,
            str(group.robots_count),
            str(len(group.points)),
            span(group.cycle_s),
            percent(group.charging_ratio),
            f"{group.worst_ratio:.2f}",
            ", ".join(group.points[:3]),
        )
        for group in groups
    ]


def _data(plant: PlantMap, answer: Feasibility) -> dict[str, Any]:
    fleet, enough = answer.fleet, answer.enough
    return {
        "plant_id": plant.plant_id,
        "robots": dict(fleet.robots),
        "points_count": answer.points_count,
        "is_overloaded": answer.is_overloaded,
        "expected_worst_age_ratio": fleet.expected_ratio,
        "binding_point_id": fleet.ages[0][0] if fleet.ages else None,
        "late_points": [{"point_id": point_id, "age_ratio": ratio} for point_id, ratio in fleet.late],
        "lower_bound": {
            "age_ratio": answer.bound.ratio,
            "point_id": answer.bound.point_id,
            "because": answer.bound.because,
        },
        "enough": None
        if enough is None
        else {
            "robots": dict(enough.robots),
            "robots_count": enough.robots_count,
            "chargers_count": enough.chargers_needed,
            "expected_worst_age_ratio": enough.expected_ratio,
        },
        "proven_robots_count": answer.proven_robots_count,
        "chargers_needed": fleet.chargers_needed,
        "chargers_count": answer.chargers_count,
        "groups": [
            {
                "robot_type_id": group.kind,
                "robots_count": group.robots_count,
                "cycle_s": group.cycle_s,
                "charging_ratio": group.charging_ratio,
                "worst_age_ratio": group.worst_ratio,
                "stops": [
                    {"point_id": point_id, "every_laps": laps}
                    for point_id, laps in zip(group.points, group.lap_of, strict=True)
                ],
            }
            for group in fleet.template.groups
        ],
    }
