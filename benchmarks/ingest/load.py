"""
Robots that report: `python -m benchmarks.ingest.load KIND PORT SERVER_PID ROBOTS`.

Each robot has a TCP connection of its own, stands on its parking node, and reports ten times a second, at its own
phase: one frame every third of a millisecond. Every line on standard input is a number of seconds to report for;
the answer is one JSON line: frames sent and CPU time of the server's process in the window, which leaves out the
first half second. Between rounds robots only answer.
"""

from __future__ import annotations

import json
import selectors
import sys
import time
from dataclasses import dataclass

from benchmarks.ingest.links import CONNECT_WITHIN_S, GrpcLink, RawLink, RobotLink
from benchmarks.ingest.plant import ROBOT_TYPE, parking_nodes
from benchmarks.ingest.servers import GRPC_KINDS
from coordinator.model.ids import NodeId
from roundsman.v1 import robot_pb2, route_pb2, session_pb2

PERIOD_S = 0.1
WARM_UP_S = 0.5
LISTEN_EVERY_COUNT = 10


@dataclass(slots=True)
class Robot:
    """One robot: where it stands, and how it speaks."""

    robot_id: str
    node_id: NodeId
    x_m: float
    y_m: float
    link: RobotLink
    report_count: int = 0

    def hello(self) -> session_pb2.SessionRequest:
        """Its first words."""
        return session_pb2.SessionRequest(
            hello=session_pb2.Hello(
                min_version=1,
                max_version=1,
                robot_id=self.robot_id,
                boot_id=1,
                factsheet=robot_pb2.Factsheet(robot_type_id=ROBOT_TYPE),
                placement=robot_pb2.Placement(node_id=self.node_id),
                charge_ratio=0.95,
            )
        )

    def report(self) -> session_pb2.SessionRequest:
        """The next frame: one pose."""
        self.report_count += 1
        pose = robot_pb2.Pose2D(x_m=self.x_m, y_m=self.y_m, yaw_rad=1.25, level_id="ground")
        return session_pb2.SessionRequest(
            state=robot_pb2.StateReport(
                report_seq=self.report_count,
                robot_s=time.monotonic(),
                map_pose_body=pose,
                charge_ratio=0.95,
                activity=robot_pb2.ROBOT_ACTIVITY_IDLE,
            )
        )


class Fleet:
    """All robots, connected and let in."""

    def __init__(self, kind: str, port: int, count: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._robots: list[Robot] = []
        self._welcome_count = 0
        open_link = GrpcLink if kind in GRPC_KINDS else RawLink
        for number, node in enumerate(parking_nodes(count)):
            robot = Robot(f"robot-{number:03d}", *node, link=open_link(port))
            robot.link.send(robot.hello())
            self._selector.register(robot.link.socket, selectors.EVENT_READ, robot)
            self._robots.append(robot)
            self._wait_for_welcome(number + 1 if kind in GRPC_KINDS else 0)

    def _wait_for_welcome(self, count: int) -> None:
        until_s = time.monotonic() + CONNECT_WITHIN_S
        while self._welcome_count < count:
            if time.monotonic() > until_s:
                raise TimeoutError(f"{self._welcome_count} of {count} robots were let in within {CONNECT_WITHIN_S} s")
            self._listen(0.1)

    def run(self) -> None:
        """Do as told on standard input until it ends."""
        server_pid = int(sys.argv[3])
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            if self._listen(1.0):
                line = sys.stdin.readline()
                if not line:
                    return
                print(json.dumps(self._report_for(float(line), server_pid)), flush=True)

    def _listen(self, for_s: float) -> bool:
        """Answer the coordinator; True if standard input has something to say."""
        is_told = False
        for key, _ in self._selector.select(for_s):
            robot: Robot | None = key.data
            if robot is None:
                is_told = True
                continue
            for message in robot.link.receive():
                self._welcome_count += message.HasField("welcome")
                answer = answer_to(message)
                if answer is not None:
                    robot.link.send(answer)
        return is_told

    def _report_for(self, for_s: float, server_pid: int) -> dict[str, float]:
        self._report(WARM_UP_S)
        begin_s, cpu_s = time.monotonic(), process_cpu_s(server_pid)
        frame_count = self._report(for_s)
        window_s, cpu_s = time.monotonic() - begin_s, process_cpu_s(server_pid) - cpu_s
        return {"frames": frame_count, "window_s": window_s, "server_cpu_s": cpu_s}

    def _report(self, for_s: float) -> int:
        """All robots in turn, evenly spaced; gives the number of frames."""
        step_s = PERIOD_S / len(self._robots)
        next_s = time.monotonic()
        count = round(for_s / step_s)
        for number in range(count):
            robot = self._robots[number % len(self._robots)]
            robot.link.send(robot.report())
            if number % LISTEN_EVERY_COUNT == 0:
                self._listen(0.0)
            next_s += step_s
            wait_s = next_s - time.monotonic()
            if wait_s > 0.0:
                # Sleeping is exact to some 60 us; the timers of event loops are to 1 ms, three frames.
                time.sleep(wait_s)
        return count


def answer_to(message: session_pb2.SessionResponse) -> session_pb2.SessionRequest | None:
    """What a robot that stands still answers."""
    if message.HasField("heartbeat"):
        beat, now_s = message.heartbeat, time.monotonic()
        echo = session_pb2.HeartbeatEcho(
            nonce=beat.nonce, coordinator_s=beat.coordinator_s, robot_received_s=now_s, robot_sent_s=now_s
        )
        return session_pb2.SessionRequest(heartbeat_echo=echo)
    if message.HasField("route"):
        route = message.route
        reply = route_pb2.RouteReply(
            route_id=route.route_id,
            revision=route.revision,
            status=route_pb2.ROUTE_REPLY_STATUS_ACCEPTED,
            base_end_seq=route.base[-1].seq if route.base else 0,
        )
        return session_pb2.SessionRequest(route_reply=reply)
    return None


def process_cpu_s(pid: int) -> float:
    """User and system time that all threads of a process have taken, without its children; exact to a microsecond."""
    # Linux: the number of a process's clock is its complement, shifted, with the scheduler's count (2) below it;
    # /proc/PID/stat tells the same in steps of 10 ms.
    return time.clock_gettime(~pid << 3 | 2)


def main() -> None:
    """Connect, and be told."""
    fleet = Fleet(sys.argv[1], int(sys.argv[2]), int(sys.argv[4]))
    print(json.dumps({"connected": int(sys.argv[4])}), flush=True)
    fleet.run()


if __name__ == "__main__":
    main()
