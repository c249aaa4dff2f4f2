"""The plant as data: one frozen PlantMap over a networkx graph, its parser and its lint."""
