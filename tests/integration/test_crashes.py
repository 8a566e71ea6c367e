"""Plugins that end the process: the last words in the log, the count that later starts know, and on_crash. Each plugin
is one of tests/abi/plugins; the daemon is the real one, with clients, and dies."""

import json
import re
import shutil
import signal
import subprocess

import pytest

from support.gateway import BUILD_DIR, SANITIZE, run_gatewayd
from support.raw import make_handshake
from support.waiting import eventually

FOLDER = BUILD_DIR / "tests" / "plugins"
HELLO = {"type": "text", "to": "bob", "content": "hi"}


def file_of(name):
    return FOLDER / f"{name}.so"


def load(name, plugins=None, log=None, path=None, **entry):
    entry = {"name": name, "path": str(path or file_of(name)), **entry}
    return {"plugins": {"load": [entry], **(plugins or {})}, "log": log or {}}


def fields_of(line):
    """The fields of a line of the log in the format text."""
    return {key: value.strip('"') for key, value in re.findall(r' (\w+)=("[^"]*"|\S+)', line)}


def dies(running, number):
    """It ends by the signal, as without us: with a core dump where those are on. A sanitizer has its own end."""
    status = running.wait_for_exit()
    assert status == -number or (SANITIZE and status != 0), running.log_text()


def crash(running, number=signal.SIGSEGV):
    """A client's message makes the plugin crash."""
    with running.connect("alice", "a1") as alice:
        alice.send_json(HELLO)
        dies(running, number)


def last_words(running):
    """The fields of the line that says what happened, and the places of the stack behind it."""
    lines = running.log_lines()
    at = next(i for i, line in enumerate(lines) if re.search(r"error (a plugin|the gateway) crashed|by exit\(\)", line))
    stack = [fields_of(line) for line in lines[at + 1 :] if " error stack " in line]
    assert [int(frame["frame"]) for frame in stack] == list(range(len(stack)))
    return fields_of(lines[at]), [frame["at"] for frame in stack]


def function_at(place):
    """The function of a frame of the stack, as a developer looks it up."""
    file, offset = place.rsplit("+", 1)
    found = subprocess.run(["addr2line", "-f", "-e", file, offset], capture_output=True, text=True, check=True)
    return found.stdout.splitlines()[0]


# --- the last words ---


def test_a_crash_says_which_plugin_it_was_and_where(gateway):
    running = gateway(load("crashes"))
    bob = running.connect("bob", "b1")
    alice = running.connect("alice", "a1")
    alice.send_json(HELLO)
    dies(running, signal.SIGSEGV)
    bob.expect_end()
    said, stack = last_words(running)
    assert said == {
        "plugin": "crashes",
        "hook": "intercept",
        "kind": "message",
        "connection_id": "2",
        "signal": "SIGSEGV",
        "cause": "nothing is at this address",
        "address": "0x0",
        "thread": "reactor-0",
        "file": str(file_of("crashes")),
        "version": "1.0.0",
    }
    assert stack[0].startswith(f"{file_of('crashes')}+0x")
    assert function_at(stack[0]) == "crashes"
    assert stack[1].startswith("gatewayd+0x")
    # What was on its way to the log before it is there, and before it.
    lines = running.log_text()
    assert lines.index("client connected client_id=a1") < lines.index("a plugin crashed")


@pytest.mark.parametrize(
    "name, number, words",
    [
        ("aborts", signal.SIGABRT, {"hook": "intercept", "signal": "SIGABRT"}),
        ("recurses", signal.SIGSEGV, {"hook": "intercept", "cause": "the stack is used up"}),
        ("calls_null", signal.SIGSEGV, {"hook": "intercept", "address": "0x0"}),
        ("crashes_in_thread", signal.SIGSEGV, {"hook": "(a thread of its own)", "signal": "SIGSEGV"}),
        ("terminates", signal.SIGABRT, {"signal": "SIGABRT", "cause": "no such province"}),
    ],
)
def test_each_way_to_crash_is_told(gateway, name, number, words):
    running = gateway(load(name))
    crash(running, number)
    said, stack = last_words(running)
    expected = {"plugin": name, "file": str(file_of(name)), "version": "1.0.0", **words}
    assert {key: said.get(key) for key in expected} == expected
    assert any(place.startswith(str(file_of(name))) for place in stack), stack


