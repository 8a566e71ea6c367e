"""Traces: one client's messages on their way, as the admin listener streams them and `gatewayd trace` prints them."""

import http.client
import json
import os
import shutil
import socket
import subprocess

import pytest

from support.gateway import BINARY, BUILD_DIR
from support.waiting import Deadline, eventually

FOLDER = BUILD_DIR / "tests" / "plugins"
CHAIN = {
    "plugins": {"load": [{"name": "uppercase"}, {"name": "defers", "path": str(FOLDER / "defers.so")}]},
}


class Reader:
    """A trace as it is streamed."""

    def __init__(self, running, client, headers=None, receive_buffer=None, **query):
        self._connection = http.client.HTTPConnection(running.admin.host, running.admin.port, timeout=30)
        if receive_buffer:
            self._connection.sock = socket.socket()
            self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._connection.sock.connect((running.admin.host, running.admin.port))
        more = "".join(f"&{name}={value}" for name, value in query.items())
        self._connection.request("GET", f"/api/v1/trace?client={client}{more}", headers=headers or {})
        self.response = self._connection.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._connection.close()
        self.response.close()

    def line(self):
        """The next line that says something; None: the end. Empty lines, which keep the connection, are no progress."""
        deadline = Deadline(60)
        while not deadline.over():
            line = self.response.readline()
            if not line:
                return None
            if line.strip():
                return json.loads(line)
        raise AssertionError("nothing is traced")

    def until(self, event, **fields):
        """Every line up to the first such one."""
        lines = []
        while True:
            line = self.line()
            assert line is not None, lines
            lines.append(line)
            if line["event"] == event and all(line.get(name) == value for name, value in fields.items()):
                return lines


    def request(self, kind):
        """The lines of the next request of this kind, from its first to its end."""
        begin = self.until(kind)[-1]
        lines = self.until("end", request=begin["request"])
        return [begin] + [line for line in lines if line.get("request") == begin["request"]]


def hooks(lines):
    return [(line["plugin"], line["hook"], line.get("verdict")) for line in lines if line["event"] == "hook"]


def test_a_message_through_uppercase_and_a_deferral(gateway):
    running = gateway(CHAIN)
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob, Reader(running, "a1") as trace:
        assert trace.response.status == 200
        assert trace.response.headers["content-type"] == "application/x-ndjson"
        assert trace.line() == {"event": "trace", "client_id": "a1", "connected": True, "seconds": 600}
        # The reader is known to alice's reactor when this is traced.
        eventually(lambda: alice.send_json({"type": "ping"}) or alice.receive(), "a pong")
        alice.send_json({"type": "text", "id": "m1", "to": "bob", "content": "later"})
        assert bob.receive()["content"] == "LATER"
        # `defers` takes frames, too; the message is the request behind that.
        lines = trace.request("message")
        begin = lines[0]
        assert begin["type"] == "text" and begin["id"] == "m1" and begin["to_kind"] == "user" and begin["to"] == "bob"
        assert len(begin["msg_id"]) == 26 and "payload" not in begin and begin["bytes"] > 20
        assert ("uppercase", "intercept_message", "continue") in hooks(lines)
        (upper,) = [line for line in lines if line.get("plugin") == "uppercase"]
        assert upper["changed"] == ["content"] and upper["us"] >= 0
        assert lines[-1]["outcome"] == "passed" and lines[-1]["to"] == "bob"
        # LATER is no word of `defers`; what is put aside is told when it is, and when it goes on.
        bob.send_json({"type": "text", "to": "alice", "content": "hi"})
        queued = trace.until("queued", type="text")[-1]
        assert queued["from"] == "bob" and queued["bytes"] > 20 and "taken" not in queued


def test_what_is_put_aside_is_told_at_once_and_when_it_goes_on(gateway):
    running = gateway({"plugins": {"load": [CHAIN["plugins"]["load"][1], {"name": "uppercase"}]}})
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob, Reader(running, "a1") as trace:
        trace.line()
        alice.send_json({"type": "text", "to": "bob", "content": "hold"})
        waiting = trace.until("hook", verdict="deferred")
        assert hooks(waiting)[-1] == ("defers", "intercept_message", "deferred")
        bob.send_json({"type": "text", "to": "alice", "content": "release"})
        lines = trace.until("end")
        assert hooks(lines) == [
            ("defers", "on_resume", "continue"),
            ("uppercase", "intercept_message", "continue"),
        ]
        assert bob.receive()["content"] == "HOLD"
        assert {line["request"] for line in waiting[-1:] + lines} == {waiting[-1]["request"]}
        # A disconnect cancels what waits.
        alice.send_json({"type": "text", "to": "bob", "content": "hold"})
        trace.until("hook", verdict="deferred")
        alice.drop()
        lines = trace.until("disconnected")
        assert ("defers", "on_cancel", None) in hooks(lines)
        assert "cancelled" in [line.get("outcome") for line in lines]


def test_a_handshake_is_traced_before_the_client_connects(gateway):
    running = gateway(CHAIN)
    with Reader(running, "c9") as trace:
        assert trace.line()["connected"] is False
        with running.connect(target="/ws?client_id=c9&defer=refuse", refused=True, greeting=False) as client:
            assert client.response.status == 403
        lines = trace.until("refused")
        assert lines[0]["event"] == "handshake" and lines[0]["client_id"] == "c9" and "remote_address" in lines[0]
        assert hooks(lines) == [("defers", "intercept_handshake", "deferred"), ("defers", "on_resume", "done")]
        assert lines[-1]["status"] == 403
        with running.connect("ada", "c9") as ada:
            lines = trace.until("queued", type="connected")
            assert [line["event"] for line in lines] == ["handshake", "hook", "end", "connected", "queued"]
            running.connect("eve", "other").close()  # not of this client
            ada.send_text("no json")
            ada.expect_error("invalid_message")
            assert [line["event"] for line in trace.until("queued")[-2:]] == ["received", "queued"]
            ada.close()
        assert trace.until("disconnected")[-1]["reason"] == "client_close"


