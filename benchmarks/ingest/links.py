"""
A robot's connection, as light as can be: both kinds send one segment a frame from the same pacing loop.

gRPC's own client would spread its frames by the scheduler and take a core of its own; this one knows just as much
HTTP/2 as one stream over loopback needs. It doesn't count the server's window: a server that keeps up opens it
long before it closes.
"""

from __future__ import annotations

import socket
import struct
from typing import Protocol

from roundsman.v1 import session_pb2

HOST = "127.0.0.1"
LENGTH_BYTES = 4
CONNECT_WITHIN_S = 10.0

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADER = struct.Struct(">BHBBL")
_HEADER_BYTES = 9
_PREFIX = struct.Struct(">BL")
_DATA, _HEADERS, _RESET, _SETTINGS, _PING, _GOAWAY, _WINDOW_UPDATE = 0, 1, 3, 4, 6, 7, 8
_ACK, _END_STREAM, _END_HEADERS = 1, 1, 4
_STREAM = 1
_INITIAL_WINDOW_SIZE = 4
# What a robot hears in an hour is less, so no window is ever opened again.
_WINDOW_BYTES = 2**30


class RobotLink(Protocol):
    """One connection."""

    socket: socket.socket

    def send(self, message: session_pb2.SessionRequest) -> None:
        """Send one message in one segment."""
        ...

    def receive(self) -> list[session_pb2.SessionResponse]:
        """
        What came; call it when the socket is readable.

        Raises:
            ConnectionError: If the server ended the stream.
        """
        ...


class RawLink:
    """Four bytes of length, then the message; never an answer."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)

    def send(self, message: session_pb2.SessionRequest) -> None:
        data = message.SerializeToString()
        self.socket.sendall(len(data).to_bytes(LENGTH_BYTES, "big") + data)

    def receive(self) -> list[session_pb2.SessionResponse]:
        raise ConnectionError("the raw server ended the connection")


class GrpcLink:
    """One gRPC stream: HTTP/2 in the clear, RFC 9113."""

    def __init__(self, port: int) -> None:
        self.socket = connect(port)
        self._came = b""
        self._body = b""
        settings = struct.pack(">HL", _INITIAL_WINDOW_SIZE, _WINDOW_BYTES)
        window = _frame(_WINDOW_UPDATE, 0, 0, struct.pack(">L", _WINDOW_BYTES))
        headers = _frame(_HEADERS, _END_HEADERS, _STREAM, _request_headers(port))
        self.socket.sendall(_PREFACE + _frame(_SETTINGS, 0, 0, settings) + window + headers)

    def send(self, message: session_pb2.SessionRequest) -> None:
        data = message.SerializeToString()
        self.socket.sendall(_frame(_DATA, 0, _STREAM, _PREFIX.pack(0, len(data)) + data))

    def receive(self) -> list[session_pb2.SessionResponse]:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the gRPC server ended the connection")
        self._came += data
        while len(self._came) >= _HEADER_BYTES:
            high, low, kind, flags, _ = _HEADER.unpack_from(self._came)
            end = _HEADER_BYTES + (high << 16 | low)
            if len(self._came) < end:
                break
            payload, self._came = self._came[_HEADER_BYTES:end], self._came[end:]
            self._take(kind, flags, payload)
        return self._messages()

    def _take(self, kind: int, flags: int, payload: bytes) -> None:
        if kind == _DATA:
            self._body += payload
        elif kind == _PING and not flags & _ACK:
            self.socket.sendall(_frame(_PING, _ACK, 0, payload))
        elif kind == _SETTINGS and not flags & _ACK:
            self.socket.sendall(_frame(_SETTINGS, _ACK, 0, b""))
        elif kind in (_RESET, _GOAWAY) or (kind == _HEADERS and flags & _END_STREAM):
            raise ConnectionError(f"the gRPC server ended the stream: frame type {kind}, {payload!r}")

    def _messages(self) -> list[session_pb2.SessionResponse]:
        messages: list[session_pb2.SessionResponse] = []
        while len(self._body) >= _PREFIX.size:
            _, length = _PREFIX.unpack_from(self._body)
            end = _PREFIX.size + length
            if len(self._body) < end:
                break
            messages.append(session_pb2.SessionResponse.FromString(self._body[_PREFIX.size : end]))
            self._body = self._body[end:]
        return messages


def connect(port: int) -> socket.socket:
    """A connection that sends at once."""
    connection = socket.create_connection((HOST, port), timeout=CONNECT_WITHIN_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    length = len(payload)
    return _HEADER.pack(length >> 16, length & 0xFFFF, kind, flags, stream) + payload


def _request_headers(port: int) -> bytes:
    """Header block by HPACK (RFC 7541): POST and http of the static table, the others literal and not indexed."""
    path = b"/roundsman.v1.AgentService/Session"
    return b"".join(
        (
            b"\x83\x86",
            b"\x04" + _text(path),
            b"\x01" + _text(f"{HOST}:{port}".encode()),
            b"\x00" + _text(b"content-type") + _text(b"application/grpc"),
            b"\x00" + _text(b"te") + _text(b"trailers"),
        )
    )


def _text(text: bytes) -> bytes:
    return bytes([len(text)]) + text
