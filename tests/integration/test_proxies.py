"""Whose address a client has when a proxy is between: wsc.trusted_proxies and wsc.proxy_header."""

import json
import re
import socket
import struct

import pytest
from support.certificates import MemoryTls, tls_gateway
from support.gateway import run_gatewayd
from support.library_client import ask, connected, play
from support.proxies import haproxy, needs_haproxy, needs_nginx, nginx  # noqa: F401  (fixtures)
from support.raw import RawWebSocket, make_handshake
from support.waiting import eventually

CLIENT, OTHER = "127.0.0.7", "127.0.0.8"  # not trusted: the proxies of these tests are 127.0.0.1
SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def behind(header="x-forwarded-for", proxies=("127.0.0.1",), **wsc):
    return {"wsc": {"trusted_proxies": list(proxies), "proxy_header": header, **wsc}}


def address_of(running, client_id="c1"):
    """What the API says of a client: its address, and its proxy's or None."""
    client = running.admin.get(f"/api/v1/clients/{client_id}").json()
    return client["remote_address"], client.get("proxy_address")


def forwarded_by(running, value, name="X-Forwarded-For", **options):
    """A client `c1` whose request a proxy, or somebody who wants to pass for one, gave this header."""
    return running.connect("ann", "c1", headers={name: value}, **options)


def proxy_v2(source, port, command=1, tlvs=b""):
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    packed = socket.inet_pton(family, source)
    block = packed + packed + struct.pack(">HH", port, 8081) + tlvs
    kind = 0x21 if family == socket.AF_INET6 else 0x11
    return SIGNATURE + bytes([0x20 | command, kind]) + struct.pack(">H", len(block)) + block


def named_by(running, header, client_id="c1", in_bytes=False, **options):
    """A client behind these bytes of a proxy."""

    def segments(request):
        data = header + request
        return [data[i : i + 1] for i in range(len(data))] if in_bytes else [data]

    client = RawWebSocket(running.host, running.port, query={"client_id": client_id}, in_segments=segments, **options)
    client.greeting = client.receive()
    return client


# --- headers of the request ---


@pytest.mark.parametrize(
    "header, name, value, client",
    [
        ("x-forwarded-for", "X-Forwarded-For", "192.0.2.1", "192.0.2.1:0"),
        ("x-forwarded-for", "x-forwarded-for", "10.9.9.9, 192.0.2.1:5555", "192.0.2.1:5555"),
        ("x-forwarded-for", "X-Forwarded-For", "1.1.1.1\r\nX-Forwarded-For: 2001:db8::1", "[2001:db8::1]:0"),
        ("x-forwarded-for", "X-Forwarded-For", "1.1.1.1\r\nX-Forwarded-For: 192.0.2.1, 127.0.0.1", "192.0.2.1:0"),
        ("forwarded", "Forwarded", 'for=1.1.1.1, for="[2001:db8::1]:99";proto=https', "[2001:db8::1]:99"),
        ("forwarded", "Forwarded", 'for="\r\nForwarded: For=192.0.2.1;by=127.0.0.1', "192.0.2.1:0"),
    ],
)
def test_a_trusted_proxy_names_the_client(gateway, header, name, value, client):
    running = gateway(
        {**behind(header), "log": {"level": "debug"}, "plugins": {"load": [{"name": "audit", "config": {"file": "a"}}]}}
    )
    with forwarded_by(running, value, name) as ann:
        address, proxy = address_of(running)
        assert address == client
        assert proxy == "%s:%d" % ann.socket.getsockname()
        running.wait_for_log(rf"client connected.*client_id=c1.*remote_address=\"?{re.escape(client)}")
        running.wait_for_log(rf"client came through a proxy.*proxy_address={proxy}")
        ann.close()
    running.wait_for_connections(0)
    running.stop()
    lines = [json.loads(line) for line in (running.config_file.parent / "a").read_text().splitlines()]
    assert {line["remote_address"] for line in lines if "remote_address" in line} == {client}, "plugins see it too"


