"""Applications on python3-websockets, a client that no one here wrote."""

import asyncio
import json

import pytest
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from support.library_client import connected, hear, play


# This library offers compression by itself.
COMPRESSED = {"enable_compression": True, "compression_threshold": 50}


@pytest.fixture(
    scope="module",
    params=[
        {"io_threads": 1},
        {"io_threads": 3},
        {"io_threads": 3, **COMPRESSED},
        {"io_threads": 1, **COMPRESSED, "compression_context_takeover": True, "compression_window_bits": 10},
    ],
    ids=["1 reactor", "3 reactors", "3 reactors, compressed", "1 reactor, compressed with context"],
)
def running(request, shared_gateway):
    made = shared_gateway({"wsc": {"heartbeat_interval": 1, "client_timeout": 60, "performance": request.param}})
    made.compresses = "enable_compression" in request.param
    return made


@pytest.fixture(autouse=True)
def nobody_left(running):
    yield
    running.wait_for_connections(0)


async def say(client, content, **fields):
    await client.send(json.dumps({"type": "text", **fields, "content": content}))


def test_two_users_talk(running):
    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            for number in range(200):
                await say(alice, number, to="bob")
                message = await hear(bob)
                assert (message["from"], message["content"]) == ("alice", number)
                await say(bob, -number, to="alice")
                assert (await hear(alice))["content"] == -number

    play(scenario())


def test_compression_is_taken_where_it_is_enabled(running):
    async def scenario():
        async with connected(running, "alice", compression="deflate") as alice:
            assert bool(alice.extensions) == running.compresses
            for size in (0, 10, 1000, 100_000):
                await say(alice, "x" * size, to="alice")
                assert (await hear(alice))["content"] == "x" * size

    play(scenario())


def test_every_parameter_of_compression(running):
    choices = [
        {"server_no_context_takeover": a, "client_no_context_takeover": b, "server_max_window_bits": c, "client_max_window_bits": d}
        for a in (False, True)
        for b in (False, True)
        for c in (None, 8, 9, 15)
        for d in (None, True, 9, 15)
    ]

    async def scenario():
        for options in choices:
            extension = ClientPerMessageDeflateFactory(**options)
            async with connected(running, "alice", extensions=[extension], compression=None) as alice:
                for number in range(4):
                    content = "again and again " * 50 + str(number)
                    await say(alice, content, to="alice")
                    assert (await hear(alice))["content"] == content, options

    play(scenario())


def test_subprotocol(running):
    async def scenario():
        async with connected(running, "alice", subprotocols=["bearer", "secret", "gateway.v1.json"]) as alice:
            assert alice.subprotocol == "gateway.v1.json"

    play(scenario())


def test_a_message_in_many_fragments(running):
    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            text = json.dumps({"type": "text", "to": "bob", "content": "é漢😀" * 5000}, ensure_ascii=False)
            await alice.send(text[i : i + 100] for i in range(0, len(text), 100))
            assert (await hear(bob))["content"] == "é漢😀" * 5000

    play(scenario())


def test_big_messages_in_both_directions(running):
    async def scenario():
        async with connected(running, "alice", max_size=None) as alice, connected(running, "bob", max_size=None) as bob:
            sizes = [0, 1, 100, 125, 126, 127, 65000, 65535, 65536, 70000, 1_000_000]
            for size in sizes:
                await say(alice, "c" * size, to="bob")
                assert len((await hear(bob))["content"]) == size
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await say(alice, "c" * alice.greeting["max_message_size"], to="bob")
                await hear(alice)
            assert closed.value.rcvd.code == 1009

    play(scenario())


def test_pings_both_ways(running):
    async def scenario():
        async with connected(running, "alice", ping_interval=0.2) as alice:
            for payload in (b"", b"x", b"\xff" * 125):
                await (await alice.ping(payload))
            await alice.send('{"type":"ping"}')
            assert await hear(alice) == {"type": "pong"}

    play(scenario())


def test_close_codes(running):
    async def scenario():
        for code in (1000, 1001, 1011, 3000, 4999):
            async with connected(running, "alice") as alice:
                await alice.close(code, "reason")
                assert alice.close_code == code
        async with connected(running, "alice", "a1") as old:
            async with connected(running, "alice", "a1") as new:
                with pytest.raises(websockets.ConnectionClosed) as closed:
                    await old.recv()
                assert closed.value.rcvd.code == 1008
                assert "replaced" in closed.value.rcvd.reason
                await say(new, "me", to="alice")
                assert (await hear(new))["content"] == "me"

    play(scenario())


def test_a_refusal_is_an_http_status(running):
    async def scenario():
        async with connected(running, "alice", "a1"):
            with pytest.raises(websockets.InvalidStatusCode) as refused:
                async with connected(running, "mallory", "a1"):
                    pass
            assert refused.value.status_code == 409

    play(scenario())


def test_a_hundred_clients_and_a_broadcast(running):
    async def scenario():
        clients = await asyncio.gather(*(connected(running, f"u{i}").__aenter__() for i in range(100)))
        async with connected(running, "ann", user_type="agent") as agent:
            for number in range(20):
                await say(agent, number)
            for client in clients:
                assert [(await hear(client))["content"] for _ in range(20)] == list(range(20))
        await asyncio.gather(*(client.close() for client in clients))

    play(scenario())
