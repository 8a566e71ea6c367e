"""docs/operating.md quotes the program: each block behind a `<!-- log: NAME -->` is compared with what the scenario
of that name, below, makes the daemon say. Times, numbers, folders and the addresses of clients are not compared."""

import json
import os
import re
import resource
import shutil
import signal
import ssl
import warnings

import pytest
import yaml

from support.admin import Admin
from support.certificates import Certificates
from support.gateway import BUILD_DIR, PLUGIN_DIR, SOURCE_DIR
from support.raw import make_handshake
from support.tokens import Hs256, claims
from support.waiting import eventually

PAGE = (SOURCE_DIR / "docs" / "operating.md").read_text()
BLOCKS = dict(re.findall(r"<!-- log: (\w+) -->\n```\n(.*?)```", PAGE, flags=re.S))


def without_details(line, folder=None):
    """A line without what differs from one machine and moment to the next."""
    if folder is not None:
        line = line.replace(f"{folder}/gateway.yaml", "gateway.yaml").replace(str(folder), "/etc/gatewayd")
    line = line.replace(str(PLUGIN_DIR), "/usr/lib/gatewayd/plugins")
    line = re.sub(r"remote_address=\S+", "remote_address=ADDRESS", line)
    line = re.sub(r"\+0x[0-9a-f]+", "+OFFSET", line)
    return re.sub(r"\d+", "#", line)


class Scene:
    """What a scenario has: daemons, a folder for what they need, and what they and their clients said."""

    def __init__(self, gateway, folder):
        self.start_gateway = gateway
        self.folder = folder
        self.said = set()
        self.running = []

    def start(self, config=None, **options):
        running = self.start_gateway(config, **options)
        self.running.append(running)
        return running

    def refused_to_start(self, config):
        running = self.start(config, wait=False)
        assert running.wait_for_exit() == 2

    def copy_of(self, name):
        """A plugin of tests/abi/plugins, in the folder of the scene."""
        return shutil.copy(BUILD_DIR / "tests" / "plugins" / f"{name}.so", self.folder)

    def client(self, words, status=None):
        text = words if isinstance(words, str) else json.dumps(words, separators=(",", ":"))
        self.said.add(without_details(f"client: {status} {text}" if status else f"client: {text}"))

    def refuses(self, running, **options):
        client = running.connect(refused=True, greeting=False, **options)
        self.client(client.response.body.decode(), client.response.status)
        client.drop()

    def answers(self, running, request):
        with running.raw() as client:
            client.send(request)
            response = client.read_response()
            self.client(response.body.decode(), response.status)

    def lines(self):
        for running in self.running:
            running.stop()
            for line in running.log_lines():
                line = line.replace(f"{self.folder}/log", "/var/log/gatewayd").replace(str(self.folder), "/etc/gatewayd")
                self.said.add(without_details(line, running.config_file.parent))
        return self.said


def not_enabled(scene):
    running = scene.start({"wsc": {"enabled": False}})
    answer = running.admin.get("/readyz")
    scene.client(answer.json(), f"/readyz {answer.status}")


def port_in_use(scene):
    first = scene.start()
    scene.refused_to_start({"wsc": {"node_port": first.port}})
    scene.refused_to_start({"admin": {"listen": f"127.0.0.1:{first.admin.port}"}})


def origin_refused(scene):
    running = scene.start({"wsc": {"websocket_origins": ["https://app.example.com"]}})
    scene.refuses(running, headers={"Origin": "https://shop.example"})


def identity_refused(scene):
    running = scene.start({"wsc": {"node_ip": "0.0.0.0"}})
    running.host = "127.0.0.1"
    scene.refuses(running, user_type="visitor")
    scene.refuses(running, user_type="agent")


def auth_not_possible(scene):
    security = {"enable_auth": True}
    scene.refused_to_start({"wsc": {"security": security}})
    scene.refused_to_start({"wsc": {"security": {**security, "auth": {"keys": ["a key"]}}}})
    scene.refused_to_start({"wsc": {"security": {**security, "auth": {"provider": "acme"}}}})


