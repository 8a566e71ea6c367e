"""permessage-deflate over raw connections: who gets what, in which form, and what it may cost."""

import contextlib
import json
import random
import re
import string
import zlib

import pytest

from support.certificates import tls_gateway
from support.deflate import NO_CONTEXT, bomb, compressed
from support.gateway import SANITIZE
from support.library_client import connected, hear, play
from support.raw import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_payload, make_frame
from support.waiting import Deadline, eventually

KB, MB = 1024, 1024 * 1024


def config(**performance):
    return {"wsc": {"performance": {"enable_compression": True, "compression_threshold": 100, **performance}}}


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway(config())


@pytest.fixture(autouse=True)
def nobody_left(request):
    yield
    if "running" in request.fixturenames:
        request.getfixturevalue("running").check_health()


def random_text(size, seed=1):
    """Text that DEFLATE makes a quarter smaller, not more."""
    return "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=size))


def message_of(client):
    frame = client.read_frame()
    assert frame.opcode == TEXT, frame
    return json.loads(frame.payload), frame


# --- who gets it ---


def test_it_is_off_by_default(gateway):
    running = gateway()
    with running.connect("alice", headers={"Sec-WebSocket-Extensions": "permessage-deflate"}) as client:
        assert "sec-websocket-extensions" not in client.response.headers
        client.send_frame(TEXT, compressed(b'{"type":"ping"}'), rsv=4)
        client.expect_close(1002)


@pytest.mark.parametrize(
    "takeover, offered, answered, shown",
    [
        (False, None, None, "none"),
        (False, "permessage-deflate; nonsense", None, "none"),
        (False, "permessage-deflate; client_max_window_bits", NO_CONTEXT, "deflate"),
        (True, "permessage-deflate; client_max_window_bits", "permessage-deflate", "deflate_with_context"),
        (True, "permessage-deflate; server_no_context_takeover; client_no_context_takeover", NO_CONTEXT, "deflate"),
    ],
)
def test_operators_see_who_has_it(gateway, takeover, offered, answered, shown):
    running = gateway(config(compression_context_takeover=takeover))
    with running.connect("alice", "a1", headers={"Sec-WebSocket-Extensions": offered}) as client:
        assert client.response.headers.get("sec-websocket-extensions") == answered
        assert running.admin.get("/api/v1/clients/a1").json()["compression"] == shown
        assert running.admin.metric("gateway_compression_connections") == (shown != "none")
        assert (running.admin.metric("gateway_compression_memory_bytes") > 0) == (shown == "deflate_with_context")
        client.close()
    running.wait_for_connections(0)
    assert running.admin.metric("gateway_compression_memory_bytes") == 0
    eventually(lambda: running.admin.metric("gateway_compression_connections") == 0, "none is left")


def test_a_refused_handshake_leaves_nothing_of_it(gateway):
    running = gateway(config(compression_context_takeover=True))
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    with running.connect("alice", "a1", headers=offer) as alice:
        before = running.admin.metric("gateway_compression_memory_bytes")
        with running.connect("mallory", "a1", headers=offer, refused=True, greeting=False) as refused:
            assert refused.response.status == 409
            assert "sec-websocket-extensions" not in refused.response.headers
            refused.expect_end()
        eventually(lambda: running.admin.metric("gateway_compression_connections") == 1, "one is left")
        assert running.admin.metric("gateway_compression_memory_bytes") == before
        alice.close()


def test_contexts_have_a_limit_and_newcomers_go_without(gateway):
    running = gateway(config(compression_context_takeover=True, max_compression_memory=1))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect(f"u{n}", deflate="permessage-deflate")) for n in range(5)]
        kept = [not client.deflate.parameters for client in clients]
        assert kept == [True, True, True, False, False], "three times 0.3 MB fit into 1 MB"
        assert running.admin.metric("gateway_compression_memory_bytes") <= MB
        for n, client in enumerate(clients):
            for _ in range(3):
                client.send_compressed(TEXT, json.dumps({"type": "text", "to": f"u{n}", "content": "x" * 1000}))
                message, frame = message_of(client)
                assert message["content"] == "x" * 1000 and frame.compressed
        clients[0].close()
        running.wait_for_connections(4)
        with running.connect("late", deflate="permessage-deflate") as late:
            assert not late.deflate.parameters
            late.close()
        for client in clients[1:]:
            client.close()
    running.wait_for_connections(0)
    assert running.admin.metric("gateway_compression_memory_bytes") == 0


