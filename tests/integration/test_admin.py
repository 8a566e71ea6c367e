"""What back ends and operators do over the HTTP API, with clients on python3-websockets."""

import asyncio
import contextlib
import json
import re

import pytest
import yaml

from support.admin import quoted
from support.library_client import ask, connected, hear, hears_nothing_but_pong, play
from support.raw import RawSocket
from support.waiting import eventually

ULID = r"[0-7][0-9A-HJKMNP-TV-Z]{25}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(scope="module", params=[1, 3], ids=["1 reactor", "3 reactors"])
def running(request, shared_gateway):
    return shared_gateway({"wsc": {"performance": {"io_threads": request.param}}})


@pytest.fixture(autouse=True)
def nobody_left(running):
    yield
    running.wait_for_connections(0)


def all_connected(stack, running, names):
    """`names`: (user_id, client_id) pairs. All at once, which is what clients do after a restart."""
    return asyncio.gather(*(stack.enter_async_context(connected(running, user, client)) for user, client in names))


def error_of(answer):
    return answer.status, answer.json()["error"]["code"]


# --- messages ---


def test_a_broadcast_reaches_every_connection_once(running):
    async def scenario():
        async with contextlib.AsyncExitStack() as stack:
            names = [(f"u{n % 20}", f"c{n}") for n in range(60)]
            clients = await all_connected(stack, running, names)
            answer = await ask(running.admin.broadcast, {"type": "text", "content": "to all", "x_own": [1, 2]})
            assert set(answer) == {"msg_id", "delivered"}
            assert answer["delivered"] == 60
            assert re.fullmatch(ULID, answer["msg_id"])
            for client in clients:
                message = await hear(client)
                assert (message["content"], message["x_own"]) == ("to all", [1, 2])
                assert (message["from"], message["msg_id"]) == ("system", answer["msg_id"])
                assert re.fullmatch(TIME, message["create_at"])
            for client in clients:
                await hears_nothing_but_pong(client)

    play(scenario())


def test_a_message_reaches_each_connection_of_its_user_and_nobody_else(running):
    async def scenario():
        async with contextlib.AsyncExitStack() as stack:
            *alices, bob = await all_connected(stack, running, [("alice", f"a{n}") for n in range(9)] + [("bob", "b")])
            answer = await ask(running.admin.send_to_user, "alice", {"type": "text", "content": 1, "from": "billing"})
            assert answer["delivered"] == 9
            for alice in alices:
                message = await hear(alice)
                assert (message["content"], message["from"]) == (1, "billing")
            await hears_nothing_but_pong(bob)
            await alices.pop().close()
            running.wait_for_connections(9)
            assert (await ask(running.admin.send_to_user, "alice", {"type": "text"}))["delivered"] == 8
            for alice in alices:
                assert (await hear(alice))["type"] == "text"

    play(scenario())


def test_a_message_to_nobody_is_delivered_to_none(running):
    assert running.admin.send_to_user("nobody", {"type": "text"})["delivered"] == 0
    assert running.admin.broadcast({"type": "text"})["delivered"] == 0
    assert error_of(running.admin.post("/api/v1/clients/nobody/messages", {"type": "text"})) == (404, "not_found")


def test_a_message_to_one_client(running):
    async def scenario():
        async with connected(running, "alice", "a1") as one, connected(running, "alice", "a2") as two:
            answer = await ask(running.admin.post, "/api/v1/clients/a2/messages", {"type": "text", "content": "two"})
            assert (answer.status, answer.json()["delivered"]) == (200, 1)
            assert (await hear(two))["content"] == "two"
            await hears_nothing_but_pong(one)

    play(scenario())


def test_a_message_may_name_the_user_of_its_path(running):
    async def scenario():
        async with connected(running, "alice") as alice:
            assert (await ask(running.admin.send_to_user, "alice", {"type": "text", "to": "alice"}))["delivered"] == 1
            assert (await hear(alice))["to"] == "alice"

    play(scenario())