def test_only_the_configured_header_of_a_trusted_proxy_counts(gateway):
    """Whoever accepted both would let clients choose: a proxy passes on what it does not know."""
    for header, other in (("x-forwarded-for", "Forwarded"), ("forwarded", "X-Forwarded-For")):
        running = gateway(behind(header))
        with forwarded_by(running, "for=192.0.2.1", other) as ann:
            assert address_of(running)[0] == "%s:%d" % ann.socket.getsockname()


def test_what_others_say_of_themselves_is_ignored(gateway):
    running = gateway(behind())
    with forwarded_by(running, "192.0.2.1", source=CLIENT) as ann:
        assert address_of(running) == ("%s:%d" % ann.socket.getsockname(), None)
    found = running.wait_for_log(r"X-Forwarded-For or Forwarded is ignored (.*)")
    assert CLIENT in found.group(1) and "wsc.trusted_proxies" in found.group(1)
    for _ in range(20):  # the log stays short
        running.connect(headers={"X-Forwarded-For": "192.0.2.1"}, source=CLIENT).close()
    assert len(running.log_lines("is ignored")) < 4


def test_a_proxy_that_names_no_address_stands_for_its_client(gateway):
    running = gateway(behind())
    with forwarded_by(running, "192.0.2.1, unknown") as ann:
        assert address_of(running)[0] == "%s:%d" % ann.socket.getsockname()
    running.wait_for_log("a trusted proxy names no client.*X-Forwarded-For")


def test_python_websockets_behind_a_proxy(gateway):
    running = gateway(behind())

    async def scenario():
        async with connected(running, "ann", "c1", extra_headers={"X-Forwarded-For": "192.0.2.1"}):
            assert (await ask(address_of, running))[0] == "192.0.2.1:0"

    play(scenario())


def test_clients_of_a_proxy_are_limited_by_their_own_addresses(gateway):
    running = gateway(behind(performance={"max_connections_per_address": 2}))
    people = [running.connect(headers={"X-Forwarded-For": f"192.0.2.{i // 2}"}) for i in range(10)]
    own = [running.connect() for _ in range(5)]  # what the proxy does itself has no limit
    with running.connect(headers={"X-Forwarded-For": "192.0.2.1"}, refused=True, greeting=False) as one_more:
        assert one_more.response.status == 503
        assert one_more.response.error()["code"] == "full"
    running.wait_for_log("handshake refused.*reason=address_full.*remote_address=192.0.2.1:0")
    people.pop().close()
    next_one = {"headers": {"X-Forwarded-For": "192.0.2.4"}}
    people.append(eventually(lambda: running.try_connect(**next_one), "room for another of 192.0.2.4"))
    for client in people + own:
        client.close()
    running.check_health()


def test_who_comes_through_a_proxy_is_nobody_of_this_machine(gateway):
    """On loopback, clients may say that they are agents: but not those that a local proxy lets in from elsewhere."""
    configured, unaware = gateway(behind()), gateway()
    for running, headers in (
        (configured, {}),
        (configured, {"X-Forwarded-For": "127.0.0.1"}),
        (unaware, {"X-Forwarded-For": "192.0.2.1"}),
        (unaware, {"Forwarded": "for=192.0.2.1"}),
        (unaware, {"X-Real-IP": ""}),
        (unaware, {"Via": "1.1 proxy"}),
    ):
        with running.connect(user_type="admin", headers=headers, refused=True, greeting=False) as admin:
            assert admin.response.status == 403, headers
            assert "trust_client_identity" in admin.response.error()["message"]
        running.connect(user_type="customer", headers=headers).close()
    configured.wait_for_log("warn.*identities are not verified")
    with unaware.connect(user_type="admin") as admin:
        admin.expect_nothing_but_pong()


# --- the PROXY protocol ---


