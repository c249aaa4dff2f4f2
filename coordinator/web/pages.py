"""The dashboard's files: a fixed set, read once, so that no path of a request ever reaches the disk."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from coordinator.web.problem import Problem

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}
_INLINE_SCRIPT = re.compile(r"<script[^>]*>(.+?)</script>", re.DOTALL)
_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: blob:; media-src 'self'; font-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; script-src 'self'{scripts}; style-src 'self'{styles}"
)


@dataclass
class Page:
    """One file as it is sent."""

    body: bytes
    media_type: str
    policy: str

    @cached_property
    def tag(self) -> str:
        """Changes with the content, so that browsers ask and seldom fetch."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @cached_property
    def packed(self) -> bytes:
        """Compressed at the first request."""
        return gzip.compress(self.body, 9, mtime=0)


class Pages:
    """All files under one folder, by their path in it."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._pages = {
            path.relative_to(folder).as_posix(): _page(path)
            for path in sorted(folder.rglob("*"))
            if path.suffix in _TYPES and path.is_file()
        }

    def __contains__(self, name: str) -> bool:
        return name in self._pages

    def answer(self, request: Request, name: str) -> Response:
        """
        A file, compressed if the browser takes that, or word that it hasn't changed.

        Raises:
            Problem: If there is no such file.
        """
        page = self._pages.get(name)
        if page is None:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found", f"no page {request.url.path!r}")
        return send_page(request, page)


def send_page(request: Request, page: Page) -> Response:
    """The answer for a page as this browser takes it."""
    headers = {
        "etag": page.tag,
        "cache-control": "no-cache",
        "vary": "accept-encoding",
        "content-security-policy": page.policy,
    }
    if request.headers.get("if-none-match") == page.tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = page.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        body = page.packed
    return Response(body, media_type=page.media_type, headers=headers)


def _page(path: Path) -> Page:
    body = path.read_bytes()
    is_docs = path.name == "api.html"
    scripts = _INLINE_SCRIPT.findall(body.decode()) if path.suffix == ".html" else []
    hashes = "".join(f" 'sha256-{_hash(script)}'" for script in scripts)
    # Swagger UI sets styles of its own in the page.
    policy = _POLICY.format(scripts=hashes, styles=" 'unsafe-inline'" if is_docs else "")
    return Page(body, _TYPES[path.suffix], policy)


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
