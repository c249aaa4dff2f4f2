"""
The control room as an operator uses it: headless Chromium, a real coordinator, simulated robots.

Needs a Chromium on the machine (Debian: apt-get install chromium), or its path in ROUNDSMAN_CHROMIUM; `make test`
installs one where it may.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect, sync_playwright

from tests.e2e.plant_rig import Robots, Server, brisk_plant, free_ports, running, wait_until

CHROMIUM = os.environ.get("ROUNDSMAN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
ROBOT_COUNT = 4
WITHIN_MS = 60_000
PAGES = ("map", "robots", "robots/sim-01", "missions", "missions/new", "rounds", "alarms", "observations", "traffic")
HOSTILE = '<img src=x onerror="window.hacked=1">{{7*7}}${7*7}</script>'

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium, or ROUNDSMAN_CHROMIUM")


@dataclass
class Room:
    """A page on a plant at work, and what went wrong on it."""

    page: Page
    server: Server
    robots: Robots
    address: str
    lines: list[WebSocketRoute] = field(default_factory=list)
    stopped_s: float = 0.0
    errors: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def go(self, page: str) -> None:
        """Show a page of the control room."""
        self.page.goto(f"{self.address}#/{page}")
        expect(self.page.locator("main h1, main canvas").first).to_be_visible()

    def read(self, path: str) -> Any:
        """What REST says."""
        return self.page.request.get(f"{self.address}api/v1/{path}").json()

    def button(self, name: str) -> Any:
        """The button of a name within the main part, or in a window."""
        return self.page.get_by_role("button", name=name, exact=True)

    def give_reason(self, text: str, action: str) -> None:
        """Fill in the window that asks why, and go on."""
        window = self.page.get_by_role("dialog")
        window.get_by_label("Reason").fill(text)
        window.get_by_role("button", name=action, exact=True).click()
        expect(window).to_have_count(0)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """The demo plant with four quick robots, and a browser that watches them."""
    folder = tmp_path_factory.mktemp("room")
    plant = folder / "plant.yaml"
    brisk_plant("demo", plant)
    ports = free_ports(3)
    server = Server(folder, plant, ports[:2], more=("--http", f"127.0.0.1:{ports[2]}"))
    robots = Robots(folder, plant, server, ROBOT_COUNT, seed=5)
    with ExitStack() as stack:
        stack.enter_context(running(server, robots))
        server.start()
        robots.start()
        browser = stack.enter_context(sync_playwright()).chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        stack.callback(browser.close)
        page = browser.new_page(viewport={"width": 1366, "height": 850}, locale="en-GB")
        page.set_default_timeout(WITHIN_MS)
        expect.set_options(timeout=WITHIN_MS)
        made = Room(page, server, robots, f"http://127.0.0.1:{ports[2]}/")
        page.on("pageerror", lambda error: made.errors.append(str(error)))
        page.on("console", lambda said: made.errors.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: made.hosts.add(request.url.split("/")[2]))
        page.route_web_socket("**/api/v1/live", lambda line: (made.lines.append(line), line.connect_to_server()))
        made.go("map")
        expect(page.get_by_text(f"{ROBOT_COUNT}/{ROBOT_COUNT}")).to_be_visible()
        yield made
        # Whatever was done on the way: no script failed, and nothing was asked of anybody outside.
        assert made.errors == []
        assert made.hosts == {f"127.0.0.1:{ports[2]}"}


def _planned_edge(room: Room) -> str:
    """An alley that a robot is about to take, but wasn't released to yet."""

    def find() -> str | None:
        for robot in room.read("robots"):
            for step in robot["horizon"]:
                name = (step["edge_id"] or "").removesuffix(".r")
                if re.fullmatch(r"(alley|rack)-\d--(alley|rack)-\d", name):
                    return name
        return None

    found: str = wait_until(find, "a robot that plans to go through an alley")
    return found


