"""From the start to the end of a gateway: signals, draining, who is told what."""

import json
import re
import signal
import struct
import threading

import pytest
import websockets

from support.library_client import connected, hear, play
from support.raw import CLOSE, PING, PONG, Ended, RawSocket, make_handshake
from support.waiting import Deadline, eventually

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
LINE = re.compile(rf"{TIME} (debug|info |warn |error) \S.*")


def closes_with(client):
    """The close frame that comes next, whatever was before it; not answered."""
    while True:
        frame = client.read_frame()
        if frame.opcode == CLOSE:
            return frame.close_code()


# --- the end ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_signal_ends_it_with_1001_to_everyone(gateway, number, threads):
    running = gateway({"wsc": {"performance": {"io_threads": threads}}})

    async def scenario():
        clients = [await connected(running, f"u{n}").__aenter__() for n in range(30)]
        running.signal(number)
        for client in clients:
            with pytest.raises(websockets.ConnectionClosed):
                await hear(client)
            assert (client.close_code, client.close_reason) == (1001, "the gateway is shutting down")

    play(scenario())
    assert running.wait_for_exit() == 0
    assert len(running.log_lines("client disconnected.*reason=server_shutdown code=1001")) == 30
    last = running.log_lines()[-1]
    assert LINE.fullmatch(last) and last.endswith(" stopped"), last


def test_what_was_sent_before_the_end_arrives_before_it(gateway):
    """200 messages that wait because the client does not read: all of them, then 1001."""
    running = gateway({"wsc": {"message_buffer_size": 1000, "performance": {"max_queue_size": 65536}}})
    text = "x" * 20_000
    with running.connect("slow", receive_buffer=4096) as slow:
        for number in range(200):
            answer = running.admin.send_to_user("slow", {"type": "text", "content": text, "number": number})
            assert answer["delivered"] == 1
        assert running.admin.metric("gateway_send_queue_bytes") > 100_000
        running.signal(signal.SIGTERM)
        running.wait_for_log("shutting down")
        assert [slow.receive()["number"] for _ in range(200)] == list(range(200))
        slow.expect_close(1001)
    assert running.wait_for_exit() == 0
    assert not running.log_lines("shutdown_timeout is over")


def test_a_client_on_a_slow_line_gets_all_of_it_within_shutdown_timeout(gateway):
    """It takes longer than a close handshake may, but takes something all the time."""
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 60, "max_queue_size": 65536}}})
    text = "x" * 100_000
    with running.connect("slow", receive_buffer=4096) as slow:
        for number in range(150):
            running.admin.send_to_user("slow", {"type": "text", "content": text, "number": number})
        running.signal(signal.SIGTERM)
        running.wait_for_log("shutting down")
        pause = threading.Event()
        for number in range(150):
            assert slow.receive()["number"] == number
            pause.wait(0.05)
        slow.expect_close(1001)
    assert running.wait_for_exit() == 0


def test_answers_that_clients_were_just_given_arrive_before_the_end(gateway):
    running = gateway({"wsc": {"performance": {"io_threads": 2}}})

    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            for number in range(200):
                await alice.send(json.dumps({"type": "text", "to": "bob", "content": number}))
            await alice.send('{"type":"ping"}')
            assert await hear(alice) == {"type": "pong"}  # all of them were read
            running.signal(signal.SIGTERM)
            found = []
            with pytest.raises(websockets.ConnectionClosed):
                while True:
                    found.append((await hear(bob))["content"])
            assert found == list(range(200))
            assert bob.close_code == 1001

    play(scenario())
    assert running.wait_for_exit() == 0


def test_who_never_closes_is_cut_off_after_shutdown_timeout(gateway):
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 1}}})
    with running.connect("deaf") as deaf:
        running.signal(signal.SIGTERM)
        assert closes_with(deaf) == 1001
        assert running.wait_for_exit() == 0
        deaf.expect_end()
    assert running.log_lines("shutdown_timeout is over.*connections=1")
    assert running.log_lines("client disconnected.*reason=server_shutdown")


def test_who_reads_nothing_is_cut_off_too(gateway):
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 1}}})
    with running.connect("slow", receive_buffer=4096):
        for _ in range(6):
            running.admin.send_to_user("slow", {"type": "text", "content": "x" * 500_000})
        running.signal(signal.SIGTERM)
        assert running.wait_for_exit() == 0


