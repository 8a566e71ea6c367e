"""Who gets what, and in which order: users with several connections, broadcasts, replaced and kicked clients.
With one reactor, and with four, where connections are spread over them by the kernel."""

import contextlib
import json
import random
import threading

import pytest

from support.raw import PING, PONG, TEXT, make_frame
from support.waiting import Deadline, eventually


@pytest.fixture(scope="module", params=[1, 4], ids=["1 reactor", "4 reactors"])
def running(request, shared_gateway):
    return shared_gateway(
        {
            "wsc": {
                "message_buffer_size": 100000,
                "performance": {"io_threads": request.param, "max_queue_size": 1024 * 1024},
            }
        }
    )


@pytest.fixture(autouse=True)
def nobody_left(running):
    yield
    running.wait_for_connections(0)


@contextlib.contextmanager
def together(clients):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(client) for client in clients]


def text(content, **fields):
    return make_frame(TEXT, json.dumps({"type": "text", **fields, "content": content}))


def contents(client, count, seconds=60.0):
    """What the next `count` messages say, as (from, content)."""
    deadline = Deadline(seconds)
    found = []
    for _ in range(count):
        message = client.receive(deadline.left())
        found.append((message["from"], message["content"]))
    return found


# --- users and their connections ---


def test_every_connection_of_a_user_gets_a_message_once(running):
    with together([running.connect("bob", f"b{i}") for i in range(8)]) as bobs, running.connect("alice") as alice:
        assert running.admin.get("/api/v1/users/bob").json()["online"] is True
        for number in range(20):
            alice.send(text(number, to="bob"))
        for bob in bobs:
            assert contents(bob, 20) == [("alice", n) for n in range(20)]
            bob.expect_nothing_but_pong()


def test_a_user_is_offline_when_the_last_connection_left(running):
    with running.connect("alice") as alice, running.connect("bob", "b1") as one, running.connect("bob", "b2") as two:
        one.close()
        eventually(lambda: running.connections() == 2, "one is gone")
        alice.send(text("still there?", to="bob"))
        assert two.receive()["content"] == "still there?"
        two.close()
        eventually(lambda: running.connections() == 1, "both are gone")
        alice.send(text("and now?", to="bob"))
        alice.expect_error("user_offline")


def test_a_user_is_reachable_as_soon_as_its_connected_frame_came(running):
    """The directory knows a client before the client is told."""
    with running.connect("alice", user_type="agent") as alice:
        for number in range(1, 100):
            with running.connect("bob", f"b{number}") as bob:
                alice.send(text(number, to="bob") + text(-number))
                own = [number, -number]
                while own:
                    content = bob.receive()["content"]
                    # The broadcast before may still have been on its way to this reactor.
                    assert content in (own[0], 1 - number), (content, own)
                    if content == own[0]:
                        own.pop(0)
                assert running.admin.get(f"/api/v1/clients/b{number}").status == 200
                bob.close()


def test_ids_are_made_when_none_are_given(running):
    with running.connect() as one, running.connect() as two:
        assert one.greeting["client_id"] != two.greeting["client_id"]
        assert one.greeting["user_id"] == one.greeting["client_id"]
        two.send(text("hello", to=one.greeting["user_id"]))
        assert one.receive()["from"] == two.greeting["user_id"]


def test_ids_may_come_in_headers_and_the_query_wins(running):
    headers = {"X-User-ID": "header-user", "X-Client-ID": "header-client", "X-User-Type": "agent"}
    with running.connect(headers=headers) as client:
        assert (client.greeting["user_id"], client.greeting["client_id"]) == ("header-user", "header-client")
        assert client.greeting["user_type"] == "agent"
        client.close()
    running.wait_for_connections(0)
    with running.connect("query-user", headers=headers) as client:
        assert (client.greeting["user_id"], client.greeting["client_id"]) == ("query-user", "header-client")


def test_ids_may_be_any_text(running):
    name = "Zoë 漢字 😀 \"quoted\" \\ /slash&=?"
    with running.connect(name, name) as client, running.connect("alice") as alice:
        assert (client.greeting["user_id"], client.greeting["client_id"]) == (name, name)
        alice.send(text("hi", to=name))
        assert client.receive()["to"] == name
        client.send(text("hi", to="alice"))
        assert alice.receive()["from"] == name
        assert running.admin.send_to_user(name, {"type": "text", "content": 1})["delivered"] == 1
        assert client.receive()["from"] == "system"


def test_ids_of_128_bytes_are_ids_and_of_129_are_not(running):
    with running.connect("u" * 128, "c" * 128) as client:
        client.expect_nothing_but_pong()
    for query in ({"user_id": "u" * 129}, {"client_id": "c" * 129}):
        with running.connect(**query, refused=True, greeting=False) as client:
            assert client.response.status == 400
            assert client.response.error()["code"] == "bad_request"


