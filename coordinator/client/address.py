"""Where a coordinator listens."""

from __future__ import annotations

from dataclasses import dataclass


class AddressError(ValueError):
    """The text isn't HOST:PORT."""

    def __init__(self, text: str, rule: str) -> None:
        super().__init__(f"address {text!r}: {rule}")
        self.text = text


@dataclass(frozen=True, slots=True)
class Address:
    """A host (name, IPv4, or IPv6 without brackets) and a port; to listen, port 0 lets the system choose."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether it can be reached from this machine only."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")

    @classmethod
    def parse(cls, text: str) -> Address:
        """
        Read HOST:PORT, with IPv6 hosts in brackets.

        Raises:
            AddressError: If host or port is missing, or the port isn't in [0, 65535].
        """
        host, colon, port = text.strip().rpartition(":")
        if not colon or not host:
            raise AddressError(text, "must be HOST:PORT, such as 127.0.0.1:7400")
        if host.startswith("[") and host.endswith("]"):
            host = host[1:-1]
        elif ":" in host:
            raise AddressError(text, "an IPv6 host stands in brackets, such as [::1]:7400")
        if not (port.isascii() and port.isdigit() and int(port) <= 65535):
            raise AddressError(text, f"port {port!r} must be a number in [0, 65535]")
        return cls(host, int(port))
