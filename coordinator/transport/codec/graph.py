"""The plant's graph for robots that don't carry it."""

from __future__ import annotations

from coordinator.plant.map import PlantMap
from roundsman.v1 import graph_pb2


def encode_graph(plant: PlantMap) -> graph_pb2.GetGraphResponse:
    """Nodes and edges in the order of their ids."""
    return graph_pb2.GetGraphResponse(
        plant_id=plant.plant_id,
        digest=plant.digest,
        nodes=[
            graph_pb2.GraphNode(node_id=node.node_id, x_m=node.x_m, y_m=node.y_m, level_id=node.level_id)
            for node in plant.nodes.values()
        ],
        edges=[
            graph_pb2.GraphEdge(
                edge_id=edge.edge_id, start_node_id=edge.start, end_node_id=edge.end, width_m=edge.width_m
            )
            for edge in plant.edges.values()
        ],
        max_radius_m=plant.max_radius_m,
    )
