"""Which types the robots of a fleet are, when only shares are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coordinator.model.ids import RobotTypeId


def mix_types(shares: Mapping[RobotTypeId, int], count: int) -> list[RobotTypeId]:
    """
    Types of so many robots by shares, spread evenly: the first few are a mixture, too.

    Args:
        shares: Sorted by type, at least one, each 1 or more.
    """
    given = dict.fromkeys(shares, 0)
    types = []
    for _ in range(count):
        type_id = min(shares, key=lambda t: ((given[t] + 0.5) / shares[t], t))
        given[type_id] += 1
        types.append(type_id)
    return types
