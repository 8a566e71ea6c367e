"""From the start to the end of a gateway: signals, draining, what the log says and what it cannot be made to say."""

import fcntl
import json
import os
import re
import signal
import socket
import struct
import threading

import pytest
import websockets

from support.admin import Admin
from support.library_client import connected, hear, play
from support.raw import CLOSE, PING, PONG, Ended, RawSocket, make_handshake
from support.waiting import Deadline, eventually

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
LINE = re.compile(rf"{TIME} (debug|info |warn |error) \S.*")

# As text in the log: none may end a line, look like a field of its own, or turn around what stands beside it.
HOSTILE = [
    'quo"te',
    "back\\slash",
    "a b",
    "a=b",
    '" level=error event="owned',
    "日本語",
    "🦀",
    "\u202eevil",
    "\u200fmark",
    "\u2066isolate",
    "\u2028line",
    "\ufeffbom",
    "\u061c",
    "%0a",
    "${HOME}",
    "{}",
    "%s%n",
]


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
        running.wait_for_log("warn .*SIGHUP.*restart")
        alice.expect_nothing_but_pong()


def test_sigusr1_and_broken_pipes_stop_nobody(gateway):
    running = gateway()
    with running.connect("alice") as alice:
        for count in range(1, 4):
            running.signal(signal.SIGUSR1)
            running.wait_for_log("reopening files", count=count)
        running.signal(signal.SIGPIPE)
        alice.expect_nothing_but_pong()


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


# --- the log ---


def test_lines_that_operators_wait_for(gateway):
    running = gateway()
    with running.connect("alice", "a1", "agent") as alice:
        port = alice.socket.getsockname()[1]
        number = alice.greeting["connection_id"]
        alice.close()
        running.wait_for_log("client disconnected")
    running.stop()
    said = "\n".join(re.sub(rf"^{TIME} ", "", line) for line in running.log_lines())
    assert f"info  WebSocket server listening on ws://127.0.0.1:{running.port}\n" in said
    assert f"info  admin listening on http://127.0.0.1:{running.admin.port}\n" in said
    connected_line = (
        f"info  client connected client_id=a1 user_id=alice user_type=agent connection_id={number} "
        f"remote_address=127.0.0.1:{port}\n"
    )
    assert connected_line in said
    assert f'info  client disconnected client_id=a1 user_id=alice connection_id={number} reason=client_close code=1000 text=""\n' in said
    for line in running.log_lines():
        assert LINE.fullmatch(line), line


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_ids_forge_no_line(gateway, form):
    running = gateway({"log": {"format": form}})
    ids = {}
    for number, text in enumerate(HOSTILE):
        with running.connect(text, f"c{number}-{text}") as client:
            ids[client.greeting["connection_id"]] = text
            client.close(4000, f"because {text}")
    for bad in ("a\nb", "a\r\nb", "a\0b", "a\x1b[2Jb", "a\u0085b"):
        client = running.connect(bad, refused=True, greeting=False)
        assert client.response.status == 400
        client.drop()
    running.wait_for_connections(0)
    running.stop()
    lines = running.log_lines()
    assert len(running.log_lines("client connected")) == len(running.log_lines("client disconnected")) == len(HOSTILE)
    for line in lines:
        assert not re.search("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]", line), ascii(line)
    if form == "json":
        events = [json.loads(line) for line in lines]
        assert {e["connection_id"]: e["user_id"] for e in events if e["event"] == "client connected"} == ids
        reasons = {e["connection_id"]: e["text"] for e in events if e["event"] == "client disconnected"}
        assert reasons == {number: f"because {text}" for number, text in ids.items()}
        return
    value = r'(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")'
    for line in running.log_lines("client (dis)?connected"):
        assert re.fullmatch(rf"{TIME} info  client (dis)?connected(?: [a-z_]+={value})+", line), line
        assert line.count(" level=") == line.count(' level=error event=\\"owned')


def test_json_lines_parse_from_the_first_to_the_last(gateway):
    running = gateway({"log": {"format": "json"}, "plugins": {"load": [{"name": "uppercase"}]}})
    with running.connect("alice", "a1") as alice:
        alice.close()
    running.connect("x", target="/nowhere", refused=True, greeting=False).drop()
    running.admin.get("/api/v1/stats", headers={"Host": "example.com"})
    running.signal(signal.SIGHUP)
    running.signal(signal.SIGUSR1)
    running.wait_for_log("reopening")
    running.stop()
    for line in running.log_lines():
        told = json.loads(line)
        assert list(told)[:3] == ["time", "level", "event"] and told["event"], line
        assert re.fullmatch(TIME, told["time"]) and told["level"] in ("debug", "info", "warn", "error")
    events = {json.loads(line)["event"]: json.loads(line) for line in running.log_lines()}
    told = events["client connected"]
    assert (told["client_id"], told["user_id"], told["user_type"]) == ("a1", "alice", "customer")
    assert isinstance(told["connection_id"], int)
    assert (events["client disconnected"]["reason"], events["client disconnected"]["code"]) == ("client_close", 1000)