# --- one client at a time ---


def test_the_same_client_again_replaces_the_old_connection(running):
    position = running.log_position()
    with together([running.connect("alice", "a1") for _ in range(20)]) as connections:
        for old in connections[:-1]:
            assert "replaced" in old.expect_close(1008)
        connections[-1].expect_nothing_but_pong()
        assert running.connections() == 1
        assert running.admin.get("/api/v1/clients/a1").status == 200
        # The old one's end is told before the new one's beginning.
        running.wait_for_log("client disconnected.*client_id=a1", since=position, count=19)
        running.wait_for_log("client connected.*client_id=a1", since=position, count=20)
        words = [line.split("client ", 1)[1].split()[0] for line in running.log_lines("client_id=a1", since=position)]
        assert words == ["connected"] + ["disconnected", "connected"] * 19
        ids = [line.split("connection_id=", 1)[1].split()[0] for line in running.log_lines("client_id=a1", since=position)]
        assert ids[0:1] + ids[2::2] == sorted(set(ids), key=ids.index)
        assert all("reason=replaced code=1008" in line for line in running.log_lines("disconnected.*client_id=a1", since=position))


def test_what_was_sent_before_a_client_is_replaced_reaches_the_old_connection(running):
    """And what was sent after the new one's `connected` frame reaches that one: none is lost or doubled."""
    with contextlib.ExitStack() as stack:
        alice = stack.enter_context(running.connect("alice"))
        old = stack.enter_context(running.connect("bob", "b1"))
        for turn in range(10):
            for number in range(30):
                alice.send(text(30 * turn + number, to="bob"))
            alice.expect_nothing_but_pong()  # they were all routed
            new = stack.enter_context(running.connect("bob", "b1"))
            assert numbers_until_close(old) == list(range(30 * turn, 30 * turn + 30))
            old = new
        old.expect_nothing_but_pong()


def numbers_until_close(client):
    found = []
    while True:
        frame = client.read_frame(60)
        if frame.opcode != TEXT:
            assert frame.close_code() == 1008, frame
            return found
        found.append(json.loads(frame.payload)["content"])


def test_a_client_id_of_another_user_is_409(running):
    with running.connect("alice", "shared") as alice:
        with running.connect("mallory", "shared", refused=True, greeting=False) as refused:
            assert refused.response.status == 409
            assert refused.response.error()["code"] == "conflict"
            refused.expect_end()
        alice.expect_nothing_but_pong()
        assert running.admin.get("/api/v1/clients/shared").json()["user_id"] == "alice"
        alice.close()
    running.wait_for_connections(0)
    with running.connect("mallory", "shared") as free_now:
        free_now.expect_nothing_but_pong()