def test_a_call_through_a_null_pointer_names_its_caller(gateway):
    running = gateway(load("calls_null"))
    crash(running)
    _, stack = last_words(running)
    assert stack[0] == "0x0"
    assert function_at(stack[1]) == "calls"


def test_a_plugin_that_calls_exit_is_named_and_nothing_is_destroyed_under_the_reactors(gateway):
    running = gateway(load("exits"))
    with running.connect("alice", "a1") as alice:
        alice.send_json(HELLO)
        assert running.wait_for_exit() == 1
    assert running.log_lines("a plugin ended the process by exit")
    said, _ = last_words(running)
    assert (said["plugin"], said["hook"], said["signal"]) == ("exits", "intercept", "exit")


def test_a_crash_at_the_start_is_told_with_its_function(gateway):
    running = gateway(load("crashes_in_create"), wait=False)
    dies(running, signal.SIGABRT)
    said, _ = last_words(running)
    assert (said["plugin"], said["hook"], said["thread"]) == ("crashes_in_create", "create", "control")


def test_a_crash_outside_of_any_plugin_says_so_and_counts_for_none(gateway):
    running = gateway(load("crashes"))
    running.signal(signal.SIGSEGV)
    dies(running, signal.SIGSEGV)
    assert running.log_lines("the gateway crashed outside of any plugin signal=SIGSEGV cause=\"sent by a process\"")
    assert (running.config_file.parent / "state" / "crashes").read_text() == ""


def test_the_last_words_are_json_where_the_log_is(gateway):
    running = gateway(load("crashes", log={"format": "json"}))
    crash(running)
    lines = [json.loads(line) for line in running.log_lines(r"^\{")]
    (said,) = [line for line in lines if line["event"] == "a plugin crashed, and the gateway with it"]
    assert said["plugin"] == "crashes"
    assert said["level"] == "error"
    assert said["connection_id"] == 1
    assert lines[-1]["event"] == "stack"


# --- the count ---


class Kept:
    """Daemons of one configuration that follow each other, and the state that they share."""

    def __init__(self, gateway, folder, name="crashes", **entry):
        self.gateway, self.name, self.entry = gateway, name, entry
        self.state = folder / "kept"
        self.file = folder / f"{name}.so"
        shutil.copy(file_of(name), self.file)

    def config(self, **entry):
        plugins = {"state_dir": str(self.state), "crash_limit": 3}
        return load(self.name, plugins, path=self.file, **{**self.entry, **entry})

    def start(self, **options):
        return self.gateway(self.config(), **options)

    def crashes(self, times):
        for _ in range(times):
            crash(self.start())


@pytest.fixture
def kept(gateway, tmp_path):
    return Kept(gateway, tmp_path, on_crash="skip")


def plugin_of(running):
    (plugin,) = running.admin.get("/api/v1/plugins").json()["plugins"]
    return plugin


def test_after_three_crashes_in_a_row_the_gateway_starts_without_the_plugin_and_says_so(kept):
    kept.crashes(3)
    running = kept.start()
    why = r'plugin "crashes" \(.*crashes.so\) crashed the gateway 3 times in a row, last by SIGSEGV in intercept at .*; the'
    running.wait_for_log(r"error a plugin is left out plugin=crashes crashes=3")
    running.wait_for_log("warn  " + why)
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        alice.send_json(HELLO)
        assert bob.receive()["content"] == "hi"
    plugin = plugin_of(running)
    assert (plugin["loaded"], plugin["crashes"], plugin["version"]) == (False, 3, "1.0.0")
    assert re.match(why, plugin["why_not"])
    assert re.match(why, running.admin.stats()["warnings"][0])
    assert running.admin.metric("gateway_plugin_skipped", plugin="crashes") == 1
    assert running.admin.metric("gateway_plugin_crashes", plugin="crashes") == 3
    checked = run_gatewayd("check", "--config", running.config_file)
    assert checked.returncode == 0
    assert re.search("warning: " + why, checked.stdout)
    listed = run_gatewayd("plugin", "list", "--config", running.config_file)
    assert "left out: it crashed 3 times in a row" in listed.stdout
    running.stop()
    # A clean end without it is no merit of the plugin.
    kept.start().wait_for_log("a plugin is left out")


