"""
The process that reads the past: folding a shift costs seconds of CPU, which the coordinator's own process doesn't have.

`python -m coordinator.runtime.history_worker JOURNAL PLANT FROM_S TO_S STEP_S` prints JSON lines: `{"at_s", "board"}`,
where `board` is what changed, in the form of the dashboard's WebSocket; or `{"error"}`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from coordinator.fleet.codec import UnknownRecordError
from coordinator.plant.parse import parse_plant
from coordinator.runtime.history import past_pictures
from coordinator.store.errors import StoreError
from coordinator.store.glance import read_entries
from coordinator.web.board import Board


def main(arguments: list[str]) -> None:
    """Print the changes of a time that is over; robots' traffic goes before it."""
    os.nice(10)
    journal, plant_file = Path(arguments[0]), Path(arguments[1])
    from_s, to_s, step_s = (float(number) for number in arguments[2:5])
    plant = parse_plant(plant_file.read_text(encoding="utf-8"), source=str(plant_file))
    board, known = Board(plant), 0
    try:
        for picture in past_pictures(read_entries(journal), plant, from_s=from_s, to_s=to_s, step_s=step_s):
            board.update(picture)
            if board.number != known:
                print(f'{{"at_s":{picture.now_s},"board":{board.changes(known)}}}')  # noqa: T201 - its only output
                known = board.number
    except (StoreError, UnknownRecordError) as error:
        print(json.dumps({"error": str(error)}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
