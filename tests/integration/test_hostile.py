"""Clients that are broken, malicious or gone in the middle of a word. Whatever they do, the gateway answers or
closes as it promises, nobody else notices, and nothing of them stays behind."""

import contextlib
import json
import random
import ssl

import pytest

from support.raw import CLOSE, CONTINUATION, PING, PONG, TEXT, Ended, close_payload, make_frame, make_handshake
from support.waiting import Deadline, eventually


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway({"wsc": {"performance": {"handshake_timeout": 3}, "security": {"max_message_size": 4096}}})


@pytest.fixture(autouse=True)
def healthy_after_it(running):
    yield
    running.check_health()


@pytest.fixture
def alice(running):
    with running.connect("alice", "a1") as client:
        yield client


@pytest.fixture
def bob(running):
    with running.connect("bob", "b1") as client:
        yield client


# --- text frames ---

DEEP = 200_000
NO_MESSAGES = {
    "null": b"null",
    "true": b"true",
    "a number": b"12",
    "a huge number": b"1" * 100_000,
    "an array": b"[]",
    "an array with a message": b'[{"type":"text","to":"bob"}]',
    "a string": b'"text"',
    "nothing": b"",
    "spaces": b" " * 70_000,
    "200,000 opening brackets": b"[" * DEEP,
    "200,000 opening braces": b'{"a":' * DEEP,
    "200,000 brackets in a message": b'{"type":"text","to":"bob","x":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "200,000 objects in a message": b'{"type":"text","to":"bob","x":' + b'{"a":' * DEEP + b"1" + b"}" * (DEEP + 1),
    "closing brackets": b"]" * DEEP,
    "a NUL": b"\0",
    "a NUL in a message": b'{"type":"text","to":"bob","content":"a\0b"}',
    "a NUL behind a message": b'{"type":"text","to":"bob"}\0',
    "a NUL in a key": b'{"type":"text","to":"bob","\0":1}',
    "an escaped NUL in a user": b'{"type":"text","to":"bob\\u0000"}',
    "a lone high surrogate": b'{"type":"text","to":"bob","content":"\\ud800"}',
    "a lone low surrogate": b'{"type":"text","to":"bob","content":"\\udfff x"}',
    "surrogates in the wrong order": b'{"type":"text","to":"bob","content":"\\udc00\\ud800"}',
    "a lone surrogate in a key": b'{"type":"text","to":"bob","\\udead":1}',
    "a lone surrogate in the user": b'{"type":"text","to":"\\ud800"}',
    "a destination twice, once escaped": b'{"type":"text","to":"bob","\\u0074\\u006f":"carol"}',
    "from twice": b'{"type":"text","to":"bob","from":"x","\\u0066rom":"y"}',
    "a user that is an object": b'{"type":"text","to":{"to":"bob"}}',
    "a user of 100 KB": b'{"type":"text","to":"' + b"b" * 100_000 + b'"}',
    "a type of 100 KB": b'{"type":"' + b"t" * 100_000 + b'","to":"bob"}',
    "a message that does not end": b'{"type":"text","to":"bob","content":"' + b"c" * 300_000,
}


@pytest.mark.parametrize("text", NO_MESSAGES.values(), ids=NO_MESSAGES)
def test_what_is_no_message_is_an_error_and_the_connection_stays(alice, bob, text):
    alice.send_frame(TEXT, text)
    alice.expect_error("invalid_message")
    alice.expect_nothing_but_pong()
    bob.expect_nothing_but_pong()


NUMBERS = {
    # RapidJSON's CVE-2024-38517: the exponent and the digits behind the point together overflow an int.
    "a 700-digit fraction with e-2147483639": "0." + "1" * 700 + "e-2147483639",
    "an exponent of 1,000 digits": "1e" + "9" * 1000,
    "a negative exponent of 1,000 digits": "-1E-" + "9" * 1000,
    "10,000 digits": "9" * 10_000,
    "10,000 digits behind the point": "0." + "0" * 10_000 + "1",
    "minus zero": "-0",
}


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_text_and_go_on_as_they_came(alice, bob, number):
    alice.send_text('{"type":"text","to":"bob","x":%s,"id":%s}' % (number, number))
    payload = bob.read_frame().payload.decode()
    assert f'"x":{number},"id":{number}' in payload


@pytest.mark.parametrize(
    "forged",
    ['"from":"root"', '"fr\\u006fm":"root"', '"\\u0066\\u0072\\u006f\\u006d":"root"', '"from":null', '"from":""'],
)
def test_nobody_can_forge_who_it_comes_from(alice, bob, forged):
    alice.send_text('{%s,"type":"text","to":"bob","msg_id":"mine","seq_no":1}' % forged)
    pairs = json.loads(bob.read_frame().payload.decode(), object_pairs_hook=list)
    keys = [key for key, _ in pairs]
    assert sorted(keys) == sorted(set(keys)), pairs
    message = dict(pairs)
    assert message["from"] == "alice"
    assert message["msg_id"] != "mine"
    assert "seq_no" not in message


@pytest.mark.parametrize("value", ["7", "[]", '{"from":"root"}', "true", '"' + "r" * 129 + '"'])
def test_a_from_that_is_no_id_is_no_message(alice, bob, value):
    alice.send_text('{"from":%s,"type":"text","to":"bob"}' % value)
    alice.expect_error("invalid_message")
    bob.expect_nothing_but_pong()


def test_random_bytes_in_text_frames_break_nothing(running):
    rng = random.Random(20261125)
    words = [b'{"type":"text"', b'"to":"bob"', b",", b":", b"{", b"}", b"[", b"]", b'"', b"\\u", b"\\", b"1e5", b"\xc3\xa9", b"\0"]
    with running.connect("fuzz") as client:
        for _ in range(400):
            text = b"".join(rng.choice(words) for _ in range(rng.randrange(1, 40)))
            client.send_frame(TEXT, text)
            client.expect_error("invalid_message") if not is_message(text) else client.receive()
        client.expect_nothing_but_pong()


def is_message(text):
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict)


def test_random_bytes_as_frames_end_only_their_own_connection(running):
    rng = random.Random(6455)
    with running.connect("bystander") as bystander:
        for _ in range(60):
            with running.connect("fuzz") as client:
                with contextlib.suppress(ConnectionError):
                    client.send(rng.randbytes(rng.randrange(1, 3000)))
                    client.send(make_frame(3))  # an error, whatever came before, unless it is inside a frame
                    client.finish_sending()
                client.read_to_end()
        bystander.expect_nothing_but_pong()


# --- connections that end anyhow ---


@pytest.mark.parametrize("length", [1, 2, 3, 5, 6, 9, 40])
def test_a_reset_inside_a_frame(running, length):
    client = running.connect("gone")
    client.send(make_frame(TEXT, b'{"type":"text","to":"bob","content":"' + b"c" * 300)[:length])
    client.reset()
    running.wait_for_log("client disconnected.*user_id=gone.*reason=connection_lost")


def test_a_reset_inside_a_fragmented_message(running):
    client = running.connect("gone")
    client.send_frame(TEXT, b"x" * 100_000, fin=False)
    client.send_frame(CONTINUATION, b"x" * 100_000, fin=False)
    client.reset()


def test_a_reset_with_a_thousand_messages_behind_it(running, bob):
    client = running.connect("gone")
    client.send(b"".join(make_frame(TEXT, '{"type":"text","to":"bob","content":%d}' % i) for i in range(1000)))
    client.reset()
    # What was read before the reset was seen is delivered, in order and without holes.
    running.wait_for_log("client disconnected.*user_id=gone.*connection_lost", since=0)
    bob.send_frame(PING, b"end")
    numbers = []
    while True:
        frame = bob.read_frame()
        if frame.opcode == PONG:
            break
        numbers.append(json.loads(frame.payload)["content"])
    assert numbers == list(range(len(numbers)))


def test_a_reset_in_the_middle_of_a_handshake(running):
    for length in (1, 10, 60):
        client = running.raw()
        client.send(make_handshake()[:length])
        client.reset()


def test_a_reset_at_once_after_the_handshake(running):
    for _ in range(50):
        client = running.raw()
        client.send(make_handshake("/ws?user_id=gone"))
        client.reset()


def test_a_client_that_half_closes_before_the_answer(running):
    with running.raw() as client:
        client.send(make_handshake())
        client.finish_sending()
        client.read_to_end()


def test_a_client_that_half_closes_instead_of_a_close_frame(running, alice):
    alice.send_json({"type": "ping"})
    assert alice.receive() == {"type": "pong"}
    alice.finish_sending()
    alice.read_to_end()
    running.wait_for_log("client disconnected.*client_id=a1.*reason=connection_lost code=1006")


def test_a_client_that_never_answers_our_close(running):
    """It broke the protocol, got its close frame, and just stays: it must not stay for ever."""
    with running.connect("stubborn") as client:
        client.send_frame(3)
        frame = client.read_frame()
        assert frame.close_code() == 1002
        running.wait_for_connections(0)
        # Our half of the stream is over at once; and it may send what it likes, nobody reads it as messages.
        client.expect_end()
        deadline = Deadline(60)
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            while not deadline.over():
                client.send(make_frame(TEXT, '{"type":"ping"}'))
                with contextlib.suppress(AssertionError, Ended):
                    client.read_exactly(1, Deadline(0.01))


# --- what is no WebSocket ---


def test_a_tls_hello(running):
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="gateway.example.com")
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    with running.raw() as client:
        client.send(outgoing.read())
        assert client.read_response().status == 400
        client.expect_end()


