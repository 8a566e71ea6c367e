"""Plugins that must not load, or that go wrong while they run: tests/abi/plugins has each, one a file."""

import pytest

from support.gateway import BUILD_DIR, run_gatewayd

FOLDER = BUILD_DIR / "tests" / "plugins"

# What the start says of a plugin, after its name and file.
REFUSED = {
    "no_note": "no .note.gateway: not a gatewayd plugin",
    "wrong_note": 'a wrong .note.gateway: there is no kind "mesage"',
    "other_major": "built for plugin ABI 2.1, but this gatewayd has 1.1",
    "needs_capability": "needs acme.teleport/1, which this gatewayd does not have",
    "no_symbol": "does not export gw_plugin_entry_v1",
    "unique_symbol": "exports the unique symbol _ZN7CounterIiE5countE",
    "undefined_symbol": "undefined symbol: this_function_is_nowhere",
    "throws_in_entry": "threw an exception in gw_plugin_entry_v1: no such table",
    "returns_null": "gw_plugin_entry_v1 refused: the licence ran out on 2026-01-01",
    "size_garbage": "gw_plugin.struct_size is 57",
    "newer_tail": "the plugin needs a later gatewayd",
    "no_intercept": "gw_interceptor.intercept is null",
    "fails_in_create": 'create failed: gateway.yaml:7:9: color: there is no color "beige"',
    "throws_in_create": "create failed: an exception left the plugin: no such city",
}


def load(name, **entry):
    return {"plugins": {"load": [{"name": name, "path": str(FOLDER / f"{name}.so"), **entry}]}}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_plugin_that_must_not_load_stops_the_start(gateway, name):
    running = gateway(load(name), wait=False)
    running.wait_for_log("refused")
    assert running.wait_for_exit() == 2
    said = running.log_text()
    assert f'plugin "{name}" ({FOLDER / name}.so): ' in said.replace('\\"', '"')
    assert REFUSED[name] in said.replace('\\"', '"')


def test_check_finds_what_the_start_would_find(tmp_path):
    config = tmp_path / "gateway.yaml"
    path = FOLDER / "other_major.so"
    config.write_text(f"plugins:\n  load:\n    - name: other\n      path: {path}\n")
    result = run_gatewayd("check", "--config", config)
    assert result.returncode == 2
    assert f'plugin "other" ({path}): built for plugin ABI 2.1' in result.stdout + result.stderr


def test_a_plugin_that_fails_in_start_stops_the_start_and_passes_the_check(gateway):
    running = gateway(load("fails_in_start"), wait=False)
    assert running.wait_for_exit() == 2
    assert "start failed: cannot reach 192.0.2.1:5432" in running.log_text()
    assert run_gatewayd("check", "--config", running.config_file).returncode == 0


def test_a_plugin_that_is_not_there_is_named_with_its_folders(gateway, tmp_path):
    running = gateway(
        {"plugins": {"path": [str(tmp_path)], "load": [{"name": "nobody"}]}}, wait=False
    )
    assert running.wait_for_exit() == 2
    assert f"there is no nobody.so in {tmp_path}" in running.log_text()


def test_a_plugin_of_a_later_minor_version_loads(gateway):
    gateway(load("newer_minor")).check_health()


# Where throws_where_told throws, and what the message that alice sends bob is answered with; None: it arrives.
THROWN = {
    "attach": "closed",
    "intercept": "plugin_error",
    "on_resume": "plugin_error",
    "on_cancel": "plugin_error",  # its deadline came
    "done": None,
    "on_event": None,
    "detach": None,
    "quiesce": None,
    "stop": None,
    "destroy": None,
}


def throws(where):
    return load("throws_where_told", config={"where": where})


