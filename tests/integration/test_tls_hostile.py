"""On the TLS port: what is not TLS, what ends too early, who is slow or too many."""

import json
import signal
import socket
import ssl
import threading

import pytest

from support.certificates import MemoryTls, hello_of, tls_gateway, trusting
from support.raw import CLOSE, PING, PONG, TEXT, RawWebSocket, close_payload, make_frame, make_handshake
from support.waiting import Deadline, eventually


@pytest.fixture(scope="module")
def shared(shared_gateway, certificates):
    return tls_gateway(shared_gateway, certificates, {"performance": {"io_threads": 2}})


@pytest.fixture
def running(shared):
    yield shared
    shared.check_health()


# --- what is not TLS, and what ends too early ---


def test_plain_http_is_answered_in_plain_words(running):
    with running.raw() as client:
        client.send(make_handshake())
        response = client.read_response()
        assert response.status == 400
        assert response.error()["code"] == "tls_required"
        assert "wss://" in response.error()["message"]
        client.expect_end()
    running.wait_for_log("TLS handshake refused why=.*plain HTTP.*wss://")


def test_tls_to_a_plain_port_is_named_in_the_log(gateway, certificates):
    running = gateway()
    with pytest.raises(ssl.SSLError):
        running.connect("alice", tls=trusting(certificates.paths("localhost")[0]))
    running.wait_for_log("a client speaks TLS and wsc.tls is not configured.*wsc.tls.cert")
    running.check_health()


@pytest.mark.parametrize(
    "garbage",
    [b"hello, is anybody there?\r\n", b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 200, b"\x80\x2e\x01\x00\x02" + b"\x00" * 50],
    ids=["text", "zeros", "a record too long", "SSL 2"],
)
def test_garbage_is_refused_with_an_alert_or_a_word(running, garbage):
    before = running.admin.metric("gateway_connections_rejected_total", reason="tls_handshake")
    with running.raw() as client:
        client.send(garbage)
        client.read_to_end()
    eventually(
        lambda: running.admin.metric("gateway_connections_rejected_total", reason="tls_handshake") == before + 1, "counted"
    )


def test_a_hello_that_breaks_off(running):
    hello = hello_of(running.tls)
    for length in (1, 5, 6, 100, len(hello) - 1, len(hello)):
        with running.raw() as client:
            client.send(hello[:length])
            client.finish_sending()
            client.read_to_end()
        with running.raw() as client:
            client.send(hello[:length])
            client.reset()


@pytest.mark.parametrize("said", [0, 1, 100, None], ids=["nothing", "a byte", "half a hello", "a whole hello"])
def test_silence_during_the_handshake_ends_with_its_time(gateway, certificates, said):
    running = tls_gateway(gateway, certificates, {"performance": {"handshake_timeout": 1}})
    with running.raw() as client:
        if said != 0:
            client.send(hello_of(running.tls)[:said])
        client.read_to_end()
    eventually(lambda: running.admin.metric("gateway_connections_rejected_total", reason="timeout") == 1, "counted")
    running.check_health()


def test_silence_after_the_tls_handshake_is_answered_408(gateway, certificates):
    running = tls_gateway(gateway, certificates, {"performance": {"handshake_timeout": 1}})
    with running.raw(tls=running.tls) as client:
        client.send(b"GET /ws HT")
        assert client.read_response().status == 408
        client.expect_end()
    running.check_health()


def test_an_http_refusal_comes_encrypted(running):
    with running.raw(tls=running.tls) as client:
        client.send(make_handshake("/nowhere"))
        assert client.read_response().status == 404
        client.expect_end()


def test_a_reset_in_the_middle(gateway, certificates):
    running = tls_gateway(gateway, certificates)
    for _ in range(20):
        client = running.connect("alice", greeting=False)
        client.send(make_frame(TEXT, '{"type":"text","to":"alice","content":"%s"}' % ("x" * 100_000))[:50_000])
        client.reset()
    running.wait_for_log("client disconnected.*reason=connection_lost", count=20)
    running.check_health()
    assert not running.log_lines(" error ")
    assert running.admin.metric("gateway_tls_connections", version="TLSv1.3") == 0


def test_an_end_without_close_notify_is_a_lost_connection_and_no_error(gateway, certificates):
    running = tls_gateway(gateway, certificates)
    client = running.connect("alice")
    client.drop()
    running.wait_for_log("client disconnected.*reason=connection_lost code=1006")
    assert not running.log_lines(" (error|warn) .*TLS")


def test_a_tls_end_without_a_close_frame_is_answered_and_a_lost_connection(gateway, certificates):
    running = tls_gateway(gateway, certificates)
    client = running.connect("alice")
    client.socket.settimeout(Deadline().left())
    plain = client.socket.unwrap()  # waits for the gateway's close_notify
    plain.close()
    running.wait_for_log("client disconnected.*reason=connection_lost code=1006")
    running.check_health()


def test_a_close_frame_and_the_end_in_one_segment(gateway, certificates):
    running = tls_gateway(gateway, certificates)
    with running.raw() as wire:
        client = MemoryTls(wire, running.tls)
        client.write(make_handshake("/ws?user_id=alice"))
        client.read_until(b'"connected"')
        client.write(make_frame(CLOSE, close_payload(1000)), send=False)
        client.write_close()
        client.read_until(b"\x88\x02\x03\xe8")
    running.wait_for_log("client disconnected.*reason=client_close code=1000")