GARBAGE = {
    "zeros": bytes(1000),
    "line feeds": b"\n" * 1000,
    "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an SSH greeting": b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "a frame without a handshake": make_frame(TEXT, b'{"type":"ping"}'),
    "lower case": b"get /ws http/1.1\r\n\r\n",
    "no version": b"GET /ws\r\n\r\n",
    "no target": b"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "a target with a NUL": b"GET /ws\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a NUL in a header": make_handshake(headers={"X-Nul": "a\0b"}),
    "a NUL in a header's name": make_handshake(headers={"X-\0": "ab"}),
    "a header without a colon": make_handshake().replace(b"Upgrade: ", b"Upgrade ", 1),
    "a header without a name": make_handshake().replace(b"Upgrade: ", b": ", 1),
    "an empty Host": make_handshake(host=""),
    "a bare carriage return": make_handshake(headers={"X-Cr": "a\rb"}),
    "a bare line feed": make_handshake(headers={"X-Lf": "a\nX-Other: b"}),
    "a DEL": make_handshake(headers={"X-Del": "a\x7fb"}),
    "a fragment in the target": make_handshake("/ws#x"),
    "an asterisk": make_handshake("*"),
    "another host's port": b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    "broken percent": make_handshake("/ws?user_id=%zz"),
    "overlong UTF-8 in an id": make_handshake("/ws?user_id=%c0%af"),
    "a surrogate in an id": make_handshake("/ws?user_id=%ed%a0%80"),
    "an id of 129 bytes": make_handshake("/ws?client_id=" + "c" * 129),
    "a control character in an id": make_handshake("/ws?user_id=a%0d%0aX-Injected:%20b"),
    "a C1 control in a header": make_handshake(headers={"X-Client-ID": "c\u0085".encode().decode("latin-1")}),
}