def test_a_clicked_edge_closes_and_robots_take_another_way(room: Room):
    """An operator clicks a way on the map and closes it; robots that were to take it change their routes."""
    room.go("map")
    edge_id = _planned_edge(room)
    search = room.page.get_by_role("combobox", name="Find robot")
    search.fill(edge_id)
    search.press("Enter")
    expect(room.page.get_by_role("heading", name=edge_id)).to_be_visible()
    canvas = room.page.locator("canvas")
    canvas.press("Escape")
    expect(room.page.get_by_role("heading", name=edge_id)).to_have_count(0)
    # The search left the edge in the middle.
    box = canvas.bounding_box()
    assert box is not None
    canvas.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(room.page.get_by_role("heading", name=edge_id)).to_be_visible()

    room.button("Close edge").click()
    room.give_reason("scaffold", "Close edge")

    expect(room.page.get_by_text("closed", exact=True).first).to_be_visible()
    closed = {row["edge_id"]: row for row in room.read("edges") if row["is_closed"]}
    assert set(closed) == {edge_id, f"{edge_id}.r"}
    assert closed[edge_id]["reason"] == "scaffold"
    wait_until(lambda: dict(room.read("fleet")["totals"]["replans_by_reason"]).get("closure"), "a changed route")
    visits = room.read("fleet")["totals"]["visits_count"]
    wait_until(lambda: room.read("fleet")["totals"]["visits_count"] > visits, "a visit in spite of the closure")

    room.button("Open edge").click()
    expect(room.page.get_by_text("open", exact=True).first).to_be_visible()
    assert not [row for row in room.read("edges") if row["is_closed"]]


def test_everybody_stops_and_goes_on(room: Room):
    """One button stops the fleet from every page; it goes on only with a reason."""
    room.go("robots")
    room.button("Stop all").click()
    room.page.get_by_role("dialog").get_by_role("button", name="Stop all").click()
    wait_until(lambda: all(robot["is_stopped"] for robot in room.read("robots")), "all robots stopped")
    expect(room.page.locator("td .badge", has_text="stopped")).to_have_count(ROBOT_COUNT)
    room.stopped_s = room.read("fleet")["now_s"]
    # Some seconds of it, for the replay.
    wait_until(lambda: room.read("fleet")["now_s"] > room.stopped_s + 4, "the drill to last")

    room.button("Resume all").click()
    expect(room.page.get_by_role("dialog").get_by_role("button", name="Resume all")).to_be_disabled()
    room.give_reason("the drill is over", "Resume all")
    wait_until(lambda: not any(robot["is_stopped"] for robot in room.read("robots")), "all robots driving again")
    expect(room.page.locator("td .badge", has_text="stopped")).to_have_count(0)


def test_a_replay_shows_what_was(room: Room):
    """The shift is scrubbed to the drill: all robots stand stopped again, and nothing can be changed in the past."""
    room.go("robots")
    room.page.get_by_role("button", name="Replay", exact=True).click()
    room.page.get_by_label("Length").select_option("0.25")
    room.button("Show").click()
    moment = room.page.get_by_role("slider", name="Moment")
    expect(room.page.get_by_text("Loading")).to_have_count(0)
    moment.fill(str(int(room.stopped_s) + 3))
    expect(room.page.locator("td .badge", has_text="stopped")).to_have_count(ROBOT_COUNT)
    room.button("Stop all").click()
    room.page.get_by_role("dialog").get_by_role("button", name="Stop all").click()
    expect(room.page.get_by_text("This is the past")).to_be_visible()
    room.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()

    room.button("Play").click()
    expect(room.page.locator("td .badge", has_text="stopped")).to_have_count(0)
    room.button("Back to now").click()
    expect(moment).to_have_count(0)
    expect(room.page.get_by_text(f"{ROBOT_COUNT}/{ROBOT_COUNT}")).to_be_visible()


def test_a_mission_is_made_of_picked_points(room: Room):
    """Points are picked from the list by keyboard, and the mission is sent out and ended."""
    room.go("missions/new")
    for name in ("V-201", "P-101A"):
        room.page.get_by_label("Search").fill(name)
        box = room.page.get_by_role("checkbox", name=name)
        box.focus()
        box.press("Space")
    room.page.get_by_label("Name", exact=True).fill(HOSTILE)
    room.page.get_by_label("Operator").fill(f"Ann {HOSTILE}"[:64])
    room.button("Send out").click()
    expect(room.page.get_by_role("heading", name=HOSTILE)).to_be_visible()

    mission = room.read("missions")[-1]
    assert mission["name"] == HOSTILE
    assert {point["point_id"] for point in mission["points"]} == {"V-201", "P-101A"}
    room.button("End mission").first.click()
    room.give_reason(HOSTILE, "End mission")
    room.go("missions")
    expect(room.page.get_by_role("link", name=HOSTILE)).to_be_visible()
    # Names are texts, wherever they come from.
    room.page.goto(f"{room.address}#/robots/{quote(HOSTILE, safe='')}")
    expect(room.page.get_by_text("isn't known here")).to_be_visible()
    assert room.page.evaluate("window.hacked") is None


