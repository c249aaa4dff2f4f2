"""The core: one pure state machine that takes events and the time and returns effects."""

from coordinator.fleet.fleet import Fleet
from coordinator.fleet.invariants import InvariantError
from coordinator.fleet.settings import FleetSettings
from coordinator.fleet.state import FleetState

__all__ = ["Fleet", "FleetSettings", "FleetState", "InvariantError"]
