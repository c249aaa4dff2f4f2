"""Learned times of edges and of work, as plain data: what the journal keeps of them."""

from __future__ import annotations

from dataclasses import dataclass

from coordinator.model.ids import EdgeId


@dataclass(frozen=True, slots=True)
class LearnedTimes:
    """
    What robots' passages of an edge, or their work, taught.

    Attributes:
        count: How many they were, older ones counted less, as of `seen_s`.
        median_ratio, p90_ratio: Of the time taken to the time expected of the robot's type on a free floor.
        wait_ratio: Share of passages that had to wait for others at the edge's start.
        wait_s: Mean length of such a wait.
        seen_s: When the newest one ended.
    """

    count: float
    median_ratio: float
    p90_ratio: float
    wait_ratio: float
    wait_s: float
    seen_s: float


@dataclass(frozen=True, slots=True)
class EdgeTimes:
    """
    Times of one edge, in its direction, at one hour of the day.

    Attributes:
        edge_id: None: of all edges together.
        hour: UTC hour, 0 to 23; None: of all hours together.
        times: None: nothing is known any more.
    """

    edge_id: EdgeId | None
    hour: int | None
    times: LearnedTimes | None

    @property
    def key(self) -> str:
        """One text an edge and hour."""
        return f"{self.edge_id or '*'}@{'*' if self.hour is None else self.hour}"


@dataclass(frozen=True, slots=True)
class WorkTimes:
    """Times that tasks of one type take, to those the plant map expects."""

    task_type: str
    times: LearnedTimes


@dataclass(frozen=True, slots=True)
class ArrivalErrors:
    """
    How arrivals came true that were foretold from edges and tasks alone.

    Attributes:
        place: Stops to be made before; the last place stands for all beyond it.
        count: Arrivals it is learned from, at most as many as are remembered.
        p50_score, p90_score: Where half and nine tenths of arrivals really lay, on a scale that has 0 at the p50 and 1
            at the p90 that were foretold.
    """

    place: int
    count: float
    p50_score: float
    p90_score: float
