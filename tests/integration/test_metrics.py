"""/metrics as a scraper reads it, and as numbers that must be what clients did."""

import re

import pytest

from support.exposition import read_exposition
from support.gateway import BUILD_DIR, SOURCE_DIR, run_gatewayd
from support.raw import BINARY, PING, RawSocket, make_handshake
from support.waiting import eventually

REJECTED = {
    *("node_full", "address_full", "head_too_big", "timeout", "bad_request", "not_found", "no_upgrade"),
    *("identity", "conflict", "plugin", "plugin_error", "shutdown", "connection_lost", "proxy_header"),
    "tls_handshake",
}
DISCONNECTED = {
    *("client_close", "connection_lost", "timeout", "kicked", "replaced", "slow_client", "protocol_error"),
    *("invalid_utf8", "too_big", "out_of_memory", "plugin_error", "plugin_close", "server_shutdown"),
}
TYPE_CLASSES = {"message", "ping", "reserved", "binary", "invalid"}


@pytest.fixture(scope="module", params=[1, 3], ids=["1 reactor", "3 reactors"])
def running(request, shared_gateway):
    return shared_gateway(
        {
            "wsc": {"performance": {"io_threads": request.param, "max_connections_per_address": 50}},
            "plugins": {"load": [{"name": "uppercase"}]},
        }
    )


def scrape(running):
    answer = running.admin.get("/metrics")
    assert answer.status == 200, answer
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read_exposition(answer.text)


class Growth:
    """What grew since it was made."""

    def __init__(self, running):
        running.wait_for_connections(0)
        self._running, self._before = running, scrape(running)

    def of(self, name, **labels):
        return scrape(self._running)[name].value(**labels) - self._before[name].value(**labels)

    def by(self, name, label):
        before, now = self._before[name].by(label), scrape(self._running)[name].by(label)
        return {value: now[value] - before[value] for value in now if now[value] != before[value]}


# --- its form ---


def test_every_metric_of_the_page_is_there_with_its_labels(running):
    page = (SOURCE_DIR / "docs" / "http-api.md").read_text().split("## Metrics")[1]
    told = {name for row in re.findall(r"^\| (`[^|]*) \|", page, re.M) for name in re.findall(r"`(\w+)`", row)}
    assert len(told) > 15
    assert set(scrape(running)) == told


def test_every_label_has_its_values_from_the_start(running):
    families = scrape(running)
    assert set(families["gateway_connections"].by("user_type")) == {"customer", "agent", "admin"}
    assert set(families["gateway_connections_rejected_total"].by("reason")) == REJECTED
    assert set(families["gateway_disconnects_total"].by("reason")) == DISCONNECTED
    assert set(families["gateway_messages_received_total"].by("type_class")) == TYPE_CLASSES
    assert set(families["gateway_slow_client_total"].by("action")) == {"disconnect", "drop_oldest", "drop_newest"}
    assert set(families["gateway_plugin_errors_total"].by("plugin")) == {"uppercase"}
    assert set(families["gateway_plugin_misuse_total"].by("plugin")) == {"uppercase"}
    hooks = {"intercept_message"}
    for name in ("gateway_plugin_calls_total", "gateway_plugin_duration_seconds"):
        assert {dict(labels)["hook"] for _, labels in families[name].samples} == hooks, name
    version = run_gatewayd("--version").stdout.split()[-1]
    assert families["gateway_build_info"].by("version") == {version: 1}


def test_types(running):
    families = scrape(running)
    assert families["gateway_connections"].type == "gauge"
    assert families["gateway_send_queue_bytes"].type == "gauge"
    assert families["gateway_delivery_seconds"].type == "histogram"
    for name, family in families.items():
        assert family.type == "counter" or not name.endswith("_total"), name
        assert len(family.help) > 5, name


def test_no_id_becomes_a_label(running):
    for name in ("a-user-of-ours", 'quo"te\\', "日本"):
        with running.connect(name, name + "-client") as client:
            client.send_json({"type": "text", "to": name})
            client.receive()
            text = running.admin.get("/metrics").text
            read_exposition(text)
            assert name not in text
            client.close()