@pytest.mark.parametrize("where", sorted(THROWN))
def test_an_exception_leaves_no_hook_and_each_is_told_with_its_plugin(gateway, where):
    running = gateway(throws(where))
    if THROWN[where] == "closed":
        with running.connect("alice", "a1", greeting=False) as alice:
            assert "plugin" in alice.expect_close(1011, skip_messages=True)
    else:
        with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
            alice.send_json({"id": 7, "type": "text", "to": "bob", "content": "hi"})
            if THROWN[where]:
                assert alice.expect_error(THROWN[where])["id"] == 7
                bob.expect_nothing_but_pong()
            else:
                assert bob.receive()["content"] == "hi"
            alice.expect_nothing_but_pong()
    running.wait_for_connections(0)
    running.stop()
    called = "function" if where in ("quiesce", "stop", "destroy") else "hook"
    where_told = "intercept_message" if where == "intercept" else where
    assert running.log_lines(
        rf'error plugin failed plugin=throws_where_told {called}={where_told} what="an exception left the \w+: '
        f'thrown in {where}"'
    )


@pytest.mark.parametrize(
    "where, words",
    [
        ("create", "create failed: an exception left the plugin: thrown in create"),
        ("start", "start failed: an exception left the plugin: thrown in start"),
        ("wants", "wants or order failed"),
        ("order", "wants or order failed"),
    ],
)
def test_an_exception_at_the_start_stops_it(gateway, where, words):
    running = gateway(throws(where), wait=False)
    assert running.wait_for_exit() == 2
    assert words in running.log_text()


@pytest.mark.parametrize("name", ["throws_in_intercept", "wrong_verdict", "pending_without_defer"])
def test_a_hook_that_goes_wrong_costs_one_message(gateway, name):
    running = gateway(load(name))
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        alice.send_json({"id": 7, "type": "text", "to": "bob", "content": "hi"})
        error = alice.expect_error("plugin_error")
        assert error["id"] == 7
        assert name in error["content"]
        bob.expect_nothing_but_pong()
        alice.expect_nothing_but_pong()
    running.check_health()


@pytest.mark.parametrize("name", ["throws_in_intercept", "wrong_verdict", "pending_without_defer"])
def test_with_on_error_open_the_next_one_sees_the_message(gateway, name):
    running = gateway(load(name, on_error="open"))
    with running.connect("alice", "a1") as alice, running.connect("bob", "b1") as bob:
        alice.send_json({"type": "text", "to": "bob", "content": "hi"})
        assert bob.receive()["content"] == "hi"
        alice.expect_nothing_but_pong()


def test_a_connection_is_closed_when_a_plugin_fails_to_attach(gateway):
    running = gateway(load("throws_in_hooks"))
    with running.connect("alice", "a1", greeting=False) as alice:
        assert "plugin" in alice.expect_close(1011, skip_messages=True)


def test_inspect_runs_nothing_of_the_file():
    result = run_gatewayd("plugin", "inspect", FOLDER / "throws_in_entry.so")
    assert result.returncode == 0, result.stderr
    assert "id           throws_in_entry" in result.stdout
    assert "this gatewayd can load it" in result.stdout
    refused = run_gatewayd("plugin", "inspect", FOLDER / "no_note.so")
    assert refused.returncode != 0
    assert "no .note.gateway: not a gatewayd plugin" in refused.stdout


def test_a_plugin_that_others_can_change_is_refused_unless_the_environment_allows_it(gateway, tmp_path):
    tmp_path.chmod(0o755)
    file = tmp_path / "good.so"
    file.write_bytes((FOLDER / "good.so").read_bytes())
    file.chmod(0o775)
    config = {"plugins": {"load": [{"name": "good", "path": str(file)}]}}
    refused = gateway(config, wait=False, env={"GATEWAYD_ALLOW_WRITABLE_PLUGINS": ""})
    assert refused.wait_for_exit() == 2
    assert "others than its owner can change the file (mode 0775)" in refused.log_text()
    assert f"chmod go-w {file}" in refused.log_text()
    allowed = gateway(config)
    allowed.wait_for_log("plugin loaded although it is not safe from others")
    allowed.check_health()
