"""The limits of what comes in, and the answer of the gateway when one is reached. None may be silent, and none may
hurt the others: after each the gateway is healthy. test_slow_clients.py has those of what goes out."""

import contextlib
import json
import resource
import socket

import pytest

from support.gateway import SANITIZE
from support.raw import BINARY, CONTINUATION, PING, PONG, TEXT, make_frame, make_handshake
from support.waiting import SOON, Deadline, eventually


def performance(**keys):
    return {"wsc": {"performance": keys}}


# --- before the upgrade ---


class TestRequestHead:
    def head_of(self, size):
        head = make_handshake("/ws?client_id=c1", {"X-Padding": ""})
        return head.replace(b"X-Padding: ", b"X-Padding: " + b"p" * (size - len(head)))

    def test_the_largest_that_is_allowed(self, gateway):
        running = gateway(performance(max_request_head_size=2))
        with running.raw() as client:
            client.send(self.head_of(2048))
            assert client.read_response().status == 101

    @pytest.mark.parametrize("slowly", [False, True], ids=["at once", "byte by byte"])
    def test_one_byte_more_is_431(self, gateway, slowly):
        running = gateway(performance(max_request_head_size=2))
        with running.raw() as client:
            (client.send_slowly if slowly else client.send)(self.head_of(2049))
            response = client.read_response()
            assert response.status == 431
            assert response.error()["code"] == "too_large"
            assert "max_request_head_size" in response.error()["message"]
            client.expect_end()
        assert running.admin.metric("gateway_connections_rejected_total", reason="head_too_big") == 1
        running.check_health()

    def test_one_that_never_ends_is_431_at_the_limit(self, gateway):
        running = gateway(performance(max_request_head_size=1))
        with running.raw() as client:
            client.send(b"GET /ws HTTP/1.1\r\nX-Endless: " + b"e" * 1100)
            assert client.read_response().status == 431
        running.check_health()


