"""limits: how fast clients may connect and send, and what becomes of those who do not listen."""

import asyncio
import json

import pytest
import websockets

from support.gateway import run_gatewayd
from support.library_client import connected, play
from support.raw import BINARY, TEXT, make_frame
from support.waiting import Deadline, eventually

NO_LIMIT = {"messages": 0, "bytes": 0, "handshakes": 0}
API = "/api/v1/plugins/limits/bans"


def limited(connection=None, user=None, address=None, **more):
    """Only what is given is limited."""
    return {
        "wsc": {
            "security": {
                "enable_rate_limit": True,
                "rate_limit": {
                    "connection": {"messages": 0, "bytes": 0, **(connection or {})},
                    "user": {**NO_LIMIT, **(user or {})},
                    "address": {**NO_LIMIT, **(address or {})},
                    "admission": {"per_second": 0},
                    "burst": 100,
                    "abuse": {"refusals": 0},
                    **more,
                },
            }
        }
    }


def burst(client, count, **fields):
    """So many messages to oneself in one segment; what came back of them, by kind."""
    name = client.greeting["user_id"]
    message = {"type": "text", "to": name, **fields}
    client.send(b"".join(make_frame(TEXT, json.dumps({**message, "id": str(n)})) for n in range(count)))
    return [client.receive() for _ in range(count)]


def passed(answers):
    return sum(answer["type"] == "text" for answer in answers)


def refused(answers):
    return [answer for answer in answers if answer["type"] == "error"]


# --- messages ---


def test_a_connection_that_sends_too_much_is_told_when_it_may_again(gateway):
    running = gateway(limited(connection={"messages": 0.1}))  # a burst of 10
    with running.connect("bob") as bob, running.connect("eve") as eve:
        answers = burst(bob, 30)
        assert passed(answers) == 10
        for answer in refused(answers):
            assert answer["code"] == "rate_limited"
            assert 0 < answer["retry_after_ms"] <= 10_000
            assert answer["content"].startswith("too many messages of this connection; wait ")
        assert {answer["id"] for answer in refused(answers)} == {str(n) for n in range(10, 30)}
        assert passed(burst(eve, 10)) == 10  # nobody else suffers
    assert running.admin.metric("gateway_plugin_limits_refused_total", what="messages") == 20


def test_it_may_send_again_after_that_time(gateway):
    running = gateway(limited(connection={"messages": 50}, burst=0.1))  # five at once
    with running.connect("bob") as bob:
        answers = burst(bob, 6)
        assert passed(answers) == 5
        eventually(lambda: passed(burst(bob, 1)) == 1, "the bucket fills")


def test_bytes_count_too_of_binary_and_broken_messages(gateway):
    running = gateway(limited(connection={"bytes": 10}))  # a burst of 1000
    with running.connect("bob") as bob:
        bob.send(make_frame(BINARY, b"x" * 600))
        assert bob.receive()["code"] == "invalid_message"
        bob.send(make_frame(TEXT, b"x" * 300))
        assert bob.receive()["code"] == "invalid_message"
        bob.send(make_frame(BINARY, b"x" * 600))
        answer = bob.receive()
        assert answer["code"] == "rate_limited" and "too many bytes" in answer["content"] and "id" not in answer


def test_all_connections_of_a_user_or_an_address_count_together(gateway):
    running = gateway(limited(user={"messages": 0.1}, address={"messages": 0.3}))
    with running.connect("bob") as one, running.connect("bob") as two:
        # Each message of the ten that pass comes to both.
        frames = [make_frame(TEXT, json.dumps({"type": "text", "to": "nobody", "id": str(n)})) for n in range(8)]
        answers = []
        for client in (one, two):
            client.send(b"".join(frames))
            answers += [client.receive() for _ in frames]
        codes = [answer["code"] for answer in answers]
        assert codes.count("user_offline") == 10
        assert codes.count("rate_limited") == 6
        assert "this user" in next(a["content"] for a in answers if a["code"] == "rate_limited")
        with running.connect("eve") as eve, running.connect("ann") as ann, running.connect("zoe") as zoe:
            answers = burst(eve, 10) + burst(ann, 10) + burst(zoe, 10)
            assert 15 <= passed(answers) <= 20
            assert "this address" in refused(answers)[-1]["content"]


def test_user_types_and_addresses_may_be_exempt(gateway):
    running = gateway(limited(connection={"messages": 0.01}, exempt_user_types=["agent"]))
    with running.connect("ann", user_type="agent") as ann, running.connect("bob") as bob:
        assert passed(burst(ann, 50)) == 50
        assert passed(burst(bob, 5)) == 1
    running = gateway(limited(address={"messages": 0.01, "handshakes": 0.01}, exempt_addresses=["127.0.0.0/8"]))
    for _ in range(5):
        with running.connect("bob") as bob:
            assert passed(burst(bob, 5)) == 5


# --- handshakes ---


@pytest.mark.parametrize("whose, limits", [("user", {"user": {"handshakes": 0.03}}), ("address", {"address": {"handshakes": 0.03}})])
def test_handshakes_that_are_too_many_get_429_with_retry_after(gateway, whose, limits):
    running = gateway(limited(**limits))  # three at once
    for _ in range(3):
        running.connect("bob").drop()
    client = running.connect("bob", refused=True, greeting=False)
    assert client.response.status == 429
    assert 1 <= int(client.response.headers["retry-after"]) <= 34
    error = client.response.error()
    assert error["code"] == "rate_limited" and f"of this {whose}" in error["message"]
    other = running.connect("eve", refused=True, greeting=False)
    assert other.response.status == (101 if whose == "user" else 429)
    running.wait_for_log("handshake refused by=limits status=429")


