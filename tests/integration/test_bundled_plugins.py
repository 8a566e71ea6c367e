"""cors, audit and the examples in the running gateway."""

import json
import os
import signal
import stat

import pytest

from support.waiting import eventually


def audit(**config):
    return {"name": "audit", "config": {"file": "audit.jsonl", **config}}


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


# --- cors ---


@pytest.fixture(scope="module")
def guarded(shared_gateway):
    return shared_gateway({"wsc": {"websocket_origins": ["https://app.example.com", "https://*.example.org"]}})


@pytest.mark.parametrize(
    "origin", ["https://app.example.com", "https://APP.example.com:443", "https://a.example.org", "https://a.b.example.org"]
)
def test_a_page_of_a_configured_origin_connects(guarded, origin):
    with guarded.connect("alice", headers={"Origin": origin}) as alice:
        assert alice.greeting["user_id"] == "alice"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://app.example.com", "https://example.org", "https://evil-example.org", "null", "x"],
)
def test_a_page_of_another_origin_is_refused_and_told_the_key(guarded, origin):
    client = guarded.connect("alice", headers={"Origin": origin}, refused=True, greeting=False)
    assert client.response.status == 403
    error = client.response.error()
    assert error["code"] == "forbidden"
    assert origin in error["message"]
    assert "wsc.websocket_origins" in error["message"]


def test_what_is_no_browser_connects(guarded):
    with guarded.connect("alice") as alice:
        alice.expect_nothing_but_pong()


def test_no_origin_can_be_refused_too(gateway):
    running = gateway(
        {
            "wsc": {"websocket_origins": ["*"]},
            "plugins": {"load": [{"name": "cors", "config": {"allow_no_origin": False}}]},
        }
    )
    client = running.connect("alice", refused=True, greeting=False)
    assert client.response.status == 403
    assert "allow_no_origin" in client.response.error()["message"]
    running.connect("alice", headers={"Origin": "https://any.example"}).close()


# --- audit ---


def test_audit_tells_the_story_of_each_connection(gateway):
    running = gateway({"plugins": {"load": [audit()]}})
    folder = running.config_file.parent
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        alice.send_json({"type": "text", "to": "bob", "content": "for bob alone"})
        received = bob.receive()
        ids = {"a1": alice.greeting["connection_id"], "b1": bob.greeting["connection_id"]}
        alice.close()
        running.wait_for_log("client disconnected.*client_id=a1")
    running.stop()
    path = folder / "audit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) & 0o137 == 0
    assert "for bob alone" not in path.read_text()
    lines = lines_of(path)
    alices = [line for line in lines if line["client_id"] == "a1"]
    assert [line["event"] for line in alices] == ["client.connected", "message.received", "client.disconnected"]
    assert {line["connection_id"] for line in alices} == {ids["a1"]}
    assert {line["connection_id"] for line in lines if line["client_id"] == "b1"} == {ids["b1"]}
    message = alices[1]
    assert (message["user_id"], message["destination"], message["destination_id"]) == ("alice", "user", "bob")
    assert message["msg_id"] == received["msg_id"]
    assert (alices[2]["reason"], alices[2]["code"]) == ("client_close", 1000)


def test_audit_can_write_what_was_said(gateway):
    running = gateway({"plugins": {"load": [audit(content=True)]}})
    path = running.config_file.parent / "audit.jsonl"
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": 'line one\nline "two"'})
        alice.receive()
        alice.send_text('{"type":"text","to":"alice","content":{\n"n": 1}}')
        alice.receive()
    running.stop()
    messages = [line["content"] for line in lines_of(path) if line["event"] == "message.received"]
    assert messages == ['line one\nline "two"', {"n": 1}]


def test_audit_opens_its_file_anew_on_sigusr1(gateway):
    running = gateway({"plugins": {"load": [audit()]}})
    path = running.config_file.parent / "audit.jsonl"
    with running.connect("alice", "a1"):
        path.rename(path.with_suffix(".1"))
        running.signal(signal.SIGUSR1)
        eventually(path.exists, "a new audit file")
        running.connect("bob", "b1").close()
        running.wait_for_log("client disconnected.*client_id=b1")
    running.stop()
    assert [line["client_id"] for line in lines_of(path.with_suffix(".1"))] == ["a1"]
    assert "b1" in [line["client_id"] for line in lines_of(path)]


def test_a_full_disk_is_said_and_stops_nobody(gateway):
    running = gateway({"plugins": {"load": [audit(file="/dev/full")]}})
    with running.connect("alice", "a1") as alice:
        running.wait_for_log(r"events lost of /dev/full: No space left on device")
        alice.send_json({"type": "text", "to": "alice", "content": "still here"})
        assert alice.receive()["content"] == "still here"


def test_audit_without_its_folder_stops_the_start(gateway):
    running = gateway({"plugins": {"load": [audit(file="/nowhere/audit.jsonl")]}}, wait=False)
    assert running.wait_for_exit() == 2
    assert "cannot open /nowhere/audit.jsonl: No such file or directory" in running.log_text()


def test_a_mistake_in_a_plugins_configuration_is_named_with_its_line(gateway):
    text = (
        "wsc: { node_ip: 127.0.0.1, node_port: 0 }\n"
        "plugins:\n  load:\n    - name: audit\n      config:\n        file: a.jsonl\n        bufer_size_kb: 100\n"
    )
    running = gateway(text, wait=False)
    assert running.wait_for_exit() == 2
    assert "gateway.yaml:7:" in running.log_text()
    assert "bufer_size_kb: unknown key; there are: file, buffer_size_kb, content" in running.log_text()
    assert not os.path.exists(running.config_file.parent / "a.jsonl")


# --- the order of the chain ---


@pytest.mark.parametrize("order, content", [(["hello", "uppercase"], "HELLO, WORLD"), (["uppercase", "hello"], "HELLO")])
def test_plugins_see_a_message_in_the_order_of_the_yaml(gateway, order, content):
    running = gateway({"plugins": {"load": [{"name": name} for name in order]}})
    running.wait_for_log("plugin chain.*" + " -> ".join(order))
    with running.connect("alice", "a1") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hello"})
        assert alice.receive()["content"] == content
        alice.send_json({"type": "text", "to": "alice", "content": True})
        assert alice.receive()["content"] is True
