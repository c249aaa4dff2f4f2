"""The dashboard's files: complete, small, in every language, and nothing of them from elsewhere."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from coordinator.web.pages import FOLDER
from tests.coordinator.web.rig import Room

OWN = [
    path for path in sorted(FOLDER.rglob("*")) if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts
]
KEY = re.compile(r'^  "([^"]+)": "(.*)",$', re.MULTILINE)


def _words(language: str) -> dict[str, str]:
    return dict(KEY.findall((FOLDER / "words" / f"{language}.js").read_text(encoding="utf-8")))


async def test_every_file_that_a_page_asks_for_is_served(room: Room):
    """Imports, scripts, styles and icons of the pages are all there, with their right types."""
    for page in ("/", "/api/docs"):
        answer = await room.client.get(page)
        assert answer.status_code == 200
        assert "text/html" in answer.headers["content-type"]
        for address in re.findall(r'"(/static/[^"]+)"', answer.text):
            assert (await room.client.get(address)).status_code == 200, address
    for path in OWN:
        if path.suffix == ".js":
            for name in re.findall(r'from "(\.[^"]+)"', path.read_text()):
                assert (path.parent / name).resolve().is_file(), f"{path.name} imports {name}"
    script = await room.client.get("/static/vendor/preact.mjs")
    assert script.headers["content-type"].startswith("text/javascript")
    assert (await room.client.get("/favicon.ico", follow_redirects=True)).status_code == 200


async def test_no_path_reaches_the_disk(room: Room):
    """Only the files of the dashboard are served, whatever the path says."""
    for name in ("../pages.py", "..%2fpages.py", "%2e%2e/%2e%2e/cli/app.py", "/etc/passwd", "js/", ""):
        assert (await room.client.get(f"/static/{name}")).status_code == 404


async def test_browsers_keep_files_until_they_change(room: Room):
    """A file is sent once, packed; later the browser only asks whether it changed."""
    first = await room.client.get("/static/room.css")
    assert first.headers["content-encoding"] == "gzip"
    again = await room.client.get("/static/room.css", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = await room.client.get("/static/room.css", headers={"accept-encoding": "identity"})
    assert plain.content == (FOLDER / "room.css").read_bytes()


def test_nothing_comes_from_outside_the_plant():
    """No page, script or style of ours names an address on the internet."""
    for path in OWN:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]{2,}", text), path


async def test_a_page_may_run_nothing_but_its_own_files(room: Room):
    """The browser is told to run no script of another place, and none inside the page but the import map."""
    policy = (await room.client.get("/")).headers["content-security-policy"]
    scripts = next(part for part in policy.split(";") if "script-src" in part)

    assert "unsafe" not in scripts
    assert scripts.count("sha256-") == 1
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'" in policy


def test_the_page_stays_light():
    """The first load is at most 150 kB packed."""
    first = [path for path in OWN if path.name not in ("api.html", "api.js")]
    first += [
        FOLDER / "vendor" / name for name in ("preact.mjs", "hooks.mjs", "htm.mjs", "signals.mjs", "signals-core.mjs")
    ]
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in first) <= 150_000


def test_both_languages_have_every_word():
    """English and Chinese have the same keys, the same blanks to fill in, and every key that the page uses."""
    english, chinese = _words("en"), _words("zh")
    used = {key for path in OWN for key in re.findall(r'\bt\("([^"]+)"', path.read_text(encoding="utf-8"))}

    assert list(english) == list(chinese)
    assert used - set(english) == set()
    for key, text in english.items():
        assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key
        assert text
        assert chinese[key]


def test_what_others_wrote_is_named_with_its_licence():
    """Each vendored file is listed with package, version and licence, and the licence's text is beside it."""
    vendor = FOLDER / "vendor"
    listed = (vendor / "VENDORED.txt").read_text()
    for path in vendor.iterdir():
        if path.is_file() and path.name != "VENDORED.txt":
            assert path.name.split(".")[0].split("-bundle")[0] in listed, path.name
    for name in ("preact", "htm", "signals", "uplot", "swagger-ui"):
        assert Path(vendor / "licenses" / f"{name}.txt").stat().st_size > 500
