"""A good map becomes a plant; a bad one is refused whole, with every reason and its line."""

from __future__ import annotations

import math
import pickle

import pytest

from coordinator.plant.map import DeviceKind, NodeRole, ZoneKind
from coordinator.plant.parse import MapError, parse_plant
from tests.coordinator.plant.small_plant import SMALL, changed, line_of


def test_a_two_way_edge_is_one_way_for_each_direction():
    """A way drawn once can be driven both ways, and each direction knows the other."""
    plant = parse_plant(SMALL)

    there, back = plant.edges["gate--home"], plant.edges["gate--home.r"]
    assert (there.start, there.end, there.reverse_id) == ("gate", "home", "gate--home.r")
    assert (back.start, back.end, back.reverse_id) == ("home", "gate", "gate--home")
    assert plant.graph.edges["home", "gate"]["edge"] is back


def test_a_one_way_edge_has_no_way_back():
    """A one-way road can't be driven against its direction."""
    plant = parse_plant(changed(("to: home, speed_mps: 0.6", "to: home, two_way: false, id: up")))

    assert plant.edges["up"].reverse_id is None
    assert not plant.graph.has_edge("home", "gate")


def test_what_edges_leave_out_comes_from_the_defaults_and_the_geometry():
    """Speed and width are written once; lengths are measured unless given."""
    plant = parse_plant(SMALL)

    home, dock = plant.edges["gate--home"], plant.edges["gate--dock"]
    assert (home.max_speed_mps, home.width_m, home.length_m) == (0.6, 1.6, 5.0)
    assert (dock.max_speed_mps, dock.width_m) == (1.2, 2.0)
    assert plant.edges["lift-low--lift-high"].length_m == 9.0


def test_zones_know_what_lies_in_them_on_their_own_level():
    """A zone holds the nodes inside and the edges that touch it, none of another floor."""
    zones = parse_plant(SMALL).zones

    assert zones["slow"].node_ids == {"pump"}
    assert zones["slow"].edge_ids == {"gate--pump", "gate--pump.r", "pump--lift-low", "pump--lift-low.r"}
    assert zones["one"].kind is ZoneKind.SINGLE_VEHICLE
    assert zones["one"].capacity_count == 1
    assert zones["one"].node_ids == {"lift-high"}
    assert "lift-low--lift-high" in zones["one"].edge_ids


def test_points_devices_and_radio_are_read():
    """Everything else of the file arrives in the plant, too."""
    plant = parse_plant(SMALL)

    point = plant.points["P-101"]
    assert (point.period_s, point.tolerance_s, point.weight, point.duration_s) == (600.0, 60.0, 2.0, 20.0)
    assert point.tasks[0].task_id == "P-101.pressure"
    assert (point.tasks[0].limits.high, point.tasks[0].limits.low) == (8.0, None)
    assert (plant.points["FAN-1"].period_s, plant.points["FAN-1"].tag) == (None, "FAN-1")
    assert plant.devices["lift-1"].kind is DeviceKind.LIFT
    assert plant.edges["gate--pump.r"].device_id == "hall-door"
    assert plant.nodes_with(NodeRole.CHARGER) == ("dock",)
    assert plant.radio.shadows[0].loss_db == 40.0


def test_ids_are_sorted_everywhere():
    """The same plant gives the same order of work on every machine."""
    plant = parse_plant(SMALL)

    for ids in (plant.nodes, plant.edges, plant.zones, plant.points, plant.devices, plant.graph.nodes):
        assert list(ids) == sorted(ids)


def test_the_digest_is_of_what_the_map_says_not_of_how_it_is_written():
    """Comments and order don't make a new version of the map; a moved node does."""
    digest = parse_plant(SMALL).digest
    moved = "  gate: {at: [0.0, 0.0]}  # moved\n"
    swapped = changed(
        ("  gate: {at: [0, 0]}\n", ""),
        ("  dock: {at: [0, -5]", f"{moved}  dock: {{at: [0, -5]"),
    )

    assert parse_plant(swapped).digest == digest
    assert parse_plant(changed(("pump: {at: [10, 0]", "pump: {at: [10, 0.1]"))).digest != digest


def test_a_plant_can_be_sent_to_another_process():
    """A large assignment is computed in a child process, which needs the map."""
    plant = parse_plant(SMALL)

    assert pickle.loads(pickle.dumps(plant)) == plant


