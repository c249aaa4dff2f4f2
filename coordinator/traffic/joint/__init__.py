"""
The joint planner: where every robot should be at every step, for all robots at once.

Time comes in steps of equal length, space in cells that take about one step to drive (`problem`). A first joint plan
comes from stepwise priority inheritance (`pibt`) inside a search over configurations (`lacam`); large neighbourhood
search (`neighbourhoods`, `improvement`) then takes a few robots out of the plan at a time and plans each anew through
the intervals the others leave free (`safe_intervals`, `occupancy`). `planner.JointPlanner` holds them together.

Everything is deterministic for a seed. Effort is counted, never timed: whoever has a clock calls in slices.
"""
