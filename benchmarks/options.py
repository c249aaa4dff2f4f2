"""What every benchmark takes on its command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """
    How to run.

    Attributes:
        is_quick: At most 40 s, with less certain figures.
        seed: Of whatever is left to chance.
        data: Folder of data that others provide; None for the usual one.
    """

    is_quick: bool
    seed: int
    data: Path | None = None


def parse_options(name: str, about: str | None, *, has_data: bool = False) -> Options:
    """Read the command line, with `--data` if `has_data`; says why and exits if it is wrong."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {name}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="at most 40 s")
    parser.add_argument("--seed", type=int, default=1, help="of whatever is left to chance (default: 1)")
    if has_data:
        parser.add_argument("--data", type=Path, help="folder of data that others provide")
    parsed = parser.parse_args()
    return Options(bool(parsed.quick), int(parsed.seed), parsed.data if has_data else None)
