"""`gatewayd --safe-mode`: the admin listener alone, whatever the plugins are like."""

import pytest

from support.admin import Admin
from support.gateway import BUILD_DIR, run_gatewayd

FOLDER = BUILD_DIR / "tests" / "plugins"


@pytest.fixture
def safe(gateway, tmp_path):
    """A gateway in safe mode whose one plugin would crash in its start, and whose other is no plugin."""
    (tmp_path / "acme.so").write_text("no library")
    plugins = [
        {"name": "crashes-in-create", "path": str(FOLDER / "crashes_in_create.so")},
        {"name": "acme", "path": str(tmp_path / "acme.so")},
    ]
    running = gateway({"plugins": {"load": plugins}}, arguments=["--safe-mode"], wait=False)
    found = running.wait_for_log(r"admin listening on http://(\S+):(\d+)")
    running.admin = Admin(found.group(1), int(found.group(2)))
    return running


def test_it_opens_the_admin_listener_alone_and_says_so(safe):
    safe.wait_for_log("warn  safe mode: no WebSocket listener, no plugin; the admin listener answers")
    stats = safe.admin.stats()
    assert (stats["safe_mode"], stats["running"], stats["listening"]) == (True, False, "")
    assert stats["warnings"][0].startswith("safe mode: ")
    ready = safe.admin.get("/readyz")
    assert (ready.status, ready.json()["error"]["code"]) == (503, "safe_mode")
    assert safe.admin.get("/livez").status == 200
    assert "crashes_in_create.so" in safe.admin.get("/api/v1/config").text
    safe.stop()
    assert not safe.log_lines("WebSocket server listening")


def test_it_shows_what_the_plugins_of_the_configuration_are(safe):
    first, second = safe.admin.get("/api/v1/plugins").json()["plugins"]
    assert (first["name"], first["version"], first["loaded"]) == ("crashes-in-create", "1.0.0", False)
    assert first["why_not"] == "safe mode loads no plugin"
    assert second["why_not"].endswith("acme.so): not an ELF file")
    assert safe.admin.metric("gateway_plugin_skipped", plugin="acme") == 1


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", "/api/v1/broadcast"),
        ("POST", "/api/v1/users/u1/messages"),
        ("POST", "/api/v1/clients/c1/messages"),
        ("GET", "/api/v1/clients"),
        ("GET", "/api/v1/clients/c1"),
        ("DELETE", "/api/v1/clients/c1"),
        ("GET", "/api/v1/users/u1"),
    ],
)
def test_what_needs_the_listener_is_refused(safe, method, path):
    answer = safe.admin.request(method, path, {"type": "text"} if method == "POST" else None)
    assert answer.status == 503
    assert answer.json()["error"] == {
        "code": "safe_mode",
        "message": "gatewayd runs in safe mode, without a WebSocket listener and plugins; start it without --safe-mode",
    }


def test_the_port_of_a_gateway_that_runs_does_not_matter(gateway):
    serving = gateway()
    config = {"wsc": {"node_port": serving.port}}
    safe = gateway(config, arguments=["--safe-mode"], wait=False)
    safe.wait_for_log("admin listening on")
    serving.check_health()


def test_without_an_admin_listener_there_is_nothing_to_open(gateway):
    refused = gateway({"admin": {"listen": False}}, arguments=["--safe-mode"], wait=False)
    assert refused.wait_for_exit() == 2
    assert "--safe-mode opens the admin listener alone, and admin.listen is off" in refused.log_text()


def test_it_is_for_running_alone():
    for command in (["check", "--safe-mode"], ["--safe-mode", "schema"], ["--safe-mode", "plugin", "list"]):
        refused = run_gatewayd(*command)
        assert refused.returncode == 2
        assert "--safe-mode is for running a gateway" in refused.stderr
