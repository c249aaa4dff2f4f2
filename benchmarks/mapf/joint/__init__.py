"""
Joint plans: where every agent is at every step, for all agents at once.

A first plan comes from stepwise priority inheritance (`pibt`) inside a search over configurations (`lacam`), along
shortest ways (`distances`) or ways that avoid each other (`guidance`). Large neighbourhood search (`neighbourhoods`,
`improvement`) then takes a few agents out of the plan at a time and plans each anew through the intervals the others
leave free (`safe_intervals`, `occupancy`). `planner.JointPlanner` holds them together.
"""
