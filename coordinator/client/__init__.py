"""How programs and the command line speak to a coordinator: blocking calls, errors translated once."""

from coordinator.client.address import Address, AddressError
from coordinator.client.errors import (
    ClientError,
    MissingError,
    RefusedError,
    TimedOutError,
    UnreachableError,
    UnsettledError,
)
from coordinator.client.fleet import FleetClient
from coordinator.client.plain import as_data

__all__ = [
    "Address",
    "AddressError",
    "ClientError",
    "FleetClient",
    "MissingError",
    "RefusedError",
    "TimedOutError",
    "UnreachableError",
    "UnsettledError",
    "as_data",
]
