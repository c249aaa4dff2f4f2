"""The traffic kernels: compiled or not they give the same, and nothing is left to compile after the start."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.coordinator.traffic.floor import history

FORMS = """
from coordinator.traffic import holds, interval_search, retiming, turns
from coordinator.traffic.warm_up import warm_up
from tests.coordinator.traffic.floor import history
def forms():
    kernels = [each for module in (holds, interval_search, retiming, turns) for each in vars(module).items()]
    return {name: kernel.signatures for name, kernel in kernels if hasattr(kernel, "signatures")}
warm_up()
warm = forms()
assert warm["visit"] and warm["refresh"], warm
history(1, turns=20)
assert forms() == warm, forms()
"""


def _run(program: str, **environment: str) -> str:
    """What a Python program prints that runs by itself."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compiled_or_not_robots_drive_the_same():
    """Plans, turns and times are those of the source as it reads, to the last bit."""
    program = "from tests.coordinator.traffic.floor import history; print(history(5, turns=25), end='')"

    assert _run(program, NUMBA_DISABLE_JIT="1") == history(5, turns=25)


def test_everything_is_compiled_before_the_first_robot_drives():
    """After the warm-up no plan waits for the compiler: every kernel has the one form the warm-up gave it."""
    _run(FORMS)
