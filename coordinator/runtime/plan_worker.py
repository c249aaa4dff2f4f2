"""
The planner's process: problems in by standard input, plans out by standard output, one after the other.

Frames are a length (8 bytes, big endian) and a pickle; both ends are this program. The first frame out is empty: all is
compiled or loaded, so that no plan waits for it. Later an empty frame is a problem that could not be planned.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import traceback
from typing import BinaryIO

LENGTH = struct.Struct(">Q")


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Plan until the input ends."""
    from coordinator.assignment.assign import plan, warm_up

    warm_up()
    target.write(LENGTH.pack(0))
    target.flush()
    while len(head := source.read(LENGTH.size)) == LENGTH.size:
        problem = pickle.loads(source.read(LENGTH.unpack(head)[0]))
        try:
            answer = pickle.dumps(plan(problem), protocol=pickle.HIGHEST_PROTOCOL)
        except Exception:  # noqa: BLE001 - a planner's bug costs this plan, not the process.
            traceback.print_exc(file=sys.stderr)
            answer = b""
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


def main() -> None:
    """Keep standard output for answers: whatever else is printed goes to standard error."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        serve(sys.stdin.buffer, answers)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