@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_handshake_is_refused(running, data):
    with running.raw() as client:
        client.send(data)
        response = client.read_response()
        assert response.status in (400, 405), response
        assert response.error()["message"]
        client.expect_end()


def test_hostile_ids_stay_in_their_line_of_the_log(running):
    """Ids may hold quotes, spaces, equals signs and the characters that turn text around on a screen."""
    hostile = 'x" level=error fake=1 \u202e\u2028'
    with running.connect(hostile, "quoted"):
        pass
    running.wait_for_log("client disconnected.*client_id=quoted")
    lines = running.log_lines("client_id=quoted")
    assert len(lines) == 2, lines
    for line in lines:
        assert "\u202e" not in line and "\u2028" not in line, line
        assert ' fake=1' not in line.replace('\\"', "").split('user_id="', 1)[0], line


def test_secrets_of_a_handshake_are_in_no_log(gateway):
    verbose = gateway({"log": {"level": "debug"}})
    secret = "s3cr3t-t0k3n"
    headers = {"Authorization": f"Bearer {secret}", "Sec-WebSocket-Protocol": f"bearer, {secret}, gateway.v1.json"}
    with verbose.connect("alice", target="/ws", headers=headers) as client:
        assert client.response.headers["sec-websocket-protocol"] == "gateway.v1.json"
        client.close()
    for target in (f"/ws?token={secret}&user_id=alice", f"/nothing?token={secret}", f"/ws?user_type={secret}"):
        with verbose.raw() as client:
            client.send(make_handshake(target, headers))
            assert secret not in str(client.read_response())
    with verbose.raw() as client:
        client.send(make_handshake(f"/ws?token={secret}", {**headers, "Upgrade": "h2c"}))
        assert secret not in str(client.read_response())
    verbose.check_health()
    verbose.stop()
    assert secret not in verbose.log_text()