def test_while_draining(gateway):
    """A client that does not answer the close holds the end open: no new ones, and the admin listener says why."""
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 600}}})
    with running.connect("deaf") as deaf, running.raw() as half:
        half.send(b"GET /ws HTTP/1.1\r\nHost: x\r\n")
        eventually(lambda: running.admin.metric("gateway_connections_accepted_total") == 2, "both accepted")
        assert running.admin.get("/readyz").status == 200
        running.signal(signal.SIGTERM)
        assert closes_with(deaf) == 1001

        answer = running.admin.get("/readyz")
        assert (answer.status, answer.json()["error"]["code"]) == (503, "draining")
        assert running.admin.get("/livez").status == 200
        stats = running.admin.stats()
        assert (stats["running"], stats["draining"]) == (False, True)

        # Who was not past the handshake is refused or cut off, and nobody new comes in.
        try:
            half.send(b"Upgrade: websocket\r\n\r\n")
            assert half.read_response().status == 503
        except (Ended, BrokenPipeError, ConnectionResetError):
            pass
        with pytest.raises((ConnectionRefusedError, ConnectionResetError, Ended)):
            with RawSocket(running.host, running.port) as late:
                late.send(make_handshake())
                response = late.read_response()
                assert response.status == 503, response
                raise Ended()

        deaf.send_frame(CLOSE, struct.pack(">H", 1001))
        deaf.expect_end()
    assert running.wait_for_exit() == 0


def test_a_second_signal_ends_it_at_once(gateway):
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 600}}})
    with running.connect("deaf") as deaf:
        running.signal(signal.SIGTERM)
        assert closes_with(deaf) == 1001
        running.signal(signal.SIGINT)
        assert running.wait_for_exit() == 1
    assert running.log_lines("second signal: ended at once")


def test_sigterm_at_the_start(gateway):
    """An orchestrator may change its mind at any time; the gateway still ends by itself."""
    running = gateway(wait=False)
    running.wait_for_log("gatewayd starts")
    running.signal(signal.SIGTERM)
    assert running.wait_for_exit() in (0, -signal.SIGTERM)


def test_without_clients_it_ends_at_once(gateway):
    running = gateway({"wsc": {"performance": {"shutdown_timeout": 600}}})
    running.signal(signal.SIGTERM)
    assert running.wait_for_exit() == 0


def test_a_gateway_that_only_serves_the_admin_ends_cleanly(gateway):
    running = gateway({"wsc": {"enabled": False}})
    running.signal(signal.SIGINT)
    assert running.wait_for_exit() == 0


# --- other signals ---


def test_sighup_is_answered_and_nobody_leaves(gateway):
    running = gateway()
    with running.connect("alice") as alice:
        running.signal(signal.SIGHUP)
        running.wait_for_log("SIGHUP: no plugin has changed")
        alice.expect_nothing_but_pong()


def test_sigusr1_and_broken_pipes_stop_nobody(gateway):
    running = gateway()
    with running.connect("alice") as alice:
        for count in range(1, 4):
            running.signal(signal.SIGUSR1)
            running.wait_for_log("reopening files", count=count)
        running.signal(signal.SIGPIPE)
        alice.expect_nothing_but_pong()


def test_log_rotation_during_the_end_does_not_kill_it(gateway):
    """logrotate asks nobody whether a shutdown is under way; SIGUSR1 and SIGHUP end a program that no longer listens."""
    for number in (signal.SIGUSR1, signal.SIGHUP) * 8:
        running = gateway()
        for _ in range(5000):  # the log has much to write at the end, which makes it long
            running.signal(number)
        running.signal(signal.SIGTERM)
        deadline = Deadline()
        while running.process.poll() is None and not deadline.over():
            running.signal(number)
        running.stop()


def test_who_kept_sending_survives_a_paused_process(gateway):
    """A stopped virtual machine, a long page-in: when the process wakes after more than client_timeout, what clients
    sent meanwhile counts before the clock does."""
    running = gateway({"wsc": {"heartbeat_interval": 1, "client_timeout": 2}})
    clients = [running.connect(f"u{n}") for n in range(20)]
    running.signal(signal.SIGSTOP)
    pause, ends = threading.Event(), Deadline(3)
    while not ends.over():
        for client in clients:
            client.send_frame(PONG)
        pause.wait(0.2)
    running.signal(signal.SIGCONT)
    for client in clients:
        client.expect_nothing_but_pong()
    assert not running.log_lines("client disconnected")
    for client in clients:
        client.close()


def test_who_answers_pings_survives_a_paused_process(gateway):
    """Nobody sends by itself: a client that had no ping to answer while the process stood still is asked again."""
    running = gateway({"wsc": {"heartbeat_interval": 1, "client_timeout": 2}})
    with running.connect("alice") as alice:
        running.signal(signal.SIGSTOP)
        threading.Event().wait(Deadline(3).left())
        running.signal(signal.SIGCONT)
        frame = alice.read_frame()
        assert frame.opcode == PING, frame
        alice.send_frame(PONG, frame.payload)
        alice.expect_nothing_but_pong()
