"""
Compile the planners ahead of their first use: `python -m coordinator.runtime.warm_up`.

`roundsman serve` compiles what isn't yet at its first start, and loads it at later ones. Who builds an image, or
installs for others, runs this once instead.
"""

from __future__ import annotations

from coordinator.assignment import assign
from coordinator.traffic import warm_up


def main() -> None:
    """Plan something small with each."""
    assign.warm_up()
    warm_up.warm_up()


if __name__ == "__main__":
    main()
