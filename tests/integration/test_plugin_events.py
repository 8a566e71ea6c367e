"""Events between plugins (gw.event/1) in the running gateway. The plugins are tests/abi/plugins/tells.cc, hears.h and the
bundled group."""

import json
import re

import pytest
import yaml

from support.gateway import BUILD_DIR, DEFAULTS, merged
from support.members import Member
from support.store import with_groups
from support.waiting import SLOW, eventually

FOLDER = BUILD_DIR / "tests" / "plugins"


def tells(name="tells", **config):
    return {"name": name, "path": str(FOLDER / "tells.so"), "config": config}


def hears(build="hears", name="hears", **config):
    return {"name": name, "path": str(FOLDER / f"{build}.so"), "config": {"patterns": ["*"], **config}}


def started(gateway, *plugins):
    return gateway(merged(DEFAULTS, {"plugins": {"load": list(plugins)}}))


def heard(member):
    """What the plugin `hears` has heard, as (tag, name, what the JSON says)."""
    lines = member.ask("heard")["content"].splitlines()
    return [(tag, name, json.loads(text)) for tag, name, text in (line.split(" ", 2) for line in lines)]


def tell(member, name, data):
    answer = member.ask("tell", content=name, data=data)
    assert answer["went"] is True
    return answer["wanted"]


@pytest.fixture
def member_of():
    """The answers of these fixtures carry no id: what comes next is the answer."""

    class Asking(Member):
        def ask(self, type, **fields):
            self.send({"type": type, **fields})
            return self.client.receive()

    return lambda running, user="u1": Asking(running, user)


def test_events_reach_who_listens_in_their_order(gateway, member_of):
    running = started(gateway, hears(patterns=["ticket.*", "shift.begins"]), tells())
    with member_of(running) as member:
        for number in range(5):
            assert tell(member, "ticket.assigned", {"n": number})
        assert tell(member, "shift.begins", {"ä": "ö"})
        assert not tell(member, "group.left", {})
        expected = [("a", "ticket.assigned", {"n": n}) for n in range(5)] + [("a", "shift.begins", {"ä": "ö"})]
        eventually(lambda: heard(member) == expected, "the listener heard what it listens to")
    running.check_health()
    metric = running.admin.metric
    assert metric("gateway_plugin_events_emitted_total", plugin="tells") == 6
    assert metric("gateway_plugin_events_heard_total", plugin="hears") == 6
    assert metric("gateway_plugin_events_lost_total", plugin="hears") == 0
    assert metric("gateway_plugin_calls_total", plugin="hears", hook="plugin_event") == 6


@pytest.mark.parametrize("order", ["listener first", "emitter first"])
def test_what_is_told_while_plugins_start_and_stop_is_heard(gateway, member_of, order):
    emitter, listener = tells(at_start="tells.begins", at_stop="tells.ends"), hears()
    plugins = [listener, emitter] if order == "listener first" else [emitter, listener]
    running = started(gateway, *plugins)
    with member_of(running) as member:
        eventually(lambda: heard(member) == [("a", "tells.begins", {})], "the event of the start was heard")
    running.stop()
    (line,) = running.log_lines("heard at the end")
    # Who is stopped later hears what the others say at their stop.
    assert ("tells.ends" in line) == (order == "listener first")


@pytest.mark.parametrize("build", ["hears", "hears_exclusive"])
def test_a_reload_of_the_listener_loses_and_doubles_no_event(gateway, member_of, build):
    running = started(gateway, tells(), hears(build, tag="0"))
    rounds, each = 3, 50
    numbers = iter(range(rounds * each))
    with member_of(running) as member:
        for round in range(1, rounds + 1):
            config = yaml.safe_load(running.config_file.read_text())
            config["plugins"]["load"][1]["config"]["tag"] = str(round)
            running.config_file.write_text(yaml.safe_dump(config))
            since = running.log_position()
            running.signal(1)
            for _ in range(each):
                tell(member, "count", {"n": next(numbers)})
            running.wait_for_log("plugin reload: in place", since=since)
            running.wait_for_log("the old generation is gone", since=since)

        def complete():
            answer = member.ask("heard")
            return answer["type"] == "heard_lines" and answer["content"].count("\n") == rounds * each

        eventually(complete, "every event was heard", SLOW)
        lines = heard(member)
    assert sorted(data["n"] for _, _, data in lines) == list(range(rounds * each))
    assert {tag for tag, _, _ in lines} & {"1", "2", "3"}
    for tag in "0123":  # within a generation, in their order
        own = [data["n"] for of, _, data in lines if of == tag]
        assert own == sorted(own)
    running.check_health()
    assert running.admin.metric("gateway_plugin_events_lost_total", plugin="hears") == 0


def test_an_exclusive_listener_whose_next_generation_fails_goes_on_hearing(gateway, member_of):
    running = started(gateway, tells(), hears("hears_exclusive"))
    with member_of(running) as member:
        config = yaml.safe_load(running.config_file.read_text())
        config["plugins"]["load"][1]["config"]["fail"] = True
        running.config_file.write_text(yaml.safe_dump(config))
        running.signal(1)
        tell(member, "count", {"n": 1})
        running.wait_for_log("plugin reload: refused")
        tell(member, "count", {"n": 2})
        expected = [("a", "count", {"n": 1}), ("a", "count", {"n": 2})]
        eventually(lambda: heard(member) == expected, "the old listener heard both")


def test_two_listeners_that_answer_each_other_come_to_an_end(gateway, member_of):
    ping = hears(name="ping", patterns=["ping"], retell="pong")
    pong = hears(name="pong", patterns=["pong"], retell="ping")
    running = started(gateway, tells(), ping, pong)
    with member_of(running) as member:
        tell(member, "ping", {})
        running.wait_for_log("an event is lost for a plugin that listens.*emitted on account of each other")
        assert heard(member) == [("a", "ping", {})] * 5  # and four by the other: eight hops
    running.check_health()


def test_a_pattern_that_is_none_stops_the_start(gateway):
    running = gateway(merged(DEFAULTS, {"plugins": {"load": [hears(patterns=["client.*"])]}}), wait=False)
    assert running.wait_for_exit() == 2
    assert re.search(r"listen\(client\.\*\): not valid", running.log_text())


def test_a_client_that_joins_a_group_is_an_event_of_the_group(gateway, tmp_path, member_of):
    config = with_groups(tmp_path)
    config["plugins"]["load"].insert(0, hears(patterns=["group.*"]))
    running = gateway(config)
    with Member(running, "ada") as ada, member_of(running, "u1") as member:
        ada.asks("group_join", "group_joined", group_id="g1")
        ada.asks("group_leave", "group_left", group_id="g1")

        def told():
            return [name for _, name, _ in heard(member)] == [
                "group.created",
                "group.member_joined",
                "group.member_left",
                "group.deleted",
            ]

        eventually(told, "the group told what happened")
        joined = heard(member)[1][2]
        assert joined == {"group_id": "g1", "user_id": "ada", "by": "ada", "role": "owner", "members": 1}
