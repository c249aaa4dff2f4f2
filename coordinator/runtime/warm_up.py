"""
Compile the planners ahead of their first use: `python -m coordinator.runtime.warm_up`.

`roundsman serve` and `roundsman plan` compile what they need and isn't yet at their first start, and load it at later
ones. Who builds an image, or installs for others, runs this once instead.
"""

from __future__ import annotations

from coordinator.assignment import assign
from coordinator.assignment.template import template
from coordinator.traffic import warm_up


def main() -> None:
    """Plan something small with each."""
    assign.warm_up()
    warm_up.warm_up()
    template.warm_up()


if __name__ == "__main__":
    main()
