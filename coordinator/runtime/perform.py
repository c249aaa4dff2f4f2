"""Effects to adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from coordinator.model.effects import (
    AcknowledgeObservations,
    Append,
    CloseConnection,
    Effect,
    PlanAssignment,
    RefuseObservation,
    Reply,
    RequestDevice,
    Send,
)
from coordinator.runtime.planner import Planner
from coordinator.transport.calls import Calls
from coordinator.transport.device_service import DeviceStreams
from coordinator.transport.observation_stream import UploadStreams
from coordinator.transport.session_stream import SessionStreams


@dataclass(frozen=True, slots=True)
class Performer:
    """Hands each effect to the one adapter that does it. Nothing here waits: adapters queue, bounded."""

    sessions: SessionStreams
    uploads: UploadStreams
    devices: DeviceStreams
    calls: Calls
    planner: Planner

    def perform(self, effect: Effect) -> None:
        """Do an effect that needs no journal any more."""
        match effect:
            case Send():
                self.sessions.send(effect)
            case CloseConnection():
                self.sessions.close(effect)
            case AcknowledgeObservations() | RefuseObservation():
                self.uploads.answer(effect)
            case Reply():
                self.calls.reply(effect)
            case PlanAssignment():
                self.planner.submit(effect.problem)
            case RequestDevice():
                self.devices.request(effect)
            case Append():
                raise AssertionError("the loop journals records itself")
            case _:
                assert_never(effect)
