"""Timers and works of a plugin (gw.timer/1, gw.work/1), as clients see them. The plugin is
tests/abi/plugins/uses_async.cc: it counts what it captured, and logs "kept 0" when it is destroyed and all was freed."""

import asyncio
import json
import signal

import pytest
import websockets

from support.gateway import BUILD_DIR, run_gatewayd
from support.library_client import connected, hear, hears_nothing_but_pong, play
from support.waiting import eventually

PLUGIN = str(BUILD_DIR / "tests" / "plugins" / "uses_async.so")


def load(threads=2, io_threads=1, **entry):
    return {
        "plugins": {"work_threads": threads, "load": [{"name": "uses_async", "path": PLUGIN, **entry}]},
        "wsc": {"performance": {"io_threads": io_threads}},
    }


def text(content, to="nobody", **more):
    return json.dumps({"type": "text", "to": to, "content": content, **more})


def all_was_freed(running):
    running.stop()
    assert running.log_lines("kept 0"), "the plugin has something left"


def test_timers_on_the_control_thread_and_a_work_from_start(gateway):
    running = gateway(load())
    running.wait_for_log("three ticks")
    running.wait_for_log("worked 42")
    all_was_freed(running)


def test_timers_on_a_connection_expire_there(gateway):
    running = gateway(load())
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        alice.send_text(text("after 50"))
        bob.send_text(text("every 10"))
        assert alice.receive() == {"type": "text", "content": "expired after 50"}
        for _ in range(3):
            assert bob.receive() == {"type": "text", "content": "expired every 10"}
        alice.expect_nothing_but_pong()
        alice.send_text(text("kick-in 50"))
        assert "time is over" in alice.expect_close(4000)
    running.wait_for_connections(0)
    all_was_freed(running)


def test_a_timer_that_asks_for_too_much_is_refused(gateway):
    running = gateway(load())
    with running.connect("alice", "a1") as alice:
        alice.send_text(text("after 9"))
        alice.expect_error("plugin_error")
        for _ in range(15):  # one is the plugin's own, from Attach
            alice.send_text(text("after 3000000"))
        alice.send_text(text("after 3000000"))
        alice.expect_error("plugin_error")
        alice.expect_nothing_but_pong()
    running.wait_for_log("timer.start.*over a limit")
    all_was_freed(running)


def test_a_message_and_a_handshake_go_on_after_their_work(gateway):
    running = gateway(load())

    async def scenario():
        async with websockets.connect(running.url + "?user_id=alice&do=hash") as alice:
            assert int(alice.response_headers["X-Hash"]) > 0
            assert (await hear(alice))["user_id"] == "alice"
            async with connected(running, "bob") as bob:
                for n in range(50):
                    await alice.send(text(f"hash {n}", "bob", n=n))
                    await alice.send(text(f"plain {n}", "bob", n=n))
                for n in range(50):
                    first, second = await hear(bob), await hear(bob)
                    assert (first["content"], second["content"]) == (f"hash {n}", f"plain {n}")
                    assert int(first["hash"]) > 0
                await hears_nothing_but_pong(bob)

    play(scenario())
    all_was_freed(running)


def test_works_that_throw_cost_their_message_and_no_more(gateway):
    for on_error in ("closed", "open"):
        running = gateway(load(on_error=on_error))
        with running.connect("alice", "a1") as alice:
            for n in range(20):
                alice.send_text(text("throws", "alice", id=n))
                if on_error == "open":
                    assert alice.receive()["id"] == n
                else:
                    assert alice.expect_error("plugin_error")["id"] == n
            alice.expect_nothing_but_pong()
        running.wait_for_log("the work is sick")
        running.check_health()
        all_was_freed(running)


def test_thousands_of_works_and_timers_in_flight_while_clients_go(gateway):
    """Each client: works for it, timers on it, and a message that waits; half of them vanish in the middle."""
    running = gateway(load(threads=3, io_threads=2))
    count, burst = 120, 40

    async def client(number):
        async with connected(running, f"u{number}", f"c{number}") as one:
            for _ in range(3):
                await one.send(text("every 10"))
            await one.send(text(f"burst {burst}"))
            await one.send(text("hash", f"u{number}"))
            if number % 2:
                one.transport.abort()
                return 0
            seen, hashed = set(), False
            while len(seen) < burst or not hashed:
                heard = await hear(one)
                if heard["content"].startswith("burst"):
                    seen.add(heard["content"])
                hashed = hashed or "hash" in heard
            return len(seen)

    async def scenario():
        results = []
        for begin in range(0, count, 40):
            results += await asyncio.gather(*(client(n) for n in range(begin, begin + 40)))
        assert results.count(burst) == count // 2

    play(scenario(), 120)
    running.wait_for_connections(0)
    running.check_health()
    assert not running.log_lines("another connection")
    all_was_freed(running)


def test_other_clients_go_on_while_works_block(gateway):
    running = gateway(load(threads=2))

    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            blocked = [await connected(running, f"b{n}").__aenter__() for n in range(5)]
            for one in blocked:
                await one.send(text("block", "bob"))
            await asyncio.to_thread(running.wait_for_log, "begun", count=2)
            await alice.send(text("hello", "bob"))
            assert (await hear(bob))["content"] == "hello"
            await hears_nothing_but_pong(bob)
            await alice.send(text("go"))
            for _ in blocked:
                assert (await hear(bob))["content"] == "block"
            for one in blocked:
                await one.close()

    play(scenario())
    all_was_freed(running)


def test_the_end_of_the_gateway_with_works_that_run_and_wait(gateway):
    running = gateway(load(threads=1))
    clients = [running.connect(f"u{n}", f"c{n}") for n in range(10)]
    for client in clients:
        client.send_text(text("burst 300"))
        client.send_text(text("every 100"))
        client.send_text(text("block", "nobody"))
    eventually(lambda: running.admin.stats()["total_messages_received"] == 30, "all were read")
    running.signal(signal.SIGTERM)
    assert running.wait_for_exit() == 0
    assert running.log_lines("kept 0")


def test_without_threads_works_are_refused(gateway):
    running = gateway(load(threads=0), wait=False)
    running.wait_for_log("work.start.*not allowed now")
    assert running.wait_for_exit() != 0


@pytest.mark.parametrize("value", [-1, 65, "many"])
def test_a_wrong_number_of_threads_is_refused(tmp_path, value):
    config = tmp_path / "gateway.yaml"
    config.write_text(f"plugins:\n  work_threads: {value}\n")
    checked = run_gatewayd("check", "--config", config)
    assert checked.returncode != 0
    assert "gateway.yaml:2:17: plugins.work_threads" in checked.stderr + checked.stdout
