"""
Chance inside kernels: the same numbers compiled or not, from a state that is an array of one number.

Source:
    Park and Miller, "Random number generators: good ones are hard to find", CACM 31(10), 1988: the minimal standard
    generator with multiplier 48271.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coordinator.compiled import compiled

MODULUS = 2147483647

Chance = npt.NDArray[np.int64]
"""(1,) state of a generator, in [1, MODULUS)."""


def seeded(seed: int) -> Chance:
    """A generator; its first numbers are thrown away since close seeds begin alike."""
    chance = np.array([seed % (MODULUS - 1) + 1], dtype=np.int64)
    for _ in range(8):
        draw(chance, 2)
    return chance


@compiled
def draw(chance: Chance, limit: int) -> int:
    """A number in [0, limit), limit far below MODULUS."""
    chance[0] = chance[0] * 48271 % MODULUS
    return int(chance[0] % limit)


@compiled
def draw_ratio(chance: Chance) -> float:
    """A number in [0, 1)."""
    chance[0] = chance[0] * 48271 % MODULUS
    return float(chance[0] - 1) / (MODULUS - 1)


@compiled
def shuffle(chance: Chance, values: npt.NDArray[np.int32], count: int) -> None:
    """Bring the first `count` values into an order of equal chance (Fisher and Yates)."""
    for i in range(count - 1, 0, -1):
        j = draw(chance, i + 1)
        values[i], values[j] = values[j], values[i]
