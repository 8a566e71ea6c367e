"""The servers that are measured: how each is started on one core, and ended."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = HERE / "peers"
BUN = PEERS / "node_modules/@oven/bun-linux-x64/bin/bun"
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20

GATEWAY_CONFIG = """\
wsc:
  enabled: true
  node_ip: 127.0.0.1
  node_port: 0
  performance:
    io_threads: 1
admin:
  listen: 127.0.0.1:0
"""
GATEWAY_FEATURES = {
    "deflate": "wsc.performance.enable_compression=true",
    "tls": "wsc.tls={ cert: cert.pem, key: key.pem }",
    "none": "wsc.security.enable_auth=false",
    "hs256": "wsc.security={ enable_auth: true, auth: { keys: [0123456789abcdef0123456789abcdef] } }",
    "group": "wsc.group={ enabled: true, max_group_size: 1000, notice_limit: 0 }",
    "agents": "wsc.ticket={ enabled: true, max_tickets_per_agent: 10, changes_per_minute: 0, max_queue: 10000, position_interval: 0 }",
    "secret": "wsc.security={ enable_auth: true, auth: { keys: [0123456789abcdef0123456789abcdef] }, enable_rate_limit: true, rate_limit: { "
    "connection: { messages: 1000000, bytes: 1000000000 }, user: { messages: 1000000, bytes: 1000000000, handshakes: 1000 }, "
    "address: { messages: 10000000, bytes: 1000000000, handshakes: 100000 } } }",
    "rs256": "wsc.security={ enable_auth: true, auth: { keys: [{ file: rsa.pem }] } }",
}
PLUGINS = {
    "cors": '{ origins: ["http://127.0.0.1"] }',
    "audit": "{ file: audit.jsonl }",
    "echo": "{}",
}


class Failed(Exception):
    """A server or a run that did not do its work; the text says why."""


class Server:
    """A kind of server. `dialect` is the generator's; a peer has a script in peers/, gatewayd has plugins instead."""

    def __init__(self, name, title, dialect, script=None, plugins=()):
        self.name, self.title, self.dialect, self.script, self.plugins = name, title, dialect, script, plugins
        self.on_bun = script is not None and script.startswith("bun")

    def missing(self, binary):
        """Why it cannot run here, or None."""
        if self.script is None:
            return None if binary.exists() else f"{binary} is not built"
        if self.on_bun:
            return None if BUN.exists() else "npm has no Bun for this machine"
        if not (PEERS / "node_modules/ws").exists():
            return "npm ws is not installed"
        return None if shutil.which("node") else "there is no node"

    def command(self, binary, folder, more_plugins, features):
        if self.script is not None:
            return [BUN if self.on_bun else "node", PEERS / self.script, *features]
        config = folder / "gateway.yaml"
        plugins = [f"    - {{ name: {name}, config: {PLUGINS[name]} }}\n" for name in (*self.plugins, *more_plugins)]
        config.write_text(GATEWAY_CONFIG + ("plugins:\n  load:\n" + "".join(plugins) if plugins else ""))
        sets = [word for feature in features for word in ("--set", GATEWAY_FEATURES[feature])]
        return [binary, "--config", config, *sets]

    def version(self, binary):
        if self.on_bun or self.script is None:
            return said([BUN if self.on_bun else binary, "--version"])
        package = (PEERS / "node_modules/ws/package.json").read_text()
        return re.search(r'"version": "([^"]+)"', package).group(1) + ", node " + said(["node", "--version"])


SERVERS = [
    Server("gatewayd", "gatewayd", "gateway"),
    Server("gatewayd-plugins", "+ cors, audit", "gateway", plugins=("cors", "audit")),
    Server("bun", "Bun", "raw", "bun-server.js"),
    Server("bun-gateway", "Bun + JSON", "gateway", "bun-gateway.js"),
    Server("ws", "npm ws", "raw", "ws-server.js"),
]


def said(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def install_peers():
    """Their packages, once; without them gatewayd is measured alone."""
    if (PEERS / "node_modules").exists():
        return
    if subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=PEERS, check=False).returncode != 0:
        shutil.rmtree(PEERS / "node_modules", ignore_errors=True)


def make_certificate(folder):
    """cert.pem and key.pem: a P-256 key, as most servers of the web have."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
               "-subj", "/CN=127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"openssl: {done.stderr.strip()}")


def make_rsa_key(folder):
    """rsa.pem, of 2048 bits: the gateway verifies with its public half, `gatewayd token` signs with it."""
    command = ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(folder / "rsa.pem")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"openssl: {done.stderr.strip()}")


class Running:
    """One server process on one core, in a folder of its own. A context manager."""

    def __init__(self, server, binary, folder, core, more_plugins, features=()):
        self.server = server
        self.log = folder / "log"
        self.process = None
        self.port = None
        folder.mkdir(parents=True)
        self.folder = folder
        if "tls" in features:
            make_certificate(folder)
        if "rs256" in features:
            make_rsa_key(folder)
        self.binary, self.features = binary, features
        self.command = [str(word) for word in server.command(binary, folder, more_plugins, features)]
        self.core = core

    def __enter__(self):
        def prepare():
            os.sched_setaffinity(0, {self.core})
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

        # Into a file: a pipe would wake this script, on the generator's core, for every line that is logged.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=subprocess.STDOUT, cwd=self.folder, preexec_fn=prepare)
        try:
            self.port = self.wait_for_port()
        except BaseException:
            self.__exit__()
            raise
        return self

    def token(self):
        """One for gatewayd's clients; where it asks for none, one of HS256."""
        key = ["--key", self.folder / "rsa.pem"] if "rs256" in self.features else ["--secret", "0123456789abcdef" * 2]
        token = said([self.binary, "token", "--user", "bench", "--type", "agent", *key])
        if not token:
            raise Failed("gatewayd token made none")
        return token

    def wait_for_port(self):
        pattern = re.compile(r"listening (?:on wss?://127\.0\.0\.1:)?(\d+)")
        deadline = time.monotonic() + START_TIMEOUT_S
        pause = threading.Event()
        while time.monotonic() < deadline:
            found = pattern.search(self.log_text())
            if found:
                return int(found.group(1))
            if self.process.poll() is not None:
                break
            pause.wait(0.01)
        raise Failed(f"{self.server.name} did not start: {self.log_text()[-500:]}")

    def log_text(self):
        return self.log.read_text(errors="replace")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
