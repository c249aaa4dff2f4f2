"""Bugs planted on purpose. Each is a small change that would hurt, and the test that must notice it."""

from __future__ import annotations

from dataclasses import dataclass

FLEET = "tests/coordinator/fleet/"
AGENT = "tests/agent/test_session.py::"


@dataclass(frozen=True, slots=True)
class Mutation:
    """
    One planted bug.

    Attributes:
        name: For people and for pytest.
        path: File of the product.
        old, new: Exact text that is there once, and what it becomes.
        danger: What would happen in a plant.
        caught_by: Node id of the test that fails on it.
    """

    name: str
    path: str
    old: str
    new: str
    danger: str
    caught_by: str


MUTATIONS = (
    Mutation(
        "send-before-sync",
        "coordinator/runtime/loop.py",
        """        if batch.entries:
            await commits.append(batch.entries)
        self._perform(batch)
""",
        """        self._perform(batch)
        if batch.entries:
            await commits.append(batch.entries)
""",
        "a release leaves, the power fails, and the restarted coordinator gives the same place to another robot",
        "tests/coordinator/runtime/test_loop.py::test_nothing_is_said_before_the_journal_has_it",
    ),
    Mutation(
        "free-on-disconnect",
        "coordinator/fleet/sessions.py",
        """    live.connection = None
    core.record(SessionClosed""",
        """    live.connection = None
    live.held = 0
    core.record(SessionClosed""",
        "a robot in a radio hole loses its place to another, which drives into it",
        FLEET + "test_silence.py::test_silence_frees_nothing",
    ),
    Mutation(
        "free-on-time-out",
        "coordinator/fleet/sessions.py",
        """            live.link = LinkState.LOST
            robot""",
        """            live.link = LinkState.LOST
            live.held = 0
            robot""",
        "a silent robot loses its place after some seconds, though it still stands there",
        FLEET + "test_silence.py::test_silence_frees_nothing",
    ),
    Mutation(
        "restart-from-positions-only",
        "coordinator/fleet/core.py",
        """            self._stand(robot)
            enter_robot(self, robot)
""",
        """            if robot.steps:
                place = self.resources.node_index[robot.step(robot.reached_seq).node_id]
                self._hold(live, self.resources.node_claim[place])
            enter_robot(self, robot)
""",
        "after a restart a robot's released way is given to others while it drives on it",
        FLEET + "test_recovery.py::test_reservations_are_the_same_after_a_restart",
    ),
    Mutation(
        "old-stream-accepted",
        "coordinator/fleet/progress.py",
        """    if live is None or live.connection != event.connection:
        return
    heard(core, live)
    old, report""",
        """    if live is None:
        return
    heard(core, live)
    old, report""",
        "a report stuck in the network moves the robot back, or frees what it stands on now",
        FLEET + "test_sessions.py::test_words_over_an_older_stream_are_dropped",
    ),
    Mutation(
        "release-ignores-holders",
        "coordinator/traffic/holdings.py",
        "        mask = (self._several | self._any & ~own) & self._resources.exclusive\n",
        "        mask = 0\n",
        "two robots are sent into one place",
        FLEET + "test_releases.py::test_a_resource_is_released_to_one_robot_at_a_time",
    ),
    Mutation(
        "release-ignores-finishing-order",
        "coordinator/fleet/release_rule.py",
        """    if worse:
        return _unsafe(core, robot, worse)
    stalled""",
        """    if False:
        return _unsafe(core, robot, worse)
    stalled""",
        "robots drive into a deadlock that only people can open",
        FLEET + "test_recovery.py::test_a_release_that_leaves_no_way_home_is_refused",
    ),
    Mutation(
        "door-ignored",
        "coordinator/fleet/release_rule.py",
        """        if refused:
            return Refused(refused[0], refused[1])
    exit_way""",
        """        if False:
            return Refused(refused[0], refused[1])
    exit_way""",
        "a robot drives into a closed door, or into a lift that isn't there",
        FLEET + "test_releases.py::test_a_gate_is_passed_only_while_it_is_open_for_that_robot",
    ),
    Mutation(
        "door-open-for-another",
        "coordinator/fleet/devices.py",
        "core.open_for.get(device_id) == (robot.robot_id, way.edge_id)",
        "device_id in core.open_for",
        "a robot follows another into a lift, or enters it on the wrong floor",
        FLEET + "test_releases.py::test_a_gate_is_passed_only_while_it_is_open_for_that_robot",
    ),
    Mutation(
        "duplicate-counted-twice",
        "coordinator/fleet/observations.py",
        "return counter <= robot.observations_through or counter in robot.observations_ahead",
        "return False",
        "a result sent again raises its alarm again and falsifies the ledger",
        FLEET + "test_observations.py::test_a_result_sent_twice_is_stored_once",
    ),
    Mutation(
        "acknowledged-before-stored",
        "coordinator/fleet/observations.py",
        """    observation = event.observation
    if _is_known""",
        """    observation = event.observation
    core.effects.append(AcknowledgeObservations(event.robot_id, event.upload, observation.counter))
    if _is_known""",
        "the robot deletes a result that isn't in the ledger yet, or behind a gap that never closes",
        FLEET + "test_observations.py::test_a_result_is_stored_before_it_is_acknowledged",
    ),
    Mutation(
        "gap-acknowledged-over",
        "coordinator/fleet/apply.py",
        "    while ahead and ahead[0] == robot.observations_through + 1:\n",
        "    while ahead:\n",
        "results between are deleted by the robot and are lost",
        FLEET + "test_observations.py::test_a_gap_is_not_acknowledged_over",
    ),
    Mutation(
        "boot-ignored",
        "coordinator/fleet/sessions.py",
        "        robot.boot_id == event.boot_id\n        and event.progress",
        "        robot.route_id is not None\n        or event.progress",
        "a restarted robot, which holds no base, is counted on to drive the old one",
        FLEET + "test_sessions.py::test_a_restarted_robot_holds_only_where_it_stands_and_its_orders_are_given_anew",
    ),
    Mutation(
        "second-robot-accepted",
        "coordinator/fleet/sessions.py",
        "    if is_heard and event.boot_id != robot.boot_id:\n",
        "    if False:\n",
        "two machines with one name: one of them drives unseen",
        FLEET + "test_sessions.py::test_a_second_robot_with_the_same_name_is_refused_while_the_first_is_heard",
    ),
    Mutation(
        "place-not-checked",
        "coordinator/fleet/sessions.py",
        '    if other is not None:\n        return f"robot {robot.robot_id} says',
        '    if False:\n        return f"robot {robot.robot_id} says',
        "a robot that starts with a wrong place takes it from the robot that stands there",
        FLEET + "test_sessions.py::test_a_robot_that_says_it_stands_where_another_is_waits_for_a_person",
    ),
    Mutation(
        "node-freed-when-reached",
        "coordinator/fleet/core.py",
        "            if step.seq > robot.cleared_seq:\n",
        "            if step.seq > robot.cleared_seq and step.seq >= robot.reached_seq + (robot.reached_seq > 0):\n",
        "a node is given away while its robot's body is still in it",
        FLEET + "test_recovery.py::test_a_node_is_free_only_when_the_whole_body_has_left_it",
    ),
    Mutation(
        "key-ignored",
        "coordinator/fleet/operators.py",
        "core.state.answers.get(event.idempotency_key) if event.idempotency_key else None",
        "None",
        "a request sent twice by a bad link makes two missions",
        FLEET + "test_missions.py::test_one_key_makes_one_mission",
    ),
    Mutation(
        "stop-not-latched",
        "coordinator/fleet/apply.py",
        "state.robots[robot_id].is_stopped = record.is_stopped",
        "state.robots[robot_id].is_stopped = False",
        "a stopped robot is released further and drives on when its stop is lost",
        FLEET + "test_operators.py::test_a_stop_holds_until_somebody_resumes_with_a_reason",
    ),
    Mutation(
        "stop-waits-for-the-disk",
        "coordinator/model/effects.py",
        "            return True\n",
        "            return False\n",
        "a full disk keeps a stop from going out",
        FLEET + "test_store_failed.py::test_a_stop_goes_out_while_the_journal_can_not_be_written",
    ),
    Mutation(
        "stop-said-once",
        "coordinator/fleet/commands.py",
        "if core.now_s - live.commands_sent_s.get(command_id, -1e18) >= core.settings.resend_after_s:",
        "if command_id not in live.commands_sent_s and live.sequence < 3:",
        "a stop that got lost is never said again",
        FLEET + "test_operators.py::test_a_stop_is_sent_until_it_is_answered",
    ),
    Mutation(
        "epoch-not-increased",
        "coordinator/fleet/fleet.py",
        "EpochStarted(core.state.epoch + 1,",
        "EpochStarted(max(1, core.state.epoch),",
        "after a restart robots can't tell the new coordinator from the old one",
        FLEET + "test_recovery.py::test_each_start_is_a_higher_epoch",
    ),
    Mutation(
        "released-while-degraded",
        "coordinator/fleet/fleet.py",
        "if core.is_traffic_dirty and not core.is_degraded:",
        "if core.is_traffic_dirty:",
        "bases pile up that the journal can't hold",
        FLEET + "test_store_failed.py::test_nothing_is_released_while_the_journal_can_not_be_written",
    ),
    Mutation(
        "released-to-a-suspect",
        "coordinator/fleet/releases.py",
        "    if live.connection is None or live.link is not LinkState.LIVE:\n",
        "    if False:\n",
        "a robot that can't be heard is released further",
        FLEET + "test_silence.py::test_a_suspect_robot_gets_no_longer_base",
    ),
    Mutation(
        "a-cause-not-booked",
        "coordinator/fleet/waits.py",
        "            self._book(robot_id, present, now_s)\n            hold_since_s = now_s\n",
        "            hold_since_s = now_s\n",
        "seconds of a wait whose cause changes are nobody's",
        FLEET + "test_waits_book.py::test_causes_add_up_whatever_happens",
    ),
    Mutation(
        "numbers-forgotten-on-removal",
        "coordinator/fleet/apply.py",
        "    state.removed[robot_id] = robot\n",
        "    state.removed.pop(robot_id, None)\n",
        "a robot that comes back takes a new stop for one it has answered",
        FLEET + "test_sessions.py::test_a_robot_that_was_removed_and_joins_again_is_counted_on",
    ),
    Mutation(
        "agent-accepts-a-lower-epoch",
        "agent/session.py",
        "            or message.epoch < self.memory.epoch\n",
        "",
        "a coordinator that was replaced still moves robots",
        AGENT + "test_words_that_are_not_for_this_session_move_nothing",
    ),
    Mutation(
        "agent-drives-beyond-its-base",
        "agent/session.py",
        "            status, text = route.extend(update, self._tasks.is_known)\n",
        "            update.base.extend(update.horizon)\n"
        "            status, text = route.extend(update, self._tasks.is_known)\n",
        "a robot takes the plan for the promise and drives where others are",
        "tests/planted/test_agent_base.py::test_a_horizon_is_never_driven",
    ),
    Mutation(
        "task-performed-twice",
        "agent/held_route.py",
        "            if not is_known(order.order_id):\n",
        "            if True:\n",
        "a robot does its work twice after a reconnect and reports it twice",
        "tests/planted/test_agent_base.py::test_an_order_given_again_is_not_performed_again",
    ),
    Mutation(
        "trouble-taken-for-travel-time",
        "coordinator/fleet/travel.py",
        "    if not live.is_hindered:\n",
        "    if True:\n",
        "an edge where a robot once broke down is driven round for days",
        FLEET + "test_travel.py::test_a_robot_in_trouble_teaches_nothing_about_its_edge",
    ),
    Mutation(
        "idleness-taken-for-travel-time",
        "coordinator/fleet/travel.py",
        "    live.ready_s = core.now_s\n\n\ndef note_hindrance",
        "\n\ndef note_hindrance",
        "ways out of homes and chargers look jammed after each rest",
        FLEET + "test_travel.py::test_a_robot_that_had_nothing_to_do_makes_no_edge_slow",
    ),
    Mutation(
        "times-forgotten-at-restart",
        "coordinator/fleet/core.py",
        "TravelTimes(self.resources, state.edge_times.values(), state.work_times.values())",
        "TravelTimes(self.resources, (), ())",
        "after each restart robots queue at the slow edges anew",
        FLEET + "test_travel.py::test_slow_edges_are_avoided_before_anybody_queues",
    ),
    Mutation(
        "checker-not-heeded",
        "coordinator/fleet/core.py",
        "            if found:\n                raise",
        "            if False:\n                raise",
        "a planner's bug becomes a release: two robots are sent into one place",
        "tests/planted/test_planner_bugs.py::test_what_was_refused_is_neither_journaled_nor_sent",
    ),
    Mutation(
        "checker-keeps-what-it-refused",
        "coordinator/checker/releases.py",
        "            self._bases.take_back(release.robot_id, old)\n",
        "",
        "a place that was refused to one robot is refused to all others for ever",
        "tests/coordinator/checker/test_releases.py::test_a_release_that_takes_the_last_way_home_is_refused",
    ),
    Mutation(
        "checker-ignores-finishing-order",
        "coordinator/checker/finishing.py",
        "        if not gained:\n            return []\n",
        "        if gained is not None:\n            return []\n",
        "a planner that has lost the finishing order drives the fleet into a deadlock",
        "tests/coordinator/checker/test_releases.py::test_a_release_that_takes_the_last_way_home_is_refused",
    ),
    Mutation(
        "checker-forgets-at-a-restart",
        "coordinator/fleet/core.py",
        "        checker.restore(robot_id, member, base, is_stopped=robot.is_stopped)\n",
        "        checker.restore(robot_id, member, None, is_stopped=robot.is_stopped)\n",
        "after a restart every release is refused, or what robots hold is free for others",
        FLEET + "test_recovery.py::test_reservations_are_the_same_after_a_restart",
    ),
    Mutation(
        "revisions-begin-again",
        "coordinator/fleet/releases.py",
        "    live.revision = max(live.revision, core.state.epoch << EPOCH_SHIFT) + 1\n",
        "    live.revision += 1\n",
        "after a restart robots drop routes as too old, and the fleet stands still for minutes",
        FLEET + "test_recovery.py::test_robots_drive_on_at_once_after_a_restart",
    ),
    Mutation(
        "door-beyond-the-path-let-go",
        "coordinator/fleet/devices.py",
        " or bool(live.wanted & core.resources.way_claim[way]))",
        ")",
        "a door behind a radio hole is asked for and let go fifty times a second, for ever",
        FLEET + "test_releases.py::test_a_gate_behind_work_in_a_radio_hole_stays_wanted",
    ),
    Mutation(
        "standing-aside-keeps-its-turn",
        "coordinator/fleet/targets.py",
        "    if is_there and live.give_way is not None:\n",
        "    if False:\n",
        "a robot waits behind one that has made way for it, and half the fleet behind them, for hours",
        FLEET + "test_giving_way.py::test_who_stands_aside_comes_after_the_other",
    ),
    Mutation(
        "door-asked-for-twice",
        "coordinator/fleet/devices.py",
        "        if device_id not in left_at or left_at[device_id] != needed_at:\n",
        "        if True:\n",
        "a robot waits for ever before a door to a room without radio",
        FLEET + "test_releases.py::test_a_door_to_a_room_without_radio_is_asked_for_once",
    ),
    Mutation(
        "lift-counted-on-where-it-is-not",
        "coordinator/fleet/devices.py",
        "        needed_at = core.plant.nodes[start].level_id if is_lift else None\n",
        "        needed_at = core.plant.nodes[end].level_id if is_lift else None\n",
        "a robot waits for ever before a lift to a roof without radio",
        FLEET + "test_releases.py::test_a_lift_to_a_roof_without_radio_stays_with_its_robot",
    ),
    Mutation(
        "refused-robot-no-obstacle",
        "coordinator/fleet/obstacles.py",
        "    if claim:\n        _close(core, robot_id, claim)\n",
        "",
        "robots are led into one that stands on the floor without belonging to the fleet",
        FLEET + "test_obstacles.py::test_nobody_is_led_to_where_a_robot_without_parking_stands",
    ),
)
