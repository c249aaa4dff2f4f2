"""Processes that the demo starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from coordinator.cli.children import Child

ROOT = Path(__file__).parents[3]


def test_a_child_ends_when_its_parent_is_gone():
    """However a parent ends, closing its pipe ends the child: nothing is left behind."""
    code = (
        "import threading; from coordinator.cli.children import end_with_stdin; end_with_stdin();"
        "print('up', flush=True); threading.Event().wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"up\n"
        assert process.poll() is None

        process.stdin.close()
        assert process.wait(timeout=20) != 0


def test_a_child_that_fails_leaves_its_last_words(tmp_path: Path):
    """When a child ends by itself, the parent can say why."""
    child = Child.start("coordinator", ["serve", "--plant", "nowhere"], tmp_path / "log")
    child.wait(timeout_s=30)

    assert not child.is_running
    assert "nowhere" in child.last_words
    child.stop()
