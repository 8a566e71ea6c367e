"""A plugin that waits where it must not: the watchdog names it, shows its stack, and says when it goes on."""

import os
import re

from support.gateway import BUILD_DIR
from support.waiting import eventually

FILE = BUILD_DIR / "tests" / "plugins" / "blocks.so"


def blocks(fifo, where="intercept"):
    """The watchdog is quick, and the plugin waits until somebody opens the FIFO for writing."""
    os.mkfifo(fifo)
    config = {"fifo": str(fifo), "where": where}
    return {"plugins": {"watchdog": 100, "load": [{"name": "blocks", "path": str(FILE), "config": config}]}}


def release(fifo):
    os.close(os.open(fifo, os.O_WRONLY))


def fields_of(line):
    return {key: value.strip('"') for key, value in re.findall(r' (\w+)=("[^"]*"|\S+)', line)}


def functions(running):
    """The stack, innermost first."""
    return [fields_of(line)["function"] for line in running.log_lines(" error stack ")]


def test_a_plugin_that_blocks_its_reactor_is_named_with_its_stack_once_and_again_when_it_goes_on(gateway, tmp_path):
    fifo = tmp_path / "fifo"
    running = gateway(blocks(fifo))
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        assert running.admin.metric("gateway_reactor_stuck") == 0
        alice.send_json({"type": "text", "to": "bob", "content": "hi"})
        running.wait_for_log(" error a plugin holds a thread up: its connections wait ")
        running.wait_for_log("stack .*function=.*Intercept")
        (line,) = running.log_lines("a plugin holds a thread up")
        said = fields_of(line)
        assert float(re.fullmatch(r"(\d+\.\d) s", said.pop("stuck_for")).group(1)) >= 0.1
        assert said == {
            "plugin": "blocks",
            "hook": "intercept",
            "kind": "message",
            "connection_id": "1",
            "thread": "reactor-0",
            "file": str(FILE),
            "version": "2.1.0",
        }
        assert running.admin.metric("gateway_reactor_stuck") == 1
        assert running.admin.metric("gateway_plugin_stuck_total", plugin="blocks") == 1
        release(fifo)
        running.wait_for_log(r"a plugin held a thread up, which goes on plugin=blocks hook=intercept "
                             r'thread=reactor-0 was_stuck_for="\d+\.\d s"')
        assert bob.receive()["content"] == "hi"
        alice.expect_nothing_but_pong()
    stack = functions(running)
    waits = next(i for i, name in enumerate(stack) if "wait_for_somebody" in name)
    assert "Blocks::Intercept(" in stack[waits + 1]
    assert any("gatewayd::InterceptorChain::run_" in name for name in stack[waits:])
    eventually(lambda: running.admin.metric("gateway_reactor_stuck") == 0, "nobody is stuck")
    assert running.admin.metric("gateway_reactor_stuck_total") == 1
    assert len(running.log_lines("a plugin holds a thread up")) == 1


def test_the_next_time_is_told_again(gateway, tmp_path):
    fifo = tmp_path / "fifo"
    running = gateway(blocks(fifo))
    with running.connect("alice", "a1") as alice:
        for time in (1, 2):
            alice.send_json({"type": "text", "to": "alice", "content": "hi"})
            running.wait_for_log("a plugin holds a thread up", count=time)
            release(fifo)
            running.wait_for_log("held a thread up, which goes on", count=time)
            assert alice.receive()["content"] == "hi"
    assert running.admin.metric("gateway_plugin_stuck_total", plugin="blocks") == 2


def test_a_plugin_that_blocks_the_start_is_named(gateway, tmp_path):
    fifo = tmp_path / "fifo"
    running = gateway(blocks(fifo, "start"), wait=False)
    line = running.wait_for_log("a plugin holds a thread up.*").group(0)
    said = fields_of(line)
    assert (said["plugin"], said["hook"], said["thread"]) == ("blocks", "start", "control")
    running.wait_for_log("stack .*function=.*start")
    release(fifo)
    running.wait_until_listening()
    running.wait_for_log("held a thread up, which goes on plugin=blocks hook=start thread=control")


def test_a_timer_that_blocks_the_control_thread_is_named_and_clients_go_on(gateway, tmp_path):
    fifo = tmp_path / "fifo"
    running = gateway(blocks(fifo, "timer"))
    line = running.wait_for_log("a plugin holds a thread up.*").group(0)
    said = fields_of(line)
    assert (said["plugin"], said["thread"]) == ("blocks", "control")
    assert "timer" in said["hook"]
    assert running.admin.get("/livez").status == 200
    running.connect("alice", "a1").close()
    release(fifo)
    running.wait_for_log("held a thread up, which goes on plugin=blocks")


def test_an_end_that_waits_for_the_plugin_is_explained(gateway, tmp_path):
    fifo = tmp_path / "fifo"
    config = blocks(fifo)
    config["wsc"] = {"performance": {"shutdown_timeout": 1}}
    running = gateway(config)
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        running.wait_for_log("a plugin holds a thread up")
        running.signal(15)
        running.wait_for_log("shutdown_timeout is over")
        release(fifo)
        assert running.wait_for_exit() == 0