def auth_refused(scene):
    signer, other = Hs256("0123456789abcdef0123456789abcdef"), Hs256("x" * 32)
    keys = [{"secret": "0123456789abcdef0123456789abcdef", "kid": "k"}]
    auth = {"keys": keys, "issuer": "me", "audience": "chat"}
    good = claims(iss="me", aud="chat")
    tokens = [
        None,
        "undefined",
        other.token(good),
        other.token(good, {"alg": "HS256", "kid": "other"}),
        other.token(good, {"alg": "HS512"}),
        signer.token({**good, "exp": 1}),
        signer.token({**good, "nbf": good["exp"]}),
        signer.token({**good, "iss": "you"}),
        signer.token({**good, "aud": "mail"}),
        signer.token({**good, "sub": None}),
        signer.token({**good, "user_type": "visitor"}),
    ]
    for token in tokens:  # a gateway each: equal lines are limited
        running = scene.start({"wsc": {"security": {"enable_auth": True, "auth": auth}}})
        scene.refuses(running, headers={"Authorization": f"Bearer {token}"} if token else {})


def identities_not_verified(scene):
    scene.start({"wsc": {"node_ip": "0.0.0.0"}})


def handshakes_refused(scene):
    running = scene.start({"wsc": {"performance": {"max_connections_per_node": 2, "handshake_timeout": 1}}})
    scene.refuses(running, target="/chat")
    scene.answers(running, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(32))
    scene.answers(running, b"GET /ws HTTP/1.1\r\nHost: gateway.example\r\n\r\n")
    scene.answers(running, b"GET /ws HTTP/1.1\r\nHost: gateway.example\r\n")
    running.wait_for_connections(0)
    clients = [running.connect(f"u{number}") for number in range(2)]
    scene.refuses(running)
    for client in clients:
        client.close()
    second = scene.start({"wsc": {"performance": {"max_connections_per_address": 1}}})
    with second.connect() as client:
        scene.refuses(second)
        client.close()


def tls_refused(scene):
    certificates = Certificates(scene.folder)
    cert, key = certificates.make("localhost")
    running = scene.start({"wsc": {"tls": {"cert": str(cert), "key": str(key)}}})
    scene.answers(running, make_handshake("/ws"))
    with running.raw() as client:
        client.send(bytes(100))
        client.read_to_end()
    distrustful, old = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of ssl, about what is old
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    plain = scene.start()
    for gate, context in ((running, distrustful), (running, old), (plain, distrustful)):
        with pytest.raises(ssl.SSLError):
            gate.raw(tls=context, server_name="localhost")
    running.wait_for_log("TLS handshake refused", count=4)
    plain.wait_for_log("wsc.tls is not configured")


def tls_files(scene):
    certificates = Certificates(scene.folder)
    cert, key = certificates.make("localhost")
    other = certificates.make("other")[1]
    scene.refused_to_start({"wsc": {"tls": {"cert": str(scene.folder / "nowhere.pem"), "key": str(key)}}})
    scene.refused_to_start({"wsc": {"tls": {"cert": str(cert), "key": str(other)}}})
    running = scene.start({"wsc": {"tls": {"cert": str(cert), "key": str(key)}}})
    running.signal(signal.SIGHUP)
    running.wait_for_log("read again; new")
    cert.write_text("no certificate")
    running.signal(signal.SIGHUP)
    running.wait_for_log("all stay as they were")


def connections(scene):
    running = scene.start()
    running.connect("ada", "c1").close()


def messages_refused(scene):
    running = scene.start()
    with running.connect("ada", "c1") as client:
        for text in (
            "hello",
            '{"typ":"text"}',
            '{"type":"text"}',
            '{"type":"auth_login"}',
            '{"type":"text","to":"ada","require_ack":true}',
        ):
            client.send_text(text)
            scene.client(client.receive())
        client.close()


