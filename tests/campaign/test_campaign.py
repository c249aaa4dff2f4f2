"""Random plants, fleets, histories: nobody collides, deadlocks or starves. `python -m tests.campaign` runs more."""

from __future__ import annotations

import pytest

from tests.campaign.campaign import run

SLICE, PARTS = 500, 20


@pytest.mark.parametrize("part", range(PARTS))
def test_everybody_is_served_when_the_trouble_is_over(part):
    """After any history on any plant all robots go on, no wait gets long, and all missions end."""
    bad = [outcome for seed in range(part, SLICE, PARTS) if not (outcome := run(seed)).is_good]
    assert not bad
