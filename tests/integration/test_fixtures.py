"""The binary fixtures of each release (tests/abi/fixtures), in the running gateway, all in one chain."""

import platform

import pytest

from support.gateway import SOURCE_DIR

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the fixtures are for x86-64")

FIXTURES = SOURCE_DIR / "tests" / "abi" / "fixtures" / "1.0"
CHAIN = {
    "plugins": {
        "load": [
            {"name": f"veteran_{name}", "path": str(FIXTURES / f"{name}.so")}
            for name in ("defers", "uppercase", "sees_everything")
        ]
    }
}


def test_plugins_of_1_0_load_and_answer_as_they_did(gateway):
    running = gateway(CHAIN)
    refused = running.connect("alice", "a1", refused=True, greeting=False)
    assert refused.response.status == 401
    bearer = {"Authorization": "Bearer x"}
    with running.connect("alice", "a1", headers=bearer) as alice, running.connect("bob", "b1", headers=bearer) as bob:
        assert alice.greeting["user_id"] == "verified"
        # Put aside and resumed, in upper case, to the topic that sees_everything sends all to, changed for each.
        alice.send_json({"type": "text", "content": "later"})
        for client, name in ((alice, "a1"), (bob, "b1")):
            received = client.receive()
            while received["type"] != "text":  # what sees_everything publishes
                received = client.receive()
            assert (received["content"], received["n"], received["to_client"]) == ("LATER", 1, name)
        alice.send_json({"type": "text", "content": "refuse", "id": 7})
        error = alice.receive()
        while error["type"] != "error":
            error = alice.receive()
        assert (error["code"], error["id"]) == ("forbidden", 7)
    running.stop()