def disconnects(scene):
    running = scene.start({"wsc": {"heartbeat_interval": 1, "client_timeout": 2}})
    with running.connect("ada", "c1"):  # answers no pings
        running.wait_for_log("reason=timeout")
    with running.connect("ada", "c1"), running.connect("ada", "c1") as client:
        running.wait_for_log("reason=replaced")
        assert running.admin.kick("c1").status == 200
        client.expect_close(1008)
    with running.connect("ada", "c1") as client:
        client.send_text("x" * (1024 * 1024 + 1))
        client.expect_close(1009)
    running.connect("ada", "c1").drop()
    running.wait_for_log("reason=connection_lost")


def slow_client(scene):
    running = scene.start({"wsc": {"message_buffer_size": 2}})
    with running.connect("ada", "c1", receive_buffer=4096):
        message = {"type": "text", "content": "x" * 100000}

        def is_told():
            running.admin.send_to_user("ada", message)
            return bool(running.log_lines("slow client"))

        eventually(is_told, "a client that is slow")
        running.wait_for_log("reason=slow_client")


def too_many_files(scene):
    running = scene.start(prepare=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    clients = []
    try:
        for _ in range(80):
            clients.append(running.raw())
            clients[-1].send(make_handshake("/ws"))
        running.wait_for_log("cannot accept connections")
    finally:
        for client in clients:
            client.drop()


def disk_full(scene):
    """A link to the device that is always full stands where the file would."""
    file = scene.folder / "log" / "audit.jsonl"
    file.parent.mkdir()
    file.symlink_to("/dev/full")
    running = scene.start({"plugins": {"load": [{"name": "audit", "config": {"file": str(file)}}]}})
    running.connect("ada").close()
    running.wait_for_log("events lost of")


def plugin_not_loaded(scene):
    file = scene.folder / "acme.so"
    file.write_text("no library")
    for entry in (
        {"name": "acme"},
        {"name": "acme", "path": str(file)},
        {"name": "audit", "config": {"fiel": "audit.jsonl"}},
        {"name": "audit", "config": {"file": "/nowhere/audit.jsonl"}},
        {"name": "cors", "on_error": "open"},
    ):
        scene.refused_to_start({"plugins": {"load": [entry]}})


def plugin_blocks(scene):
    os.mkfifo(scene.folder / "fifo")
    entry = {"name": "blocks", "path": str(scene.copy_of("blocks")), "config": {"fifo": str(scene.folder / "fifo")}}
    running = scene.start({"plugins": {"watchdog": 100, "load": [entry]}})
    with running.connect("ada", "c1") as client:
        client.send_json({"type": "text", "to": "ada", "content": "x"})
        running.wait_for_log("stack frame=0")
        os.close(os.open(scene.folder / "fifo", os.O_WRONLY))
        running.wait_for_log("held a thread up, which goes on")


def plugin_crashes(scene):
    entry = {"name": "crashes", "path": str(scene.copy_of("crashes")), "on_crash": "skip"}
    config = {"plugins": {"state_dir": str(scene.folder / "state"), "load": [entry]}}
    for _ in range(3):
        running = scene.start(config)
        with running.connect("ada", "c1") as client:
            client.send_json({"type": "text", "to": "ada", "content": "x"})
            running.wait_for_exit()
        running.kill()
    scene.start(config)


def safe_mode(scene):
    running = scene.start(arguments=["--safe-mode"], wait=False)
    found = running.wait_for_log(r"admin listening on http://(\S+):(\d+)")
    answer = Admin(found.group(1), int(found.group(2))).get("/readyz")
    scene.client(answer.json(), f"/readyz {answer.status}")


def plugin_too_slow(scene):
    budget = {"budget_ms": 250, "on_overrun": "bypass", "overrun_limit": 2, "overrun_retry_ms": 500}
    path = BUILD_DIR / "tests" / "plugins" / "spins.so"
    running = scene.start({"plugins": {"load": [{"name": "spins", "path": str(path), **budget}]}})
    with running.connect("ada", "c1") as ada:

        def say(content):
            ada.send_json({"type": "text", "to": "ada", "content": content})
            return ada.receive()

        say("spin 400")
        say("spin 400")
        eventually(lambda: say("spin 400") and running.log_lines("still too slow"), "it is tried again")
        eventually(lambda: say("hi") and running.log_lines("fast enough again"), "it is back")


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        not_enabled,
        port_in_use,
        origin_refused,
        identity_refused,
        auth_not_possible,
        auth_refused,
        identities_not_verified,
        handshakes_refused,
        tls_refused,
        tls_files,
        connections,
        messages_refused,
        disconnects,
        slow_client,
        too_many_files,
        disk_full,
        plugin_not_loaded,
        plugin_blocks,
        plugin_crashes,
        safe_mode,
        plugin_too_slow,
    )
}


