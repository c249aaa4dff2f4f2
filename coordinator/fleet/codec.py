"""Records and state as bytes: JSON by field names, so that a person can read a journal."""

from __future__ import annotations

from typing import get_args

import msgspec

from coordinator.fleet.state import FleetState
from coordinator.model.records import Record

_TYPES: dict[str, type] = {record_type.__name__: record_type for record_type in get_args(Record)}
_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODERS: dict[str, msgspec.json.Decoder[Record]] = {
    kind: msgspec.json.Decoder(record_type) for kind, record_type in _TYPES.items()
}
_STATE_DECODER = msgspec.json.Decoder(FleetState)


class UnknownRecordError(Exception):
    """A journal holds a record that this version doesn't know, or can't read."""

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"record of kind {kind!r} can't be read: {why}")
        self.kind = kind


def encode_record(record: Record) -> tuple[str, bytes]:
    """Kind and body of a record."""
    return type(record).__name__, _ENCODER.encode(record)


def decode_record(kind: str, body: bytes) -> Record:
    """Read a record back. Raises UnknownRecordError."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        raise UnknownRecordError(kind, "this version has no such kind")
    try:
        record: Record = decoder.decode(body)
    except msgspec.DecodeError as error:
        raise UnknownRecordError(kind, str(error)) from error
    return record


def encode_state(state: FleetState) -> bytes:
    """Durable state for a snapshot; equal states give equal bytes."""
    return _ENCODER.encode(state)


def decode_state(body: bytes) -> FleetState:
    """Read a snapshot back. Raises UnknownRecordError."""
    try:
        return _STATE_DECODER.decode(body)
    except msgspec.DecodeError as error:
        raise UnknownRecordError("snapshot", str(error)) from error