def test_an_observation_has_its_trend(room: Room):
    """A value that came in is in the list, and its point has a trend with limits."""

    def measured() -> str | None:
        rows = room.read("observations")
        return next((row["observation"]["point_id"] for row in rows if row["observation"]["value"] is not None), None)

    point = wait_until(measured, "a measured value")
    room.go("observations")
    room.page.get_by_role("link", name=point, exact=True).first.click()
    expect(room.page.locator(".u-over")).to_be_visible()
    expect(room.page.get_by_role("heading", name=re.compile(point))).to_be_visible()


def test_a_broken_line_comes_back_by_itself(room: Room):
    """When the connection breaks the page says so, and goes on when it is back."""
    room.go("rounds")
    before = len(room.lines)
    room.lines[-1].close(code=1011)
    wait_until(lambda: room.page.wait_for_timeout(50) or len(room.lines) > before, "a new line")
    expect(room.page.get_by_role("status").get_by_text("live", exact=True)).to_be_visible()
    expect(room.page.locator("tbody tr")).to_have_count(25)


def test_the_page_speaks_chinese_and_remembers_it(room: Room):
    """Language and theme change at once, and are the same at the next visit."""
    room.go("robots")
    room.page.get_by_label("Language").select_option("zh")
    expect(room.page.get_by_role("heading", name="机器人")).to_be_visible()
    room.page.get_by_role("button", name="深色主题").click()
    room.page.reload()
    expect(room.page.get_by_role("heading", name="机器人")).to_be_visible()
    assert room.page.evaluate("document.documentElement.dataset.theme") == "dark"
    room.page.get_by_label("语言").select_option("en")
    room.page.get_by_role("button", name="Light theme").click()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_people_with_a_screen_reader_or_weak_eyes_can_use_every_page(room: Room, theme: str):
    """Axe finds no serious fault on any page, in either theme."""
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    room.page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
    room.page.evaluate(axe)
    for name in PAGES:
        room.go(name)
        # Colours half way from one to another are nobody's to read.
        room.page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
        found = room.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (fault["id"], [node["html"][:160] for node in fault["nodes"][:3]])
            for fault in found["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert serious == [], f"{theme} {name}"


def test_the_docs_of_the_api_need_no_internet(room: Room):
    """The page with all requests is drawn from files of the coordinator alone."""
    room.page.goto(f"{room.address}api/docs")
    expect(room.page.get_by_text("/api/v1/edges/{edge_id}/close").first).to_be_visible()


def test_an_alarm_is_acknowledged_where_it_shows(room: Room):
    """Robots that fall silent raise alarms on every page; a person acknowledges one, and its name stays with it."""
    room.go("alarms")
    room.page.get_by_label("Operator").fill("Ann")
    room.robots.send(signal.SIGSTOP)
    try:
        expect(room.page.locator(".alarm-strip")).to_be_visible(timeout=60_000)
        row = room.page.get_by_role("row", name=re.compile("robot lost")).first
        subject = row.locator(".name").inner_text()
        row.get_by_role("button", name="Acknowledge").click()
        line = room.page.get_by_role("row", name=re.compile(f"{subject}.*robot lost"))
        expect(line.get_by_text("acknowledged", exact=True)).to_be_visible()
        expect(line.get_by_text("Ann", exact=True)).to_be_visible()
        line.get_by_role("button", name="Shelve").click()
        room.give_reason("its battery is changed", "Shelve")
        expect(line).to_have_count(0)
        alarm = next(alarm for alarm in room.read("alarms") if alarm["subject"] == subject)
        assert alarm["shelved_until_s"] is not None
    finally:
        room.robots.send(signal.SIGCONT)