class TestHandshakeTimeout:
    def test_a_head_that_does_not_end_is_408(self, gateway):
        running = gateway(performance(handshake_timeout=1))
        with running.raw() as client:
            client.send(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
            response = client.read_response()
            assert response.status == 408
            assert "handshake_timeout" in response.error()["message"]
            client.expect_end()
        running.wait_for_log("handshake refused.*timeout|timeout.*408")
        assert running.admin.metric("gateway_connections_rejected_total", reason="timeout") == 1
        running.check_health()

    def test_a_client_that_says_nothing_is_let_go(self, gateway):
        running = gateway(performance(handshake_timeout=1))
        with running.raw() as client:
            client.read_to_end(seconds=30)
        running.check_health()

    def test_bytes_that_trickle_in_do_not_lengthen_it(self, gateway):
        running = gateway(performance(handshake_timeout=1))
        with running.raw() as client:
            client.send(b"GET /ws HTTP/1.1\r\nX-Slow: ")
            client.socket.setblocking(False)
            deadline = Deadline(SOON)
            while not deadline.over():
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    client.socket.send(b"s")
                client.socket.settimeout(0.2)
                with contextlib.suppress(socket.timeout):
                    client.buffer += client.socket.recv(65536)
                    break
            assert client.buffer.startswith(b"HTTP/1.1 408 "), client.buffer


class TestConnectionLimits:
    def test_a_full_node_answers_503_before_the_upgrade(self, gateway):
        running = gateway(performance(max_connections_per_node=2))
        with running.connect("a") as first, running.connect("b"):
            refused = running.connect("c", refused=True, greeting=False)
            assert refused.response.status == 503
            assert int(refused.response.headers["retry-after"]) > 0
            assert refused.response.error()["code"] == "full"
            refused.expect_end()
            running.wait_for_log("max_connections_per_node|node_full")
            assert running.admin.metric("gateway_connections_rejected_total", reason="node_full") == 1
            # The others never noticed, and a place that comes free is given away.
            first.expect_nothing_but_pong()
            first.close()
            eventually(lambda: running.try_connect(), "a new client takes the free place").close()
        eventually(lambda: running.try_connect(), "the places are free").close()

    def test_a_full_address_is_refused_and_others_are_not(self, gateway):
        running = gateway(performance(max_connections_per_address=2))
        with contextlib.ExitStack() as stack:
            for user in "ab":
                stack.enter_context(running.connect(user))
            refused = stack.enter_context(running.connect("c", refused=True, greeting=False))
            assert refused.response.status == 503
            assert int(refused.response.headers["retry-after"]) > 0
            other = stack.enter_context(running.connect("c", source="127.0.0.2"))
            other.expect_nothing_but_pong()
            assert running.admin.metric("gateway_connections_rejected_total", reason="address_full") == 1
        running.check_health()

    def test_places_are_free_again_after_any_end(self, gateway):
        running = gateway(performance(max_connections_per_node=3, max_connections_per_address=3, handshake_timeout=1))
        for _ in range(3):
            closing, crashing, wrong = [
                eventually(lambda: running.try_connect(), "a place is free") for _ in range(3)
            ]
            closing.close()
            crashing.reset()
            wrong.send_frame(3, b"x")
            wrong.expect_close(1002)
            wrong.drop()
            with running.raw() as silent, running.raw() as half:
                half.send(b"GET /ws HT")
                silent.read_to_end(seconds=30)
                half.read_to_end(seconds=30)
        running.check_health()


@pytest.mark.skipif("undefined" in SANITIZE, reason="UBSan itself needs a free descriptor to look at an object")
class TestOpenFiles:
    def test_out_of_files_is_logged_once_and_over_when_files_come_free(self, gateway):
        def few_files():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        running = gateway({"wsc": {"performance": {"handshake_timeout": 60}}}, prepare=few_files)
        clients = []
        try:
            # More than can be: the kernel's backlog takes those that are not accepted.
            for _ in range(80):
                client = running.raw()
                client.send(make_handshake("/ws"))
                clients.append(client)
            running.wait_for_log("cannot accept connections")
            served = [client for client in clients[:20] if client.read_response().status == 101]
            assert len(served) == 20
            for client in clients:
                client.drop()
            clients.clear()
            # Another whole set fits, though nobody restarted anything.
            running.wait_for_connections(0, seconds=60)
            clients = [running.connect(f"u{i}") for i in range(20)]
            for client in clients:
                client.expect_nothing_but_pong()
            assert len(running.log_lines("cannot accept connections")) <= 3, "once, and then counted"
        finally:
            for client in clients:
                client.drop()
        running.check_health()


# --- what comes in ---


def message_of(size, to="nobody"):
    """A text message of exactly this many bytes."""
    head = '{"type":"text","to":"%s","content":"' % to
    return head + "c" * (size - len(head) - 2) + '"}'


class TestMessageSize:
    limit = 16 * 1024

    @pytest.fixture
    def running(self, gateway):
        return gateway({"wsc": {"security": {"max_message_size": 16}}})

    def test_the_client_is_told_the_limit(self, running):
        with running.connect() as client:
            assert client.greeting["max_message_size"] == self.limit

    def test_the_largest_message(self, running):
        with running.connect() as client:
            client.send_text(message_of(self.limit))
            client.expect_error("user_offline")

    def test_one_byte_more_is_1009(self, running):
        with running.connect() as client:
            client.send_text(message_of(self.limit + 1))
            assert "max_message_size" in client.expect_close(1009)
        running.wait_for_log("client disconnected.*reason=too_big code=1009")
        running.check_health()

    @pytest.mark.parametrize("announced", [16 * 1024 + 1, 1 << 31, 1 << 62])
    def test_the_announced_length_is_enough(self, running, announced):
        with running.connect() as client:
            client.send(make_frame(TEXT, b"{", length=announced, length_bytes=8 if announced > 65535 else None))
            client.expect_close(1009)
        running.check_health()

    def test_fragments_count_together(self, running):
        with running.connect() as client:
            client.send_frame(TEXT, message_of(self.limit)[: self.limit // 2], fin=False)
            client.send_frame(CONTINUATION, message_of(self.limit)[self.limit // 2 :], fin=True)
            client.expect_error("user_offline")
            client.send_frame(TEXT, b" " * (self.limit // 2), fin=False)
            client.send_frame(CONTINUATION, b" " * (self.limit // 2), fin=False)
            client.send_frame(CONTINUATION, b" ", fin=False)
            client.expect_close(1009)
        running.check_health()

    def test_binary_too(self, running):
        with running.connect() as client:
            client.send_frame(BINARY, b"\xff" * (self.limit + 1))
            client.expect_close(1009)

    def test_a_message_larger_than_the_reactor_s_buffer_goes_through(self, gateway):
        running = gateway({"wsc": {"security": {"max_message_size": 2048}, "performance": {"reactor_buffer_size": 64}}})
        with running.connect("alice") as alice, running.connect("bob") as bob:
            sent = message_of(2 * 1024 * 1024 - 200, to="bob")
            alice.send_text(sent)
            received = bob.receive(60)
            assert received["from"] == "alice"
            assert received["content"] == json.loads(sent)["content"]


class TestFragments:
    def test_one_more_than_max_fragments_is_1009(self, gateway):
        running = gateway(performance(max_fragments=4))
        with running.connect() as client:
            pieces = [b'{"type"', b":", b'"ping"', b"}"]
            for i, piece in enumerate(pieces):
                client.send_frame(CONTINUATION if i else TEXT, piece, fin=i == 3)
            assert client.receive() == {"type": "pong"}
            client.send_frame(TEXT, b"{", fin=False)
            for _ in range(3):
                client.send_frame(CONTINUATION, b"", fin=False)
            client.send_frame(PING, b"not a fragment")
            assert client.read_frame().payload == b"not a fragment"
            client.send_frame(CONTINUATION, b"", fin=False)
            assert "max_fragments" in client.expect_close(1009)
        running.wait_for_log("client disconnected.*reason=too_big")
        running.check_health()


class TestInboundMemory:
    def test_when_it_is_used_up_who_needs_more_is_closed_and_it_comes_back(self, gateway):
        running = gateway({"wsc": {"security": {"max_message_size": 768}, "performance": {"max_inbound_memory": 1}}})
        half = b" " * (600 * 1024)
        with running.connect("a") as first, running.connect("b") as second:
            first.send_frame(TEXT, half, fin=False)
            first.send_frame(PING, b"all read")
            assert first.read_frame(30).payload == b"all read"
            second.send_frame(TEXT, half, fin=False)
            assert "max_inbound_memory" in second.expect_close(1013)
            running.wait_for_log("client disconnected.*reason=out_of_memory code=1013")
            # The first one's memory was its own all the time, and is given back.
            first.send_frame(CONTINUATION, b'{"type":"ping"}')
            assert first.receive() == {"type": "pong"}
            with running.connect("c") as third:
                third.send_frame(TEXT, half, fin=False)
                third.send_frame(CONTINUATION, b'{"type":"ping"}')
                assert third.receive() == {"type": "pong"}
        running.check_health()

    @pytest.mark.parametrize("fragment_kb", [70, 100, 150, 300])
    def test_one_message_may_use_nearly_all_of_it(self, gateway, fragment_kb):
        """Its buffer grew by doubling only, and was refused the double when what it needed was there."""
        running = gateway({"wsc": {"security": {"max_message_size": 1000}, "performance": {"max_inbound_memory": 1}}})
        with running.connect() as client:
            for number in range(900 // fragment_kb):
                client.send_frame(CONTINUATION if number else TEXT, b" " * (fragment_kb * 1024), fin=False)
                client.send_frame(PING, b"read")
                assert client.read_frame(30).payload == b"read"
            client.send_frame(CONTINUATION, b'{"type":"ping"}')
            assert client.receive() == {"type": "pong"}

    def test_what_a_lost_connection_held_is_given_back(self, gateway):
        running = gateway({"wsc": {"security": {"max_message_size": 768}, "performance": {"max_inbound_memory": 1}}})
        for _ in range(4):
            client = running.connect()
            client.send_frame(TEXT, b" " * (600 * 1024), fin=False)
            client.send_frame(PING, b"all read")
            assert client.read_frame(30).payload == b"all read"
            client.reset()
            running.wait_for_connections(0)


# --- silence ---


class TestHeartbeat:
    @pytest.fixture
    def running(self, gateway):
        return gateway({"wsc": {"heartbeat_interval": 1, "client_timeout": 4}})

    def test_the_client_is_told_the_interval(self, running):
        with running.connect() as client:
            assert client.greeting["heartbeat_interval"] == 1

    def test_a_client_that_answers_pings_stays(self, running):
        with running.connect("alive") as alive, running.connect("silent") as silent:
            deadline = Deadline(60)
            pings = 0
            while pings < 6:  # that is longer than client_timeout
                frame = alive.read_frame(deadline.left())
                assert frame.opcode == PING, frame
                alive.send_frame(PONG, frame.payload)
                pings += 1
            alive.expect_nothing_but_pong()
            # The one that read and answered nothing went meanwhile, and knows why.
            assert "client_timeout" in silent.expect_close(1008)
            running.wait_for_log("client disconnected.*user_id=silent.*reason=timeout code=1008")
            assert not running.log_lines("client disconnected.*user_id=alive")
        running.check_health()

    def test_any_frame_is_a_sign_of_life_but_bytes_of_none_are_not(self, running):
        with running.connect("talks") as talks, running.connect("dribbles") as dribbles:
            endless = make_frame(TEXT, b"x" * 1000)
            deadline = Deadline(60)
            sent = 0
            while not running.log_lines("client disconnected.*user_id=dribbles"):
                assert not deadline.over()
                talks.send_json({"type": "ping"})
                talks.receive()
                with contextlib.suppress(ConnectionError):
                    if sent < 900:
                        dribbles.send(endless[sent : sent + 1])
                        sent += 1
                talks.socket.settimeout(0.02)
                with contextlib.suppress(socket.timeout):
                    talks.buffer += talks.socket.recv(65536)
            running.wait_for_log("client disconnected.*user_id=dribbles.*reason=timeout")
            talks.expect_nothing_but_pong()
        running.check_health()
