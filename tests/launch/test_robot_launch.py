"""The launch files of robots say what they mean: executables are installed, parameters are the node's own."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from agent.ros.parameters import PARAMETERS, SENSOR_PARAMETERS, check
from tests.launch.launch_stub import FOLDER, describe, install

ROOT = FOLDER.parent
# Every ROS 2 node has these.
OF_ALL_NODES = {"use_sim_time"}
KNOWN = {parameter.name for parameter in PARAMETERS} | OF_ALL_NODES


@pytest.fixture(autouse=True)
def _launch(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)


def installed() -> set[str]:
    """Executables that an installation puts where ROS 2 looks."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["data-files"]["lib/roundsman"]
    return {path.name for pattern in patterns for path in ROOT.glob(pattern)}


def test_one_robot_is_one_node_with_the_given_parameters_alone():
    """What isn't given is left to the file of parameters; a name like 7 stays a text."""
    arguments, (node,) = describe("robot_agent.launch.py", robot_id="7", robot_type="ranger", coordinator="c:1")
    _, given = node.options["parameters"]

    assert node.options["executable"] in installed()
    assert node.options["package"] == "roundsman"
    assert node.options["respawn"] is True
    assert set(given) == {"robot_id", "robot_type", "coordinator", "autostart", "use_sim_time"}
    assert given["robot_id"].options["value_type"] is str
    assert set(given) <= KNOWN
    assert arguments["robot_id"] is None


def test_a_namespace_that_ros_would_refuse_is_refused_with_a_reason():
    """A digit at the beginning is an error of ROS 2 far away from its cause."""
    with pytest.raises(ValueError, match="must not begin with a digit"):
        describe("robot_agent.launch.py", robot_id="r", robot_type="t", namespace="7up")


def test_the_xml_file_starts_the_same_node():
    """Who writes launch files in XML gets the same robot."""
    root = ElementTree.parse(FOLDER / "robot_agent.launch.xml").getroot()
    (node,) = root.findall("node")
    declared = {arg.get("name") for arg in root.findall("arg")}
    named = {param.get("name") for param in node.findall("param")} - {None}
    texts = [value for element in root.iter() for value in element.attrib.values()]
    used = {part.split(")")[0] for text in texts for part in text.split("$(var ")[1:]}

    assert node.get("exec") in installed()
    assert named <= KNOWN
    assert used == declared
    assert all(arg.get("description") for arg in root.findall("arg"))


def test_a_simulated_fleet_is_a_coordinator_robots_and_an_agent_each():
    """Every simulated robot has an agent in its namespace, with its name, its type and its size."""
    _, started = describe("sim_fleet.launch.py", plant="demo", robots="3")
    coordinator, simulated, *agents = started

    assert coordinator.options["cmd"][:2] == ["roundsman", "serve"]
    assert simulated.options["executable"] in installed()
    assert simulated.options["parameters"] == [
        {"plant": "demo", "robots": 3, "seed": 1, "coordinator": "127.0.0.1:7400"}
    ]
    assert [agent.options["namespace"] for agent in agents] == ["sim_01", "sim_02", "sim_03"]
    assert [agent.options["parameters"][1]["robot_type"] for agent in agents] == ["ranger", "scout", "sniffer"]
    assert all(set(agent.options["parameters"][1]) <= KNOWN for agent in agents)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.params.yaml")), ids=lambda path: path.name)
def test_files_of_parameters_name_only_parameters_of_the_node(path: Path):
    """A misspelt parameter in a file would be ignored by ROS 2 without a word."""
    given: dict[str, Any] = yaml.safe_load(path.read_text())["/**"]["ros__parameters"]
    sensors = {name: given.pop(name) for name in given.get("sensors", [])}

    assert set(given) <= KNOWN
    for parameter in PARAMETERS:
        if parameter.name in given:
            check(parameter, given[parameter.name])
    for sensor in sensors.values():
        assert set(sensor) <= {parameter.name for parameter in SENSOR_PARAMETERS}


@pytest.mark.parametrize("name", ["robot_agent", "simulated_robots"])
def test_what_ros_2_starts_can_be_started(name: str):
    """The files in lib/roundsman are executable and name modules that exist."""
    path = ROOT / "ros" / name
    module = path.read_text().split(" -m ")[1].split()[0]

    assert path.stat().st_mode & 0o111 == 0o111
    assert (ROOT / Path(*module.split("."))).with_suffix(".py").is_file()


def test_the_ament_package_is_this_project():
    """The marker, the manifest and the project have one name and one version."""
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert manifest.findtext("name") == project["name"]
    assert manifest.findtext("version") == project["version"]
    assert (ROOT / "resource" / project["name"]).is_file()


def test_only_the_extra_ros_pulls_ros():
    """On a robot rclpy comes with ROS; on the coordinator's machine nobody needs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pulled = {"": project["dependencies"], **project["optional-dependencies"]}

    assert [extra for extra, named in pulled.items() if any("ros-" in one for one in named)] == ["ros"]