def test_a_hundred_headers(running):
    headers = {f"X-Header-{i}": "v" * 20 for i in range(100)}
    with running.connect("many", headers=headers) as client:
        client.expect_nothing_but_pong()


def test_thousands_of_headers_are_431(running):
    with running.raw() as client:
        client.send(make_handshake(headers={f"X-{i}": "" for i in range(4000)}))
        assert client.read_response().status == 431
        client.expect_end()


def test_a_body_behind_the_head_of_a_refused_request_is_not_read_as_anything(running):
    with running.raw() as client:
        client.send(b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 50000\r\n\r\n" + b"GET /ws HTTP/1.1\r\n" * 2000)
        assert client.read_response().status in (405, 413)
        client.expect_end()


def test_requests_pipelined_behind_a_refused_one_are_not_answered(running):
    with running.raw() as client:
        client.send(make_handshake("/nothing") + make_handshake("/ws"))
        assert client.read_response().status == 404
        client.expect_end()


# --- handshakes in odd pieces ---


def test_frames_that_come_with_the_handshake(running):
    with running.raw() as client:
        client.send(
            make_handshake("/ws?user_id=early")
            + make_frame(TEXT, '{"type":"ping"}')
            + make_frame(PING, b"early")
            + make_frame(CLOSE, close_payload(1000))
        )
        assert client.read_response().status == 101
        rest = client.read_to_end()
        assert rest.startswith(b"\x81")
        assert rest.index(b'"connected"') < rest.index(b'{"type":"pong"}') < rest.index(b"early", rest.index(b"pong"))
        assert rest.endswith(b"\x88\x02\x03\xe8")


def test_a_broken_frame_that_comes_with_the_handshake(running):
    with running.raw() as client:
        client.send(make_handshake("/ws?user_id=early") + make_frame(TEXT, b"\xff"))
        assert client.read_response().status == 101
        rest = client.read_to_end()
        assert b'"connected"' in rest
        assert b"\x03\xef" in rest, "1007"


def test_a_handshake_and_a_message_byte_by_byte(running):
    with running.raw() as client:
        client.send_slowly(make_handshake("/ws?user_id=slow") + make_frame(TEXT, '{"type":"ping"}'))
        assert client.read_response().status == 101
        assert b'"connected"' in client.read_until(b"}")
        assert client.read_until(b"}").endswith(b'{"type":"pong"}')


def test_many_handshakes_that_never_end_hold_up_nobody(running):
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(running.raw()) for _ in range(100)]
        for client in slow:
            client.send(make_handshake()[:-1])
        with running.connect("quick") as quick:
            quick.expect_nothing_but_pong()
        for client in slow:
            assert client.read_response(60).status == 408


def test_connections_come_and_go_in_every_way(running):
    rng = random.Random(455)
    ways = [
        lambda client: client.close(),
        lambda client: client.drop(),
        lambda client: client.reset(),
        lambda client: client.finish_sending(),
        lambda client: client.send_frame(3),
        lambda client: client.send_frame(TEXT, b"\xff"),
        lambda client: client.send(make_frame(TEXT, b"x", length=1 << 40, length_bytes=8)),
        lambda client: client.send(make_frame(TEXT, b"x" * 200)[:100]),
    ]
    clients = []
    for i in range(200):
        client = running.connect(f"u{i % 7}")
        rng.choice(ways)(client)
        clients.append(client)
        if len(clients) > 20:
            clients.pop(rng.randrange(len(clients))).drop()
    for client in clients:
        client.drop()
    eventually(lambda: running.connections() == 0, "all are gone", 60)
    assert running.admin.metric("gateway_send_queue_bytes") == 0


def test_what_was_connected_was_disconnected(running):
    """By now hundreds of clients of this file came and went in every way."""
    running.wait_for_connections(0)
    disconnects = sum(
        running.admin.metric("gateway_disconnects_total", reason=reason)
        for reason in ("client_close", "connection_lost", "protocol_error", "invalid_utf8", "too_big")
    )
    assert disconnects == running.admin.stats()["total_connections"]
    for user_type in ("customer", "agent", "admin"):
        assert running.admin.metric("gateway_connections", user_type=user_type) == 0