def test_order_of_hundreds_of_messages_to_one_user(running):
    """One after the other to a user with connections on every reactor, every third one to everybody."""
    count = 500

    async def publish():
        for number in range(count):
            message = {"type": "text", "content": number}
            answer = await ask(
                running.admin.broadcast if number % 3 == 0 else lambda m: running.admin.send_to_user("alice", m), message
            )
            assert answer["delivered"] == 6

    async def scenario():
        async with contextlib.AsyncExitStack() as stack:
            clients = await all_connected(stack, running, [("alice", f"a{n}") for n in range(6)])
            publishing = asyncio.create_task(publish())
            for client in clients:
                assert [(await hear(client))["content"] for _ in range(count)] == list(range(count))
            await publishing

    play(scenario())


def test_what_a_back_end_sends_as_fast_as_it_can_keeps_its_order(running):
    """500 requests on one connection without waiting for an answer."""
    count = 500
    with running.connect("alice") as alice, RawSocket(running.admin.host, running.admin.port) as back_end:
        requests = bytearray()
        for number in range(count):
            body = json.dumps({"type": "text", "content": number}).encode()
            requests += (
                b"POST /api/v1/users/alice/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
            )
        back_end.send(requests)
        ids = []
        for _ in range(count):
            answer = json.loads(back_end.read_response().body)
            assert answer["delivered"] == 1
            ids.append(answer["msg_id"])
        messages = [alice.receive() for _ in range(count)]
        assert [message["content"] for message in messages] == list(range(count))
        assert [message["msg_id"] for message in messages] == ids
        assert len(set(ids)) == count


INVALID = {
    "empty": "",
    "no JSON": "hello",
    "null": "null",
    "a list": "[]",
    "a number": "7",
    "no type": "{}",
    "a type that is no text": '{"type":7}',
    "a type of 65 bytes": json.dumps({"type": "t" * 65}),
    "half": '{"type":"text"',
    "two": '{"type":"text"}{"type":"text"}',
    "a repeated key": '{"type":"text","type":"x"}',
    "a repeated key, escaped": '{"type":"text","t\\u0079pe":"x"}',
    "a lone surrogate": '{"type":"text","content":"\\ud800"}',
    "no UTF-8": b'{"type":"text","content":"\xff"}',
    "a BOM": b'\xef\xbb\xbf{"type":"text"}',
    "too deep": '{"type":"text","data":' + "[" * 65 + "]" * 65 + "}",
    "brackets": "[" * 200_000,
    "another user": '{"type":"text","to":"bob"}',
    "a ticket": '{"type":"text","ticket_id":"t1"}',
    "a group": '{"type":"text","group_id":"g1"}',
    "a `from` that is no id": json.dumps({"type": "text", "from": "x" * 129}),
}


@pytest.mark.parametrize("body", INVALID.values(), ids=INVALID)
def test_what_is_no_message_is_400_and_goes_nowhere(running, body):
    async def scenario():
        async with connected(running, "alice", "a1") as alice:
            for path in ("/api/v1/broadcast", "/api/v1/users/alice/messages", "/api/v1/clients/a1/messages"):
                answer = await ask(running.admin.post, path, body)
                assert error_of(answer) == (400, "invalid_message"), path
            await hears_nothing_but_pong(alice)

    play(scenario())


def test_what_a_back_end_cannot_forge(running):
    async def scenario():
        async with connected(running, "alice") as alice:
            forged = {"type": "text", "msg_id": "mine", "create_at": "1970", "seq_no": 5}
            answer = await ask(running.admin.send_to_user, "alice", forged)
            message = await hear(alice)
            assert message["msg_id"] == answer["msg_id"] != "mine"
            assert message["create_at"] != "1970" and "seq_no" not in message

    play(scenario())


# --- ids ---

IDS = ["a/b", "a b", "a+b", "?x=1&y", "100%", "..", "%2F", 'quote"s', "日本語", "🦀", "é", "\u202edcba", "x" * 128, "#;=,"]


@pytest.mark.parametrize("name", IDS)
def test_ids_of_any_text_are_found_by_their_path(running, name):
    with running.connect(name, name) as client:
        assert client.greeting["user_id"] == name
        path = "/api/v1/clients/" + quoted(name)
        assert running.admin.get(path).json()["client_id"] == name
        assert [c["client_id"] for c in running.admin.get("/api/v1/users/" + quoted(name)).json()["clients"]] == [name]
        assert len(running.admin.get("/api/v1/clients?user_id=" + quoted(name)).json()["clients"]) == 1
        assert running.admin.send_to_user(name, {"type": "text", "content": name})["delivered"] == 1
        assert client.receive()["content"] == name
        kicked = running.admin.kick(name)
        assert (kicked.status, kicked.json()) == (200, {"client_id": name, "kicked": True})
        client.expect_close(1008)


