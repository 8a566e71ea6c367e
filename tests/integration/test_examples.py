"""The examples redact, require-header and tidy in the running gateway, with real clients."""

import pytest

from support.gateway import PLUGIN_DIR

CARD = "4111 1111 1111 1111"
MASKED = "**** **** **** 1111"


def load(name, **config):
    return {"plugins": {"load": [{"name": name, "config": config}]}}


# --- redact ---


@pytest.fixture(scope="module")
def redacting(shared_gateway):
    return shared_gateway(load("redact", patterns=[{"regex": "(?i)password: *\\S+", "replace": "password: ?"}]))


def test_redact_masks_what_clients_send(redacting):
    with redacting.connect("alice") as alice, redacting.connect("bob") as bob:
        alice.send_json({"type": "text", "to": "bob", "content": f"card {CARD}, Password: hunter2", "data": {"a": [CARD]}})
        received = bob.receive()
        assert received["content"] == f"card {MASKED}, password: ?"
        assert received["data"] == {"a": [MASKED]}
        alice.send_json({"type": "text", "to": "bob", "content": "call +49 30 1234567"})
        assert bob.receive()["content"] == "call +** ** ***4567"


def test_redact_masks_what_back_ends_publish(redacting):
    with redacting.connect("bob") as bob:
        redacting.admin.send_to_user("bob", {"type": "text", "content": CARD})
        assert bob.receive()["content"] == MASKED


def test_redact_can_mask_for_each_recipient(gateway):
    running = gateway(load("redact", applies_to=["delivery"]))
    with running.connect("alice") as alice, running.connect("bob") as bob:
        running.admin.broadcast({"type": "text", "content": CARD})
        assert [client.receive()["content"] for client in (alice, bob)] == [MASKED, MASKED]


def test_a_wrong_pattern_stops_the_start_with_its_line(gateway):
    text = (
        "wsc: { node_ip: 127.0.0.1, node_port: 0 }\n"
        "plugins:\n  load:\n    - name: redact\n      config:\n        patterns:\n          - regex: '[a-'\n"
    )
    running = gateway(text, wait=False)
    assert running.wait_for_exit() == 2
    assert "gateway.yaml:7:20: patterns[0].regex: is no regular expression (RE2): missing ]: [a-" in running.log_text()


# --- require-header ---


def test_require_header_refuses_before_there_is_a_connection(gateway):
    rules = [{"header": "X-Client", "prefix": "acme/"}, {"header": "X-Key", "equals": "k1", "status": 401, "why": "no key"}]
    running = gateway(load("require-header", rules=rules))

    def refused(headers):
        response = running.connect("alice", headers=headers, refused=True, greeting=False).response
        return response.status, response.error()

    assert refused({}) == (403, {"code": "forbidden", "message": "the header X-Client is missing"})
    status, error = refused({"X-Client": "evil/1", "X-Key": "k1"})
    assert (status, error["message"]) == (403, "the header X-Client has a value that is not allowed")
    assert refused({"X-Client": "acme/1", "X-Key": "k2"}) == (401, {"code": "unauthorized", "message": "no key"})
    with running.connect("alice", headers={"x-client": "acme/1", "x-key": "k1"}) as alice:
        alice.expect_nothing_but_pong()


# --- tidy ---


@pytest.mark.skipif(not (PLUGIN_DIR / "tidy.so").exists(), reason="there is no rustc: tidy was not built")
def test_tidy_in_rust_tidies_and_refuses(gateway):
    running = gateway(load("tidy", max_characters=5))
    with running.connect("alice") as alice, running.connect("bob") as bob:
        alice.send_json({"type": "text", "to": "bob", "content": "  a \n Zoë "})
        assert bob.receive()["content"] == "a Zoë"
        alice.send_json({"type": "text", "to": "bob", "content": " \t "})
        refusal = alice.receive()
        assert (refusal["code"], refusal["content"]) == ("forbidden", "the content is empty")
        alice.send_json({"type": "text", "to": "bob", "content": "123456"})
        assert alice.receive()["code"] == "too_large"
        bob.expect_nothing_but_pong()