# --- bans ---


def test_who_goes_on_is_banned_for_a_while_and_the_ban_can_be_lifted(gateway):
    running = gateway(limited(connection={"messages": 0.01}, abuse={"refusals": 5, "within": 3600, "ban": 60}))
    admin = running.admin
    calm, wild = running.connect("calm"), running.connect("wild")
    with calm, wild:
        wild.send(b"".join(make_frame(TEXT, b'{"type":"ping"}') for _ in range(20)))
        codes = [wild.receive().get("code", "pong") for _ in range(6)]
        assert codes == ["pong"] + ["rate_limited"] * 5
        assert wild.expect_close(1008) == "rate_limited: this address is banned for 60 s"
        calm.send_json({"type": "ping"})  # of the same address, and well-behaved
        assert calm.receive() == {"type": "pong"}

        client = running.connect("eve", refused=True, greeting=False)
        assert client.response.status == 429
        assert client.response.error()["code"] == "banned"
        assert 1 <= int(client.response.headers["retry-after"]) <= 60
        listed = admin.get(API).json()
        assert listed["total"] == 1
        assert (listed["bans"][0]["address"], listed["bans"][0]["why"]) == ("127.0.0.1", "too many messages")
        assert admin.metric("gateway_plugin_limits_bans") == 1
        running.wait_for_log("an address is banned.*address=127.0.0.1")

        assert admin.request("DELETE", API + "/127.0.0.1").json() == {"address": "127.0.0.1", "lifted": True}
        assert admin.request("DELETE", API + "/127.0.0.1").status == 404
        assert admin.get(API).json() == {"bans": [], "total": 0}
        running.connect("eve").drop()


def test_bans_outlive_a_reload(gateway):
    running = gateway(limited())
    assert running.admin.request("PUT", API + "/192.0.2.7?seconds=900").status == 200
    assert running.admin.post("/api/v1/plugins/limits/reload", {}).status == 200
    (ban,) = running.admin.get(API).json()["bans"]
    assert ban["address"] == "192.0.2.7" and 0 < ban["seconds_left"] <= 900
    assert running.admin.metric("gateway_plugin_limits_bans") == 1


def test_operators_ban_by_hand(gateway):
    running = gateway(limited())
    admin = running.admin
    assert admin.request("PUT", API + "/127.0.0.1?seconds=x").status == 400
    assert admin.request("PUT", API + "/nowhere").status == 400
    assert admin.request("PUT", API + "/127.0.0.1?seconds=90").json() == {"address": "127.0.0.1", "seconds_left": 90}
    assert admin.request("PUT", API + "/2001:db8::1?seconds=9").json()["address"] == "2001:db8::/64"
    assert running.connect(refused=True, greeting=False).response.status == 429
    assert admin.request("DELETE", API).json() == {"lifted": 2}
    running.connect().drop()


# --- admission ---


def test_a_storm_is_let_in_evenly_and_in_order(gateway):
    running = gateway(limited(admission={"per_second": 100, "max_waiting": 60, "max_wait": 8}))

    async def scenario():
        async with connected(running, "early") as early:
            storm = [asyncio.ensure_future(websockets.connect(f"{running.url}?user_id=u{n}")) for n in range(40)]
            await early.send(json.dumps({"type": "ping"}))
            assert json.loads(await early.recv()) == {"type": "pong"}  # while the others wait
            clients = await asyncio.gather(*storm)
            for client in clients:
                assert json.loads(await client.recv())["type"] == "connected"
            for client in clients:
                await client.close()

    play(scenario())
    running.check_health()


def test_beyond_what_may_wait_the_answer_is_503_with_retry_after(gateway):
    running = gateway(limited(admission={"per_second": 0.5, "max_waiting": 2, "max_wait": 30}))
    first = running.connect("first")

    async def scenario():
        tasks = [asyncio.ensure_future(websockets.connect(f"{running.url}?user_id=u{n}")) for n in range(2)]
        deadline = Deadline(20)
        while running.admin.metric("gateway_plugin_limits_admission_waiting") < 2 and deadline.left() > 0:
            await asyncio.sleep(0)
        with pytest.raises(websockets.InvalidStatusCode) as refused_one:
            await websockets.connect(f"{running.url}?user_id=late")
        assert refused_one.value.status_code == 503
        assert 1 <= int(refused_one.value.headers["Retry-After"]) <= 6
        for task in tasks:
            await (await task).close()

    with first:
        play(scenario())
    assert running.admin.metric("gateway_plugin_limits_refused_total", what="admission") == 1


# --- configuration ---


@pytest.mark.parametrize(
    "text, words",
    [
        ("connection: { messages: -1 }", "messages: must be a number a second from 0"),
        ("connection: { handshakes: 1 }", "handshakes"),
        ("burst: 0", "burst: must be a number of seconds from 0.1"),
        ("exempt_addresses: [10.0.0.1/8]", "did you mean 10.0.0.0/8?"),
        ("speed: 1", "speed"),
    ],
)
def test_a_wrong_limit_stops_the_start_with_its_line(tmp_path, text, words):
    file = tmp_path / "gateway.yaml"
    file.write_text(f"wsc:\n  security:\n    enable_rate_limit: true\n    rate_limit:\n      {text}\n")
    ended = run_gatewayd("check", "--config", file)
    assert ended.returncode == 2
    assert "gateway.yaml:5:" in ended.stderr and words in ended.stderr, ended.stderr
