"""Small parts of a ROS 2 robot: frames, battery, diagnostics, localisation, readings, parameters."""

from __future__ import annotations

import math
import struct
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

from agent.body import Fault
from agent.ros.battery import STATUS_CHARGING, STATUS_UNKNOWN, BatteryReader, Charge, Scale
from agent.ros.diagnosis import ERROR, Diagnosis
from agent.ros.frames import ORIGIN, Pose2, Transform, look_up, quaternion_of
from agent.ros.localisation import Localisation, LocalisationLimits, Quality
from agent.ros.look import Look
from agent.ros.parameters import PARAMETERS, ParameterError
from agent.ros.readings import SensorSpec, reading_of
from agent.ros.settings import settings_of
from agent.ros.status import status_of

NAN = float("nan")


def test_the_pose_is_the_chain_of_transforms_and_as_old_as_its_oldest_link():
    """Map to odom by localisation, odom to base by wheels; a fixed mount in between doesn't age."""
    transforms = {
        "odom": Transform("map", (10.0, 0.0, 0.0), quaternion_of(math.pi / 2), 7.0),
        "base_footprint": Transform("odom", (1.0, 0.0, 0.0), quaternion_of(0.0), 9.0),
        "base_link": Transform("base_footprint", (0.0, 0.0, 0.3), quaternion_of(0.0), math.inf),
    }
    pose, stamp_s = look_up(transforms, "map", "base_link")

    assert pose == pytest.approx((10.0, 1.0, math.pi / 2))
    assert stamp_s == 7.0
    assert look_up(transforms, "earth", "base_link") is None


def test_a_loop_of_frames_is_no_pose():
    """A broken tree of frames ends the search, not the agent."""
    transforms = {name: Transform(other, (0.0, 0.0, 0.0), quaternion_of(0.0), 1.0) for name, other in ("ab", "ba")}

    assert look_up(transforms, "map", "a") is None


def test_a_pose_and_its_inverse_cancel():
    """From the robot's map to the plant's and back."""
    pose = Pose2(3.0, -2.0, 0.7)

    assert pose.then(pose.inverse()) == pytest.approx(ORIGIN, abs=1e-12)


def test_a_driver_that_means_percent_is_found_out_by_its_first_value_above_one():
    """Once 87 was seen, a value of 0.9 is almost empty."""
    reader = BatteryReader(Scale.AUTO)

    assert reader.read(87.0, STATUS_UNKNOWN, NAN) == Charge(0.87, None)
    assert reader.read(0.9, STATUS_UNKNOWN, NAN).ratio == pytest.approx(0.009)


def test_a_battery_that_does_not_measure_is_unknown():
    """NaN is the standard's word for not measured; the sign of the current tells whether it charges."""
    assert BatteryReader(Scale.AUTO).read(NAN, STATUS_UNKNOWN, 2.0) == Charge(None, True)
    assert BatteryReader(Scale.RATIO).read(1.0, STATUS_CHARGING, NAN) == Charge(1.0, True)


def test_bad_diagnostics_are_faults_until_they_are_well_or_silent():
    """A fault of the robot's own software is shown with its name, and goes when it is gone."""
    diagnosis = Diagnosis(["lidar*"])
    diagnosis.hear("lidar: front", ERROR, "no data", 0.0)
    diagnosis.hear("imu", ERROR, "no data", 0.0)
    (fault,) = diagnosis.faults(1.0)

    assert (fault.code, fault.text, fault.stops_driving) == ("diagnostics.lidar_front", "lidar: front: no data", False)
    assert diagnosis.faults(20.0) == ()
    diagnosis.hear("lidar: front", ERROR, "no data", 30.0)
    diagnosis.hear("lidar: front", 0, "fine", 31.0)
    assert diagnosis.faults(31.0) == ()


def test_a_wide_covariance_degrades_and_a_jump_loses_localisation():
    """A robot isn't driven on a pose that jumped; one that is merely unsure is reported."""
    localisation = Localisation(LocalisationLimits(0.5, 0.35, 1.0))

    def look(at_s: float, pose: Pose2, **more: float) -> Look:
        return Look(at_s=at_s, pose=pose, pose_age_s=0.0, **more)

    localisation.judge(look(0.0, ORIGIN, position_std_m=0.8, yaw_std_rad=0.1), 0.0)
    assert localisation.quality is Quality.DEGRADED
    localisation.judge(look(0.1, Pose2(5.0, 0.0, 0.0)), 0.1)
    assert localisation.quality is Quality.LOST
    assert localisation.pose == ORIGIN
    localisation.judge(look(1.2, Pose2(5.0, 0.0, 0.0)), 1.2)

    assert localisation.quality is Quality.OK


def test_looks_that_come_late_and_all_at_once_are_no_jump():
    """A busy computer delays messages; what counts is when the robot was where."""
    localisation = Localisation(LocalisationLimits(0.5, 0.35, 1.0))
    localisation.judge(Look(at_s=0.0, pose=ORIGIN, pose_age_s=0.0, speed_mps=1.0), 10.0)
    localisation.judge(Look(at_s=3.0, pose=Pose2(3.0, 0.0, 0.0), pose_age_s=0.0, speed_mps=1.0), 10.01)

    assert localisation.quality is Quality.OK


