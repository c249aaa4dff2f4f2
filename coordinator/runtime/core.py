"""What the loop needs of the core, and how records look in the journal."""

from __future__ import annotations

from typing import Protocol

from coordinator.model.effects import Effect
from coordinator.model.events import Event
from coordinator.model.records import Record
from coordinator.model.snapshot import FleetSnapshot


class Core(Protocol):
    """The pure core, as the loop sees it. Fleet is one."""

    def handle(self, event: Event, now_s: float) -> list[Effect]:
        """Decide."""
        ...

    def next_deadline_s(self) -> float:
        """When to call with DeadlineReached if nothing else comes."""
        ...

    def check_invariants(self) -> None:
        """Raise if anything that must hold doesn't."""
        ...

    def snapshot(self, now_s: float) -> FleetSnapshot:
        """A picture for people."""
        ...


class Form(Protocol):
    """How records and states become bytes."""

    def encode_record(self, record: Record) -> tuple[str, bytes]:
        """Kind and body of a record's journal entry."""
        ...

    def encode_state(self) -> bytes:
        """The core's durable state as it is now."""
        ...