def test_payloads_only_when_asked_for(gateway):
    running = gateway(CHAIN)
    with running.connect("alice", "a1") as alice, Reader(running, "a1") as plain, Reader(running, "a1", payload=1) as full:
        plain.line(), full.line()
        alice.send_json({"type": "text", "to": "alice", "content": "secret"})
        assert alice.receive()["content"] == "SECRET"
        assert "secret" not in json.dumps(plain.until("queued")).lower()
        assert json.loads(full.until("message")[-1]["payload"])["content"] == "secret"
        assert json.loads(full.until("queued")[-1]["payload"])["content"] == "SECRET"


def test_bounds(gateway):
    running = gateway(CHAIN)
    readers = [Reader(running, f"c{i}") for i in range(16)]
    assert [reader.response.status for reader in readers] == [200] * 16
    with Reader(running, "x") as one_more:
        assert one_more.response.status == 503
        assert "16 traces" in json.loads(one_more.response.read())["error"]["message"]
    # A trace ends when its reader goes.
    readers.pop().close()

    def there_is_room():
        with Reader(running, "x") as again:
            return again.response.status == 200

    eventually(there_is_room, "the place of the reader that left")
    for reader in readers:
        reader.close()
    with Reader(running, "c1", seconds=1) as short:
        lines = short.until("trace_ended")
        assert lines[-1]["why"] == "its time is over"
        assert short.line() is None
    for query in ({"seconds": 0}, {"seconds": 3601}, {"payload": 2}):
        with Reader(running, "c1", **query) as refused:
            assert refused.response.status == 400
    with Reader(running, "") as refused:
        assert refused.response.status == 400
    running.check_health()


def test_it_needs_a_key(gateway):
    key = "0123456789abcdef"
    running = gateway({**CHAIN, "admin": {"listen": "127.0.0.1:0", "api_keys": [key]}})
    with Reader(running, "c1") as refused:
        assert refused.response.status == 401
    with Reader(running, "c1", headers={"Authorization": f"Bearer {key}"}) as trace:
        assert trace.response.status == 200


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_prints_it(gateway, as_json):
    key = "0123456789abcdef"
    running = gateway({**CHAIN, "admin": {"listen": "127.0.0.1:0", "api_keys": [key]}})
    command = [BINARY, "trace", "--client", "a1", "--admin", f"http://{running.admin.host}:{running.admin.port}"]
    with running.connect("alice", "a1") as alice, subprocess.Popen(
        [str(word) for word in command + (["--json"] if as_json else [])],
        stdout=subprocess.PIPE,
        env={**os.environ, "GATEWAYD_API_KEY": key},
        text=True,
    ) as process:
        first = process.stdout.readline()
        assert "a1" in first
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        lines = []
        while not any("queued" in line for line in lines):
            lines.append(process.stdout.readline())
            assert lines[-1], lines
        process.kill()
    if as_json:
        assert all(json.loads(line)["event"] for line in lines)
    else:
        (hook,) = [line for line in lines if "uppercase" in line]
        assert "continue" in hook and " us" in hook and "changed: content" in hook


def test_a_reader_that_is_slow_is_told_how_much_it_lost(gateway):
    running = gateway(CHAIN)
    messages = 10000
    # More than the kernel keeps for a reader that reads nothing.
    with running.connect("alice", "a1") as alice, Reader(running, "a1", receive_buffer=4096, payload=1) as trace:
        trace.line()
        ping = json.dumps({"type": "ping", "padding": "x" * 1000})
        for _ in range(messages // 50):
            for _ in range(50):
                alice.send_text(ping)
            for _ in range(50):
                alice.receive()
        # What waits is bounded, and this is told in its place, not at the end.
        lines = trace.until("lost")
        received = sum(line["event"] == "received" for line in lines)
        assert 0 < received < messages and lines[-1]["lines"] > 0
    running.check_health()


def test_it_goes_on_while_the_plugin_is_swapped(gateway, tmp_path):
    library = tmp_path / "swap.so"
    shutil.copy(FOLDER / "swap_v1.so", library)
    running = gateway({"plugins": {"load": [{"name": "swap", "path": str(library)}]}})
    with running.connect("alice", "a1") as alice, Reader(running, "a1") as trace:
        trace.line()
        for number in range(3):
            alice.send_json({"type": "text", "id": str(number), "to": "alice", "content": "plain"})
            assert alice.receive()["generation"] == number + 1
            lines = trace.request("message")
            assert lines[0]["id"] == str(number)
            assert ("swap", "intercept_message", "continue") in hooks(lines)
            assert running.admin.post("/api/v1/plugins/swap/reload", "").status == 200


def test_the_command_says_what_is_wrong(gateway):
    running = gateway({"admin": {"listen": "127.0.0.1:0", "api_keys": ["0123456789abcdef"]}})
    url = f"http://{running.admin.host}:{running.admin.port}"

    def fails(*arguments):
        done = subprocess.run([str(BINARY), "trace", *arguments], capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stderr

    status, words = fails("--client", "c1", "--admin", url)
    assert status == 1 and "401" in words and "GATEWAYD_API_KEY" in words
    status, words = fails("--client", "c1", "--admin", "http://127.0.0.1:1")
    assert status == 1 and "admin.listen" in words
    assert fails("--client", "c1", "--admin", "nonsense/x")[0] == 2
    assert fails()[0] == 2
