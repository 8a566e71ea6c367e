"""Requests that a plugin puts aside, as clients see them. The plugins are in tests/abi/plugins."""

import asyncio
import json

import pytest
import websockets

from support.gateway import BUILD_DIR
from support.library_client import connected, hear, hears_nothing_but_pong, play
from support.waiting import eventually

FOLDER = BUILD_DIR / "tests" / "plugins"


def load(name, wsc=None, **entry):
    return {"plugins": {"load": [{"name": name, "path": str(FOLDER / f"{name}.so"), **entry}]}, "wsc": wsc or {}}


def text(to, content, **more):
    return json.dumps({"type": "text", "to": to, "content": content, **more})


def test_a_handshake_is_accepted_or_refused_later(gateway):
    running = gateway(load("defers"))

    async def scenario():
        async with websockets.connect(running.url + "?user_id=alice&defer=later") as client:
            # Sent without waiting for the 101's greeting, and read after it.
            await client.send('{"type":"ping"}')
            assert (await hear(client))["user_id"] == "alice"
            assert await hear(client) == {"type": "pong"}
        with pytest.raises(websockets.InvalidStatusCode) as refused:
            await websockets.connect(running.url + "?defer=refuse")
        assert refused.value.status_code == 403

    play(scenario())
    running.check_health()


def test_a_handshake_that_nobody_resumes_ends_as_on_error_says(gateway):
    for on_error, status in (("closed", 503), ("open", 101)):
        running = gateway(load("defers", on_error=on_error))
        with running.connect(target="/ws?defer=never", refused=True, greeting=False) as client:
            assert client.response.status == status
        running.wait_for_log("cancelled: never 2")
        running.wait_for_log("not resumed before its deadline")


def test_messages_behind_one_that_is_put_aside_keep_their_order(gateway):
    running = gateway(load("defers"))

    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            contents = ["one", "hold", "two", "later", "three", "hold", "four", "leave", "five"]
            for content in contents:
                await alice.send(text("bob", content))
            assert (await hear(bob))["content"] == "one"
            await hears_nothing_but_pong(bob)
            await bob.send(text("alice", "to alice"))
            assert (await hear(alice))["content"] == "to alice"
            await bob.send(text("alice", "release"))
            for content in contents[1:5]:
                assert (await hear(bob))["content"] == content
            # The second `hold` may not have been read when somebody released the first.
            for content in contents[5:]:
                while True:
                    try:
                        heard = await asyncio.wait_for(hear(bob), 1)
                        break
                    except asyncio.TimeoutError:
                        await bob.send(text("alice", "release"))
                assert heard["content"] == content
            await hears_nothing_but_pong(alice)

    play(scenario())


def test_a_frame_is_put_aside_and_decoded_later(gateway):
    running = gateway(load("defers"))
    with running.connect("alice", "a1") as alice:
        alice.send_text("frame later")
        alice.expect_error("invalid_message")
        alice.expect_nothing_but_pong()


def test_a_message_that_is_refused_later_has_its_id(gateway):
    running = gateway(load("defers"))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"id": "m1", "type": "text", "to": "alice", "content": "refuse"})
        assert alice.expect_error("forbidden")["id"] == "m1"
        alice.expect_nothing_but_pong()


def test_many_connections_wait_at_once_and_some_go(gateway):
    count = 1000
    running = gateway(load("defers", wsc={"performance": {"io_threads": 2}}))

    async def scenario():
        clients = [connected(running, f"u{i}", f"c{i}") for i in range(count)]
        opened = []
        for i in range(0, count, 50):
            opened += await asyncio.gather(*(client.__aenter__() for client in clients[i : i + 50]))
        for i, client in enumerate(opened):
            await client.send(text(f"u{i}", "hold", id=i))
        for client in opened[: count // 10]:
            client.transport.abort()
        await asyncio.to_thread(running.wait_for_log, "cancelled: hold 1", count=count // 10)
        async with connected(running, "releaser") as releaser:
            for client in opened[count // 10 :]:
                await client.ping()
            waiting = [asyncio.ensure_future(hear(client)) for client in opened[count // 10 :]]
            while not all(one.done() for one in waiting):
                await releaser.send(text("x", "release"))
                await asyncio.wait(waiting, timeout=0.2)
            for i, one in enumerate(waiting, count // 10):
                assert one.result()["id"] == i
        await asyncio.gather(*(client.__aexit__(None, None, None) for client in clients[count // 10 :]))

    play(scenario(), 120)
    running.wait_for_connections(0)
    running.check_health()


def test_a_shutdown_cancels_what_waits(gateway):
    running = gateway(load("defers"))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hold"})
        alice.send_json({"type": "text", "to": "alice", "content": "never read"})
        # Reads no further: the ping behind it is not answered, so ask somebody else whether it has come.
        eventually(lambda: running.admin.stats()["total_messages_received"] == 1, "the message is there")
        running.stop()
    assert running.log_lines("cancelled: hold 3")


# --- plugins that break the rules ---


def test_a_plugin_that_resumes_twice_is_told_so(gateway):
    running = gateway(load("resumes_twice"))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        assert alice.receive()["content"] == "hi"
        alice.expect_nothing_but_pong()
    for line in ("first: 0", "second: -4", "third: -4"):
        running.wait_for_log(line)
    assert not running.log_lines("cancelled")
    running.check_health()


def test_a_plugin_that_resumes_after_the_disconnect_is_told_so(gateway):
    running = gateway(load("resumes_after_disconnect"))
    alice = running.connect("alice", "a1")
    alice.send_json({"type": "text", "to": "alice", "content": "hi"})
    running.wait_for_log("deferred: 0")
    alice.drop()
    running.wait_for_log("cancelled: 1")
    running.wait_for_log("resumed: -4")
    running.check_health()


@pytest.mark.parametrize("on_error", ["closed", "open"])
def test_a_plugin_that_never_resumes_costs_the_message_its_deadline(gateway, on_error):
    running = gateway(load("never_resumes", on_error=on_error))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"id": 5, "type": "text", "to": "alice", "content": "hi"})
        if on_error == "open":
            assert alice.receive()["content"] == "hi"
        else:
            assert alice.expect_error("plugin_error")["id"] == 5
        alice.expect_nothing_but_pong()
    running.wait_for_log("cancelled: 2")
    running.check_health()


def test_a_plugin_that_calls_next_twice_sends_once(gateway):
    running = gateway(load("calls_next_twice"))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        assert alice.receive()["content"] == "hi"
        alice.expect_nothing_but_pong()
    running.wait_for_log("second: -3")
    running.wait_for_log("third: -3")
    assert running.log_lines("plugin broke a rule of the ABI")


def test_a_plugin_that_defers_without_on_resume_is_refused(gateway):
    running = gateway(load("defers_without_on_resume"))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        alice.expect_error("plugin_error")
        alice.expect_nothing_but_pong()
    running.wait_for_log("deferred: -3")