# --- what comes in ---


def ping_with(size):
    return ('{"type":"ping"}' + " " * (size - 15)).encode()


@pytest.mark.parametrize("takeover", [False, True])
@pytest.mark.parametrize("pieces", ["whole", "in two", "byte by byte"])
def test_compressed_messages_in_any_pieces(gateway, takeover, pieces):
    running = gateway(config(compression_context_takeover=takeover))
    with running.connect("alice", deflate="permessage-deflate; client_max_window_bits") as client:
        for size in (15, 1000, 70_000, 1_000_000):
            payload = client.deflate.compress(ping_with(size))
            step = {"whole": len(payload), "in two": (len(payload) + 1) // 2, "byte by byte": 1}[pieces]
            parts = [payload[i : i + step] for i in range(0, len(payload), step)]
            for number, part in enumerate(parts):
                first, last = number == 0, number == len(parts) - 1
                client.send_frame(TEXT if first else CONTINUATION, part, fin=last, rsv=4 if first else 0)
                if number % 100 == 0 and not last:
                    client.send_frame(PING, b"between")
                    assert client.read_frame().opcode == PONG
            assert client.receive() == {"type": "pong"}
        client.send_json({"type": "ping"})  # plain ones are as welcome as before
        assert client.receive() == {"type": "pong"}
        client.close()


@pytest.mark.parametrize("level", range(10))
@pytest.mark.parametrize("bits", [9, 12, 15])
def test_whatever_the_client_compresses_with(running, level, bits):
    with running.connect("alice", deflate="permessage-deflate") as client:
        for size in (15, 300, 40_000):
            client.send_frame(TEXT, compressed(ping_with(size), level, bits), rsv=4)
            assert client.receive() == {"type": "pong"}
        client.send_frame(TEXT, compressed(ping_with(300), level, bits, zlib.Z_FINISH), rsv=4)
        assert client.receive() == {"type": "pong"}
        client.close()


def test_the_message_limit_is_that_of_the_inflated_message(gateway):
    running = gateway({"wsc": {**config()["wsc"], "security": {"max_message_size": 64}}})
    with running.connect("alice", deflate="permessage-deflate") as client:
        client.send_frame(TEXT, compressed(ping_with(64 * KB)), rsv=4)
        assert client.receive() == {"type": "pong"}
        # 64 KB that DEFLATE cannot make smaller are a little more on the wire, and still no more than 64 KB.
        noise = random.Random(5).randbytes(64 * KB)
        payload = compressed(noise, 6)
        assert len(payload) > 64 * KB
        client.send_frame(BINARY, payload, rsv=4)
        client.expect_error("invalid_message")
        client.send_frame(TEXT, compressed(ping_with(64 * KB + 1)), rsv=4)
        assert "max_message_size" in client.expect_close(1009)
    running.wait_for_log("client disconnected.*reason=too_big code=1009")


@pytest.mark.parametrize(
    "payload, code, why",
    [
        (b"\xff\xff\xff", 1007, "protocol_error"),
        (compressed(ping_with(5000))[:-20], 1007, "protocol_error"),
        (compressed(b"\xff not UTF-8"), 1007, "invalid_utf8"),
        (compressed("ä".encode()[:1]), 1007, "invalid_utf8"),
    ],
    ids=["not DEFLATE", "cut off", "not UTF-8", "half a character"],
)
@pytest.mark.parametrize("way", ["whole", "in fragments"])
def test_what_is_broken_closes(running, payload, code, why, way):
    with running.connect("alice", "a1", deflate="permessage-deflate") as client:
        since = running.log_position()
        if way == "whole":
            client.send_frame(TEXT, payload, rsv=4)
        else:
            client.send_frame(TEXT, payload[:1], rsv=4, fin=False)
            client.send_frame(CONTINUATION, payload[1:])
        client.expect_close(code)
        running.wait_for_log(f"client disconnected.*client_id=a1.*reason={why} code={code}", since=since)


# --- bombs ---


def memory(running, name):
    """VmRSS, or VmHWM, which is the most that it ever was since reset_peak(); in bytes."""
    status = open(f"/proc/{running.process.pid}/status").read()
    return int(re.search(rf"{name}:\s+(\d+) kB", status).group(1)) * KB


def reset_peak(running):
    with open(f"/proc/{running.process.pid}/clear_refs", "w") as file:
        file.write("5")


@pytest.mark.skipif(bool(SANITIZE), reason="memory of a sanitizer is not ours")
@pytest.mark.parametrize("way", ["one frame", "fragments", "all at once"])
def test_a_bomb_takes_no_more_than_one_message(running, way):
    """400 KB that would be 400 MB. The bound: one message of max_message_size for each reactor, and what waits of the
    bomb itself, which max_inbound_memory bounds."""
    payload = bomb(400 * MB)
    assert len(payload) < 450 * KB
    refused = running.admin.metric("gateway_compression_refused_total", reason="too_big")
    with running.connect("warm", deflate="permessage-deflate") as warm:  # zlib's state and the buffers are there
        warm.send_compressed(TEXT, ping_with(MB))
        assert warm.receive() == {"type": "pong"}
        warm.close()
    reset_peak(running)
    before = memory(running, "VmRSS")
    count = 20
    bound = MB + len(payload) * (count if way == "all at once" else 2) + 4 * MB
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(running.connect(f"b{n}", deflate="permessage-deflate")) for n in range(count)]
        for client in clients:
            if way == "one frame":
                client.send_frame(TEXT, payload, rsv=4)
            elif way == "fragments":
                client.send_frame(TEXT, payload[:1000], rsv=4, fin=False)
                client.send_frame(CONTINUATION, payload[1000:])
            else:
                client.send_frame(TEXT, payload[:-1], rsv=4, fin=False)
            if way != "all at once":
                client.expect_close(1009, skip_messages=True)
        if way == "all at once":
            for client in clients:
                client.send_frame(CONTINUATION, payload[-1:])
            for client in clients:
                client.expect_close(1009, skip_messages=True)
    assert memory(running, "VmHWM") - before < bound
    grown = running.admin.metric("gateway_compression_refused_total", reason="too_big") - refused
    assert grown == count


