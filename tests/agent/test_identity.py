"""What a robot remembers when it is switched on again."""

from __future__ import annotations

import pytest

from agent.facts import Memory
from agent.identity import IdentityError, IdentityFile
from agent.states import Latch


def test_every_start_is_a_new_boot_and_nothing_else_changes(tmp_path):
    """A robot that was stopped is stopped after the restart, and knows which coordinator is the newest."""
    path = tmp_path / "memory.json"
    first = IdentityFile(path, "spot-1")
    first.persist(Memory(epoch=7, command_id=12, latch=Latch.STOPPED))
    second = IdentityFile(path, "spot-1")

    assert (first.identity.boot_id, second.identity.boot_id) == (1, 2)
    assert second.memory == Memory(epoch=7, command_id=12, latch=Latch.STOPPED)


def test_memory_of_another_robot_is_refused(tmp_path):
    """A disk moved to another robot doesn't make it that robot."""
    IdentityFile(tmp_path / "memory.json", "spot-1")

    with pytest.raises(IdentityError, match="belongs to robot spot-1, not spot-2"):
        IdentityFile(tmp_path / "memory.json", "spot-2")


def test_damaged_memory_is_refused(tmp_path):
    """A lost stop is never taken for no stop."""
    path = tmp_path / "memory.json"
    path.write_text("{")

    with pytest.raises(IdentityError, match="isn't a robot's memory"):
        IdentityFile(path, "spot-1")
