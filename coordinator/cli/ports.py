"""Whether a server may listen somewhere."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from coordinator.cli.exits import NotConnectedError

if TYPE_CHECKING:
    from coordinator.client import Address


def check_port_is_free(address: Address, *, option: str = "--listen") -> None:
    """
    Try to listen on an address, as gRPC alone would share a taken port without a word.

    Raises:
        NotConnectedError: If it's taken, or isn't an address of this machine.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As servers do: a port whose last connections are still fading is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address.host, address.port))
            probe.listen(1)
    except OSError as error:
        raise NotConnectedError(
            f"can't listen on {address}: {(error.strerror or str(error)).lower()}; choose another {option}"
        ) from error