def unpack_png(data: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, depth and the first line's bytes of a PNG of one IDAT."""
    width, height, depth = struct.unpack(">IIB", data[16:25])
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    return width, height, depth, zlib.decompress(data[start : start + length])


def test_a_picture_without_compression_becomes_a_png():
    """Blue, green, red as cameras give them is turned round."""
    image = SimpleNamespace(
        encoding="bgr8", width=2, height=1, step=8, is_bigendian=0, data=bytes([1, 2, 3, 4, 5, 6, 0, 0])
    )
    reading = reading_of(image, SensorSpec("c", "sensor_msgs/msg/Image"))

    assert reading.media_type == "image/png"
    assert unpack_png(reading.blob) == (2, 1, 8, b"\0\x03\x02\x01\x06\x05\x04")


def test_a_thermal_frame_has_its_hottest_pixel_as_value():
    """Centikelvin in the picture, degrees Celsius in the ledger."""
    frame = np.array([[30000, 32315]], dtype="<u2")
    image = SimpleNamespace(encoding="16UC1", width=2, height=1, step=4, is_bigendian=0, data=frame.tobytes())
    spec = SensorSpec("t", "sensor_msgs/msg/Image", "degC", 0.01, -273.15, "max")
    reading = reading_of(image, spec)

    assert reading.value == pytest.approx(50.0)
    assert reading.unit == "degC"
    assert unpack_png(reading.blob) == (2, 1, 16, b"\0" + frame.astype(">u2").tobytes())


def test_a_cloud_becomes_a_pcd_file_that_says_its_padding():
    """What a lidar saw opens in any viewer of point clouds."""
    fields = [SimpleNamespace(name=name, offset=4 * i, datatype=7, count=1) for i, name in enumerate("xyz")]
    data = struct.pack("<fff4x", 1.0, 2.0, 3.0)
    cloud = SimpleNamespace(fields=fields, is_bigendian=False, point_step=16, row_step=16, width=1, height=1, data=data)
    text, _, body = reading_of(cloud, SensorSpec("l", "sensor_msgs/msg/PointCloud2")).blob.partition(b"DATA binary\n")

    assert b"FIELDS x y z _\nSIZE 4 4 4 1\nTYPE F F F U\nCOUNT 1 1 1 4\nWIDTH 1\nHEIGHT 1\n" in text
    assert body == data


def test_a_number_must_be_finite():
    """A broken nose doesn't end in the ledger."""
    spec = SensorSpec("gas", "std_msgs/msg/Float32", "ppm", 2.0, 1.0)

    assert reading_of(SimpleNamespace(data=3.0), spec).value == 7.0
    with pytest.raises(ValueError, match="gas gave nan"):
        reading_of(SimpleNamespace(data=NAN), spec)


def values(**changed: object) -> dict[str, object]:
    """All parameters, some of them changed."""
    return {p.name: p.default for p in PARAMETERS} | {"robot_id": "r1", "robot_type": "ranger"} | changed


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"robot_id": ""}, "parameter robot_id is '': must be given"),
        ({"robot_id": "a b"}, "parameter robot_id is 'a b': must be 1 to 64 of"),
        ({"telemetry_hz": 0.0}, "parameter telemetry_hz is 0.0: must be from 0.2 to 20"),
        ({"pose_source": "gps"}, "parameter pose_source is 'gps': must be one of tf, amcl, odom, topic"),
        ({"level_maps": ["deck"]}, "parameter level_maps is 'deck': must be LEVEL=URL"),
        ({"site_transform": [1.0]}, "must be x, y and yaw"),
        ({"coordinator": "here"}, "parameter coordinator is 'here': must be host:port"),
        ({"tls_ca": "/nowhere/ca.pem"}, "can't be read"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named_with_the_rule(changed: dict[str, object], text: str):
    """Whoever starts a robot with a wrong parameter reads which one, its value, and what it must be."""
    with pytest.raises(ParameterError, match=r".*") as raised:
        settings_of(values(**changed), {})

    assert text in str(raised.value)


def test_defaults_make_settings():
    """A name and a type are enough to join."""
    settings = settings_of(values(), {})

    assert settings.agent.observation_address == "127.0.0.1:7401"
    assert settings.initial is None


def test_the_agents_state_is_an_error_only_when_the_robot_cannot_drive():
    """A screen at the robot is red for what keeps it from driving, yellow for the rest and for a lost link."""

    def level(link: str, *faults: Fault) -> int:
        return status_of(
            link=link, activity="idle", place="n1", task="", localisation="ok", latch="free", faults=faults
        ).level

    assert level("open") == 0
    assert level("offline") == 1
    assert level("open", Fault("battery_unknown")) == 1
    assert level("open", Fault("leg_refused", stops_driving=True)) == 2
