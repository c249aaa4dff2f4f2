"""Where a point fits best: the price of every place in every route at once, and insertion by regret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from coordinator.assignment.cost import AgeCost
from coordinator.assignment.route import Route, Times, drive_through
from coordinator.assignment.settings import PlannerSettings
from coordinator.assignment.tables import Bools, Floats, Ints, Tables

SHIFTS_S = np.array([0.0, 60.0, 180.0])
"""The price of delaying a route's rest is a parabola through these delays: exact there, near enough between."""

FAR_S = 1e12
"""Instead of inf, which times 0 isn't a number."""


@dataclass(frozen=True, slots=True)
class Columns:
    """
    Some points, their numbers side by side.

    Attributes:
        to_s, back_s: Node to point and back, a row a node; the last row, "nowhere", is 0. Shapes (m + 1, c).
        refuge_s: Point to the nearest charger.
        hurry_per_s: Price per second of waiting, over and above the age: missions.
        outside: Price of leaving the point out.
        floor_ratio: It isn't visited at a lower age ratio.
    """

    index: Ints
    to_s: Floats
    back_s: Floats
    refuge_s: Floats
    duration_s: Floats
    last_s: Floats
    rate_per_s: Floats
    weight: Floats
    hurry_per_s: Floats
    outside: Floats
    floor_ratio: Floats
    owner: Ints
    allowed: Bools


@dataclass(slots=True)
class Board:
    """
    All routes as padded arrays of shape (robots, places): what inserting there means.

    Attributes:
        row, next_row: Nodes before and after the place. After the last stop: nowhere.
        leg_s: Drive between them now.
        leave_s: When the robot leaves the node before.
        linear, square: Price of delaying everything behind by d seconds: linear * d + square * d * d.
        room_s: Longest delay that still meets a booked charge; -1: no such place.
        spare_ratio: Charge that may be used more.
        last: 1 for the place after the last stop, else 0.
    """

    row: Ints
    next_row: Ints
    leg_s: Floats
    leave_s: Floats
    linear: Floats
    square: Floats
    room_s: Floats
    spare_ratio: Floats
    last: Floats


def copy_board(board: Board) -> Board:
    """Remember a board while something is tried."""
    return Board(
        board.row.copy(), board.next_row.copy(), board.leg_s.copy(), board.leave_s.copy(), board.linear.copy(),
        board.square.copy(), board.room_s.copy(), board.spare_ratio.copy(), board.last.copy(),
    )  # fmt: skip


def empty_board(robots: int, places: int, nowhere: int) -> Board:
    """Make a board without any place to insert at."""
    shape = (robots, places)
    rows = [np.full(shape, nowhere, dtype=np.intp) for _ in range(2)]
    numbers = [np.zeros(shape) for _ in range(7)]
    return Board(rows[0], rows[1], *numbers)


