"""What a robot's disk remembers between starts: its boots, the highest epoch, the latch."""

from __future__ import annotations

import json
import os
from pathlib import Path

from agent.facts import Identity, Memory
from agent.sqlite_spool import sync_directory
from agent.states import Latch


class IdentityError(Exception):
    """The file of the robot's memory can't be used; a person must look, since a lost latch is a lost stop."""


class IdentityFile:
    """
    One small JSON file, replaced whole.

    Raises:
        IdentityError: It can't be read or written, or belongs to another robot.
    """

    def __init__(self, path: Path, robot_id: str) -> None:
        """Read the file and note one more boot, durably."""
        self._path = path
        self._robot_id = robot_id
        self.memory = Memory()
        boot_id = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists():
                boot_id = self._read(path.read_text("utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IdentityError(f"{path} isn't a robot's memory: {error}") from error
        self.identity = Identity(robot_id, boot_id + 1)
        self.persist(self.memory)

    def _read(self, text: str) -> int:
        kept = json.loads(text)
        if kept["robot_id"] != self._robot_id:
            raise ValueError(f"it belongs to robot {kept['robot_id']}, not {self._robot_id}")
        self.memory = Memory(int(kept["epoch"]), int(kept["command_id"]), Latch(kept["latch"]))
        return int(kept["boot_id"])

    def persist(self, memory: Memory) -> None:
        """Write the memory; returns when it is durable."""
        kept = {
            "robot_id": self._robot_id,
            "boot_id": self.identity.boot_id,
            "epoch": memory.epoch,
            "command_id": memory.command_id,
            "latch": memory.latch.value,
        }
        part = self._path.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                json.dump(kept, file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
            sync_directory(self._path.parent)
        except OSError as error:
            raise IdentityError(f"{self._path} can't be written: {error}") from error
        self.memory = memory
