"""
Run many seeds: `python -m tests.campaign 0 10000`.

Prints each run that went wrong and, as its last line, one JSON object; fails when there was any.
"""

from __future__ import annotations

import argparse
import json
import sys

from tests.campaign.campaign import run


def main() -> int:
    """Run the seeds of the command line, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description="Random plants, fleets, histories.")
    parser.add_argument("first", type=int, help="first seed")
    parser.add_argument("end", type=int, help="seed after the last one")
    options = parser.parse_args()
    broken = starved = visits = 0
    longest_s = 0.0
    for seed in range(options.first, options.end):
        try:
            outcome = run(seed)
        except AssertionError as error:
            broken += 1
            print(f"seed {seed}: {error}", flush=True)
            continue
        visits += outcome.visits
        longest_s = max(longest_s, outcome.longest_wait_s)
        if not outcome.is_good:
            starved += 1
            print(f"seed {seed}: {outcome}", flush=True)
    runs = options.end - options.first
    print(json.dumps({"runs": runs, "broken": broken, "starved": starved, "visits": visits, "longest_s": longest_s}))
    return 1 if broken or starved else 0


sys.exit(main())