def test_a_changed_byte_ends_the_connection(gateway, certificates):
    """What stands between changes a byte: a proxy here, so that the client's own TLS is right."""
    running = tls_gateway(gateway, certificates)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        errors = []

        def proxy():
            try:
                near, _ = listener.accept()
                far = socket.create_connection((running.host, running.port))
                threading.Thread(target=pump, args=(far, near, None), daemon=True).start()
                pump(near, far, change)
            except OSError as error:
                errors.append(error)

        change = threading.Event()

        def pump(source, to, spoil):
            try:
                while data := source.recv(65536):
                    to.sendall(data[:-1] + bytes([data[-1] ^ 1]) if spoil and spoil.is_set() else data)
                to.shutdown(socket.SHUT_WR)
            except OSError:
                pass

        thread = threading.Thread(target=proxy, daemon=True)
        thread.start()
        client = RawWebSocket("127.0.0.1", listener.getsockname()[1], query={"user_id": "alice"}, tls=running.tls)
        client.receive()
        change.set()
        client.send_json({"type": "ping"})
        running.wait_for_log("a TLS connection broke.*why=.*bad record mac")
        running.wait_for_log("client disconnected.*reason=connection_lost")
        client.drop()
        thread.join(Deadline().left())
    running.check_health()


# --- slow ones, full ones, the end ---


def test_a_slow_reader_is_bounded_and_gets_its_close_frame(gateway, certificates):
    running = tls_gateway(gateway, certificates, {"message_buffer_size": 8})
    slow = running.connect("slow", receive_buffer=4096)
    with running.connect("sender", user_type="agent") as sender:
        message = {"type": "text", "to": "slow", "content": "p" * 16384}
        for _ in range(600):
            sender.send_json(message)
        running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client code=1013")
        slow.expect_close(1013, seconds=60, skip_messages=True)
        sender.send_json({"type": "ping"})
        while sender.receive()["type"] != "pong":
            pass  # user_offline, for what came after its end
        sender.close()
    eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing is kept")
    running.check_health()


@pytest.mark.parametrize("policy", ["drop_oldest", "drop_newest"])
def test_a_slow_reader_loses_whole_messages_and_no_order(gateway, certificates, policy):
    running = tls_gateway(gateway, certificates, {"message_buffer_size": 8, "performance": {"slow_client": policy}})
    slow = running.connect("slow", receive_buffer=4096)
    with running.connect("sender") as sender:
        for number in range(600):
            sender.send_json({"type": "text", "to": "slow", "content": {"n": number, "p": "p" * 16384}})
        sender.expect_nothing_but_pong()
        slow.send_frame(PING, b"end")
        numbers = []
        while (frame := slow.read_frame(60)).opcode != PONG:
            numbers.append(json.loads(frame.payload)["content"]["n"])
        assert numbers == sorted(set(numbers)) and 8 <= len(numbers) < 600
        if policy == "drop_newest":
            assert numbers == list(range(len(numbers)))
        sender.close()
    slow.drop()
    running.check_health()


def test_write_stall_timeout(gateway, certificates):
    limits = {"message_buffer_size": 100000, "performance": {"max_queue_size": 102400, "write_stall_timeout": 1}}
    running = tls_gateway(gateway, certificates, limits)
    slow = running.connect("slow", receive_buffer=4096)
    with running.connect("sender") as sender:
        for _ in range(600):
            sender.send_json({"type": "text", "to": "slow", "content": "p" * 16384})
        running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client.*write_stall_timeout")
        eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing is kept")
    slow.drop()
    running.check_health()


def test_a_client_that_reads_slowly_gets_all_of_it(gateway, certificates):
    limits = {"message_buffer_size": 100000, "performance": {"max_queue_size": 102400}}
    running = tls_gateway(gateway, certificates, limits)
    slow = running.connect("slow", receive_buffer=65536)
    with running.connect("sender") as sender:
        for number in range(600):
            sender.send_json({"type": "text", "to": "slow", "content": {"n": number, "p": "p" * 16384}})
        sender.expect_nothing_but_pong()
        running.signal(signal.SIGTERM)
        sender.expect_close(1001)
        sender.drop()
        numbers = []
        while (frame := slow.read_frame(60)).opcode == TEXT:
            numbers.append(json.loads(frame.payload)["content"]["n"])
    assert (frame.opcode, frame.close_code()) == (CLOSE, 1001)
    assert numbers == list(range(600))
    slow.send_frame(CLOSE, frame.payload)
    slow.expect_end()
    assert running.wait_for_exit() == 0


def test_a_full_gateway_says_503_encrypted(gateway, certificates):
    running = tls_gateway(gateway, certificates, {"performance": {"max_connections_per_node": 1}})
    with running.connect("alice") as alice:
        with running.raw(tls=running.tls) as second:
            second.send(make_handshake())
            assert second.read_response().status == 503
        alice.close()
    eventually(lambda: running.try_connect(), "a place", 60).close()


def test_frames_behind_the_request_are_not_lost(running):
    """The request and messages in one record, and in several records of one segment."""
    for pieces in (1, 3):
        with running.raw(tls=running.tls) as client:
            said = make_handshake("/ws?user_id=eager") + make_frame(TEXT, '{"type":"ping"}') * 3
            step = len(said) // pieces + 1
            for at in range(0, len(said), step):
                client.send(said[at : at + step])
            told = client.read_until(b'{"type":"pong"}' + b"\x81\x0f" + b'{"type":"pong"}')
            assert b" 101 " in told


