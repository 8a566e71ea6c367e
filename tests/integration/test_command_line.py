"""The command line as an operator types it: check, --set, the environment, mistakes and what is said of them."""

import os
import re
import shutil
import socket
import textwrap

import pytest
import yaml

from support.gateway import BINARY, PLUGIN_DIR, SOURCE_DIR, run_gatewayd

SHORT = "wsc: { node_ip: 127.0.0.1, node_port: 0 }\nadmin: { listen: '127.0.0.1:0' }\n"


@pytest.fixture
def write(tmp_path):
    """write(text): a gateway.yaml of this text."""

    def make(text, name="gateway.yaml"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return make


def check(path, *arguments, **options):
    return run_gatewayd("check", "--config", path, *arguments, **options)


def in_force(done):
    """What a check that passed printed, as YAML."""
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("configuration is valid\n")
    text = done.stdout.split("# in force, secrets masked\n")[1]
    return yaml.safe_load(text.replace("configuration is valid\n", ""))


@pytest.fixture
def taken():
    """A port of loopback that something else listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


# --- what it says of itself ---


def test_version():
    done = run_gatewayd("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"gatewayd \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["check", "--help"], ["plugin", "inspect", "--help"]])
def test_help(arguments):
    done = run_gatewayd(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    if len(arguments) == 1:
        for word in ("--config", "--set", "--version", "check", "plugin", "SIGTERM", "Exit status"):
            assert word in done.stdout


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "which configuration?"),
        (["check"], "which configuration?"),
        (["--config"], "--config"),
        (["--confg", "x.yaml"], "--confg"),
        (["run"], "run"),
        (["plugin"], "subcommand"),
        (["plugin", "inspect"], "file"),
        (["plugin", "inspect", "a", "b"], "b"),
        (["--config", "a.yaml", "--set"], "--set"),
        (["-x"], "-x"),
    ],
)
def test_a_command_line_that_is_none(arguments, said):
    done = run_gatewayd(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr and "gatewayd --help lists the options" in done.stderr


# --- files ---


@pytest.mark.parametrize("command", [["check"], []])
def test_a_file_that_is_not_there(tmp_path, command):
    path = tmp_path / "nowhere.yaml"
    done = run_gatewayd(*command, "--config", path)
    assert done.returncode == 2
    assert f"{path}: " in done.stderr and "no such file" in done.stderr


def test_a_folder_is_no_file(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 2 and str(tmp_path) in done.stderr


def test_the_files_that_ship_are_valid():
    for name in ("gateway.yaml", "reference.yaml"):
        told = in_force(check(SOURCE_DIR / "config" / name))
        assert (told["wsc"]["node_port"], told["wsc"]["heartbeat_interval"]) == (8081, 30)


@pytest.mark.parametrize("name", ["gateway.yaml", "reference.yaml"])
def test_the_files_that_ship_run(gateway, name):
    text = (SOURCE_DIR / "config" / name).read_text()
    arguments = ["--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0", "--set", "wsc.node_ip=127.0.0.1"]
    gateway(text, arguments=arguments).check_health()


def test_every_key_of_the_reference_is_in_force():
    """What `check` prints and what ships say the same, so neither forgets a key."""
    told = in_force(check(SOURCE_DIR / "config" / "reference.yaml"))
    shipped = yaml.safe_load((SOURCE_DIR / "config" / "reference.yaml").read_text())

    def keys(section, path=""):
        return {
            name
            for key, value in section.items()
            for name in (keys(value, f"{path}{key}.") if isinstance(value, dict) else {path + key})
        }

    assert keys(told) == keys(shipped)


def test_an_empty_file_is_all_defaults(write):
    assert in_force(check(write("")))["wsc"]["node_port"] == 8081


# --- mistakes: file, line, column, key, and what would be right ---

MISTAKES = {
    "unknown key": ("wsc:\n  node_prt: 1\n", "2:3: wsc.node_prt: unknown key; did you mean node_port?"),
    "unknown section": ("wcs: {}\n", "1:1: wcs: unknown key; did you mean wsc?"),
    "a word for a number": ("wsc:\n  node_port: many\n", "2:14: wsc.node_port: "),
    "a number in quotes": ('wsc:\n  node_port: "8081"\n', "2:14: wsc.node_port: "),
    "a number for a flag": ("wsc:\n  enabled: 1\n", "2:12: wsc.enabled: "),
    "yes for a flag": ("wsc:\n  enabled: yes\n", "2:12: wsc.enabled: "),
    "a list for a section": ("wsc: []\n", "1:6: wsc: "),
    "a section for a text": ("wsc:\n  path: {}\n", "2:9: wsc.path: "),
    "out of range": ("wsc:\n  node_port: 65536\n", "2:14: wsc.node_port: "),
    "negative": ("wsc:\n  heartbeat_interval: -1\n", "2:23: wsc.heartbeat_interval: "),
    "a fraction": ("wsc:\n  heartbeat_interval: 1.5\n", "2:23: wsc.heartbeat_interval: "),
    "not one of": ("log: { level: loud }\n", "1:15: log.level: "),
    "no address": ("wsc:\n  node_ip: example\n", "2:12: wsc.node_ip: "),
    "no path": ("wsc:\n  path: ws\n", "2:9: wsc.path: "),
    "across keys": ("wsc:\n  client_timeout: 30\n", "2:19: wsc.client_timeout: "),
    "admin off loopback": ("admin:\n  listen: 0.0.0.0:8082\n", "2:11: admin.listen: "),
    "a short key": ("admin:\n  api_keys: [short]\n", "2:14: admin.api_keys[0]: "),
    "the same port": ("wsc: { node_port: 7000 }\nadmin: { listen: 127.0.0.1:7000 }\n", "2:18: admin.listen: "),
    "an unset variable": ("wsc:\n  path: ${GATEWAYD_NOWHERE}\n", "2:9: wsc.path: "),
    "twice": ("wsc:\n  path: /a\n  path: /b\n", "3:3: "),
    "a tab": ("wsc:\n\tpath: /a\n", "2:6: not YAML: "),
    "no YAML": ("wsc: [\n", "2:1: not YAML: "),
    "a tag": ("wsc:\n  node_port: !!int 1\n", "2:"),
    "two documents": ("wsc: {}\n---\nwsc: {}\n", "2:1: "),
    "a plugin twice": ("plugins:\n  load: [{ name: audit }, { name: audit }]\n", "2:27: plugins.load[1].name: "),
    "a plugin without a name": ("plugins:\n  load: [{ path: a.so }]\n", "2:10: plugins.load[0]"),
    "17 user types": (
        "wsc:\n  security:\n    allowed_user_types: [" + ", ".join(f"t{n}" for n in range(17)) + "]\n",
        "3:25: wsc.security.allowed_user_types: ",
    ),
    "nothing to run": ("wsc: { enabled: false }\nadmin: { listen: false }\n", "2:18: admin.listen: "),
    "broadcasters": (
        "wsc:\n  security:\n    allowed_user_types: [a]\n    broadcast_user_types: [b]\n",
        "4:27: wsc.security.broadcast_user_types",
    ),
}


@pytest.mark.parametrize("text, said", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_place(write, text, said):
    path = write(text)
    done = check(path)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{path}:{said}" in done.stderr, done.stderr
    assert f"gatewayd: refused: {path} is not valid" in done.stderr


def test_the_start_says_the_same_as_the_check(write):
    path = write("wsc:\n  node_prt: 1\n  node_ip: example\n")
    started, checked = run_gatewayd("--config", path), check(path)
    assert (started.returncode, started.stdout) == (2, "")
    assert started.stderr == checked.stderr
    assert len(started.stderr.splitlines()) == 3


# --- --set and the environment ---


def test_set_overrides_and_the_last_one_wins(write):
    path = write("wsc: { node_port: 1000, path: /a }\n")
    sets = ["--set", "wsc.node_port=2000", "--set", "wsc.node_port=3000", "--set=wsc.websocket_origins=[]"]
    told = in_force(check(path, *sets))["wsc"]
    assert (told["node_port"], told["path"]) == (3000, "/a")


@pytest.mark.parametrize(
    "value, said",
    [
        ("wsc.node_prt=1", "--set wsc.node_prt: unknown key; did you mean node_port?"),
        ("wsc.node_port=many", "--set wsc.node_port: "),
        ("wsc.node_port", "--set"),
        ("=1", "--set"),
        ("wsc.path=${GATEWAYD_NOWHERE}", "GATEWAYD_NOWHERE"),
    ],
)
def test_a_set_that_is_wrong(write, value, said):
    done = check(write(SHORT), "--set", value)
    assert done.returncode == 2 and said in done.stderr, done.stderr


def test_values_from_the_environment(write):
    path = write("wsc: { node_port: '${PORT_OF_OURS}', path: '/${PATH_OF_OURS:-ws}', node_ip: '${IP_OF_OURS:-127.0.0.1}' }\n")
    told = in_force(check(path, env={"PORT_OF_OURS": "9000", "PATH_OF_OURS": ""}))["wsc"]
    assert (told["node_port"], told["path"], told["node_ip"]) == (9000, "/ws", "127.0.0.1")
    done = check(path, env={"PORT_OF_OURS": "many"})
    assert done.returncode == 2 and f"{path}:1:" in done.stderr and "wsc.node_port" in done.stderr


def test_secrets_of_the_environment_are_masked(write):
    key = "a-secret-of-16-characters"
    path = write("admin: { api_keys: ['${KEY_OF_OURS}'] }\n")
    done = check(path, env={"KEY_OF_OURS": key})
    assert in_force(done)["admin"]["api_keys"]
    assert key not in done.stdout + done.stderr


def test_a_running_gateway_listens_where_set_says(gateway, taken):
    running = gateway(f"wsc: {{ node_ip: 127.0.0.1, node_port: {taken} }}\nadmin: {{ listen: '127.0.0.1:0' }}\n",
                      arguments=["--set", "wsc.node_port=0"], env={"UNUSED_OF_OURS": "x"})
    assert running.port != taken
    running.check_health()


def test_relative_paths_start_at_the_file_and_not_at_the_shell(tmp_path):
    folder, elsewhere = tmp_path / "etc", tmp_path / "elsewhere"
    (folder / "plugins").mkdir(parents=True)
    elsewhere.mkdir()
    shutil.copy(PLUGIN_DIR / "uppercase.so", folder / "plugins" / "loud.so")
    path = folder / "gateway.yaml"
    path.write_text("plugins:\n  path: [plugins]\n  load: [{ name: loud }, { name: other, path: plugins/loud.so }]\n")
    for name, cwd in [(path, elsewhere), ("gateway.yaml", folder), ("../etc/gateway.yaml", elsewhere)]:
        in_force(check(name, cwd=cwd))


# --- ports in use ---


def test_a_port_in_use_names_its_key(gateway, taken):
    running = gateway({"wsc": {"node_port": taken}}, wait=False)
    assert running.wait_for_exit() == 2
    assert f"127.0.0.1:{taken}" in running.log_text() and "wsc.node_port" in running.log_text()


def test_the_admins_port_in_use_names_its_key(gateway, taken):
    running = gateway({"admin": {"listen": f"127.0.0.1:{taken}"}}, wait=False)
    assert running.wait_for_exit() == 2
    assert f"127.0.0.1:{taken}" in running.log_text() and "admin.listen" in running.log_text()
    assert "WebSocket server listening" not in running.log_text()


def test_a_second_gateway_on_the_same_port_is_refused(gateway):
    """SO_REUSEPORT would let it take half of the first one's connections."""
    first = gateway({"wsc": {"performance": {"io_threads": 2}}})
    second = gateway({"wsc": {"node_port": first.port}}, wait=False)
    assert second.wait_for_exit() == 2
    assert "wsc.node_port" in second.log_text()
    first.check_health()


def test_the_port_is_free_again_after_the_end(gateway):
    first = gateway({"wsc": {"performance": {"shutdown_timeout": 1}}})
    with first.connect("alice"):
        first.stop()
    second = gateway({"wsc": {"node_port": first.port}, "admin": {"listen": f"127.0.0.1:{first.admin.port}"}})
    second.check_health()


# --- parts that are switched off ---


def test_without_the_websocket_service_the_admin_listener_says_so(gateway):
    running = gateway({"wsc": {"enabled": False}})
    assert "wsc.enabled is false" in running.log_text()
    assert "WebSocket server listening" not in running.log_text()
    stats = running.admin.stats()
    assert (stats["enabled"], stats["running"], stats["listening"]) == (False, False, "")
    assert running.admin.get("/livez").status == 200
    answer = running.admin.get("/readyz")
    assert (answer.status, answer.json()["error"]["code"]) == (503, "not_enabled")
    answer = running.admin.post("/api/v1/broadcast", {"type": "text"})
    assert (answer.status, answer.json()["error"]["code"]) == (503, "unavailable")
    assert running.admin.get("/api/v1/clients").json() == {"clients": [], "next_cursor": None}
    assert running.admin.get("/metrics").status == 200


def test_check_says_that_the_service_is_switched_off(write):
    done = check(write("wsc: { enabled: false }\n"))
    assert done.returncode == 0 and "warning: the WebSocket service is switched off: wsc.enabled is false" in done.stdout


def test_without_the_admin_listener(gateway):
    running = gateway({"admin": {"listen": False}})
    assert "admin listening" not in running.log_text()
    with running.connect("alice") as alice:
        alice.expect_nothing_but_pong()


def test_an_open_network_without_auth_is_warned_of(write):
    done = check(write("wsc: { node_ip: 0.0.0.0 }\n"))
    assert done.returncode == 0 and "warning: identities are not verified" in done.stdout
    assert "not verified" not in check(write(SHORT)).stdout


# --- plugins ---

BROUGHT = {
    "group": ("wsc:\n  group:\n    enabled: true\n", "wsc.group.enabled", "group"),
    "ticket": ("wsc:\n  ticket:\n    enabled: true\n", "wsc.ticket.enabled", "ticket"),
    "rate limit": ("wsc:\n  security:\n    enable_rate_limit: true\n", "wsc.security.enable_rate_limit", "limits"),
    "auth": (
        "wsc:\n  security:\n    enable_auth: true\n    auth:\n      keys: [{ secret: '0123456789abcdef0123456789abcdef' }]\n",
        "wsc.security.enable_auth",
        "auth-jwt",
    ),
    "another provider": (
        "wsc:\n  security:\n    enable_auth: true\n    auth: { provider: acme-auth, keys: [a] }\n",
        "wsc.security.enable_auth",
        "acme-auth",
    ),
}


@pytest.mark.parametrize("text, key, plugin", BROUGHT.values(), ids=BROUGHT)
@pytest.mark.parametrize("command", [["check"], []], ids=["check", "start"])
def test_a_section_whose_plugin_is_not_installed_names_both(write, text, key, plugin, command):
    path = write(text + f"plugins: {{ path: ['{write('', 'x').parent}'] }}\n")
    done = run_gatewayd(*command, "--config", path)
    assert done.returncode == 2
    assert re.search(rf"{re.escape(str(path))}:\d+:\d+: .*{re.escape(key)} needs the plugin {plugin}", done.stderr), done.stderr
    assert "not installed" in done.stderr


def test_auth_without_a_key_is_refused(write):
    done = check(write("wsc:\n  security:\n    enable_auth: true\n"))
    assert done.returncode == 2 and "keys" in done.stderr


@pytest.mark.parametrize("name", ["audit", "cors", "uppercase"])
def test_inspect_says_what_a_plugin_is(name):
    done = run_gatewayd("plugin", "inspect", PLUGIN_DIR / f"{name}.so")
    assert (done.returncode, done.stderr) == (0, "")
    assert name in done.stdout and "1.0" in done.stdout


@pytest.mark.parametrize("kind", ["nothing", "text", "folder", "library"])
def test_inspect_of_what_is_no_plugin(tmp_path, kind):
    path = {"nothing": tmp_path / "nowhere.so", "text": tmp_path / "a.so", "folder": tmp_path, "library": BINARY.resolve()}[kind]
    (tmp_path / "a.so").write_text("hello")
    done = run_gatewayd("plugin", "inspect", path)
    assert done.returncode != 0
    assert str(path) in done.stdout + done.stderr


def test_check_starts_nothing(write, tmp_path, taken):
    path = write(f"wsc: {{ node_ip: 127.0.0.1, node_port: {taken} }}\nplugins: {{ load: [{{ name: audit, config: {{ file: a.jsonl }} }}] }}\n")
    assert check(path).returncode == 0
    assert os.listdir(tmp_path) == ["gateway.yaml"]