def test_switched_off(gateway):
    running = gateway({"wsc": {"performance": {"enable_metrics": False}}})
    answer = running.admin.get("/metrics")
    assert answer.status == 404
    assert "enable_metrics" in answer.json()["error"]["message"]
    assert running.admin.stats()["running"] is True


# --- its numbers ---


def test_connections_by_user_type(running):
    clients = [running.connect(f"u{n}", user_type=["customer", "customer", "agent"][n % 3]) for n in range(9)]
    assert scrape(running)["gateway_connections"].by("user_type") == {"customer": 6, "agent": 3, "admin": 0}
    for client in clients:
        client.close()
    running.wait_for_connections(0)
    assert scrape(running)["gateway_connections"].by("user_type") == {"customer": 0, "agent": 0, "admin": 0}


def test_accepted_counts_tcp_connections(running):
    grown = Growth(running)
    running.connect("alice").close()
    running.connect("alice", refused=True, greeting=False, target="/nowhere").drop()
    assert grown.of("gateway_connections_accepted_total") == 2


def test_refused_handshakes_by_reason(running):
    grown = Growth(running)

    def refused(status, data):
        with RawSocket(running.host, running.port) as client:
            client.send(data)
            assert client.read_response().status == status

    with running.connect("alice", "a1"):
        refused(404, make_handshake("/nowhere"))
        refused(404, make_handshake("/also/nowhere"))
        refused(426, b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n")
        refused(400, b"hello\r\n\r\n")
        refused(431, make_handshake(headers={"X-Long": "x" * 9000}))
        refused(403, make_handshake("/ws?user_type=nobody"))
        refused(400, make_handshake("/ws?user_id=%00"))
        refused(409, make_handshake("/ws?user_id=bob&client_id=a1"))
        expected = {"not_found": 2, "no_upgrade": 1, "bad_request": 1, "head_too_big": 1, "identity": 2, "conflict": 1}
        assert grown.by("gateway_connections_rejected_total", "reason") == expected
        assert grown.by("gateway_disconnects_total", "reason") == {}


def test_one_address_may_have_so_many(running):
    grown = Growth(running)
    clients = [running.connect(greeting=False) for _ in range(50)]
    with RawSocket(running.host, running.port) as one_more:
        one_more.send(make_handshake())
        assert one_more.read_response().status == 503
    assert grown.by("gateway_connections_rejected_total", "reason") == {"address_full": 1}
    for client in clients:
        client.drop()
    eventually(
        lambda: grown.by("gateway_disconnects_total", "reason") == {"connection_lost": 50}, "fifty lost connections"
    )


def test_disconnects_by_reason(running):
    grown = Growth(running)
    running.connect("a").close()
    running.connect("b").drop()
    running.connect("c").reset()
    with running.connect("d", "d1") as client:
        assert running.admin.kick("d1").status == 200
        client.expect_close(1008)
    with running.connect("e", "e1") as client:
        running.connect("e", "e1").close()
        client.expect_close(1008)
    with running.connect("f") as client:
        client.send_frame(0x3)
        client.expect_close(1002)
    with running.connect("g") as client:
        client.send_frame(0x1, b"\xff")
        client.expect_close(1007)
    expected = {"client_close": 2, "connection_lost": 2, "kicked": 1, "replaced": 1, "protocol_error": 1, "invalid_utf8": 1}
    eventually(lambda: grown.by("gateway_disconnects_total", "reason") == expected, str(expected))


def test_messages_by_class_and_their_recipients(running):
    grown = Growth(running)
    with running.connect("alice", user_type="agent") as alice, running.connect("bob") as bob:
        assert grown.of("gateway_messages_sent_total") == 2  # the greetings
        for _ in range(7):
            alice.send_json({"type": "text", "to": "bob"})
            bob.receive()
        for _ in range(3):
            alice.expect_nothing_but_pong()
        alice.send_text("no JSON")
        alice.expect_error("invalid_message")
        alice.send_json({"type": "ticket_close"})
        alice.expect_error("unknown_type")
        alice.send_frame(BINARY, b"\0")
        alice.expect_error("invalid_message")
        alice.send_json({"type": "text"})
        bob.receive()
        alice.send_frame(PING)  # frames of the protocol are no messages
        alice.read_frame()
        assert grown.by("gateway_messages_received_total", "type_class") == {
            **{"message": 8, "ping": 3, "invalid": 1, "reserved": 1, "binary": 1}
        }
        assert grown.of("gateway_messages_sent_total") == 2 + 7 + 3 + 3 + 1
        alice.close(), bob.close()


def test_a_back_ends_messages_are_sent_and_not_received(running):
    grown = Growth(running)
    clients = [running.connect(f"u{n}") for n in range(5)]
    assert running.admin.broadcast({"type": "text"})["delivered"] == 5
    assert running.admin.send_to_user("u1", {"type": "text"})["delivered"] == 1
    for client in clients:
        client.receive()
    clients[1].receive()
    assert grown.by("gateway_messages_received_total", "type_class") == {}
    assert grown.of("gateway_messages_sent_total") == 5 + 5 + 1
    for client in clients:
        client.close()


def test_bytes_are_those_of_the_wire(running):
    grown = Growth(running)
    handshake = make_handshake("/ws?user_id=alice&client_id=a1")
    with RawSocket(running.host, running.port) as alice:
        alice.send(handshake)
        head = alice.read_until(b"\r\n\r\n")
        size = alice.read_exactly(4)
        greeting = size[2] << 8 | size[3]
        alice.read_exactly(greeting)
        alice.send(b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}')
        pong = alice.read_exactly(2 + len('{"type":"pong"}'))
        assert pong[2:] == b'{"type":"pong"}'
        assert grown.of("gateway_bytes_received_total") == len(handshake) + 6 + 15
        assert grown.of("gateway_bytes_sent_total") == len(head) + 4 + greeting + len(pong)


def test_what_waits_for_a_client_is_counted_while_it_waits(running):
    with running.connect("slow", receive_buffer=4096) as slow:
        text = "x" * 500_000
        for _ in range(6):
            running.admin.send_to_user("slow", {"type": "text", "content": text})
        eventually(lambda: scrape(running)["gateway_send_queue_bytes"].value() > 100_000, "bytes to wait")
        for _ in range(6):
            assert slow.receive()["content"] == text
        eventually(lambda: scrape(running)["gateway_send_queue_bytes"].value() == 0, "nothing to wait")


def test_each_delivery_is_in_the_histogram(running):
    before = scrape(running)["gateway_delivery_seconds"]
    with running.connect("alice") as alice:
        for _ in range(20):
            alice.send_json({"type": "text", "to": "alice"})
            alice.receive()
        key = ("gateway_delivery_seconds_count", ())
        # A turn is counted at its end, which is after its bytes left.
        eventually(
            lambda: scrape(running)["gateway_delivery_seconds"].samples[key] - before.samples[key] >= 20, "20 deliveries"
        )
        now = scrape(running)["gateway_delivery_seconds"].samples
        assert now[("gateway_delivery_seconds_sum", ())] >= before.samples[("gateway_delivery_seconds_sum", ())]


def test_what_plugins_do_wrong_is_counted_by_plugin(gateway):
    path = BUILD_DIR / "tests" / "plugins" / "throws_in_intercept.so"
    running = gateway({"plugins": {"load": [{"name": "broken", "path": str(path)}, {"name": "uppercase"}]}})
    with running.connect("alice") as alice:
        for _ in range(3):
            alice.send_json({"type": "text", "to": "alice"})
            alice.expect_error("plugin_error")
    assert scrape(running)["gateway_plugin_errors_total"].by("plugin") == {"broken": 3, "uppercase": 0}


def test_the_process(running):
    families = scrape(running)
    pid = running.process.pid
    assert families["process_cpu_seconds_total"].value() > 0
    with open(f"/proc/{pid}/limits") as limits:
        most = int(re.search(r"Max open files\s+(\d+)", limits.read()).group(1))
    assert families["process_max_fds"].value() == most
    resident = families["process_resident_memory_bytes"].value()
    assert 1e6 < resident < families["process_virtual_memory_bytes"].value()
    files = families["process_open_fds"].value()
    clients = [running.connect(greeting=False) for _ in range(20)]
    assert scrape(running)["process_open_fds"].value() >= files + 19
    for client in clients:
        client.drop()
    running.wait_for_connections(0)
