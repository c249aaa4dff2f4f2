"""
What stands before every request: whose page it comes from, how large it is, what the browser may do with the answer.

A page of another site can make a browser send requests to a coordinator on the same machine or network. Three rules
keep such a page out: the Host must be an address, `localhost` or this machine's own name (so no foreign name can be
bound to us), an Origin must be ours, and what changes something must be JSON, which other sites may not send unasked.
"""

from __future__ import annotations

import ipaddress
import socket
from http import HTTPStatus
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coordinator.web.problem import Problem

MAX_BODY_BYTES = 256 * 1024
READING = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """ASGI middleware; refuses before a handler sees the request."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._own_names = {"localhost", socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, bound the body, and add headers to the answer."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        problem = self._problem(scope, Headers(scope=scope))
        if problem is None and scope["type"] == "http" and scope["method"] not in READING:
            body = await _read_body(receive)
            problem = _too_large(f"more than {MAX_BODY_BYTES}") if body is None else None
            receive = _replay(body or b"", receive)
        if problem is not None:
            await _refuse(problem, scope, receive, send)
            return
        await self._app(scope, receive, _with_headers(send))

    def _problem(self, scope: Scope, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        if not self._is_own(host):
            text = f"host {host!r} isn't this machine: it must be an address, localhost or this machine's name"
            return Problem(HTTPStatus.MISDIRECTED_REQUEST, "foreign_host", text)
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            text = f"origin {origin!r} isn't {host!r}: pages of other sites may not use this coordinator"
            return Problem(HTTPStatus.FORBIDDEN, "foreign_origin", text)
        if scope["type"] == "websocket" or scope["method"] in READING:
            return None
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            text = "the request comes from a page of another site, which may not use this coordinator"
            return Problem(HTTPStatus.FORBIDDEN, "foreign_origin", text)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            text = f"content-type is {kind!r}: must be application/json"
            return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", text)
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            return _too_large(length)
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._own_names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def _too_large(length: str) -> Problem:
    text = f"the body has {length} bytes: at most {MAX_BODY_BYTES}"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", text)


async def _read_body(receive: Receive) -> bytes | None:
    """A body, also one whose length isn't said; None if it is too large."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body at once; after it, whatever else comes."""
    waiting = [body]

    async def replay() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replay


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("content-security-policy", "default-src 'none'; frame-ancestors 'none'")
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return with_headers


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": problem.text[:100]})
        return
    await problem.response()(scope, receive, _with_headers(send))
