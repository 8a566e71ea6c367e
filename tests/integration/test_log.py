"""What the log says, what it cannot be made to say, and that it holds up nobody."""

import fcntl
import json
import os
import re
import signal
import socket

import pytest

from support.admin import Admin
from support.raw import make_handshake
from support.waiting import eventually

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


def test_connections_beyond_max_connection_lines_are_counted(gateway):
    running = gateway({"log": {"max_connection_lines": 3}})
    for _ in range(10):
        with running.connect("many") as client:
            client.close()
    running.wait_for_connections(0)
    running.wait_for_log('very many connections come or go.*left_out="client connected"')
    running.stop()
    assert len(running.log_lines("info  client connected client_id=")) == 3
    assert len(running.log_lines("info  client disconnected client_id=")) == 3
    assert running.log_lines('client connected repeated=7') and running.log_lines("client disconnected repeated=7")
    assert len(running.log_lines("very many connections")) == 2


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
    text = running.config_file.read_text()
    running.config_file.write_text(text.replace("wsc:\n", "wsc:\n  heartbeat_interval: 31\n"))
    running.signal(signal.SIGHUP)
    if "w" in there:
        running.wait_for_log("need a restart")
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
