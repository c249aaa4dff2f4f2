"""
The planner's inner loops on plain arrays: times along a route, the price of every place, insertion, improvement.

numba compiles them. Without its compiler (NUMBA_DISABLE_JIT) the same functions run as they stand and give the same
numbers, bit for bit: no fast-math, no reductions whose order is left open, ties to the lowest index.

Source:
    Ropke and Pisinger, "An Adaptive Large Neighborhood Search Heuristic for the Pickup and Delivery Problem
    with Time Windows", Transportation Science 2006: related removal (section 3.1.1), the randomised choice of what to
    remove (3.1.3) and regret (3.2.2); here with a convex price of lateness and without annealing.
"""

from __future__ import annotations

import math

import numpy as np

from coordinator.assignment.board import CHARGE, Board, Floats, Ints, Records
from coordinator.compiled import compiled

SHIFT_S, FAR_SHIFT_S = 60.0, 180.0
"""The price of delaying a route's rest is a parabola through 0 and these: exact there, near enough between."""

CHANCE_RANGE = 1 << 31


@compiled
def age_price(rules: np.void, ratio: float) -> float:
    """Price an age ratio: a power of it, and beyond the knee that power's own parabola."""
    if ratio <= 0.0:
        return 0.0
    power: float = min(rules["knee_ratio"], ratio)
    for _ in range(rules["doublings"]):
        power *= power
    if ratio <= rules["knee_ratio"]:
        return power
    over = ratio - rules["knee_ratio"]
    power += over * (rules["linear"] + rules["square"] * over)
    return power


@compiled
def drive_through(board: Board, robot: int, first: int) -> float:
    """Compute times and charge along a route, from a place on whose predecessors haven't changed; see `refresh`."""
    r, stops, points = board.robots[robot], board.stops[robot], board.points
    count, pace, travel_use, inspect_use = r["count"], r["pace"], r["travel_use"], r["inspect_use"]
    row, time_s, ratio, busy_s = r["start_row"], r["start_s"], r["start_ratio"], 0.0
    if first > 0:
        row, time_s = stops[first]["row"], stops[first]["leave_s"]
        ratio, busy_s = stops[first]["ratio"], stops[first]["busy_s"]
    charge_at, slack_s, spare_before = r["charge_at"], r["slack_s"], r["spare_before"]
    if charge_at >= first:
        charge_at, slack_s = count, math.inf
    for k in range(first, count):
        stop = stops[k]
        stop["row"], stop["leave_s"], stop["ratio"], stop["busy_s"] = row, time_s, ratio, busy_s
        point = stop["point"]
        next_row = r["slot_row"] if point == CHARGE else points[point]["row"]
        leg_s = board.travel_s[row, next_row] * pace
        row = next_row
        time_s += leg_s
        busy_s += leg_s
        ratio -= leg_s * travel_use
        stop["leg_s"], stop["arrive_s"] = leg_s, time_s
        if point == CHARGE:
            charge_at, slack_s = k, r["slot_from_s"] - time_s
            if slack_s > 0.0:
                ratio -= slack_s * r["idle_use"]
                time_s = r["slot_from_s"]
            stop["arrive_s"] = time_s
            spare_before = ratio - r["reserve_ratio"]
            time_s = max(time_s, r["slot_to_s"])
            ratio = max(ratio, r["slot_until_ratio"])
        else:
            duration_s = points[point]["duration_s"]
            time_s += duration_s
            busy_s += duration_s
            ratio -= duration_s * inspect_use
    stop = stops[count]
    stop["row"], stop["leave_s"], stop["ratio"], stop["busy_s"] = row, time_s, ratio, busy_s
    ahead = board.refuge_s[row] * pace * travel_use if travel_use > 0.0 else 0.0
    spare_after = ratio - r["reserve_ratio"] - r["margin_ratio"] - ahead
    r["charge_at"], r["slack_s"], r["ahead_ratio"], r["spare_after"] = charge_at, slack_s, ahead, spare_after
    r["spare_before"] = spare_before if charge_at < count else spare_after
    return busy_s


@compiled
def price_stop(rules: np.void, p: np.void, stop: np.void, end_s: float, is_foreign: bool) -> None:
    """Price a point visited until `end_s`, and the delay of it alone."""
    weight, rate, hurry, age_s = p["weight"], p["rate_per_s"], p["hurry_per_s"], end_s - p["last_s"]
    own = weight * age_price(rules, age_s * rate)
    stop["near"] = weight * age_price(rules, (age_s + SHIFT_S) * rate) - own + hurry * SHIFT_S
    stop["far"] = weight * age_price(rules, (age_s + FAR_SHIFT_S) * rate) - own + hurry * FAR_SHIFT_S
    stop["price"] = own - p["outside"] + hurry * (end_s - rules["now_s"])
    stop["change"] = rules["change_price"] if is_foreign else 0.0


@compiled
def refresh(board: Board, robot: int, first: int) -> None:
    """
    Bring a route's times, its price and the prices of delaying its stops up to date.

    Args:
        first: Place of the first stop that has changed since the last time; 0 for all.
    """
    busy_s = drive_through(board, robot, first)
    rules, r, stops, points = board.rules[0], board.robots[robot], board.stops[robot], board.points
    count = r["count"]
    for k in range(first, count):
        stop = stops[k]
        if stop["point"] != CHARGE:
            p = points[stop["point"]]
            price_stop(rules, p, stop, stops[k + 1]["leave_s"], p["owner"] >= 0 and p["owner"] != robot)
    total = rules["busy_price_per_s"] * busy_s if count > 0 else 0.0
    near, far = 0.0, 0.0
    stops[count]["linear"], stops[count]["square"] = 0.0, 0.0
    for k in range(count - 1, -1, -1):
        stop = stops[k]
        if stop["point"] == CHARGE:
            # A delay before the charge stop eats waiting time there and goes no further.
            near, far = 0.0, 0.0
        else:
            near += stop["near"]
            far += stop["far"]
            total = total + stop["price"] + stop["change"]
        square = (far / FAR_SHIFT_S - near / SHIFT_S) / (FAR_SHIFT_S - SHIFT_S)
        if not square > 0.0:
            square = 0.0
        stop["square"], stop["linear"] = square, near / SHIFT_S - square * SHIFT_S
    r["price"] = total
    rules["stamp_count"] += 1
    r["stamp"] = rules["stamp_count"]


@compiled
def best_place(rules: np.void, travel_s: Floats, r: np.void, stops: Records, p: np.void) -> tuple[float, int]:
    """Find a point's cheapest place in a route and the price of visit and delay there; inf: none is below `outside`."""
    best, place, count, charge_at = p["outside"], -1, r["count"], r["charge_at"]
    has_charge = charge_at < count
    if r["is_closed"] or count >= rules["search_count"] + has_charge:
        return math.inf, place
    first = charge_at + 1 if has_charge and r["spare_before"] < 0.0 else 0
    end = count + 1
    if r["spare_after"] < 0.0:
        end = charge_at + 1 if has_charge else 0
    pace, travel_use, slack_s = r["pace"], r["travel_use"], r["slack_s"]
    spare_before, spare_after = r["spare_before"], r["spare_after"]
    point_row, duration_s, last_s, rate = p["row"], p["duration_s"], p["last_s"], p["rate_per_s"]
    floor_ratio, weight, hurry = p["floor_ratio"], p["weight"], p["hurry_per_s"]
    now_s, busy_price, early_price = rules["now_s"], rules["busy_price_per_s"], rules["early_price_per_s"]
    work_use = duration_s * r["inspect_use"]
    for k in range(first, end):
        stop = stops[k]
        to_s = travel_s[stop["row"], point_row]
        end_s = to_s * pace + duration_s + stop["leave_s"]
        ratio = (end_s - last_s) * rate
        if not ratio >= floor_ratio:
            continue
        is_before = has_charge and k <= charge_at
        spare_ratio = spare_before if is_before else spare_after
        if k < count:
            detour_s = (to_s + travel_s[point_row, stops[k + 1]["row"]]) * pace - stop["leg_s"]
            spent = detour_s * travel_use + work_use
        else:
            detour_s = to_s * pace
            spent = detour_s * travel_use + work_use + p["refuge_s"] * (travel_use * pace)
            spare_ratio += r["ahead_ratio"]
        delay_s = detour_s + duration_s
        if (is_before and not delay_s <= slack_s) or not spent <= spare_ratio:
            continue
        # Per second of delay: those behind, being busy, and the next visit brought forward.
        per_s = stop["square"] * delay_s + stop["linear"] + busy_price
        if ratio < 1.0:
            per_s += (1.0 - ratio) * early_price
        wait_price, delay_price = hurry * (end_s - now_s), per_s * delay_s
        if wait_price + delay_price >= best:
            continue
        price = weight * age_price(rules, ratio) + wait_price + delay_price
        if price < best:
            best, place = price, k
    return best if place >= 0 else math.inf, place


@compiled
def look_up(board: Board, robot: int, point: int) -> None:
    """Find a point's best place in a route, and what it changes the plan's price by; kept until the route changes."""
    rules, r, p, fit = board.rules[0], board.robots[robot], board.points[point], board.fits[point, robot]
    fit["known"], fit["gain"] = r["stamp"], math.inf
    if not fit["is_allowed"]:
        return
    price, fit["place"] = best_place(rules, board.travel_s, r, board.stops[robot], p)
    gain = price - p["outside"]
    if p["owner"] >= 0 and p["owner"] != robot:
        gain += rules["change_price"]
    fit["gain"] = gain


@compiled
def insert(board: Board, robot: int, point: int) -> None:
    """Put a point into its best place in a route, which has been looked up."""
    r, stops, place = board.robots[robot], board.stops[robot], board.fits[point, robot]["place"]
    for k in range(r["count"], place, -1):
        stops[k]["point"] = stops[k - 1]["point"]
    stops[place]["point"] = point
    r["count"] += 1
    board.points[point]["is_open"] = False
    refresh(board, robot, place)


@compiled
def choose(board: Board, point: int) -> tuple[int, float, float]:
    """Find the best robot for a point, and the best and second best price."""
    chosen, first, second = 0, math.inf, math.inf
    robots, fits = board.robots, board.fits
    for robot in range(len(robots)):
        fit = fits[point, robot]
        if fit["known"] != robots[robot]["stamp"]:
            look_up(board, robot, point)
        price = fit["gain"]
        if price < first:
            chosen, first, second = robot, price, first
        elif price < second:
            second = price
    return chosen, first, second


@compiled
def fill(board: Board, wanted: Ints) -> None:
    """Insert open points while it pays, the one that would lose most by waiting first."""
    points, fits, many = board.points, board.fits, len(wanted)
    # Of each point: the best robot and the best and second best price; robot -1: to be looked up.
    chosen, first, second = np.full(many, -1), np.zeros(many), np.zeros(many)
    while True:
        top, top_priority = -1, 0.0
        for j in range(many):
            point = wanted[j]
            if not points[point]["is_open"]:
                continue
            if chosen[j] < 0:
                chosen[j], first[j], second[j] = choose(board, point)
            if first[j] < 0.0:
                priority = min(second[j], 0.0) - 2.0 * first[j]
                if priority > top_priority:
                    top, top_priority = j, priority
        if top < 0:
            return
        changed = chosen[top]
        insert(board, changed, wanted[top])
        for j in range(many):
            point = wanted[j]
            if points[point]["is_open"]:
                old = fits[point, changed]["gain"]
                look_up(board, changed, point)
                if min(old, fits[point, changed]["gain"]) <= second[j]:
                    chosen[j] = -1


@compiled
def drive_planned(board: Board, robot: int, before: Ints, after: Ints) -> None:
    """Make a route of the points before its charge, the charge if one is booked, and the points after it."""
    r, stops, count = board.robots[robot], board.stops[robot], 0
    for point in before:
        stops[count]["point"] = point
        count += 1
    if r["slot_row"] >= 0:
        stops[count]["point"] = CHARGE
        count += 1
    for point in after:
        stops[count]["point"] = point
        count += 1
    r["count"] = count
    drive_through(board, robot, 0)


@compiled
def drop_early(board: Board, robot: int, points: Ints, place: int) -> int:
    """Open those of a route's points that would be visited too early, and move the rest up; returns how many stay."""
    kept = 0
    for k in range(len(points)):
        point = points[k]
        p, end_s = board.points[point], board.stops[robot, place + k + 1]["leave_s"]
        if (end_s - p["last_s"]) * p["rate_per_s"] >= p["floor_ratio"]:
            points[kept] = point
            kept += 1
        else:
            p["is_open"] = True
    return kept


@compiled
def restore(board: Board, robot: int, planned: Ints) -> None:
    """
    Take over a route as it was planned; drop from the end, or all, what no longer fits.

    Args:
        planned: Points and `CHARGE` in order, then `NOTHING`.
    """
    r, most = board.robots[robot], len(planned)
    before, after = np.empty(most + 1, dtype=np.int64), np.empty(most + 1, dtype=np.int64)
    before_count, after_count, is_after, has_charge = 0, 0, False, r["slot_row"] >= 0
    for point in planned:
        if point == CHARGE:
            is_after = has_charge
        if point < 0 or not board.points[point]["is_open"] or not board.fits[point, robot]["is_allowed"]:
            continue
        board.points[point]["owner"] = robot
        if r["is_closed"] or before_count + after_count >= board.rules[0]["search_count"]:
            continue
        board.points[point]["is_open"] = False
        if is_after:
            after[after_count] = point
            after_count += 1
        else:
            before[before_count] = point
            before_count += 1
    while True:
        drive_planned(board, robot, before[:before_count], after[:after_count])
        kept_before = drop_early(board, robot, before[:before_count], 0)
        kept_after = drop_early(board, robot, after[:after_count], r["count"] - after_count)
        if kept_before < before_count or kept_after < after_count:
            before_count, after_count = kept_before, kept_after
        elif before_count > 0 and not (r["slack_s"] >= 0.0 and r["spare_before"] >= 0.0):
            before_count -= 1
            point = before[before_count]
            if has_charge:
                # What no longer fits before the charge may follow it.
                for k in range(after_count, 0, -1):
                    after[k] = after[k - 1]
                after[0] = point
                after_count += 1
            else:
                board.points[point]["is_open"] = True
        elif after_count > 0 and not r["spare_after"] >= 0.0:
            after_count -= 1
            board.points[after[after_count]]["is_open"] = True
        else:
            refresh(board, robot, 0)
            return


@compiled
def rank(board: Board) -> Ints:
    """Order the wanted points by price, the dearest first: in a route its price there, else that of being left out."""
    price = np.full(len(board.points), -1.0)
    for point in range(len(board.points)):
        if board.points[point]["is_open"]:
            price[point] = board.points[point]["outside"]
    for robot in range(len(board.robots)):
        for k in range(board.robots[robot]["count"]):
            point = board.stops[robot, k]["point"]
            if point != CHARGE:
                p, end_s = board.points[point], board.stops[robot, k + 1]["leave_s"]
                ratio = (end_s - p["last_s"]) * p["rate_per_s"]
                price[point] = p["weight"] * age_price(board.rules[0], ratio)
    order = np.argsort(-price, kind="mergesort")
    count = 0
    while count < len(order) and price[order[count]] >= 0.0:
        count += 1
    return order[:count]


@compiled
def neighbours(board: Board, point: int, size: int) -> Ints:
    """Find a point's nearest planned ones by the way there and back; the point itself is the first."""
    row = board.points[point]["row"]
    near, away_s = np.full(size + 1, point), np.full(size + 1, math.inf)
    away_s[0] = -math.inf
    found = 1
    for robot in range(len(board.robots)):
        for k in range(board.robots[robot]["count"]):
            other = board.stops[robot, k]["point"]
            if other in (CHARGE, point):
                continue
            other_row = board.points[other]["row"]
            way_s = board.travel_s[row, other_row] + board.travel_s[other_row, row]
            if not way_s < away_s[size]:
                continue
            place = min(found, size)
            while away_s[place - 1] > way_s:
                away_s[place], near[place] = away_s[place - 1], near[place - 1]
                place -= 1
            away_s[place], near[place] = way_s, other
            found = min(found + 1, size + 1)
    return near[:found]


@compiled
def take_out(board: Board, robot: int) -> None:
    """Drop a route's stops whose points are open."""
    r, stops = board.robots[robot], board.stops[robot]
    first, kept = r["count"], 0
    for k in range(r["count"]):
        point = stops[k]["point"]
        if point == CHARGE or not board.points[point]["is_open"]:
            stops[kept]["point"] = point
            kept += 1
        else:
            first = min(first, k)
    if kept < r["count"]:
        r["count"] = kept
        refresh(board, robot, first)


@compiled
def copy_routes(source: Board, target: Board) -> None:
    """Copy the routes that differ."""
    for robot in range(len(source.robots)):
        r = source.robots[robot]
        if r["stamp"] != target.robots[robot]["stamp"]:
            target.robots[robot] = r
            target.stops[robot, : r["count"] + 1] = source.stops[robot, : r["count"] + 1]


@compiled
def swap(board: Board, kept: Board, point: int, size: int) -> bool:
    """
    Take a point and its nearest planned neighbours out, and insert them again; undone unless the plan is cheaper.

    Args:
        kept: The same plan in other arrays; it is brought up to date.
    """
    out, was_open = np.sort(neighbours(board, point, size)), board.points[point]["is_open"]
    for other in out:
        board.points[other]["is_open"] = True
    for robot in range(len(board.robots)):
        take_out(board, robot)
    fill(board, out)
    rise = 0.0
    for robot in range(len(board.robots)):
        rise += board.robots[robot]["price"] - kept.robots[robot]["price"]
    if rise < -1e-9:
        copy_routes(board, kept)
        return True
    for other in out:
        board.points[other]["is_open"] = False
    board.points[point]["is_open"] = was_open
    copy_routes(kept, board)
    return False


@compiled
def improve(board: Board, turn: int) -> None:
    """
    Take dear points out with their neighbours and put them back better, a counted number of times.

    Args:
        turn: Number of the plan: each plan tries other points.
    """
    chance, ranking = turn % CHANCE_RANGE, rank(board)
    kept = Board(
        board.rules, board.travel_s, board.refuge_s, board.points, board.robots.copy(), board.stops.copy(), board.fits
    )
    # Where a swap of the present plan is known to be in vain: all it depends on is the plan.
    is_vain = np.zeros(len(board.points), dtype=np.bool_)
    for _ in range(board.rules[0]["swap_count"]):
        if len(ranking) == 0:
            return
        # A linear congruential generator (the C standard's example); its high bits choose, the dearest most often.
        chance = (chance * 1103515245 + 12345) % CHANCE_RANGE
        share = chance / CHANCE_RANGE
        point = ranking[int(share * share * share * len(ranking))]
        if is_vain[point]:
            continue
        if swap(board, kept, point, board.rules[0]["swap_size"]):
            ranking = rank(board)
            is_vain[:] = False
        else:
            is_vain[point] = True


@compiled
def begin(board: Board, robot: int) -> None:
    """Give a robot without stops its booked charge, if there is one, as the only stop."""
    if board.robots[robot]["slot_row"] >= 0:
        board.stops[robot, 0]["point"] = CHARGE
        board.robots[robot]["count"] = 1
    refresh(board, robot, 0)


@compiled
def solve(board: Board, planned: Ints, turn: int) -> None:
    """
    Plan: start from the present plan, insert what is missing, improve.

    Args:
        planned: The present plan: for each robot points and `CHARGE` in order, then `NOTHING`. Shape (r, any).
        turn: Number of the plan.
    """
    for robot in range(len(board.robots)):
        restore(board, robot, planned[robot])
    fill(board, np.flatnonzero(board.points["is_open"]))
    improve(board, turn)


@compiled
def next_bests(board: Board, visits: Ints) -> tuple[Ints, Floats]:
    """
    Find for each visit who else could make it with the least extra way.

    Args:
        visits: Robots, and points they visit. Shape (2, v).

    Returns:
        The other robot, -1 without one, and its extra way, s. Shape (v,) each.
    """
    robots, stops, travel_s, many = board.robots, board.stops, board.travel_s, visits.shape[1]
    best, best_s = np.full(many, -1), np.full(many, math.inf)
    for robot in range(len(robots)):
        count, pace = robots[robot]["count"], robots[robot]["pace"]
        for j in range(many):
            point = visits[1, j]
            if visits[0, j] == robot or not board.fits[point, robot]["is_allowed"]:
                continue
            row = board.points[point]["row"]
            extra_s: float = travel_s[stops[robot, count]["row"], row]
            for k in range(count):
                stop = stops[robot, k]
                way_s = travel_s[stop["row"], row] + travel_s[row, stops[robot, k + 1]["row"]] - stop["leg_s"] / pace
                extra_s = min(extra_s, way_s)
            if extra_s * pace < best_s[j]:
                best[j], best_s[j] = robot, extra_s * pace
    return best, best_s