@pytest.mark.parametrize("in_bytes", [False, True], ids=["at_once", "in_bytes"])
@pytest.mark.parametrize(
    "header, client",
    [
        (b"PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081\r\n", "192.0.2.1:52110"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::9 52110 8081\r\n", "[2001:db8::1]:52110"),
        (proxy_v2("192.0.2.1", 52110), "192.0.2.1:52110"),
        (proxy_v2("2001:db8::1", 52110, tlvs=b"\x01\x00\x02h2"), "[2001:db8::1]:52110"),
        (b"PROXY UNKNOWN\r\n", None),
        (proxy_v2("192.0.2.1", 52110, command=0), None),
    ],
)
def test_the_proxy_protocol(gateway, header, client, in_bytes):
    running = gateway(behind("proxy-protocol"))
    with named_by(running, header, in_bytes=in_bytes) as ann:
        own = "%s:%d" % ann.socket.getsockname()
        assert address_of(running) == (client or own, own)
        ann.expect_nothing_but_pong()
        ann.close()
    with running.connect("bob", source=CLIENT, headers={"X-Forwarded-For": "192.0.2.1"}) as bob:
        assert running.admin.get("/api/v1/users/bob").json()["clients"][0]["remote_address"].startswith(CLIENT)
        bob.close()
    running.wait_for_connections(0)


@pytest.mark.parametrize(
    "said",
    [
        make_handshake(),
        b"PROXY TCP4 192.0.2.1 192.0.2.9 52110\r\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x31\x11\x00\x0c",
        proxy_v2("192.0.2.1", 1, tlvs=bytes(5000)),
        b"\x16\x03\x01\x02\x00",
        b"\x00",
    ],
)
def test_a_trusted_proxy_must_send_a_good_header(gateway, said):
    running = gateway(behind("proxy-protocol"))
    for _ in range(20):
        with running.raw() as client:
            client.send(said)
            client.expect_end()
    found = running.wait_for_log("no good PROXY header from a trusted proxy (.*)")
    assert "wsc.proxy_header" in found.group(1) and "remote_address=127.0.0.1" in found.group(1)
    assert len(running.log_lines("PROXY|refused")) < 4
    assert running.admin.metric("gateway_connections_rejected_total", reason="proxy_header") == 20
    with named_by(running, proxy_v2("192.0.2.1", 1)) as ann:
        ann.close()


@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n", proxy_v2("192.0.2.1", 1)])
def test_a_header_of_somebody_else_is_refused_in_words(gateway, header):
    for config, source, hint in (
        ({}, None, "wsc.trusted_proxies"),
        (behind("proxy-protocol"), CLIENT, "wsc.trusted_proxies"),
        (behind("x-forwarded-for"), None, "set wsc.proxy_header to proxy-protocol"),
    ):
        running = gateway(config)
        with running.raw(source=source) as client:
            client.send(header + make_handshake())
            assert client.read_response().status == 400
            client.expect_end()
        assert hint in running.wait_for_log("a PROXY header that was not expected (.*)").group(1)
        assert running.admin.metric("gateway_connections_rejected_total", reason="proxy_header") == 1


def test_limits_of_addresses_with_the_proxy_protocol(gateway):
    running = gateway(behind("proxy-protocol", performance={"max_connections_per_address": 1}))
    one, two = proxy_v2("192.0.2.1", 1), proxy_v2("192.0.2.2", 1)
    with named_by(running, one, "c1") as first, named_by(running, two, "c2") as second:
        with running.raw() as one_more:
            one_more.send(proxy_v2("192.0.2.1", 2) + make_handshake())
            assert one_more.read_response().status == 503
        second.close()
        first.expect_nothing_but_pong()


# --- with TLS ---


@pytest.mark.parametrize("in_bytes", [False, True], ids=["at_once", "in_bytes"])
@pytest.mark.parametrize("header", [b"PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081\r\n", proxy_v2("192.0.2.1", 52110)])
def test_the_proxy_protocol_comes_before_tls(gateway, certificates, header, in_bytes):
    """In one segment with the client's hello, or each byte in one of its own."""
    running = tls_gateway(gateway, certificates, behind("proxy-protocol")["wsc"])
    with running.raw(tls=None) as wire:
        before = [header]

        def send(data):
            data = (before.pop() if before else b"") + data
            wire.send_slowly(data) if in_bytes else wire.send(data)

        client = MemoryTls(wire, running.tls, send=send)
        client.write(make_handshake("/ws?client_id=c1"))
        assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        client.read_until(b'"connected"')
        assert address_of(running)[0] == "192.0.2.1:52110"


def test_a_trusted_proxy_must_send_its_header_before_tls_too(gateway, certificates):
    running = tls_gateway(gateway, certificates, behind("proxy-protocol")["wsc"])
    with running.raw(tls=None) as wire:
        wire.send(b"\x16\x03\x01\x02\x00\x01")
        wire.expect_end()
    running.wait_for_log("no good PROXY header from a trusted proxy")
    with running.connect(source=CLIENT) as direct:
        direct.close()


def test_x_forwarded_for_within_tls(gateway, certificates):
    running = tls_gateway(gateway, certificates, behind()["wsc"])
    with forwarded_by(running, "192.0.2.1") as ann:
        assert address_of(running)[0] == "192.0.2.1:0"
        ann.close()


@needs_haproxy
def test_haproxy_before_tls(gateway, certificates, haproxy):  # noqa: F811
    running = tls_gateway(gateway, certificates, behind("proxy-protocol")["wsc"])
    proxy = haproxy(running.port, server="send-proxy-v2")
    with proxy.connect("c1", source=CLIENT, tls=running.tls) as ann:
        assert address_of(running)[0] == "%s:%d" % ann.socket.getsockname()
        ann.close()


# --- the configuration ---


def test_check_says_what_is_wrong_with_a_network(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text('wsc:\n  trusted_proxies: ["10.0.0.0/33"]\n  proxy_header: x-real-ip\n')
    result = run_gatewayd("check", "--config", file)
    assert result.returncode == 2
    assert 'gateway.yaml:2:21: wsc.trusted_proxies[0]: "10.0.0.0/33"' in result.stdout + result.stderr
    assert "gateway.yaml:3:17: wsc.proxy_header" in result.stdout + result.stderr


# --- proxies that others wrote ---


@needs_haproxy
@pytest.mark.parametrize("server", ["send-proxy", "send-proxy-v2", "send-proxy-v2 check inter 50ms"])
def test_haproxy_with_the_proxy_protocol(gateway, haproxy, server):  # noqa: F811
    running = gateway(behind("proxy-protocol"))
    proxy = haproxy(running.port, server=server)
    with proxy.connect("c1", source=CLIENT) as ann, proxy.connect("c2", source=OTHER) as bob:
        assert address_of(running, "c1")[0] == "%s:%d" % ann.socket.getsockname()
        assert address_of(running, "c2")[0] == "%s:%d" % bob.socket.getsockname()
        bob.expect_nothing_but_pong()
        ann.close()
    assert not running.log_lines("PROXY"), "its health checks are no news"


@needs_haproxy
def test_haproxy_with_forwardfor(gateway, haproxy):  # noqa: F811
    running = gateway(behind())
    proxy = haproxy(running.port, mode="http", option="option forwardfor")
    with proxy.connect("c1", source=CLIENT, headers={"X-Forwarded-For": "10.0.0.1, 127.0.0.1"}) as ann:
        assert address_of(running)[0] == f"{CLIENT}:0"
        ann.close()


@needs_nginx
def test_nginx_with_x_forwarded_for(gateway, nginx):  # noqa: F811
    running = gateway(behind())
    proxy = nginx(running.port)
    with proxy.connect("c1", source=CLIENT, headers={"X-Forwarded-For": "127.0.0.1"}) as ann:
        assert address_of(running)[0] == f"{CLIENT}:0"
        ann.expect_nothing_but_pong()
        ann.close()


@needs_haproxy
@needs_nginx
def test_two_proxies_in_a_row(gateway, haproxy, nginx):  # noqa: F811
    running = gateway(behind())
    outer = haproxy(nginx(running.port).port, mode="http", option="option forwardfor")
    with outer.connect("c1", source=CLIENT, headers={"X-Forwarded-For": "192.0.2.1"}) as ann:
        assert address_of(running)[0] == f"{CLIENT}:0"
        ann.close()
