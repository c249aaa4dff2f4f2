"""Coverage as planned."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coordinator.plant.map import Radio, RadioCell, RadioShadow
from coordinator.plant.radio import rsrp_dbm, rsrp_field_dbm, serving_cell, sinr_db, sinr_field_db

WEST = RadioCell("west", 0.0, 0.0, "ground", -30.0)
EAST = RadioCell("east", 100.0, 0.0, "ground", -30.0)
SHADOW = RadioShadow(((40.0, -5.0), (60.0, -5.0), (60.0, 5.0), (40.0, 5.0)), "ground", 25.0)
RADIO = Radio((EAST, WEST), (SHADOW,), 3.0, -98.0)


def test_power_falls_by_ten_times_the_exponent_per_decade():
    """Ten times the distance costs 30 dB at exponent 3; nearer than a metre counts as a metre."""
    alone = Radio((WEST,), (), 3.0, -98.0)

    assert rsrp_dbm(alone, 0.0, 0.0, "ground") == -30.0
    assert rsrp_dbm(alone, 10.0, 0.0, "ground") == pytest.approx(-60.0)
    assert rsrp_dbm(alone, 0.0, 100.0, "ground") == pytest.approx(-90.0)


def test_steel_takes_its_loss_from_every_cell():
    """Behind a column a robot hears everything weaker, next to it as before."""
    open_dbm = rsrp_dbm(RADIO, 39.0, 0.0, "ground")

    assert rsrp_dbm(RADIO, 41.0, 0.0, "ground") == pytest.approx(open_dbm - 25.0, abs=1.0)
    assert rsrp_dbm(RADIO, 41.0, 0.0, "deck") == pytest.approx(open_dbm - 20.0, abs=1.0)


def test_the_best_cell_serves_and_equals_go_by_name():
    """The cell that is heard best serves; the choice never hangs on chance."""
    assert serving_cell(RADIO, 10.0, 0.0, "ground") == "west"
    assert serving_cell(RADIO, 90.0, 0.0, "ground") == "east"
    assert serving_cell(RADIO, 50.0, 0.0, "ground") == "east"


def test_a_neighbour_lowers_the_signal_to_noise_ratio():
    """Half way between two cells the link is worse than with one cell alone."""
    assert sinr_db(RADIO, 50.0, 20.0, "ground") < sinr_db(Radio((WEST,), (), 3.0, -98.0), 50.0, 20.0, "ground")


def test_a_map_without_cells_has_no_coverage():
    """No cell, no signal: nothing is assumed."""
    assert rsrp_dbm(Radio(), 0.0, 0.0, "ground") == -math.inf
    assert sinr_db(Radio(), 0.0, 0.0, "ground") == -math.inf
    assert serving_cell(Radio(), 0.0, 0.0, "ground") is None
    assert np.isneginf(sinr_field_db(Radio(), np.zeros(3), np.zeros(3), "ground")).all()


def test_the_field_for_drawing_is_the_one_the_robots_feel():
    """The picture shows what the simulator and the coordinator compute."""
    rng = np.random.default_rng(1)
    x_m, y_m = rng.uniform(-20, 120, 200), rng.uniform(-20, 20, 200)
    places = list(zip(x_m.tolist(), y_m.tolist(), strict=True))

    power_dbm, ratio_db = rsrp_field_dbm(RADIO, x_m, y_m, "ground"), sinr_field_db(RADIO, x_m, y_m, "ground")
    assert power_dbm == pytest.approx([rsrp_dbm(RADIO, x, y, "ground") for x, y in places])
    assert ratio_db == pytest.approx([sinr_db(RADIO, x, y, "ground") for x, y in places])