def test_the_memory_of_a_huge_message_is_given_back(gateway):
    running = gateway({"wsc": {**config()["wsc"], "security": {"max_message_size": 65536}}})
    with running.connect("alice", deflate="permessage-deflate") as client:
        client.send_compressed(TEXT, ping_with(1000))
        assert client.receive() == {"type": "pong"}
        before = memory(running, "VmRSS")
        client.send_compressed(TEXT, ping_with(64 * MB))
        assert client.receive() == {"type": "pong"}
        if not SANITIZE:
            eventually(lambda: memory(running, "VmRSS") < before + 8 * MB, "64 MB are given back")
        client.close()


# --- what goes out ---


def test_small_messages_and_those_that_do_not_get_smaller_stay_plain(running):
    with running.connect("alice", deflate="permessage-deflate") as alice:
        alice.send_json({"type": "ping"})
        assert message_of(alice)[1].compressed is None
        for content, is_compressed in (("", False), ("x" * 1000, True), (random_text(1000), True)):
            alice.send_json({"type": "text", "to": "alice", "content": content})
            message, frame = message_of(alice)
            assert message["content"] == content
            assert bool(frame.compressed) == (is_compressed or len(frame.payload) >= 100)
        alice.close()


def test_a_broadcast_is_compressed_once_for_each_window(running):
    offers = {
        "plain": None,
        "browser": "permessage-deflate; client_max_window_bits",
        "other": "permessage-deflate",
        "small": "permessage-deflate; server_max_window_bits=9",
        "smallest": "permessage-deflate; server_max_window_bits=8",
    }
    with contextlib.ExitStack() as stack:
        people = [(name, offer) for name, offer in offers.items() for _ in range(10)]
        clients = [(name, stack.enter_context(running.connect(deflate=offer))) for name, offer in people]
        runs = running.admin.metric("gateway_compression_runs_total")
        sent = running.admin.metric("gateway_compression_messages_total", direction="out")
        texts = ["a long story " * 200 + str(n) for n in range(20)]
        for text in texts:
            assert running.admin.broadcast({"type": "news", "content": text})["delivered"] == len(clients)
        for name, client in clients:
            for text in texts:
                message, frame = message_of(client)
                assert message["content"] == text
                assert bool(frame.compressed) == (name != "plain"), name
        assert running.admin.metric("gateway_compression_runs_total") - runs == 3 * len(texts)
        grown = running.admin.metric("gateway_compression_messages_total", direction="out") - sent
        assert grown == 40 * len(texts)
        wire, plain = (
            running.admin.metric(f"gateway_compression_{form}_bytes_total", direction="out")
            for form in ("wire", "plain")
        )
        assert 0 < wire < plain
        for _, client in clients:
            client.close()


