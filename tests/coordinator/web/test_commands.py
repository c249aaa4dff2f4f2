"""What people change over REST takes the same way as over gRPC: same rules, same keys, same audit."""

from __future__ import annotations

import pytest

from coordinator.model.operator import StopRobots
from tests.coordinator.web.rig import Room, room


async def test_a_closed_edge_is_closed_in_both_directions_and_opens_again(room: Room):
    """Closing an edge shows in the next picture with reason and name; opening it takes that away."""
    edge_id = next(edge.edge_id for edge in room.floor.plant.edges.values() if edge.reverse_id)
    headers = {"Roundsman-Operator": "An%20n%20%E7%8E%8B"}
    answer = await room.post(f"edges/{edge_id}/close", json={"reason": "scaffold", "for_s": 60}, headers=headers)

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"subject": edge_id, "text": f"edge {edge_id} is closed", "confirm_token": ""}
    closed = {row["edge_id"]: row for row in await room.read("edges") if row["is_closed"]}
    assert len(closed) == 2
    assert (closed[edge_id]["reason"], closed[edge_id]["source"]) == ("scaffold", "An n 王")
    assert closed[edge_id]["until_s"] == room.floor.now_s + 60

    assert (await room.post(f"edges/{edge_id}/open", json={})).status_code == 200
    assert [row for row in await room.read("edges") if row["is_closed"]] == []


async def test_a_mission_lives_from_its_creation_to_its_end(room: Room):
    """A mission is created, paused, resumed and ended over REST, each step with its state in the list."""
    made = await room.post("missions", json={"point_ids": ["W-red"], "name": "after the storm", "priority": 70})
    name = made.json()["subject"]

    async def state() -> str:
        return (await room.read(f"missions/{name}"))["state"]

    assert (await room.read("missions"))[0]["priority"] == 70
    await room.post(f"missions/{name}/pause", json={})
    assert await state() == "paused"
    await room.post(f"missions/{name}/resume", json={})
    assert await state() in ("waiting", "running")
    await room.post(f"missions/{name}/cancel", json={"reason": "the storm is over"})
    assert await state() == "cancelled"
    again = await room.post(f"missions/{name}/rerun-failed", json={})
    assert (await room.read(f"missions/{again.json()['subject']}"))["name"] == "after the storm again"


async def test_the_same_key_acts_once_and_is_refused_for_something_else(room: Room):
    """A repeated request is answered as before and does nothing more; its key isn't taken for another request."""
    headers = {"Idempotency-Key": "k1", "Roundsman-Operator": "ann"}
    body = {"point_ids": ["W-red"]}
    first = await room.post("missions", json=body, headers=headers)
    second = await room.post("missions", json=body, headers=headers)

    assert first.json() == second.json()
    assert len(await room.read("missions")) == 1
    assert [(record.principal, record.idempotency_key) for record in room.audit()] == [("ann", "k1")]

    other = await room.post("robots/stop", json={}, headers=headers)
    assert other.status_code == 422
    assert other.json()["error"]["code"] == "key_reused"
    assert not (await room.read("robots"))[0]["is_stopped"]


async def test_everybody_stops_and_goes_on_with_a_reason(room: Room):
    """Stopping all needs no reason, resuming does."""
    assert (await room.post("robots/stop", json={})).status_code == 200
    assert room.inbox.seen[-1].command == StopRobots((), "")
    assert (await room.read("robots/a"))["is_stopped"]

    refused = await room.post("robots/resume", json={"reason": "  "})
    assert refused.status_code == 400
    assert refused.json()["error"]["field"] == "reason"
    assert (await room.post("robots/resume", json={"reason": "all clear", "robot_ids": ["a"]})).status_code == 200
    assert not (await room.read("robots/a"))["is_stopped"]


