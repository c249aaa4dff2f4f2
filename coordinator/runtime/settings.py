"""What an owner may set; `coordinator.config` reads it from a file. The defaults serve one machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coordinator.fleet.settings import FleetSettings
from coordinator.runtime.loop import LoopSettings


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """
    Where robots, devices and operators connect.

    Attributes:
        host: A loopback address, unless `insecure_lab` is set.
        control_port: Robots' control, devices, operators; 0 lets the system choose.
        observation_port: Robots' results.
        insecure_lab: Whether to listen elsewhere without TLS.
        dev: Whether to serve gRPC reflection.
        ping_s: Peers are pinged this often and have this long to answer.
    """

    host: str = "127.0.0.1"
    control_port: int = 7400
    observation_port: int = 7401
    insecure_lab: bool = False
    dev: bool = False
    ping_s: float = 1.2


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """
    Where the control room is served: dashboard, REST, WebSocket, metrics.

    Attributes:
        is_on: Whether it is served at all.
        host: As in `ListenSettings`, under the same rule.
        port: 0 lets the system choose.
    """

    is_on: bool = True
    host: str = "127.0.0.1"
    port: int = 7402


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """
    Where things are kept.

    Attributes:
        folder: Journal and blobs; made if missing.
        max_blob_bytes: A larger picture is refused.
        max_journal_bytes: The journal counts as full at this size; None for the disk's own limit.
        reserve_bytes: Room kept for the moment when the disk is full; 0 for none.
    """

    folder: Path = Path("roundsman-data")
    max_blob_bytes: int = 64 * 1024 * 1024
    max_journal_bytes: int | None = None
    reserve_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """
    A coordinator.

    Attributes:
        plant: Path of the plant's map file.
        plan_within_s: A planner that takes longer is started anew.
        answer_within_s: Operators' calls fail with UNAVAILABLE after it.
        reconnect_after_s: Robots are asked to come back after it when the coordinator goes down.
        grace_s: Time to finish at the end.
        seed: Of the core's choices.
    """

    plant: Path
    listen: ListenSettings = field(default_factory=ListenSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    loop: LoopSettings = field(default_factory=LoopSettings)
    fleet: FleetSettings = field(default_factory=FleetSettings)
    plan_within_s: float = 20.0
    answer_within_s: float = 10.0
    reconnect_after_s: float = 1.0
    grace_s: float = 3.0
    seed: int = 0
