"""What a plugin's budget_ms does when its calls take longer, as clients and operators see it."""

import pytest

from support.gateway import BUILD_DIR
from support.waiting import eventually

SPINS = BUILD_DIR / "tests" / "plugins" / "spins.so"
# Far apart, so that a machine that is busy with other things does not turn one into the other.
BUDGET_MS, LONG = 250, 400


def load(**entry):
    return {"plugins": {"load": [{"name": "spins", "path": str(SPINS), "budget_ms": BUDGET_MS, **entry}]}}


def state(running):
    (plugin,) = running.admin.get("/api/v1/plugins").json()["plugins"]
    return plugin


def echo(client, content):
    """What alice gets of a message to herself."""
    client.send_json({"id": "m", "type": "text", "to": "alice", "content": content})
    return client.receive()


def test_a_call_over_the_budget_is_counted_and_logged(gateway):
    running = gateway(load())
    with running.connect("alice", "a1") as alice:
        for content in ("hi", f"spin {LONG}", f"spin {LONG}", "hi"):
            assert echo(alice, content)["content"] == content
    plugin = state(running)
    assert plugin["overruns"] == 2
    assert plugin["breaker"] == "closed"
    assert plugin["hooks"]["intercept_message"]["calls"] == 4
    line = running.wait_for_log("plugin ran over its budget_ms")
    for part in ("plugin=spins", "hook=intercept_message", f"budget_ms={BUDGET_MS}", "took_us=4"):
        assert part in line.string
    assert running.admin.metric("gateway_plugin_overruns_total", plugin="spins") == 2
    # With a budget every call is timed.
    labels = {"plugin": "spins", "hook": "intercept_message"}
    assert running.admin.metric("gateway_plugin_calls_total", **labels) == 4
    assert running.admin.metric("gateway_plugin_duration_seconds_count", **labels) == 4
    assert running.admin.metric("gateway_plugin_duration_seconds_sum", **labels) > 2 * LONG / 1000


def test_bypass_goes_on_without_the_plugin_and_takes_it_back(gateway):
    running = gateway(load(on_overrun="bypass", overrun_limit=2, overrun_retry_ms=3000))
    with running.connect("alice", "a1") as alice:
        for _ in range(2):
            echo(alice, f"spin {LONG}")
        assert state(running)["breaker"] == "open"
        calls = state(running)["hooks"]["intercept_message"]["calls"]
        running.wait_for_log("plugin is too slow: its breaker is open.*means=\"requests go on without it\"")
        # Until it is tried again, and this time it is fast.
        sent = 0
        while state(running)["breaker"] != "closed":
            assert echo(alice, f"hi {sent}")["content"] == f"hi {sent}"
            sent += 1
        after = state(running)
        assert after["bypassed"] == sent - 1
        assert after["hooks"]["intercept_message"]["calls"] == calls + 1
        running.wait_for_log("its breaker is closed, all requests pass it plugin=spins")


def test_reject_refuses_messages_and_handshakes(gateway):
    running = gateway(load(on_overrun="reject", overrun_limit=1, overrun_retry_ms=3600000, on_error="open"))
    with running.connect("alice", "a1") as alice:
        echo(alice, f"spin {LONG}")
        assert echo(alice, "hi") == {
            **{"type": "error", "id": "m", "code": "plugin_error"},
            "content": "plugin spins failed",
        }
        with running.connect("bob", "b1", refused=True, greeting=False) as bob:
            assert bob.response.status == 503
        alice.expect_nothing_but_pong()
    plugin = state(running)
    assert (plugin["refused"], plugin["errors"], plugin["breaker_opened"]) == (2, 0, 1)
    assert running.admin.metric("gateway_plugin_breaker_state", plugin="spins") == 2
    assert running.admin.metric("gateway_plugin_held_off_total", plugin="spins", action="reject") == 2


def test_a_probe_that_is_too_slow_keeps_it_open(gateway):
    running = gateway(load(on_overrun="bypass", overrun_limit=1, overrun_retry_ms=100))
    with running.connect("alice", "a1") as alice:
        echo(alice, f"spin {LONG}")
        eventually(lambda: echo(alice, f"spin {LONG}") and state(running)["overruns"] >= 2, "it is tried again")
        assert state(running)["breaker"] != "closed"
    running.wait_for_log("plugin is still too slow: its breaker stays open")
    assert state(running)["breaker_opened"] == 1


def test_handshakes_have_the_budget_too(gateway):
    running = gateway(load(on_overrun="reject", overrun_limit=1, overrun_retry_ms=3600000))
    with running.connect("alice", "a1", target=f"/ws?user_id=alice&client_id=a1&spin={LONG}") as alice:
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        alice.expect_error("plugin_error")
    assert state(running)["hooks"]["intercept_handshake"]["calls"] == 1


@pytest.mark.parametrize("allowed", [False, True])
def test_plugins_that_guard_the_door_are_not_bypassed(gateway, allowed):
    entry = {"name": "cors", "budget_ms": 5, "on_overrun": "bypass", "allow_unsafe": allowed}
    config = {"wsc": {"websocket_origins": ["https://a.example"]}, "plugins": {"load": [entry]}}
    running = gateway(config, wait=allowed)
    if allowed:
        assert state(running)["breaker"] == "closed"
        return
    assert running.wait_for_exit() == 2
    running.wait_for_log("on_overrun: bypass lets everyone in when this plugin is slow; set allow_unsafe: true")
