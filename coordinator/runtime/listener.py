"""
Which of gRPC's listeners the server runs on.

gRPC's older listener takes a quarter less CPU a message than the one of its event engine (`python -m
benchmarks.ingest`): a small message changes threads fewer times. The switch is an experiment's name; a release that
doesn't know it any more ignores it.
"""

from __future__ import annotations

import os

SWITCH = "GRPC_EXPERIMENTS"
CHEAPER = "-event_engine_listener"


def choose_listener() -> None:
    """Choose the cheaper listener, unless the environment says otherwise. Call before grpc is imported."""
    os.environ.setdefault(SWITCH, CHEAPER)