@dataclass(slots=True)
class Search:
    """
    The state of planning.

    Attributes:
        outside: Price of leaving each point out. Shape (n,).
        open: Points not in any route, and wanted. Shape (n,).
        owner: Robot that had each point in the present plan; -1: nobody. Shape (n,).
        pace, travel_use, inspect_use: Of each robot. Shape (robots, 1, 1).
        prices: Objective's part of each route, less what its points would cost outside.
    """

    tables: Tables
    settings: PlannerSettings
    cost: AgeCost
    routes: list[Route]
    allowed: Bools
    outside: Floats
    open: Bools
    owner: Ints
    board: Board
    pace: Floats
    travel_use: Floats
    inspect_use: Floats
    times: list[Times]
    prices: list[float]

    def refresh(self, robot: int) -> None:
        """Bring a route's times, price and places up to date."""
        route, board, tables = self.routes[robot], self.board, self.tables
        times = self.times[robot] = drive_through(route, tables, self.settings.margin_ratio)
        count = len(route.stops)
        board.room_s[robot] = -1.0
        self.prices[robot] = self._delays(robot, route, times) if count and tables.points else 0.0
        full = count - (route.slot is not None) >= self.settings.search_count
        if route.closed or full or not tables.points:
            return
        board.row[robot, : count + 1] = times.rows
        board.next_row[robot, :count] = times.rows[1:]
        board.next_row[robot, count] = len(tables.travel_s)
        board.leg_s[robot, :count] = times.legs_s
        board.leg_s[robot, count] = 0.0
        board.leave_s[robot, : count + 1] = times.leave_s
        board.linear[robot, count] = board.square[robot, count] = 0.0
        board.last[robot, : count + 1] = 0.0
        board.last[robot, count] = 1.0
        before = times.charge_index + 1 if route.slot is not None else 0
        board.room_s[robot, :before] = times.slack_s
        board.room_s[robot, before : count + 1] = np.inf
        board.spare_ratio[robot, :before] = times.spare_ratio[0]
        board.spare_ratio[robot, before : count + 1] = times.spare_ratio[1]
        board.spare_ratio[robot, count] += times.refuge_ratio
        if min(times.spare_ratio) < 0.0:
            board.room_s[robot, :before] = times.slack_s if times.spare_ratio[0] >= 0.0 else -1.0
            if times.spare_ratio[1] < 0.0:
                board.room_s[robot, before:] = -1.0

    def _delays(self, robot: int, route: Route, times: Times) -> float:
        """Price the delay of each stop and all behind it; returns the price of the route as it is."""
        tables, settings, count = self.tables, self.settings, len(route.stops)
        index = np.array(route.stops, dtype=np.intp)
        end_s = np.array(times.leave_s[1:])
        age_s = (end_s - tables.last_s[index])[:, None] + SHIFTS_S
        price = self.cost.price(age_s * tables.rate_per_s[index, None])
        price *= tables.weight[index, None]
        changed = (self.owner[index] >= 0) & (self.owner[index] != robot)
        own = price[:, 0] - self.outside[index] + settings.change_price * changed
        if tables.any_one_off:
            own += self.hurry_per_s(index) * (end_s - tables.now_s)
        rise = price[:, 1:] - price[:, :1]
        if tables.any_one_off:
            rise += self.hurry_per_s(index)[:, None] * SHIFTS_S[1:]
        charge = times.charge_index
        if charge < count:
            rise[charge] = 0.0
            own[charge] = 0.0
        total = rise[::-1].cumsum(axis=0)[::-1]
        if charge < count:
            # A delay before the charge stop eats waiting time there and goes no further.
            total[:charge] -= total[charge]
            total[charge] = 0.0
        one, two = SHIFTS_S[1], SHIFTS_S[2]
        square = np.maximum((total[:, 1] / two - total[:, 0] / one) / (two - one), 0.0)
        self.board.square[robot, :count] = square
        self.board.linear[robot, :count] = total[:, 0] / one - square * one
        work_s = sum(times.legs_s) + times.work_s
        return float(own.sum() + settings.busy_price_per_s * work_s)

    def hurry_per_s(self, index: Ints) -> Floats:
        """Price per second of a mission's waiting."""
        tables = self.tables
        rate = self.settings.mission_price / self.settings.outside_s
        price: Floats = tables.weight[index] * tables.one_off[index] * rate
        return price

    def columns(self, index: Ints) -> Columns:
        """Pick points to be inserted."""
        tables = self.tables
        return Columns(
            index=index,
            to_s=tables.to_point_s[:, index],
            back_s=tables.from_point_s[:, index],
            refuge_s=np.minimum(tables.refuge_s[tables.point_row[index]], FAR_S),
            duration_s=tables.duration_s[index],
            last_s=tables.last_s[index],
            rate_per_s=tables.rate_per_s[index],
            weight=tables.weight[index],
            hurry_per_s=self.hurry_per_s(index),
            outside=self.outside[index],
            floor_ratio=np.where(tables.one_off[index], -np.inf, self.settings.early_ratio),
            owner=self.owner[index],
            allowed=self.allowed[:, index],
        )

    def deltas(self, robots: Sequence[int], columns: Columns) -> tuple[Floats, Ints]:
        """Find the cheapest place of each point in each of some routes. Shapes (len(robots), c): price and place."""
        board, settings, picked = self.board, self.settings, np.array(robots, dtype=np.intp)
        pace = self.pace[picked]
        end_s = columns.to_s[board.row[picked]]
        delay = end_s + columns.back_s[board.next_row[picked]]
        if self.tables.any_slow:
            end_s *= pace
            delay *= pace
        delay -= board.leg_s[picked][:, :, None]
        spent = self._spent(picked, delay, columns) if self.tables.any_use else None
        end_s += columns.duration_s
        end_s += board.leave_s[picked][:, :, None]
        delay += columns.duration_s
        ratio = (end_s - columns.last_s) * columns.rate_per_s
        price = self.cost.price(ratio)
        price *= columns.weight
        if self.tables.any_one_off:
            price += columns.hurry_per_s * (end_s - self.tables.now_s)
        # Per second of delay: those behind, being busy, and the next visit brought forward.
        rate = board.square[picked][:, :, None] * delay
        rate += board.linear[picked][:, :, None]
        lack = 1.0 - ratio
        np.maximum(lack, 0.0, out=lack)
        lack *= settings.early_price_per_s
        rate += lack
        rate += settings.busy_price_per_s
        rate *= delay
        price += rate
        wrong = ratio < columns.floor_ratio
        wrong |= ~(delay <= board.room_s[picked][:, :, None])
        if spent is not None:
            wrong |= ~(spent <= board.spare_ratio[picked][:, :, None])
        price[wrong] = np.inf
        place = price.argmin(axis=1)
        best = price.min(axis=1) - columns.outside
        best += settings.change_price * ((columns.owner >= 0) & (columns.owner != picked[:, None]))
        best[~columns.allowed[picked]] = np.inf
        best[~np.isfinite(best)] = np.inf
        return best, place

    def _spent(self, picked: Ints, detour: Floats, columns: Columns) -> Floats:
        """Charge used more by each insertion, with the changed way from the end to a charger."""
        use = self.travel_use[picked]
        spent = detour * use
        spent += columns.duration_s * self.inspect_use[picked]
        end = self.board.last[picked][:, :, None] * (use * self.pace[picked])
        spent += columns.refuge_s * end
        return spent

    def fill(self, index: Ints, batch: int) -> None:
        """
        Insert points while it pays, the one that would lose most by waiting first.

        Args:
            batch: How many points may go into different routes before the ranking is made anew.
        """
        if len(self.routes) == 0 or len(index) == 0:
            return
        columns = self.columns(index)
        gain, place = self.deltas(range(len(self.routes)), columns)
        while True:
            left = np.flatnonzero(self.open[index])
            if len(index) > 2 * len(left) and len(index) > 50:
                index, gain, place = index[left], gain[:, left], place[:, left]
                columns = self.columns(index)
            if len(index) == 0:
                return
            best = gain.min(axis=0)
            second = np.partition(gain, 1, axis=0)[1] if len(gain) > 1 else np.zeros_like(best)
            priority = np.where(best < 0.0, np.minimum(second, 0.0) - 2.0 * best, -np.inf)
            order = np.argsort(-priority, kind="stable")[: 3 * batch]
            used: list[int] = []
            for j in order.tolist():
                if not best[j] < 0.0:
                    break
                robot = int(gain[:, j].argmin())
                if robot in used:
                    continue
                used.append(robot)
                self.routes[robot].stops.insert(int(place[robot, j]), int(index[j]))
                self.open[index[j]] = False
                columns.allowed[:, j] = False
                gain[:, j] = np.inf
                self.refresh(robot)
                if len(used) >= batch:
                    break
            if not used:
                return
            gain[used], place[used] = self.deltas(used, columns)