def test_many_fight_for_one_client_id_and_one_has_it(running):
    """Connects from many threads at once: in the end one connection is there, and all others were told."""
    position = running.log_position()
    clients = []

    def connect():
        for _ in range(10):
            clients.append(running.connect("alice", "contested", refused=True, greeting=False))

    threads = [threading.Thread(target=connect) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(Deadline(60).left())
    with together(clients):
        assert len(clients) == 60
        running.wait_for_connections(1)
        # One that was replaced while its own handshake waited for the one before it was refused.
        accepted = [client for client in clients if client.response.status == 101]
        refused = [client for client in clients if client not in accepted]
        assert all(client.response.status == 409 and b"replaced" in client.response.body for client in refused)
        running.wait_for_log("client disconnected.*contested.*reason=replaced", since=position, count=len(accepted) - 1)
        running.wait_for_log("client connected.*contested", since=position, count=len(accepted))
        words = [line.split("client ", 1)[1].split()[0] for line in running.log_lines("=contested", since=position)]
        assert words == ["connected", "disconnected"] * (len(accepted) - 1) + ["connected"]
        assert running.admin.send_to_user("alice", {"type": "text", "content": "who is it"})["delivered"] == 1
        winners = []
        for client in accepted:
            assert client.receive()["type"] == "connected"
            frame = client.read_frame()
            if frame.opcode == TEXT:
                winners.append(client)
            else:
                assert frame.close_code() == 1008
        assert len(winners) == 1
        winners[0].expect_nothing_but_pong()


# --- kick ---


def test_a_kicked_client_is_told_why(running):
    with together([running.connect(f"u{i}", f"c{i}") for i in range(8)]) as clients:
        for number, client in enumerate(clients):
            answer = running.admin.kick(f"c{number}", reason="spam")
            assert answer.status == 200, answer
            reason = client.expect_close(1008)
            assert "kicked" in reason and "spam" in reason
            running.wait_for_log(f"client disconnected.*client_id=c{number} .*reason=kicked code=1008")
        assert running.admin.kick("c0").status == 404


# --- back ends ---


def test_a_back_end_reaches_users_and_everyone(running):
    with together([running.connect("bob", f"b{i}") for i in range(5)]) as bobs, running.connect("carol") as carol:
        answer = running.admin.send_to_user("bob", {"type": "text", "content": "to bob"})
        assert answer["delivered"] == 5
        for bob in bobs:
            message = bob.receive()
            assert (message["from"], message["content"], message["msg_id"]) == ("system", "to bob", answer["msg_id"])
        answer = running.admin.broadcast({"type": "text", "content": "to all", "from": "billing"})
        assert answer["delivered"] == 6
        for client in [*bobs, carol]:
            message = client.receive()
            assert (message["from"], message["content"]) == ("billing", "to all")
        assert running.admin.send_to_user("nobody", {"type": "text"})["delivered"] == 0


def test_order_of_what_a_back_end_sends(running):
    with together([running.connect("bob", f"b{i}") for i in range(6)]) as bobs:
        for number in range(100):
            running.admin.send_to_user("bob", {"type": "text", "content": number})
        for bob in bobs:
            assert contents(bob, 100) == [("system", n) for n in range(100)]


# --- broadcasts and order ---


def test_a_broadcast_reaches_everyone_but_the_sending_connection(running):
    others = [running.connect(f"u{i}") for i in range(30)]
    with together(others), running.connect("ann", "a1", "agent") as agent, running.connect("ann", "a2") as agents_phone:
        agent.send(text("all"))
        for client in [*others, agents_phone]:
            assert contents(client, 1) == [("ann", "all")]
            client.expect_nothing_but_pong()
        agent.expect_nothing_but_pong()


def test_order_of_many_broadcasts(running):
    with together([running.connect(f"u{i}") for i in range(20)]) as others, running.connect(
        "ann", user_type="agent"
    ) as agent:
        window, total = 200, 1000
        for begin in range(0, total, window):
            agent.send(b"".join(text(n) for n in range(begin, begin + window)))
            for other in others:
                assert contents(other, window) == [("ann", n) for n in range(begin, begin + window)]


def test_order_of_broadcasts_and_unicasts_mixed(running):
    """Per sender and recipient: what one sends to another arrives in that order, whichever way it goes."""
    rng = random.Random(99)
    senders = [running.connect(f"agent{i}", user_type="agent") for i in range(3)]
    receivers = [running.connect(f"u{i}", f"c{i}") for i in range(6)] + [running.connect("u0", "c0b")]
    names = [r.greeting["user_id"] for r in receivers]
    expected = {(s, r): [] for s in range(3) for r in range(len(receivers))}
    with together(senders), together(receivers):
        for turn in range(30):
            for s, sender in enumerate(senders):
                burst = b""
                for n in range(rng.randrange(1, 30)):
                    content = f"{turn}.{n}"
                    to = rng.choice([None, None, *names])
                    burst += text(content) if to is None else text(content, to=to)
                    for r, name in enumerate(names):
                        if to in (None, name):
                            expected[s, r].append(content)
                sender.send(burst)
        for r, receiver in enumerate(receivers):
            total = sum(len(expected[s, r]) for s in range(3))
            found = {s: [] for s in range(3)}
            for who, content in contents(receiver, total):
                found[int(who[len("agent") :])].append(content)
            for s in range(3):
                assert found[s] == expected[s, r], f"from agent{s} to {receiver.greeting['client_id']}"
        # The agents got each other's broadcasts, and there is nothing else.
        for receiver in receivers:
            receiver.expect_nothing_but_pong()


def test_order_through_a_socket_that_is_full_for_a_while(running):
    """Unicasts, broadcasts and pongs of all sizes wait for a client that does not read; then it reads: everything
    is there, whole and in order, and a pong is never inside a message."""
    rng = random.Random(4)
    sizes = [0, 1, 100, 3000, 20_000, 70_000, 300_000]
    with running.connect("slow", receive_buffer=4096) as slow, running.connect("ann", user_type="agent") as agent:
        expected = []
        for number in range(300):
            size = rng.choices(sizes, weights=[8, 8, 8, 8, 4, 2, 1])[0]
            fields = {"to": "slow"} if rng.random() < 0.5 else {}
            agent.send(text([number, "d" * size], **fields), seconds=60)
            expected.append((number, size))
            if number % 10 == 0:
                slow.send_frame(PING, b"%d" % number)
        agent.expect_nothing_but_pong()
        found, pongs = [], []
        deadline = Deadline(120)
        while len(found) < len(expected) or len(pongs) < 30:
            frame = slow.read_frame(deadline.left())
            if frame.opcode == PONG:
                pongs.append(int(frame.payload))
                continue
            number, data = json.loads(frame.payload)["content"]
            assert data == "d" * len(data)
            found.append((number, len(data)))
        assert found == expected
        assert pongs == list(range(0, 300, 10))
        slow.expect_nothing_but_pong()


def test_order_when_answers_and_broadcasts_meet(running):
    """A sender's own answers (pong, error) stand in the order of what they answer, among what others send."""
    with running.connect("ann", user_type="agent") as agent, running.connect("bob") as bob:
        for turn in range(20):
            agent.send(b"".join(text(f"{turn}.{n}") for n in range(20)))
            bob.send(b"".join(make_frame(TEXT, f'{{"type":"text","to":"nobody","id":{n}}}') + make_frame(PING, b"%d" % n) for n in range(20)))
        errors, pongs, broadcasts = [], [], []
        deadline = Deadline(60)
        while len(errors) + len(pongs) + len(broadcasts) < 3 * 400:
            frame = bob.read_frame(deadline.left())
            if frame.opcode == PONG:
                pongs.append(int(frame.payload))
                assert len(errors) == len(pongs), "a pong before the error that came before it"
                continue
            message = json.loads(frame.payload)
            (errors if message["type"] == "error" else broadcasts).append(message)
        assert pongs == [n for _ in range(20) for n in range(20)]
        assert [e["id"] for e in errors] == pongs
        assert [b["content"] for b in broadcasts] == [f"{t}.{n}" for t in range(20) for n in range(20)]


def test_two_users_talk_through_a_window_of_hundreds(running):
    with together([running.connect(f"u{i}") for i in range(8)]) as clients:
        count = 500
        for i, client in enumerate(clients):
            client.send(b"".join(text(n, to=f"u{(i + 3) % 8}") for n in range(count)))
        for i, client in enumerate(clients):
            assert contents(client, count) == [(f"u{(i - 3) % 8}", n) for n in range(count)]


def test_broadcasts_while_clients_come_and_go(running):
    """A client that stays misses nothing and gets nothing twice, however many come and go around it."""
    stop = threading.Event()

    def come_and_go(seed):
        rng = random.Random(seed)
        while not stop.is_set():
            client = running.connect(f"guest{seed}")
            rng.choice([client.drop, client.reset, client.close])()

    guests = [threading.Thread(target=come_and_go, args=(seed,)) for seed in range(3)]
    with together([running.connect(f"u{i}") for i in range(6)]) as residents, running.connect(
        "ann", user_type="agent"
    ) as agent:
        for guest in guests:
            guest.start()
        try:
            for begin in range(0, 600, 50):
                agent.send(b"".join(text(n) for n in range(begin, begin + 50)))
                for resident in residents:
                    assert contents(resident, 50) == [("ann", n) for n in range(begin, begin + 50)]
        finally:
            stop.set()
            for guest in guests:
                guest.join(Deadline(60).left())


# --- who may ---


def test_user_types_that_may_broadcast_are_the_configured_ones(gateway):
    running = gateway(
        {"wsc": {"security": {"allowed_user_types": ["customer", "bot"], "broadcast_user_types": ["bot"]}}}
    )
    with running.connect("bob") as bob, running.connect("robot", user_type="bot") as robot:
        robot.send(text("beep"))
        assert contents(bob, 1) == [("robot", "beep")]
        bob.send(text("boo"))
        bob.expect_error("forbidden")
        with running.connect("ann", user_type="agent", refused=True, greeting=False) as agent:
            assert agent.response.status == 403
            assert "allowed_user_types" in agent.response.error()["message"]


@pytest.mark.parametrize("trusted", [False, True], ids=["by default", "trusted"])
def test_off_loopback_nobody_calls_itself_an_agent(gateway, trusted):
    running = gateway({"wsc": {"node_ip": "0.0.0.0", "security": {"trust_client_identity": trusted}}})
    running.host = "127.0.0.1"
    with running.connect("bob") as bob:
        bob.expect_nothing_but_pong()
    for user_type in ("agent", "admin"):
        with running.connect("ann", user_type=user_type, refused=True, greeting=False) as client:
            assert client.response.status == (101 if trusted else 403)
            if not trusted:
                assert "trust_client_identity" in client.response.error()["message"]
    running.wait_for_log("identities are not verified")


def test_group_and_ticket_of_the_query_answer_unavailable(gateway):
    """They follow the rules of the frames: without their plugins nobody can join."""
    running = gateway()
    for query in ("group_id=g1", "ticket_id=t1"):
        with running.connect(greeting=False, target="/ws?" + query) as client:
            assert client.receive()["type"] == "connected"
            client.expect_error("unavailable")
            client.expect_nothing_but_pong()
