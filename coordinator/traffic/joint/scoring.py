"""What a path costs and which stops it serves."""

from __future__ import annotations

from coordinator.traffic.joint.arrays import Arrays, steps_after, steps_to_go
from coordinator.traffic.joint.compiled import kernel
from coordinator.traffic.joint.problem import Ints


@kernel
def score_path(arrays: Arrays, agent: int, path: Ints) -> tuple[int, int]:
    """
    Cost of an agent's path and number of its legs done.

    Args:
        path: (steps + 1,) cells.
    """
    last_step = len(path) - 1
    leg, legs_end = arrays.leg_start[agent], arrays.leg_start[agent + 1]
    if leg == legs_end:
        return _move_count(path, 0), 0
    if arrays.is_one_shot:
        step = last_step
        while step > 0 and path[step - 1] == arrays.leg_goal[leg]:
            step -= 1
        return step, 1
    step = 0
    while leg < legs_end:
        goal, dwell = arrays.leg_goal[leg], arrays.leg_dwell[leg]
        while step <= last_step and path[step] != goal:
            step += 1
        if step > last_step:
            return last_step + steps_to_go(arrays, leg, path[last_step]), leg - arrays.leg_start[agent]
        stay_end = step
        while stay_end < last_step and path[stay_end + 1] == goal and stay_end - step < dwell:
            stay_end += 1
        if stay_end - step >= dwell:
            step = stay_end
            leg += 1
        elif stay_end == last_step:
            return step + steps_to_go(arrays, leg, goal), leg - arrays.leg_start[agent]
        else:
            step = stay_end + 1
    return step + steps_after(arrays, agent) + _move_count(path, step), leg - arrays.leg_start[agent]


@kernel
def _move_count(path: Ints, begin: int) -> int:
    count = 0
    for step in range(begin, len(path) - 1):
        if path[step] != path[step + 1]:
            count += 1
    return count


@kernel
def score_all(arrays: Arrays, paths: Ints) -> tuple[float, int]:
    """Cost of a plan for a window, priorities counted, and how many agents are no nearer to their goals at its end."""
    total, stuck_count = 0.0, 0
    for agent in range(len(paths)):
        cost, done_count = score_path(arrays, agent, paths[agent])
        total += arrays.priority[agent] * cost
        leg = arrays.leg_start[agent]
        if leg < arrays.leg_start[agent + 1] and done_count == 0 and paths[agent, 0] != arrays.leg_goal[leg]:
            stuck_count += cost >= paths.shape[1] - 1 + steps_to_go(arrays, leg, paths[agent, 0])
    return total, stuck_count