# --- who is there ---


def test_a_client_and_its_user(running):
    assert error_of(running.admin.get("/api/v1/clients/a1")) == (404, "not_found")
    assert running.admin.get("/api/v1/users/alice").json() == {"user_id": "alice", "online": False, "clients": []}
    with running.connect("alice", "a1", "agent") as one, running.connect("alice", "a2") as two:
        told = running.admin.get("/api/v1/clients/a1").json()
        assert set(told) == {"client_id", "user_id", "user_type", "remote_address", "connected_at", "compression"}
        assert (told["client_id"], told["user_id"], told["user_type"]) == ("a1", "alice", "agent")
        assert told["remote_address"] == "127.0.0.1:%d" % one.socket.getsockname()[1]
        assert re.fullmatch(TIME, told["connected_at"])
        user = running.admin.get("/api/v1/users/alice").json()
        assert user["online"] is True
        assert sorted(client["client_id"] for client in user["clients"]) == ["a1", "a2"]
        assert told in user["clients"]
        two.close()
    running.wait_for_connections(0)
    assert running.admin.get("/api/v1/users/alice").json()["online"] is False


def pages(running, limit):
    """Every page of /clients, from the first to the last."""
    found, cursor = [], None
    while True:
        page = running.admin.get(f"/api/v1/clients?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        assert len(page["clients"]) <= limit
        found.append([client["client_id"] for client in page["clients"]])
        cursor = page["next_cursor"]
        if cursor is None:
            return found
        assert len(page["clients"]) == limit


def test_pages_show_each_of_250_clients_once(running):
    clients = [running.connect(f"u{n % 7}", f"c{n}", greeting=False) for n in range(250)]
    running.wait_for_connections(250)
    everyone = sorted(f"c{n}" for n in range(250))
    for limit in (1, 7, 50, 249, 250, 1000):
        found = pages(running, limit)
        assert sorted(sum(found, [])) == everyone, limit
    assert len(running.admin.get("/api/v1/clients").json()["clients"]) == 100
    of_one = running.admin.get("/api/v1/clients?user_id=u3&limit=1000").json()
    assert {client["user_id"] for client in of_one["clients"]} == {"u3"}
    assert (len(of_one["clients"]), of_one["next_cursor"]) == (36, None)
    for client in clients:
        client.drop()


def test_who_stays_is_in_one_page_while_others_come_and_go(running):
    stay = [running.connect(f"u{n}", f"stays-{n}", greeting=False) for n in range(60)]
    others = [running.connect(f"u{n}", f"other-{n}", greeting=False) for n in range(60)]
    running.wait_for_connections(120)
    found, cursor = [], ""
    while cursor is not None:
        page = running.admin.get("/api/v1/clients?limit=10" + (f"&cursor={cursor}" if cursor else "")).json()
        found += [client["client_id"] for client in page["clients"]]
        cursor = page["next_cursor"]
        for _ in range(5):
            if others:
                others.pop().drop()
        others.insert(0, running.connect("late", f"late-{len(found)}", greeting=False))
    assert sorted(name for name in found if name.startswith("stays-")) == sorted(f"stays-{n}" for n in range(60))
    assert len(set(found)) == len(found)
    for client in stay + others:
        client.drop()


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1.5", "cursor=x", "cursor=-1", "cursor="]
    + ["cursor=99999999999999999999", "user_id=u1&cursor=5", "limit=99999999999999999999"],
)
def test_a_page_that_cannot_be_is_400(running, query):
    assert error_of(running.admin.get("/api/v1/clients?" + query)) == (400, "bad_request")


def test_a_cursor_that_nobody_gave_shows_nobody_twice(running):
    with running.connect("alice", "a1"):
        for cursor in (1, 2**58, 2**63, 2**64 - 1):
            page = running.admin.get(f"/api/v1/clients?cursor={cursor}").json()
            assert len(page["clients"]) <= 1 and page["next_cursor"] is None


# --- kicks ---