def test_each_block_has_a_scenario_and_each_scenario_a_block():
    assert set(BLOCKS) == set(SCENARIOS)
    assert PAGE.count("<!-- log:") == len(BLOCKS)


@pytest.mark.parametrize("name", BLOCKS)
def test_the_page_quotes_the_program(name, gateway, tmp_path):
    scene = Scene(gateway, tmp_path)
    SCENARIOS[name](scene)
    said = scene.lines()
    for line in BLOCKS[name].splitlines():
        assert without_details(line) in said, "\n".join([f"the page: {line}", "said:", *sorted(said)])


def test_the_tables_quote_what_the_source_says():
    """Where a table stands for a block: its first column has the beginnings of lines of the log."""
    sources = [file for folder in ("core", "gatewayd") for file in sorted((SOURCE_DIR / folder).rglob("*.cc"))]
    code = re.sub(r'"\s*"', "", "".join(file.read_text() for file in sources))  # literals that are one
    tables = re.findall(r"^\| (?:the log|`why`) says \|.*\n\|[-|]+\n((?:\|.*\n)+)", PAGE, flags=re.M)
    assert len(tables) >= 2
    for row in "".join(tables).splitlines():
        for quote in re.findall(r"`([^`]+)`", row.split("|")[1]):
            words = re.split(r"\w+://|\.\.\.", quote)
            assert any(word.strip() and word.strip() in code for word in words), quote


def test_every_key_on_the_page_exists():
    reference = yaml.safe_load((SOURCE_DIR / "config" / "reference.yaml").read_text())
    for key in set(re.findall(r"`((?:wsc|plugins|admin|log)\.[a-z_.]+)(?:: \w+)?`", PAGE)):
        node = reference
        for name in key.split("."):
            assert isinstance(node, dict) and name in node, key
            node = node[name]


def test_the_metrics_on_the_page_exist(gateway, certificates):
    cert, key = certificates.paths("localhost")
    tls = {"wsc": {"tls": {"cert": str(cert), "key": str(key)}}}
    text = gateway({**tls, "plugins": {"load": [{"name": "cors", "budget_ms": 5}]}}).admin.get("/metrics").text
    # Those of plugins' HTTP requests are there from the first one on.
    nobody = "http://127.0.0.1:1/"
    telling = {"name": "webhook", "config": {"url": nobody, "secret": "0123456789abcdef", "events": ["*"]}}
    asking = gateway({"plugins": {"load": [telling, {"name": "moderate", "config": {"url": nobody}}]}})
    with asking.connect("bob") as bob:
        bob.send_json({"type": "text", "to": "bob"})
        bob.expect_error("unavailable")
    text += asking.admin.get("/metrics").text
    for name in set(re.findall(r"\b(?:gateway|process)_[a-z_]+", PAGE)):
        assert f"\n{name}" in text, name


def test_sighup_and_sigusr1_do_what_the_page_says(gateway):
    running = gateway()
    running.signal(signal.SIGUSR1)
    running.wait_for_log("reopening files")
    running.signal(signal.SIGHUP)
    running.wait_for_log("SIGHUP")
    running.check_health()
