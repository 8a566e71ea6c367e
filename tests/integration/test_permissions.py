"""Which user types may do what: wsc.security.permissions, and what plugins make of it. The plugin is in
tests/abi/plugins."""

import pytest

from support.gateway import BUILD_DIR, run_gatewayd

PERMITS = {"name": "permits", "path": str(BUILD_DIR / "tests" / "plugins" / "permits.so")}


def permissions(**rules):
    return {"wsc": {"security": {"permissions": rules}}}


def rule(running, name):
    return next(rule for rule in running.admin.get("/api/v1/permissions").json()["rules"] if rule["rule"] == name)


@pytest.mark.parametrize(
    "name, message, may_not",
    [
        ("message_users", {"type": "text", "to": "ann"}, "send to a user"),
        ("use_groups", {"type": "text", "group_id": "g"}, "join groups"),
        ("use_groups", {"type": "group_join", "group_id": "g"}, "join groups"),
        ("use_groups", {"type": "group_list"}, "join groups"),
        ("use_tickets", {"type": "text", "ticket_id": "t"}, "open tickets"),
        ("use_tickets", {"type": "ticket_create"}, "open tickets"),
    ],
)
def test_a_message_against_a_rule_is_refused_with_its_name(gateway, name, message, may_not):
    running = gateway(permissions(**{name: ["agent"]}))
    with running.connect("bob") as bob, running.connect("ann", user_type="agent") as ann:
        bob.send_json({"id": "7", **message})
        error = bob.expect_error("forbidden")
        assert error["id"] == "7"
        assert f"the rule {name}: your user_type may not {may_not}" in error["content"]
        ann.expect_nothing_but_pong()
        ann.send_json(message)
        if name == "message_users":
            assert ann.receive()["from"] == "ann"  # to herself
        else:
            assert ann.receive()["code"] in ("unavailable", "unknown_type")  # it was not the rule
    running.wait_for_log(f"message refused code=forbidden .*the rule {name}")


def test_the_configuration_says_who_may_and_the_api_shows_it(gateway):
    running = gateway(permissions(use_groups=["*"], use_tickets=[]))
    assert rule(running, "use_groups")["user_types"] == ["*"]
    shown = rule(running, "use_tickets")
    assert shown["user_types"] == []
    assert shown["source"].endswith("wsc.security.permissions.use_tickets")
    assert rule(running, "broadcast") == {
        "rule": "broadcast",
        "may": "send to everyone",
        "user_types": ["agent", "admin"],
        "source": "default",
        "defined_by": "core",
    }
    with running.connect("ann", user_type="admin") as ann:
        ann.send_json({"type": "ticket_create"})
        ann.expect_error("forbidden")


def test_with_an_auth_plugin_customers_write_to_no_user(gateway):
    running = gateway({"plugins": {"load": [PERMITS]}})
    assert rule(running, "message_users")["user_types"] == ["agent", "admin"]
    with running.connect("bob") as bob, running.connect("ann", user_type="agent") as ann:
        bob.send_json({"type": "text", "to": "ann", "content": "hi"})
        bob.expect_error("forbidden")
        ann.send_json({"type": "text", "to": "bob", "content": "hi"})
        assert bob.receive()["content"] == "hi"
        bob.send_json({"type": "text"})
        assert "rule broadcast" in bob.expect_error("forbidden")["content"]


def test_a_plugin_has_rules_of_its_own(gateway):
    running = gateway({"plugins": {"load": [PERMITS]}})
    shown = rule(running, "permits.upload")
    assert (shown["user_types"], shown["defined_by"]) == (["agent"], "permits")
    with running.connect("bob") as bob, running.connect("ann", user_type="agent") as ann:
        bob.send_json({"type": "upload"})
        assert "rule permits.upload: your user_type may not upload files" in bob.expect_error("forbidden")["content"]
        ann.send_json({"type": "upload"})
        assert ann.receive()["type"] == "uploaded"
        ann.send_json({"type": "agents_may"})
        assert ann.receive()["type"] == "yes"


def test_the_configuration_changes_a_plugins_rule(gateway):
    running = gateway({"plugins": {"load": [PERMITS]}, **permissions(**{"permits.upload": ["customer"]})})
    with running.connect("bob") as bob, running.connect("ann", user_type="agent") as ann:
        bob.send_json({"type": "upload"})
        assert bob.receive()["type"] == "uploaded"
        ann.send_json({"type": "upload"})
        ann.expect_error("forbidden")


def test_a_plugin_grants_and_denies_for_one_connection(gateway):
    running = gateway({"plugins": {"load": [PERMITS]}})
    bob = running.connect(target="/ws?user_id=bob&grant=broadcast")
    ann = running.connect(target="/ws?user_id=ann&user_type=agent&deny=message_users")
    with bob, ann:
        bob.send_json({"type": "text", "content": "to all"})
        assert ann.receive()["content"] == "to all"
        ann.send_json({"type": "text", "to": "bob"})
        assert "this connection may not send to a user" in ann.expect_error("forbidden")["content"]


@pytest.mark.parametrize(
    "yaml, words",
    [
        ("use_groups: [boss]", "use_groups[0]: boss is not in wsc.security.allowed_user_types"),
        ("use_groups: agent", "use_groups: expected a list of user types"),
        ("use_groups: [agent, agent]", "use_groups[1]: is in the list twice"),
        ("broadcast: [agent]", "is wsc.security.broadcast_user_types"),
        ("fly: [agent]", "no loaded plugin defines this rule; the rules are broadcast, message_users,"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path, yaml, words):
    file = tmp_path / "gateway.yaml"
    file.write_text(f"wsc:\n  security:\n    permissions:\n      {yaml}\n")
    ended = run_gatewayd("check", "--config", file)
    assert ended.returncode == 2
    assert "gateway.yaml:4:" in ended.stderr and words in ended.stderr, ended.stderr
