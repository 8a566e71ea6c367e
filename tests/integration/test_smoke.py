"""The thin path: start, connect, send, broadcast, stop. When this fails, nothing else is worth reading."""

import signal


def test_two_clients_talk_and_the_gateway_ends_cleanly(gateway):
    running = gateway()
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        assert alice.greeting["client_id"] == "a1"
        assert alice.greeting["user_id"] == "alice"
        alice.send_json({"type": "text", "to": "bob", "content": "hi"})
        message = bob.receive()
        assert (message["from"], message["content"]) == ("alice", "hi")
        assert running.connections() == 2
        position = running.log_position()
        running.signal(signal.SIGTERM)
        assert "shutting down" in bob.expect_close(1001)
        alice.expect_close(1001)
    assert running.wait_for_exit() == 0
    assert running.log_lines("client disconnected.*reason=server_shutdown", since=position)


def test_the_gateway_is_healthy_after_nothing_happened(gateway):
    gateway().check_health()
