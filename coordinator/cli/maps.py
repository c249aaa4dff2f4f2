"""`roundsman map`: list, lint, show, schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coordinator.cli.exits import CheckFailedError, UsageError
from coordinator.cli.options import Json
from coordinator.cli.output import print_json, print_table
from coordinator.cli.plant_file import load_plant, plant_path, read_plant_text

if TYPE_CHECKING:
    from coordinator.plant.map import PlantMap

maps = typer.Typer(help="List, check and draw plant maps.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A map file, or a name from `map list`.")]


@maps.command("list")
def list_maps(*, as_json: Json = False) -> None:
    """List the plants that come with Roundsman."""
    from coordinator.plants import known_plants

    known = known_plants()
    if as_json:
        print_json([{"name": name, "path": str(path)} for name, path in known.items()])
    else:
        rows = [(name, str(path)) for name, path in known.items()]
        print_table(("PLANT", "FILE"), rows, empty="no plant is installed")


@maps.command("lint")
def lint_maps(
    names: Annotated[list[str], typer.Argument(metavar="NAME|FILE...", help="Maps to check.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, too.")] = False,
    as_json: Json = False,
) -> None:
    """Say everything that is wrong or doubtful in maps. Exit status 5 if something is wrong."""
    findings = [item for name in names for item in _findings(plant_path(name))]
    if as_json:
        print_json(findings)
    else:
        for item in findings:
            line = f":{item['line']}" if item["line"] else ""
            typer.echo(f"{item['file']}{line}: {item['severity']}: {item['subject']}: {item['message']}")
    severities = {"error", "warning"} if strict else {"error"}
    bad_count = sum(item["severity"] in severities for item in findings)
    if bad_count:
        raise CheckFailedError(f"{bad_count} of {len(findings)} findings must be mended")
    if not as_json:
        typer.echo(f"good: {', '.join(names)}" + (f" ({len(findings)} findings)" if findings else ""))


def _findings(path: Path) -> list[dict[str, Any]]:
    """What parsing refuses; if it refuses nothing, what lint doubts."""
    from coordinator.plant.lint import lint
    from coordinator.plant.parse import MapError, parse_plant

    try:
        plant = parse_plant(read_plant_text(path), source=str(path))
    except MapError as error:
        return [_finding(path, "error", "refused", item.where, item.message, line=item.line) for item in error.problems]
    return [_finding(path, item.severity.value, item.code, item.subject, item.message) for item in lint(plant)]


def _finding(path: Path, severity: str, code: str, subject: str, message: str, *, line: int = 0) -> dict[str, Any]:
    return {
        "file": str(path),
        "line": line or None,
        "severity": severity,
        "code": code,
        "subject": subject,
        "message": message,
    }


@maps.command("show")
def show_map(
    name: Name,
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Draw it: FILE.svg or FILE.png.")] = None,
    radio: Annotated[bool, typer.Option("--radio", help="Lay the 5G coverage under the drawing.")] = False,
    level: Annotated[str, typer.Option("--level", help="Draw this level only.")] = "",
    as_json: Json = False,
) -> None:
    """Say what a plant holds, or draw it."""
    plant = load_plant(name)
    if level and level not in plant.levels:
        raise UsageError(f"--level {level!r}: plant {plant.plant_id} has {', '.join(plant.levels)}")
    if out is not None:
        _draw(plant, out, level=level, radio=radio)
        typer.echo(str(out))
    elif as_json:
        print_json(_summary(plant))
    else:
        rows = [(key.removesuffix("_count").replace("_", " "), _text(value)) for key, value in _summary(plant).items()]
        print_table(("PLANT", plant.plant_id), rows[1:], empty="")


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _summary(plant: PlantMap) -> dict[str, Any]:
    from coordinator.plant.map import NodeRole

    patrolled = [point for point in plant.points.values() if point.period_s is not None]
    one_way_count = sum(edge.reverse_id is None for edge in plant.edges.values())
    return {
        "plant_id": plant.plant_id,
        "timezone": plant.timezone,
        "levels": list(plant.levels),
        "nodes_count": len(plant.nodes),
        "ways_count": one_way_count + (len(plant.edges) - one_way_count) // 2,
        "one_way_count": one_way_count,
        "length_m": round(
            sum(edge.length_m * (0.5 if edge.reverse_id is not None else 1.0) for edge in plant.edges.values())
        ),
        "zones_count": len(plant.zones),
        "devices_count": len(plant.devices),
        "parking_count": len(plant.nodes_with(NodeRole.PARKING)),
        "chargers_count": len(plant.nodes_with(NodeRole.CHARGER)),
        "robot_types": list(plant.robot_types),
        "points_count": len(plant.points),
        "patrolled_count": len(patrolled),
        "cells_count": len(plant.radio.cells),
        "digest": plant.digest,
    }


def _draw(plant: PlantMap, out: Path, *, level: str, radio: bool) -> None:
    from coordinator.model.ids import LevelId
    from coordinator.plant.render import render_svg

    if out.suffix not in {".svg", ".png"}:
        raise UsageError(f"--out {out}: the name must end in .svg or .png")
    svg = render_svg(plant, level=LevelId(level) if level else None, radio=radio)
    content = svg.encode() if out.suffix == ".svg" else _png(svg)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error


def _png(svg: str) -> bytes:
    from coordinator.render_png import PictureError, svg_to_png

    try:
        return svg_to_png(svg)
    except PictureError as error:
        raise UsageError(str(error)) from error


@maps.command("schema")
def map_schema() -> None:
    """Print the JSON Schema of map files, for editors."""
    from coordinator.plant.schema import map_json_schema

    print_json(map_json_schema())
