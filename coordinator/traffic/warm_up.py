"""Having the traffic kernels compiled, or loaded, before they are needed."""

from __future__ import annotations

import networkx as nx
import numpy as np

from coordinator.model.ids import EdgeId, LevelId, NodeId, RobotId
from coordinator.plant.map import Edge, Node, PlantMap, Radio
from coordinator.traffic.resources import Resources
from coordinator.traffic.safe_intervals import IntervalSearch, Vehicle
from coordinator.traffic.timetable import NO_WORK, Doing, Leg, Timetable


def warm_up() -> None:
    """Plan and drive once from one end of a lane to the other."""
    resources = Resources(_lane())
    timetable, robot_id = Timetable(resources), RobotId("r1")
    timetable.place(robot_id, 0, 0)
    second_s = np.ones(2)
    vehicle = Vehicle(robot_id, second_s, second_s, second_s == 0.0, second_s > 0.0)
    search = IntervalSearch(resources, timetable, vehicle)
    search.visit(0, 0.0, 1, 0.0, second_s)
    search.make_room(0, 0.0)
    way = resources.out[0][0].index
    legs = [Leg(way, 0.0, 1.0, 1.0)]
    timetable.plan(robot_id, legs, 1, 1)
    timetable.repace(robot_id, second_s)
    timetable.refresh({robot_id: 0.0})
    timetable.arrive_s(robot_id)
    timetable.ahead(robot_id, [way])
    timetable.in_way(robot_id, [way])
    timetable.is_wanted(robot_id)
    timetable.waits_for(robot_id)
    timetable.base_done_s(robot_id, Doing(0, 0.0, NO_WORK), now_s=0.0, overdue_s=0.0)
    timetable.extend(robot_id, legs)
    timetable.release(robot_id, 1, 0)
    timetable.unplan(robot_id)
    timetable.remove(robot_id)


def _lane() -> PlantMap:
    """Two nodes and the way between them, in both directions."""
    level, here, there = LevelId("ground"), NodeId("here"), NodeId("there")
    forth, back = EdgeId("way"), EdgeId("way.r")
    edges = {
        forth: Edge(forth, here, there, 10.0, 1.0, 1.0, back),
        back: Edge(back, there, here, 10.0, 1.0, 1.0, forth),
    }
    graph: nx.DiGraph[NodeId] = nx.DiGraph()
    for edge in edges.values():
        graph.add_edge(edge.start, edge.end, edge=edge)
    nodes = {here: Node(here, 0.0, 0.0, level), there: Node(there, 10.0, 0.0, level)}
    return PlantMap("lane", "map", "UTC", {}, nodes, edges, {}, {}, {}, {}, Radio(), "", graph)