@pytest.mark.parametrize("takeover", [False, True])
def test_order_is_kept_among_plain_and_compressed_to_one_and_to_all(gateway, takeover):
    running = gateway(config(compression_context_takeover=takeover))
    with contextlib.ExitStack() as stack:
        offers = [None, "permessage-deflate", "permessage-deflate; server_max_window_bits=10"] * 3
        clients = [stack.enter_context(running.connect(f"u{n}", deflate=o)) for n, o in enumerate(offers)]
        agent = stack.enter_context(running.connect("agent", user_type="agent", deflate="permessage-deflate"))
        chance = random.Random(3)
        expected = [[] for _ in clients]
        frames = []
        for number in range(400):
            content = {"n": number, "pad": random_text(chance.choice((0, 10, 90, 500, 3000)), number)}
            to = chance.choice([None, *range(len(clients))])
            for place in range(len(clients)) if to is None else [to]:
                expected[place].append(number)
            message = {"type": "text", "content": content, **({} if to is None else {"to": f"u{to}"})}
            frames.append(make_frame(TEXT, json.dumps(message)))
        agent.send(b"".join(frames))
        for client, numbers in zip(clients, expected):
            got = [message_of(client) for _ in numbers]
            assert [message["content"]["n"] for message, _ in got] == numbers
            assert any(frame.compressed for _, frame in got) == (client.deflate is not None)
        for client in (*clients, agent):
            client.close()
    running.wait_for_connections(0)


def test_context_takeover_makes_the_second_message_small(gateway):
    running = gateway(config(compression_context_takeover=True))
    content = random_text(5000)
    with running.connect("a", deflate="permessage-deflate") as keeps, running.connect("b", deflate=NO_CONTEXT) as forgets:
        for client, user in ((keeps, "a"), (forgets, "b")):
            sizes = []
            for _ in range(3):
                client.send_compressed(TEXT, json.dumps({"type": "text", "to": user, "content": content}))
                message, frame = message_of(client)
                assert message["content"] == content
                sizes.append(frame.compressed)
            assert (max(sizes[1:]) < sizes[0] / 10) == (client is keeps), sizes
            client.close()


