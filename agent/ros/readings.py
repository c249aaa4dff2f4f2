"""Messages of sensors as readings: pictures, thermal frames, clouds and numbers. Pure; messages by their fields."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.body import Reading

# The field that holds the value, for messages that are one number.
SCALARS = {
    "sensor_msgs/msg/Temperature": "temperature",
    "sensor_msgs/msg/FluidPressure": "fluid_pressure",
    "sensor_msgs/msg/RelativeHumidity": "relative_humidity",
    "sensor_msgs/msg/Illuminance": "illuminance",
    "sensor_msgs/msg/Range": "range",
    "std_msgs/msg/Float32": "data",
    "std_msgs/msg/Float64": "data",
    "std_msgs/msg/Int32": "data",
    "std_msgs/msg/UInt16": "data",
    "std_msgs/msg/UInt32": "data",
}
COMPRESSED = "sensor_msgs/msg/CompressedImage"
IMAGE = "sensor_msgs/msg/Image"
CLOUD = "sensor_msgs/msg/PointCloud2"
TYPES = frozenset({COMPRESSED, IMAGE, CLOUD, *SCALARS})

# Channels, bytes of one, and order of channels in the message, by sensor_msgs/Image.encoding.
_ENCODINGS: dict[str, tuple[int, int, tuple[int, ...]]] = {
    "mono8": (1, 1, (0,)),
    "8UC1": (1, 1, (0,)),
    "mono16": (1, 2, (0,)),
    "16UC1": (1, 2, (0,)),
    "rgb8": (3, 1, (0, 1, 2)),
    "8UC3": (3, 1, (2, 1, 0)),
    "bgr8": (3, 1, (2, 1, 0)),
    "rgba8": (4, 1, (0, 1, 2, 3)),
    "bgra8": (4, 1, (2, 1, 0, 3)),
}
_PNG_COLOURS = {1: 0, 3: 2, 4: 6}
# Fastest level that still halves most pictures.
_ZLIB_LEVEL = 1
_PCD_TYPES = {1: ("I", 1), 2: ("U", 1), 3: ("I", 2), 4: ("U", 2), 5: ("I", 4), 6: ("U", 4), 7: ("F", 4), 8: ("F", 8)}


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """
    One sensor of the robot.

    Attributes:
        type_name: One of TYPES.
        unit: Of the value.
        scale, offset: Value = scale * raw + offset.
        image_value: What of an image of one channel is the value: none, max, mean or min.
    """

    topic: str
    type_name: str
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    image_value: str = "none"


def reading_of(message: Any, spec: SensorSpec) -> Reading:
    """
    Read one message.

    Raises:
        ValueError: It holds nothing that can be kept; the message says why.
    """
    if spec.type_name == COMPRESSED:
        media = "image/png" if "png" in message.format.lower() else "image/jpeg"
        return Reading(blob=bytes(message.data), media_type=media)
    if spec.type_name == IMAGE:
        return _image(message, spec)
    if spec.type_name == CLOUD:
        return Reading(blob=_pcd(message), media_type="application/vnd.pointcloud.pcd")
    raw = float(getattr(message, SCALARS[spec.type_name]))
    if not np.isfinite(raw):
        raise ValueError(f"{spec.topic} gave {raw}: a value must be finite")
    return Reading(value=spec.scale * raw + spec.offset, unit=spec.unit)


def _image(message: Any, spec: SensorSpec) -> Reading:
    if message.encoding not in _ENCODINGS:
        known = ", ".join(_ENCODINGS)
        raise ValueError(f"{spec.topic} has encoding {message.encoding!r}: known are {known}")
    channels, size, order = _ENCODINGS[message.encoding]
    width_bytes = message.width * channels * size
    if message.step < width_bytes or len(message.data) < message.step * message.height or not width_bytes:
        raise ValueError(f"{spec.topic} gave {len(message.data)} bytes for {message.width} x {message.height} pixels")
    rows = np.frombuffer(bytes(message.data), np.uint8)[: message.step * message.height]
    rows = rows.reshape(message.height, message.step)[:, :width_bytes]
    pixels: NDArray[np.uint8] | NDArray[np.uint16] = rows.reshape(message.height, message.width, channels * size)
    if size == 2:
        kind = ">u2" if message.is_bigendian else "<u2"
        pixels = np.ascontiguousarray(pixels).view(kind).astype(np.uint16)
    else:
        pixels = pixels[:, :, list(order)]
    value = None
    if channels == 1 and spec.image_value != "none":
        value = spec.scale * _statistic(pixels, spec.image_value) + spec.offset
    return Reading(value=value, unit=spec.unit if value is not None else "", blob=png(pixels), media_type="image/png")


def _statistic(pixels: NDArray[np.uint8] | NDArray[np.uint16], name: str) -> float:
    if name == "max":
        return float(pixels.max())
    return float(pixels.min()) if name == "min" else float(pixels.mean())


def png(pixels: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    """
    A picture as PNG.

    Args:
        pixels: Height x width x channels; 1 (grey), 3 (RGB) or 4 (RGBA) channels.
    """
    height, width, channels = pixels.shape
    depth_bytes = pixels.dtype.itemsize
    rows = np.ascontiguousarray(pixels.astype(">u2") if depth_bytes == 2 else pixels).view(np.uint8)
    lines = np.zeros((height, 1 + width * channels * depth_bytes), np.uint8)
    lines[:, 1:] = rows.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8 * depth_bytes, _PNG_COLOURS[channels], 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines.tobytes(), _ZLIB_LEVEL)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _pcd(cloud: Any) -> bytes:
    """The cloud as a binary PCD 0.7 file, as the Point Cloud Library writes and reads it. Padding becomes `_`."""
    if cloud.is_bigendian:
        raise ValueError("the cloud is big-endian: only little-endian ones are kept")
    columns: list[tuple[str, int, str, int]] = []
    end = 0
    for field in sorted(cloud.fields, key=lambda field: field.offset):
        if field.datatype not in _PCD_TYPES:
            raise ValueError(f"the cloud's field {field.name} has type {field.datatype}: known are 1 to 8")
        kind, size = _PCD_TYPES[field.datatype]
        if field.offset > end:
            columns.append(("_", 1, "U", field.offset - end))
        columns.append((field.name, size, kind, max(1, field.count)))
        end = field.offset + size * max(1, field.count)
    if cloud.point_step > end:
        columns.append(("_", 1, "U", cloud.point_step - end))
    data = bytes(cloud.data)
    rows = [data[row * cloud.row_step :][: cloud.width * cloud.point_step] for row in range(cloud.height)]
    names, sizes, kinds, counts = (" ".join(str(column[i]) for column in columns) for i in range(4))
    header = (
        f"VERSION 0.7\nFIELDS {names}\nSIZE {sizes}\nTYPE {kinds}\n"
        f"COUNT {counts}\nWIDTH {cloud.width}\nHEIGHT {cloud.height}\nVIEWPOINT 0 0 0 1 0 0 0\n"
        f"POINTS {cloud.width * cloud.height}\nDATA binary\n"
    )
    return header.encode() + b"".join(rows)
