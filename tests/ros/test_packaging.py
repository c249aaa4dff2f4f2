"""What an installation puts where ROS 2 looks, and that it starts from there with the line launch makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.plant_rig import ROOT

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv*", "build", "*.egg-info", "__pycache__", ".*_cache", "tests", "benchmarks"
)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Roundsman as a wheel, installed below a folder of its own."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT, folder / "source", ignore=LEFT_OUT, symlinks=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source")]
    subprocess.run(wheel, check=True, capture_output=True, timeout=300)
    (built,) = folder.glob("roundsman-*.whl")
    install = [*pip, "install", "--no-deps", "--ignore-installed", "--prefix", str(folder / "prefix"), str(built)]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    return folder / "prefix"


def test_an_installation_has_the_marker_the_manifest_and_the_launch_files(prefix: Path):
    """`ros2 launch roundsman robot_agent.launch.py` finds the package, its files and its executables."""
    share = prefix / "share"

    assert (share / "ament_index" / "resource_index" / "packages" / "roundsman").is_file()
    assert (share / "roundsman" / "package.xml").is_file()
    for source in (ROOT / "launch").iterdir():
        assert (share / "roundsman" / "launch" / source.name).read_bytes() == source.read_bytes()
    for name in ("robot_agent", "simulated_robots"):
        assert os.access(prefix / "lib" / "roundsman" / name, os.X_OK)


def test_the_executable_starts_the_agent_with_the_line_that_launch_makes(prefix: Path, tmp_path: Path):
    """Started as launch starts it, it is the agent, and says which parameter is missing."""
    params = tmp_path / "params.yaml"
    params.write_text("/**:\n  ros__parameters:\n    robot_type: ranger\n")
    line = [str(prefix / "lib" / "roundsman" / "robot_agent"), "--ros-args", "--log-level", "info", "--ros-args"]
    line += ["-r", "__node:=robot_agent", "-r", "__ns:=/r1", "--params-file", str(params)]
    packages = next(prefix.glob("lib/python*/site-packages"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(packages)}
    ended = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120)

    assert ended.returncode == 1
    assert "parameter robot_id is '': must be given" in ended.stderr
    assert "Traceback" not in ended.stderr