def test_plugins_see_plain_messages(gateway):
    running = gateway({**config(), "plugins": {"load": [{"name": "echo"}]}})
    with running.connect("alice", deflate="permessage-deflate; server_max_window_bits=9") as client:
        for opcode, data in ((TEXT, "grüße " * 500), (BINARY, bytes(range(200)) * 40), (TEXT, ""), (BINARY, b"\0")):
            client.send_compressed(opcode, data)
            frame = client.read_frame()
            assert (frame.opcode, frame.payload) == (opcode, data.encode() if isinstance(data, str) else data)
            assert (frame.compressed is not None) == (len(data) > 100)
        client.close()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_inside_tls(gateway, certificates, version):
    running = tls_gateway(gateway, certificates, config()["wsc"], version=version)

    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob", compression=None) as bob:
            assert alice.extensions and not bob.extensions
            for size in (0, 1000, 16384, 200_000):
                for client, to in ((alice, "bob"), (bob, "alice"), (alice, "alice")):
                    await client.send(json.dumps({"type": "text", "to": to, "content": "ab" * size}))
                assert (await hear(bob))["content"] == "ab" * size
                assert [(await hear(alice))["content"] for _ in range(2)] == ["ab" * size] * 2

    play(scenario())


@pytest.mark.parametrize("takeover", [False, True])
def test_compressed_messages_behind_the_gateways_close_frame_are_read_past(gateway, takeover):
    running = gateway(config(compression_context_takeover=takeover))
    with running.connect("alice", "a1", deflate="permessage-deflate") as client:
        client.send_compressed(TEXT, ping_with(1000))
        assert client.receive() == {"type": "pong"}
        assert running.admin.kick("a1").status == 200
        assert client.read_frame().close_code() == 1008
        client.send_compressed(TEXT, ping_with(1000))
        client.send_frame(TEXT, b"\xff", rsv=4)
        client.send_frame(CLOSE, close_payload(1008))
        client.expect_end()
    running.wait_for_connections(0)
    assert running.admin.metric("gateway_compression_messages_total", direction="in") == 1


# --- slow clients ---


@pytest.mark.parametrize("way", ["to the user", "to everyone"])
@pytest.mark.parametrize("policy", ["disconnect", "drop_oldest", "drop_newest"])
def test_a_slow_client_of_compressed_messages(gateway, policy, way):
    """Dropped messages leave whole frames behind, in their order; context takeover, which could not stand that, is not
    agreed to where messages may be dropped."""
    running = gateway(
        {
            "wsc": {
                "message_buffer_size": 8,
                "performance": {
                    "enable_compression": True,
                    "compression_context_takeover": True,
                    "slow_client": policy,
                },
            }
        }
    )
    count = 600
    with running.connect("slow", deflate="permessage-deflate", receive_buffer=4096) as slow:
        assert ("server_no_context_takeover" in slow.deflate.parameters) == (policy != "disconnect")
        with running.connect("sender", user_type="agent") as sender:
            to = {"to": "slow"} if way == "to the user" else {}
            for number in range(count):
                text = json.dumps({"type": "text", **to, "content": {"n": number, "p": random_text(20_000, number)}})
                sender.send_text(text)
            sender.send_json({"type": "ping"})
            while sender.receive(60) != {"type": "pong"}:
                pass
            if policy == "disconnect":
                running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client code=1013")
                slow.expect_close(1013, seconds=60, skip_messages=True)
                sender.close()
                return
            numbers = numbers_of(slow)
            assert numbers == sorted(set(numbers)) and 8 <= len(numbers) < count
            if policy == "drop_newest":
                assert numbers == list(range(len(numbers)))
            else:
                assert numbers[-1] == count - 1
            assert running.admin.metric("gateway_send_queue_bytes") == 0
            slow.close()
            sender.close()
    running.check_health()


def numbers_of(slow):
    """The slow one reads, until a ping that it sends is answered."""
    slow.send_frame(PING, b"end")
    found = []
    deadline = Deadline(60)
    while (frame := slow.read_frame(deadline.left())).opcode != PONG:
        assert frame.opcode != CLOSE
        if frame.opcode == TEXT:
            assert frame.compressed
            found.append(json.loads(frame.payload)["content"]["n"])
    return found
