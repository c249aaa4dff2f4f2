"""Whatever happens: nobody collides, no base shrinks, the journal is the state, and the fleet heals."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from coordinator.plant.map import NodeRole, PlantMap
from coordinator.plant.parse import parse_plant
from tests.coordinator.fleet.puppets import Floor
from tests.coordinator.fleet.stories import HAPPENINGS, check_bases, happen, heal
from tests.coordinator.fleet.tiny_plants import alley, fork, ring, yard

DEMO = parse_plant((Path(__file__).resolve().parents[3] / "maps" / "demo.yaml").read_text(encoding="utf-8"))
# Shrinking a story of minutes takes hours; the first one that fails is printed whole.
BOUNDED = (Phase.explicit, Phase.generate)

happenings = st.lists(
    st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 1000), st.integers(1, 25)), min_size=1, max_size=25
)
lazinesses = st.sampled_from([0.0, 0.2, 0.5, 0.8])
plants = st.one_of(
    st.builds(alley, period_s=st.just(120.0)),
    st.builds(yard, period_s=st.just(120.0)),
    st.builds(fork, period_s=st.just(120.0)),
    st.builds(
        ring, st.integers(6, 10), is_one_way=st.booleans(), spur_count=st.integers(1, 3), period_s=st.just(120.0)
    ),
)


def _live_through(plant: PlantMap, robot_count: int, laziness: float, story: list[tuple[str, int, int]], seed: int):
    """Tell a story on a floor; every step of it checks I1, I2, I3, I6, I7, I11 and I12."""
    floor = Floor(plant, seed=seed)
    homes, kinds = plant.nodes_with(NodeRole.PARKING), list(plant.robot_types)
    for number in range(min(robot_count, len(homes))):
        floor.join(f"r{number}", homes[number], kinds[number % len(kinds)])
    for what, number, seconds in story:
        happen(floor, what, number)
        floor.run(seconds, laziness=laziness)
    floor.check_fold()
    check_bases(floor)
    return floor


def _check_healed(floor: Floor, visits_count: int, within_s: int) -> None:
    heal(floor)
    begun = floor.fleet.totals().visits_count
    floor.until(
        lambda: (
            floor.fleet.totals().visits_count >= begun + visits_count
            and all(mission.state.is_final for mission in floor.fleet.state.missions.values())
        ),
        within_s=within_s,
    )
    assert all(mission.reason for mission in floor.fleet.state.missions.values())
    floor.check_fold()
    check_bases(floor)


@settings(max_examples=60, phases=BOUNDED, suppress_health_check=[HealthCheck.too_slow])
@given(plants, st.integers(2, 4), lazinesses, happenings, st.integers(0, 99))
def test_tiny_plants_live_through_anything_andheal(plant, robot_count, laziness, story, seed):
    """On any tiny plant, any history is safe, and when the trouble is over visits go on and missions end."""
    floor = _live_through(plant, robot_count, laziness, story, seed)
    _check_healed(floor, 3, 1500)


@settings(max_examples=15, phases=BOUNDED, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(3, 6), lazinesses, happenings, st.integers(0, 99))
def test_the_demo_plant_lives_through_anything_and_heals(robot_count, laziness, story, seed):
    """The same on the plant of the demo."""
    floor = _live_through(DEMO, robot_count, laziness, story, seed)
    _check_healed(floor, 5, 1500)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_history_gives_the_same_journal(seed):
    """I10: nothing in the core depends on anything but events and time."""
    story = [
        ("cut", 1, 9),
        ("mission", 4, 20),
        ("reboot", 2, 8),
        ("reconnect", 1, 30),
        ("crash", 0, 5),
        ("close", 7, 40),
    ]
    journals = [_live_through(yard(120.0), 4, 0.3, story, seed).journal for _ in range(2)]
    assert journals[0] == journals[1]


def test_two_that_block_each_other_are_let_out_by_those_behind_them():
    """With a robot for every home of the alley, two at its end wait for each other, and two in it must back out."""
    story = [("mend", 603, 22), ("close", 489, 24), ("mission", 796, 1), ("mission", 928, 24), ("stop", 905, 14)]
    story += [("crash", 625, 13), ("mission", 118, 3)]
    floor = _live_through(alley(period_s=120.0), 4, 0.8, story, 1015)
    _check_healed(floor, 3, 1500)