def test_who_is_forgiven_is_loaded_again(kept):
    kept.crashes(3)
    running = kept.start()
    forgiven = run_gatewayd("plugin", "forgive", "crashes", "--config", running.config_file)
    assert forgiven.returncode == 0, forgiven.stderr
    assert forgiven.stdout == f"3 crashes in a row of crashes are forgiven; the next start loads it: {kept.file}\n"
    running.stop()
    again = kept.start()
    assert plugin_of(again)["loaded"] is True
    twice = run_gatewayd("plugin", "forgive", "crashes", "--config", again.config_file)
    assert twice.stdout == f"crashes has no crashes to forgive: {kept.file}\n"
    nobody = run_gatewayd("plugin", "forgive", "nobody", "--config", again.config_file)
    assert nobody.returncode == 2
    assert "has no plugin named nobody" in nobody.stderr


def test_a_repaired_file_begins_at_none(kept):
    kept.crashes(3)
    kept.file.write_bytes(kept.file.read_bytes() + b"repaired")
    plugin = plugin_of(kept.start())
    assert (plugin["loaded"], plugin["crashes"]) == (True, 0)


def test_a_clean_end_between_crashes_begins_the_count_again(kept):
    kept.crashes(2)
    running = kept.start()
    assert plugin_of(running)["crashes"] == 2
    running.stop()
    kept.crashes(2)
    assert plugin_of(kept.start())["loaded"] is True


def test_a_while_without_a_crash_begins_the_count_again(kept):
    kept.crashes(2)
    running = kept.start(arguments=["--set", "plugins.crash_reset=1"])
    eventually(lambda: plugin_of(running)["crashes"] == 0, "the count is none again")
    crash(running)
    assert plugin_of(kept.start())["crashes"] == 1


def test_without_skip_the_plugin_is_loaded_again_and_the_log_says_what_could_be_done(gateway, tmp_path):
    kept = Kept(gateway, tmp_path)
    kept.crashes(3)
    running = kept.start()
    running.wait_for_log("error a plugin is loaded that crashes plugin=crashes crashes=3")
    running.wait_for_log("it is loaded again: repair its file, or set on_crash: skip")
    assert plugin_of(running)["loaded"] is True
    crash(running)


def test_an_auth_plugin_is_left_out_only_where_that_is_allowed(gateway, tmp_path):
    kept = Kept(gateway, tmp_path, "guard")
    for _ in range(3):
        running = kept.start()
        with running.raw() as client:
            client.send(make_handshake("/ws"))
            dies(running, signal.SIGSEGV)
    # The key comes late: the record knows what the file is, and nobody is let in.
    refused = gateway(kept.config(on_crash="skip"), wait=False)
    assert refused.wait_for_exit() == 2
    assert "on_crash: skip lets everyone in when this plugin crashed; set allow_unsafe: true" in refused.log_text()
    running = gateway(kept.config(on_crash="skip", allow_unsafe=True))
    assert plugin_of(running)["loaded"] is False
    running.check_health()


def test_without_a_place_for_the_count_the_gateway_runs_and_warns(gateway, tmp_path):
    (tmp_path / "file").write_text("no folder")
    running = gateway(load("crashes", {"state_dir": str(tmp_path / "file" / "state")}, on_crash="skip"))
    running.wait_for_log("crashes of plugins are not counted: .*cannot be made: Not a directory; set plugins.state_dir")
    running.check_health()


def test_two_gateways_do_not_count_in_one_folder(kept):
    first = kept.start()
    second = kept.start()
    second.wait_for_log("crashes of plugins are not counted: .*kept is used by another gatewayd: give each")
    for running in (first, second):
        running.check_health()
