"""Pages of other sites can't use a coordinator through the browser of its operator."""

from __future__ import annotations

import json

import pytest

from coordinator.web.guard import MAX_BODY_BYTES
from tests.coordinator.web.rig import Room

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({**JSON, "origin": "http://evil.example"}, 403, "foreign_origin"),
        ({**JSON, "origin": "http://127.0.0.1:9999"}, 403, "foreign_origin"),
        ({**JSON, "origin": "null"}, 403, "foreign_origin"),
        ({**JSON, "sec-fetch-site": "cross-site"}, 403, "foreign_origin"),
        ({**JSON, "host": "rebound.example:7402"}, 421, "foreign_host"),
        ({"content-type": "text/plain"}, 415, "unsupported_media_type"),
        ({"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    ],
)
async def test_a_foreign_page_changes_nothing(room: Room, headers: dict[str, str], status: int, code: str):
    """A request that a page of another site could send is refused, and says why."""
    answer = await room.client.post("/api/v1/robots/stop", content=b"{}", headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert room.inbox.seen == []


async def test_the_own_page_and_a_script_may(room: Room):
    """The dashboard sends its own origin; a script on the machine sends none."""
    for headers in ({"origin": "http://127.0.0.1:7402", "sec-fetch-site": "same-origin"}, {}):
        answer = await room.client.post("/api/v1/robots/stop", json={}, headers=headers)
        assert answer.status_code == 200, answer.text


async def test_nobody_else_reads_the_fleet_under_a_foreign_name(room: Room):
    """A name that somebody bound to this machine's address reads nothing."""
    assert (await room.client.get("/api/v1/fleet", headers={"host": "rebound.example"})).status_code == 421
    assert (await room.client.get("/api/v1/fleet", headers={"host": "localhost:7402"})).status_code == 200


async def test_a_body_is_bounded_also_when_its_length_is_not_said(room: Room):
    """Somebody who sends without end is stopped early."""
    said = await room.client.post("/api/v1/missions", json={"point_ids": ["P" * MAX_BODY_BYTES]})
    assert (said.status_code, said.json()["error"]["code"]) == (413, "too_large")

    async def pieces():
        yield b'{"point_ids": ["'
        for _ in range(20):
            yield b"P" * 16_384

    unsaid = await room.client.post("/api/v1/missions", content=pieces(), headers=JSON)
    assert unsaid.status_code == 413
    assert room.inbox.seen == []


async def test_answers_tell_browsers_to_trust_nothing(room: Room):
    """Data is never taken for a page, never framed, and errors have one form."""
    answer = await room.client.get("/api/v1/robots")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]

    missing = await room.client.get("/nowhere")
    assert missing.status_code == 404
    assert json.loads(missing.text)["error"]["code"] == "not_found"
    wrong = await room.client.delete("/api/v1/robots", headers=JSON)
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