def test_refusals_are_counted_and_not_repeated(gateway):
    running = gateway()
    ways = [
        make_handshake("/nowhere"),
        make_handshake("/ws?user_type=nobody"),
        make_handshake("/ws?user_id=%00"),
        b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n",
        b"hello\r\n\r\n",
    ]
    for number in range(200):
        with running.raw() as client:
            client.send(ways[number % len(ways)])
            assert 400 <= client.read_response().status < 500
    assert len(running.log_lines("refused")) <= 20
    running.stop()
    refused = running.log_lines("refused")
    assert 0 < len(refused) <= 40, refused
    repeated = sum(int(count) for line in refused for count in re.findall(r"repeated=(\d+)", line))
    assert repeated + len([line for line in refused if "remote_address" in line]) == 200, refused


def test_a_refused_handshake_says_why(gateway):
    running = gateway()
    running.connect("x", target="/nowhere", refused=True, greeting=False).drop()
    running.wait_for_log(r"warn .*handshake refused.*404.*remote_address=127.0.0.1")
    running.connect("x", user_type="nobody", refused=True, greeting=False).drop()
    running.wait_for_log(r"warn .*handshake refused.*403.*allowed_user_types.*remote_address=127.0.0.1")


@pytest.mark.parametrize("level, there", [("debug", "diw"), ("info", "iw"), ("warn", "w"), ("error", "")])
def test_levels(gateway, level, there):
    """Without info no line names the ports: they are chosen here."""
    port, admin_port = free_ports(2)
    config = {"wsc": {"node_port": port}, "admin": {"listen": f"127.0.0.1:{admin_port}"}, "log": {"level": level}}
    running = gateway(config, wait=False)
    running.host, running.port, running.admin = "127.0.0.1", port, Admin("127.0.0.1", admin_port)
    eventually(lambda: is_alive(running), "a gateway that answers")
    running.connect("alice").close()
    running.signal(signal.SIGHUP)
    if "w" in there:
        running.wait_for_log("SIGHUP")
    running.signal(signal.SIGTERM)
    assert running.wait_for_exit() == 0
    levels = {re.fullmatch(rf"{TIME} (\w)\S* .*", line).group(1) for line in running.log_lines()}
    assert levels == set(there), running.log_text()


def test_nothing_is_on_standard_output(gateway):
    running = gateway()
    running.check_health()
    running.stop()
    assert running.stdout == b""


class UnreadLog:
    """A gateway whose standard error is a small pipe that is read when asked."""

    def __init__(self, gateway):
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        port, admin_port = free_ports(2)
        config = {"wsc": {"node_port": port}, "admin": {"listen": f"127.0.0.1:{admin_port}"}}
        self.running = gateway(config, prepare=lambda: os.dup2(writer, 2), wait=False)
        os.close(writer)
        self.running.host, self.running.port = "127.0.0.1", port
        self.running.admin = Admin("127.0.0.1", admin_port)
        eventually(lambda: is_alive(self.running), "a gateway that answers")

    def read_to_end(self):
        with os.fdopen(self.reader, "rb") as log:
            return log.read().decode()


def test_a_log_that_is_read_late_holds_up_nobody_and_is_whole(gateway):
    log = UnreadLog(gateway)
    for number in range(300):
        log.running.connect(f"u{number}", f"c{number}").close()
    log.running.wait_for_connections(0)
    log.running.signal(signal.SIGTERM)
    lines = log.read_to_end().splitlines()
    assert log.running.wait_for_exit() == 0
    for event in ("connected", "disconnected"):
        found = [line.split("client_id=")[1].split()[0] for line in lines if f"client {event} " in line]
        assert found == [f"c{number}" for number in range(300)]
    assert lines[-1].endswith(" stopped")


def test_a_log_that_is_never_read_does_not_hold_up_the_end(gateway):
    """A log collector that hangs: SIGTERM still ends the gateway."""
    log = UnreadLog(gateway)
    for number in range(300):
        log.running.connect(f"u{number}", f"c{number}").close()
    log.running.signal(signal.SIGTERM)
    assert log.running.wait_for_exit() == 0
    os.close(log.reader)


def test_a_log_whose_reader_is_gone_ends_nothing(gateway):
    log = UnreadLog(gateway)
    os.close(log.reader)
    for number in range(100):
        log.running.connect(f"u{number}", f"c{number}").close()
    log.running.check_health()
    log.running.signal(signal.SIGTERM)
    assert log.running.wait_for_exit() == 0


def is_alive(running):
    try:
        return running.admin.get("/readyz").status == 200
    except OSError:
        return False


def free_ports(count):
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports
