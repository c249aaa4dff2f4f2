"""Messages of the wire as plain data for scripts: numbers stay numbers, enums are their short names."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google._upb._message import FieldDescriptor as FastFieldDescriptor
    from google.protobuf.descriptor import FieldDescriptor
    from google.protobuf.message import Message

# Descriptor numbers of protobuf's own format; they never change.
_TYPE_BYTES = 12
_TYPE_MESSAGE = 11
_TYPE_ENUM = 14


def as_data(message: Message) -> dict[str, Any]:
    """
    A message as a dict in the order of its fields.

    Unlike protobuf's own JSON, 64-bit numbers aren't texts, every field is there, unset ones as None, and
    a value `LINK_STATE_LIVE` of the enum `LinkState` reads `live`.
    """
    return {field.name: _field(message, field) for field in message.DESCRIPTOR.fields}


def _field(message: Message, field: FieldDescriptor | FastFieldDescriptor) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return {str(key): value[key] for key in sorted(value)}
    if field.is_repeated:
        return [_value(field, item) for item in value]
    if field.has_presence and not message.HasField(field.name):
        return None
    return _value(field, value)


def _value(field: FieldDescriptor | FastFieldDescriptor, value: Any) -> Any:
    if field.type == _TYPE_MESSAGE:
        return as_data(value)
    if field.type == _TYPE_ENUM:
        return enum_name(field, value)
    if field.type == _TYPE_BYTES:
        return base64.b64encode(value).decode()
    return value


def enum_name(field: FieldDescriptor | FastFieldDescriptor, number: int) -> str:
    """Short lower-case name of an enum value; the number itself for one from a newer coordinator."""
    enum = field.enum_type
    assert enum is not None, "only enum fields have names"
    known = enum.values_by_number.get(number)
    if known is None:
        return str(number)
    zero = enum.values_by_number[0].name
    return known.name.removeprefix(zero.removesuffix("UNSPECIFIED")).lower()