BAD = [
    # What is changed into what, the place, and words of the rule.
    ("plant_id: small", "plant_id: sm all", "plant_id", "a name is"),
    ("timezone: Europe/Berlin", "timezone: Mars/Olympus", "timezone", "not an IANA time zone"),
    ("timezone: Europe/Berlin", "timezone: 3", "timezone", "must be text"),
    ("  home: {at: [0, 5]", "  .home: {at: [0, 5]", "nodes..home", "a name is"),
    ("  home: {at: [0, 5]", "  gate: {at: [0, 5]", "nodes.gate", "key given twice; first on line 18"),
    ("home: {at: [0, 5]", "home: {at: [0]", "nodes.home.at", "at least 2 items"),
    ("home: {at: [0, 5]", "home: {at: [0, .inf]", "nodes.home.at[1]", "must be finite"),
    ("home: {at: [0, 5]", "home: {at: [0, 1e999]", "nodes.home.at[1]", "must be finite"),
    ("home: {at: [0, 5]", "home: {at: [0, '5']", "nodes.home.at[1]", "valid number"),
    ("home: {at: [0, 5]", "home: {at: [0, 5], hight: 3", "nodes.home.hight", "unknown key"),
    ("home: {at: [0, 5]", "home: {level: cellar, at: [0, 5]", "nodes.home.level", "no such level"),
    ("roles: [parking]", "roles: [garage]", "nodes.home.roles[0]", "'garage'"),
    ("roles: [parking]", "roles: [parking, parking]", "nodes.home.roles[1]", "given twice"),
    ("roles: [parking]", "roles: [parking, passthrough]", "nodes.home.roles", "nobody may pass"),
    ("to: home, speed_mps: 0.6", "to: house", "edges[1].to", "no such node"),
    ("to: home, speed_mps: 0.6", "to: gate", "edges[1]", "two different nodes"),
    ("to: home, speed_mps: 0.6", "to: home, speed_mps: 0", "edges[1].speed_mps", "greater than 0"),
    ("to: home, speed_mps: 0.6", "to: home, width_m: -1", "edges[1].width_m", "greater than 0"),
    ("to: home, speed_mps: 0.6", "to: home, length_m: 0", "edges[1].length_m", "greater than 0"),
    ("to: home, speed_mps: 0.6", "to: home, speed: 3", "edges[1].speed", "unknown key"),
    ("to: home, speed_mps: 0.6", "to: home, two_way: yes", "edges[1].two_way", "valid boolean"),
    ("to: home, speed_mps: 0.6", "to: home, id: gate--dock", "edges[2].id", "used twice; first on line 27"),
    ("to: home, speed_mps: 0.6", "to: home, id: gate--dock.r", "edges[2].id", "used twice"),
    ("to: home, speed_mps: 0.6", "to: pump, id: other", "edges[1]", "second way from gate to pump"),
    ("to: home, speed_mps: 0.6", "to: home, robot_types: [x]", "edges[1].robot_types[0]", "no such robot"),
    ("to: home, speed_mps: 0.6", "to: fan", "edges[1]", "only an edge through a lift"),
    ("door: hall-door", "door: hall", "edges[0].door", "no such device"),
    ("door: hall-door", "lift: lift-1", "edges[0].lift", "both ends are on level ground"),
    ("door: hall-door", "door: lift-1", "edges[0].door", "is a lift, not a door"),
    ("lift: lift-1, length_m: 9", "lift: lift-1, door: hall-door", "edges[4]", "passes one device"),
    (", door: hall-door", "", "devices.hall-door", "needs an edge"),
    ("speed_mps: 0.5, polygon", "polygon", "zones.slow", "needs speed_mps"),
    ("speed_mps: 0.5, polygon", "capacity_count: 2, polygon", "zones.slow.capacity_count", "no"),
    ("[12, -1], [12, 1], [2, 1]", "[12, 1], [12, -1], [2, 1]", "zones.slow.polygon", "not cross"),
    ("[2, -1], [12, -1], [12, 1], [2, 1]", "[2, -1], [9, -1]", "zones.slow.polygon", "at least 3"),
    ("node: pump", "node: pumpe", "points.P-101.node", "no such node"),
    ("period_s: 600", "period_s: 0", "points.P-101.revisit.period_s", "greater than 0"),
    ("limits: {high: 8}", "limits: {low: 9, high: 8}", "points.P-101.tasks[0].limits", "must rise"),
    ("name: pressure", "name: 'press ure'", "points.P-101.tasks[0].name", "task id"),
    ("sensor: camera, duration_s: 20", "duration_s: 20", "points.P-101.tasks[0].sensor", "missing"),
    ("power_dbm: -35", "power_dbm: loud", "radio.cells.mast.power_dbm", "'loud'"),
    ("reserve_ratio: 0.15", "reserve_ratio: 1.5", "robot_types.scout.battery.reserve_ratio", "less than"),
    ("frame_id: map\n", "", "frame_id", "required key is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "rule"), BAD, ids=[f"{item[2]}-{item[1]}" for item in BAD])
def test_a_broken_rule_is_named_with_line_thing_and_value(old: str, new: str, where: str, rule: str):
    """Whoever wrote the map is told where to look and what to mend."""
    text = changed((old, new))

    with pytest.raises(MapError) as caught:
        parse_plant(text, source="small.yaml")

    found = [item for item in caught.value.problems if item.where == where and rule in item.message]
    assert found, caught.value
    assert f"small.yaml:{found[0].line}: {where}: {found[0].message}" in str(caught.value)
    if where.startswith(("edges[1]", "nodes.home", "zones", "points.P-101.tasks")):
        assert found[0].line == line_of(text, new)


def test_a_map_of_several_levels_says_which_is_meant():
    """Nothing is put on a floor by guess."""
    with pytest.raises(MapError) as caught:
        parse_plant(changed((", level: ground}", "}")))

    assert "nodes.gate" in {item.where for item in caught.value.problems}
    assert "no level" in str(caught.value)


def test_all_problems_are_told_at_once():
    """Nobody mends a map one error at a time."""
    text = changed(("to: home, speed_mps: 0.6", "to: house"), ("node: pump", "node: x"), ("Europe/Berlin", "Berlin"))

    with pytest.raises(MapError) as caught:
        parse_plant(text)

    assert [item.where for item in caught.value.problems] == ["timezone", "edges[1].to", "points.P-101.node"]


def test_numbers_stay_what_they_are():
    """What looks like a time or a truth value in old YAML is text, and whole numbers are fine as metres."""
    plant = parse_plant(changed(("tag: P-101 discharge", "tag: 1:30"), ("{name: state,", "{name: on,")))

    assert plant.points["P-101"].tag == "1:30"
    assert plant.points["FAN-1"].tasks[0].task_id == "FAN-1.on"
    assert math.isclose(plant.nodes["pump"].x_m, 10.0)