def test_a_kick_with_its_reason(running):
    async def scenario():
        async with connected(running, "alice", "a1") as one, connected(running, "alice", "a2") as two:
            since = running.log_position()
            answer = await ask(running.admin.kick, "a1", 'spam, "again"')
            assert answer.status == 200
            await one.wait_closed()
            assert one.close_code == 1008 and one.close_reason.startswith("kicked")
            await ask(running.wait_for_log, r"client disconnected.*client_id=a1.*reason=kicked.*spam", since=since)
            assert (await ask(running.admin.kick, "a1")).status == 404
            await hears_nothing_but_pong(two)

    play(scenario())


@pytest.mark.parametrize("reason", ["x" * 101, "a\nb", "é" * 51, b"\xff"])
def test_a_reason_that_does_not_fit_kicks_nobody(running, reason):
    with running.connect("alice", "a1") as alice:
        assert error_of(running.admin.kick("a1", reason)) == (400, "bad_request")
        alice.expect_nothing_but_pong()


def test_a_reason_of_100_bytes_fits_into_the_close_frame(running):
    with running.connect("alice", "a1") as alice:
        assert running.admin.kick("a1", "é" * 50).status == 200
        assert "é" * 50 in alice.expect_close(1008)


# --- numbers and probes ---


def test_stats_count_what_clients_did(running):
    before = running.admin.stats()
    assert set(before) == {
        *("version", "node_id", "enabled", "running", "draining", "identities_verified", "listening", "started_at"),
        *("uptime_seconds", "current_connections", "total_connections", "total_messages_received", "total_messages_sent"),
        "tls",
        "safe_mode",
        "warnings",
    }
    assert (before["enabled"], before["running"], before["draining"]) == (True, True, False)
    assert before["listening"] == f"ws://127.0.0.1:{running.port}"
    assert re.fullmatch(TIME, before["started_at"]) and before["uptime_seconds"] >= 0
    with running.connect("alice") as alice, running.connect("bob") as bob:
        assert alice.greeting["node_id"] == before["node_id"]
        for _ in range(10):
            alice.send_json({"type": "text", "to": "bob"})
            bob.receive()
        alice.send_text("no JSON")
        alice.expect_error("invalid_message")
        running.admin.broadcast({"type": "text"})
        alice.receive(), bob.receive()
        now = running.admin.stats()
        assert now["current_connections"] == before["current_connections"] + 2
    eventually(lambda: running.connections() == before["current_connections"], "both to be gone")
    after = running.admin.stats()
    grown = {name: after[name] - before[name] for name in after if name.startswith("total_")}
    assert grown["total_connections"] == 2
    assert grown["total_messages_received"] == 11
    assert grown["total_messages_sent"] == 2 + 10 + 1 + 2  # greetings, messages, the error, the broadcast


def test_probes(running):
    assert running.admin.get("/livez").json() == {"status": "ok"}
    assert running.admin.get("/readyz").json() == {"status": "ready"}


def test_plugins_in_the_order_of_the_chain(gateway):
    load = [{"name": "uppercase"}, {"name": "audit", "config": {"file": "a.jsonl"}}]
    running = gateway({"wsc": {"websocket_origins": ["https://a.example"]}, "plugins": {"load": load}})
    plugins = running.admin.get("/api/v1/plugins").json()["plugins"]
    assert [plugin["name"] for plugin in plugins] == ["cors", "uppercase", "audit"]
    for plugin in plugins:
        assert (plugin["errors"], plugin["misuse"]) == (0, 0)
        assert plugin["path"].endswith(f"/{plugin['name']}.so") and plugin["version"] and plugin["kinds"]


def test_the_configuration_in_force_hides_secrets(gateway):
    key = "a-secret-of-16-characters"
    config = {"admin": {"api_keys": [key]}, "wsc": {"heartbeat_interval": 7}}
    running = gateway(config, arguments=["--set", "wsc.client_timeout=21"])
    running.admin.key = key
    answer = running.admin.get("/api/v1/config")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/yaml")
    told = yaml.safe_load(answer.text)
    assert (told["wsc"]["heartbeat_interval"], told["wsc"]["client_timeout"]) == (7, 21)
    assert told["wsc"]["performance"]["handshake_timeout"] == 10
    assert key not in answer.text
