"""The gRPC servers: control on one port, results on another, so that no picture delays a stop."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_reflection.v1alpha import reflection

from coordinator.transport.device_service import DeviceService
from coordinator.transport.fleet_service import FleetService
from coordinator.transport.observation_stream import ObservationService
from coordinator.transport.session_stream import AgentService
from roundsman.v1 import (
    device_pb2,
    device_pb2_grpc,
    fleet_pb2,
    fleet_pb2_grpc,
    observation_pb2_grpc,
    session_pb2,
    session_pb2_grpc,
)

# DSCP 46: expedited forwarding, for the radio's quality flow.
_CONTROL_DSCP = 46
# DSCP 10: assured forwarding, bulk.
_BULK_DSCP = 10
_CONTROL_BYTES = 256 * 1024
_BULK_BYTES = 4 * 1024 * 1024

log = structlog.get_logger()


class InsecureAddressError(Exception):
    """Anybody in reach could move robots."""

    def __init__(self, host: str) -> None:
        super().__init__(
            f"listen address {host} is not a loopback address: without TLS anybody in reach could move "
            "robots. TLS comes with a later release; --insecure-lab allows it in a closed laboratory network"
        )


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the servers listen; port 0 lets the system choose. `http` is the control room's URL, empty without one."""

    host: str
    control_port: int
    observation_port: int
    http: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """What is served."""

    agents: AgentService
    devices: DeviceService
    fleet: FleetService
    observations: ObservationService


def refuse_open_address(host: str, *, insecure_lab: bool) -> None:
    """
    Allow loopback only.

    Raises:
        InsecureAddressError: If the address can be reached from elsewhere and that wasn't asked for.
    """
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and not insecure_lab:
        raise InsecureAddressError(host)
    if not is_loopback:
        log.warning("listening_without_tls", host=host)


def server_options(*, dscp: int, max_receive_bytes: int, ping_s: float) -> list[tuple[str, int]]:
    """
    Channel arguments.

    Args:
        dscp: Code point of what is sent.
        max_receive_bytes: A larger message ends its call with RESOURCE_EXHAUSTED.
        ping_s: How often peers are pinged, and how long they may take: a frozen peer is noticed after both.
    """
    ping_ms = int(ping_s * 1000)
    return [
        ("grpc.keepalive_time_ms", ping_ms),
        ("grpc.keepalive_timeout_ms", ping_ms),
        # Without this a frozen peer is noticed after a minute, whatever the keepalive time-out says.
        ("grpc.http2.ping_timeout_ms", ping_ms),
        ("grpc.keepalive_permit_without_calls", 1),
        # Agents ping as often as we do; the default would end their connections for it.
        ("grpc.http2.min_recv_ping_interval_without_data_ms", ping_ms // 2),
        ("grpc.http2.max_pings_without_data", 0),
        ("grpc.http2.max_ping_strikes", 5),
        ("grpc.max_receive_message_length", max_receive_bytes),
        ("grpc.max_metadata_size", 8 * 1024),
        ("grpc.max_concurrent_streams", 64),
        # Two coordinators on one port would share the robots by chance.
        ("grpc.so_reuseport", 0),
        ("grpc.dscp", dscp),
    ]


class Servers:
    """Both servers; make them in the running loop."""

    def __init__(self, addresses: Addresses, services: Services, *, dev: bool, ping_s: float = 1.2) -> None:
        self._addresses = addresses
        self._health = HealthServicer()
        self._control = grpc.aio.server(
            options=server_options(dscp=_CONTROL_DSCP, max_receive_bytes=_CONTROL_BYTES, ping_s=ping_s)
        )
        self._bulk = grpc.aio.server(
            options=server_options(dscp=_BULK_DSCP, max_receive_bytes=_BULK_BYTES, ping_s=5 * ping_s)
        )
        session_pb2_grpc.add_AgentServiceServicer_to_server(services.agents, self._control)
        device_pb2_grpc.add_DeviceServiceServicer_to_server(services.devices, self._control)
        fleet_pb2_grpc.add_FleetServiceServicer_to_server(services.fleet, self._control)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._control)
        observation_pb2_grpc.add_ObservationServiceServicer_to_server(services.observations, self._bulk)
        if dev:
            names = [
                module.DESCRIPTOR.services_by_name[name].full_name
                for module, name in (
                    (session_pb2, "AgentService"),
                    (device_pb2, "DeviceService"),
                    (fleet_pb2, "FleetService"),
                )
            ]
            reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], self._control)

    async def start(self) -> Addresses:
        """
        Listen.

        Returns:
            Where, with the ports the system chose.

        Raises:
            RuntimeError: If a port is taken.
        """
        host = self._addresses.host
        control_port = self._control.add_insecure_port(f"{host}:{self._addresses.control_port}")
        bulk_port = self._bulk.add_insecure_port(f"{host}:{self._addresses.observation_port}")
        await self._control.start()
        await self._bulk.start()
        await self._health.set("", health_pb2.HealthCheckResponse.SERVING)
        return Addresses(host, control_port, bulk_port)

    async def stop(self, grace_s: float) -> None:
        """Take no new calls, and end the open ones after the grace."""
        await self._health.enter_graceful_shutdown()
        await self._control.stop(grace_s)
        await self._bulk.stop(grace_s)