async def test_placing_and_removing_a_robot_takes_two_steps(room: Room):
    """What could hurt happens only when it is sent again with the token that was asked back."""
    asked = (await room.post("robots/a/place", json={"node_id": "hw1"})).json()
    assert asked["confirm_token"]
    done = await room.post("robots/a/place", json={"node_id": "hw1", "confirm_token": asked["confirm_token"]})
    assert (done.status_code, done.json()["confirm_token"]) == (200, "")

    asked = (await room.post("robots/a/remove", json={})).json()
    wrong = await room.post("robots/a/remove", json={"confirm_token": "nonsense"})
    assert wrong.status_code == 409
    await room.post("robots/a/remove", json={"confirm_token": asked["confirm_token"]})
    assert await room.read("robots") == []


async def test_an_alarm_is_acknowledged_and_shelved(room: Room):
    """A lost robot's alarm is seen by a person, and can be hidden for a while with a reason."""
    room.floor.cut(room.floor.puppets["a"])  # type: ignore[index]
    room.floor.run(60)
    room.show()
    alarm = (await room.read("alarms"))[0]
    path = f"alarms/{alarm['alarm_id']}"

    await room.post(f"{path}/acknowledge", json={"comment": "on my way"}, headers={"Roundsman-Operator": "ann"})
    seen = (await room.read("alarms"))[0]
    assert (seen["is_acknowledged"], seen["acknowledged_by"]) == (True, "ann")

    refused = await room.post(f"{path}/shelve", json={"shelve_for_s": 0, "comment": "x"})
    assert "at most 604800" in refused.json()["error"]["text"]
    await room.post(f"{path}/shelve", json={"shelve_for_s": 60, "comment": "known"})
    assert (await room.read("alarms"))[0]["shelved_until_s"] == room.floor.now_s + 60


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "says"),
    [
        ("missions", {"point_ids": []}, 400, "point_ids", "1 to 10000"),
        ("missions", {"point_ids": ["<b>"]}, 400, "point_ids[0]", "<b>"),
        ("missions", {"point_ids": ["W-red"], "prioritty": 5}, 400, "prioritty", "extra"),
        ("missions", {"point_ids": ["W-red"], "priority": 101}, 400, "priority", "101"),
        ("missions", {"point_ids": ["W-red"], "priority": "7"}, 400, "priority", "'7'"),
        ("missions", {}, 400, "point_ids", "required"),
        ("missions", {"point_ids": ["nowhere"]}, 404, "", "nowhere"),
        ("edges/nowhere/close", {"reason": "x"}, 404, "", "nowhere"),
        ("edges/nowhere/close", {"reason": ""}, 400, "reason", "must be given to close"),
        ("edges/nowhere/close", {"reason": "x" * 201}, 400, "reason", "at most 200"),
        ("edges/-x/open", {}, 400, "edge_id", "-x"),
        ("missions/m9/pause", {}, 404, "", "m9"),
        ("robots/stop", {"robot_ids": ["zz"]}, 404, "", "zz"),
    ],
)
async def test_a_mistake_is_named_with_its_value_and_rule(
    room: Room, path: str, body: dict[str, object], status: int, field: str, says: str
):
    """A wrong request changes nothing, and says which field, which value and which rule."""
    answer = await room.post(path, json=body)

    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (status, field)
    assert says in error["text"]


async def test_bad_json_is_refused_with_one_line(room: Room):
    """What isn't JSON is refused before anything happens."""
    answer = await room.client.post(
        "/api/v1/robots/stop", content=b"{reason: smoke", headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert room.inbox.seen == []


async def test_a_request_without_a_durable_answer_says_that_nobody_knows(tmp_path):
    """When the journal hangs, the operator is told to send it again with the same key, not that it failed."""
    with room(tmp_path, answer_within_s=0.05) as silent:
        silent.inbox.is_silent = True
        answer = await silent.client.post("/api/v1/robots/stop", json={"reason": "smoke"})

        assert answer.status_code == 503
        assert "same key" in answer.json()["error"]["text"]
