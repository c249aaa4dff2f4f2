"""Child processes that never outlive their parent, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

TERMINATE_S = 8.0


class Child:
    """
    A `roundsman` command in a process of its own.

    It has a session of its own, so that Ctrl-C reaches the parent alone, which ends its children in order.
    A pipe from the parent is its standard input, and it ends when that closes: also after `kill -9`.
    """

    def __init__(self, name: str, process: subprocess.Popen[bytes], log_path: Path) -> None:
        self.name = name
        self._process = process
        self._log_path = log_path

    @classmethod
    def start(cls, name: str, arguments: Sequence[str], log_path: Path) -> Child:
        """Start `roundsman ARGUMENTS --until-stdin-closes`, its output into a file."""
        with log_path.open("wb") as log:
            process = _popen([sys.executable, "-m", "coordinator.cli", *arguments, "--until-stdin-closes"], log)
        return cls(name, process, log_path)

    @property
    def is_running(self) -> bool:
        """Whether it hasn't ended yet."""
        return self._process.poll() is None

    @property
    def last_words(self) -> str:
        """The last line it printed."""
        lines = self._log_path.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def wait(self, *, timeout_s: float) -> None:
        """Wait until it ends by itself. Raises subprocess.TimeoutExpired."""
        self._process.wait(timeout_s)

    def stop(self) -> None:
        """End it: politely, and after a while by force."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(TERMINATE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _popen(command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )


def end_with_stdin() -> None:
    """Let this process get SIGTERM as soon as its standard input closes."""

    def wait() -> None:
        # The raw descriptor: a reader of sys.stdin would hold its lock while the interpreter ends.
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="end-with-stdin", daemon=True).start()
