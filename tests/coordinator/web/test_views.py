"""What REST shows is the coordinator's picture, and OpenAPI tells its shape."""

from __future__ import annotations

import hashlib

from tests.coordinator.web.rig import Room, observation

PICTURE = b"\x89PNG not really"


async def test_the_fleet_is_what_the_core_says(room: Room):
    """Robots, points and totals over REST are those of the snapshot."""
    snapshot = room.floor.fleet.snapshot(room.floor.now_s)
    fleet = await room.read("fleet")

    assert [robot["robot_id"] for robot in fleet["robots"]] == ["a"]
    assert fleet["robots"][0]["home"] == snapshot.robots[0].home
    assert fleet["robots"][0]["link"] == "live"
    assert fleet["points"][0]["age_ratio"] == snapshot.points[0].age_ratio
    assert fleet["totals"]["visits_count"] == snapshot.totals.visits_count
    assert (await room.read("points")) == fleet["points"]
    assert (await room.read("robots/a")) == fleet["robots"][0]
    assert (await room.read("traffic?robot_id=a"))["robot_ids"] == ["a"]
    assert (await room.read("plant"))["yaml"] == "plant_id: tiny"


async def test_what_is_unknown_is_named(room: Room):
    """Asking for something that isn't there says what it was."""
    for path in ("robots/zz", "missions/zz", "traffic?robot_id=zz"):
        answer = await room.client.get(f"/api/v1/{path}")
        assert answer.status_code == 404
        assert "zz" in answer.json()["error"]["text"]


async def test_observations_come_newest_first_and_by_point(room: Room):
    """The trend of a point is the list of its values."""
    room.store("a", observation(1, value=1.0))
    room.store("a", observation(2, value=2.0))
    room.store("b", observation(1, value=None, point_id="E-red"))

    found = await room.read("observations?point_id=W-red&limit=10")
    assert [row["observation"]["value"] for row in found] == [2.0, 1.0]
    assert [row["robot_id"] for row in await room.read("observations?robot_id=b")] == ["b"]
    answer = await room.client.get("/api/v1/observations?limit=1001")
    assert (answer.status_code, answer.json()["error"]["field"]) == (400, "limit")


async def test_a_picture_is_shown_and_anything_else_is_a_download(room: Room):
    """A robot can't smuggle in a page: only pictures and sounds are shown by the browser."""
    sha = hashlib.sha256(PICTURE).hexdigest()
    upload = room.blobs.begin(sha, len(PICTURE), owner="a")
    room.blobs.finish(room.blobs.append(upload, 0, PICTURE))

    shown = await room.client.get(f"/api/v1/blobs/{sha}?media_type=image/png")
    assert (shown.content, shown.headers["content-type"]) == (PICTURE, "image/png")
    assert "content-disposition" not in shown.headers
    page = await room.client.get(f"/api/v1/blobs/{sha}?media_type=text/html")
    assert page.headers["content-type"] == "application/octet-stream"
    assert "attachment" in page.headers["content-disposition"]
    for name in ("0" * 64, "..%2f..%2fjournal.sqlite3", "x"):
        assert (await room.client.get(f"/api/v1/blobs/{name}")).status_code == 404


async def test_openapi_tells_every_path_and_its_shape(room: Room):
    """A program finds each request, its body and its answer described."""
    api = (await room.client.get("/api/openapi.json")).json()

    for path, methods in api["paths"].items():
        for method, what in methods.items():
            assert what.get("summary"), f"{method} {path}"
            content = what["responses"]["200"].get("content", {})
            assert "blobs" in path or "history" in path or content["application/json"]["schema"], (
                f"{method} {path} doesn't tell its answer"
            )
    assert "RobotView" in api["components"]["schemas"]
    assert api["paths"]["/api/v1/edges/{edge_id}/close"]["post"]["responses"]["409"]


async def test_the_past_is_told_line_by_line(room: Room):
    """A shift is asked for by its beginning and end, at most a day, one reader at a time."""
    answer = await room.client.get("/api/v1/history?from_s=100&to_s=200&step_s=5")
    assert (answer.status_code, answer.text) == (200, room.history.told[0].decode())
    assert room.history.asked == [(100.0, 200.0, 5.0)]

    for span in ("from_s=200&to_s=100", "from_s=100&to_s=100", "from_s=0&to_s=90000", "from_s=nan&to_s=5"):
        wrong = await room.client.get(f"/api/v1/history?{span}")
        assert wrong.status_code == 400, span
    room.history.is_busy = True
    busy = await room.client.get("/api/v1/history?from_s=100&to_s=200")
    assert (busy.status_code, busy.json()["error"]["code"]) == (429, "busy")


async def test_health_and_readiness_differ_while_the_disk_is_full(room: Room):
    """A coordinator that can't journal lives, but isn't ready; one whose core hangs is to be restarted."""
    assert (await room.client.get("/healthz")).status_code == 200
    assert (await room.client.get("/readyz")).status_code == 200

    room.is_stalled = True
    assert (await room.client.get("/healthz")).status_code == 200
    stalled = await room.client.get("/readyz")
    assert (stalled.status_code, stalled.json()["is_good"]) == (503, False)
    assert "journal" in stalled.json()["problems"][0]

    room.late_s = 11.0
    assert (await room.client.get("/healthz")).status_code == 503


async def test_the_drawing_has_all_that_the_map_shows(room: Room):
    """Nodes, ways and points of the plant are in the drawing, and it isn't sent twice."""
    drawing = await room.client.get("/api/v1/drawing")
    plant = room.floor.plant

    assert {node["node_id"] for node in drawing.json()["nodes"]} == set(plant.nodes)
    assert {edge["edge_id"] for edge in drawing.json()["edges"]} == set(plant.edges)
    assert {point["point_id"] for point in drawing.json()["points"]} == set(plant.points)
    again = await room.client.get("/api/v1/drawing", headers={"if-none-match": drawing.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
