"""A few small plans as text: run as a program without compilation, it must say what compiled kernels say."""

from __future__ import annotations

import json

from coordinator.traffic.joint.planner import JointPlanner
from tests.coordinator.traffic.joint.worlds import Place, Robot, agents, two_way

PLACE = two_way([0, 1, 2, 3, 4, 5, 6], [3, 7, 8, 5], [1, 9])
ROBOTS = [Robot(0, [(6, 2), (9, 1)]), Robot(6, [(0, 0)], priority=2.0), Robot(3), Robot(8, [(1, 3)], ready=2)]


def paths() -> str:
    """Paths of each plan, as JSON."""
    told = []
    for is_strict, horizon in ((True, 25), (False, 25), (False, None)):
        robots = [Robot(robot.start, [(9 - 3 * number, 0)]) for number, robot in enumerate(ROBOTS)]
        planner = JointPlanner(
            Place(PLACE, is_strict).cells(), agents(ROBOTS if horizon else robots), horizon=horizon, seed=3
        )
        planner.find_first()
        planner.guide(0.05)
        planner.plan_in_turn()
        planner.improve(5_000)
        told.append(planner.plan().paths.tolist())
    return json.dumps(told)


if __name__ == "__main__":
    print(paths())
