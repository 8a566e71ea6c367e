"""Where the gateway listens, and who a client is by its address."""

import socket

import pytest

from support.raw import make_handshake


def has_ipv6():
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")


def at(running, host):
    """The same gateway by another of its addresses."""
    running.host = host
    return running


@needs_ipv6
def test_ipv6_loopback(gateway):
    running = gateway({"wsc": {"node_ip": "::1"}})
    assert running.url.startswith("ws://[::1]:")
    running.wait_for_log(r"WebSocket server listening on ws://\[::1\]:\d+$")
    # Loopback is loopback: clients may say that they are agents.
    with running.connect("ann", "a1", "agent") as agent, running.connect("bob", "b1") as bob:
        agent.send_json({"type": "text", "content": "six"})
        assert bob.receive()["from"] == "ann"
        running.wait_for_log(r'client connected.*client_id=b1.*remote_address="?\[?::1\]?"?')
        assert "::1" in running.admin.get("/api/v1/clients/b1").json()["remote_address"]
    running.wait_for_connections(0)
    running.check_health()


@needs_ipv6
def test_every_address_of_both_families(gateway):
    running = gateway({"wsc": {"node_ip": "::"}})
    with at(running, "127.0.0.1").connect("four", "c4") as four, at(running, "::1").connect("six", "c6") as six:
        four.send_json({"type": "text", "to": "six", "content": 1})
        assert six.receive()["from"] == "four"
        # An IPv4 client is one, also on a socket of IPv6.
        assert running.admin.get("/api/v1/clients/c4").json()["remote_address"].startswith("127.0.0.1")
        with running.connect("ann", user_type="agent", refused=True, greeting=False) as agent:
            assert agent.response.status == 403, "this is not a loopback listener"
    running.check_health()


@needs_ipv6
def test_the_limit_of_an_address_on_a_socket_of_both_families(gateway):
    running = gateway({"wsc": {"node_ip": "::", "performance": {"max_connections_per_address": 1}}})
    with at(running, "127.0.0.1").connect() as four, at(running, "::1").connect() as six:
        for host in ("127.0.0.1", "::1"):
            with at(running, host).connect(refused=True, greeting=False) as one_more:
                assert one_more.response.status == 503
        four.expect_nothing_but_pong()
        six.expect_nothing_but_pong()


def test_another_path(gateway):
    running = gateway({"wsc": {"path": "/socket/v2"}})
    for target, status in (("/socket/v2", 101), ("/", 101), ("/ws", 404), ("/socket/v2/", 404), ("/socket", 404)):
        with running.raw() as client:
            client.send(make_handshake(target))
            response = client.read_response()
            assert response.status == status, target
            if status == 404:
                assert "/socket/v2" in response.error()["message"]
