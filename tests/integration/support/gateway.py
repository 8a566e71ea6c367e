"""Starts the built daemon, reads its log, stops it, and says how it ended."""

import copy
import os
import pathlib
import re
import signal
import subprocess
import sys
import threading

import yaml

from support.admin import Admin
from support.raw import RawSocket, RawWebSocket
from support.waiting import SOON, Deadline, eventually

SOURCE_DIR = pathlib.Path(__file__).resolve().parents[3]
BUILD_DIR = pathlib.Path(os.environ.get("GATEWAYD_BUILD_DIR") or SOURCE_DIR / "build" / "release")
BINARY = BUILD_DIR / "bin" / "gatewayd"
SANITIZE = os.environ.get("GATEWAYD_SANITIZE", "")  # what the build is sanitized with: "address,undefined", "thread"
PLUGIN_DIR = BUILD_DIR / "lib" / "gatewayd" / "plugins"

# Built plugins load whatever the umask was that they were built with; the tests of that rule take this away.
os.environ["GATEWAYD_ALLOW_WRITABLE_PLUGINS"] = "1"

# Crashes of plugins are counted beside each daemon's configuration, never in the home of who runs the tests.
os.environ["STATE_DIRECTORY"] = "/nonexistent/state"

# Any port, loopback only, and one reactor, so that a test does not depend on the machine.
DEFAULTS = {
    "wsc": {"node_ip": "127.0.0.1", "node_port": 0, "performance": {"io_threads": 1}},
    "admin": {"listen": "127.0.0.1:0"},
}

_sanitizer_report = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|UndefinedBehaviorSanitizer|runtime error:"
)


def merged(base, changes):
    """`base` with the keys of `changes`, section by section. Neither is changed."""
    result = copy.deepcopy(base)
    for key, value in (changes or {}).items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def run_gatewayd(*arguments, env=None, cwd=None, seconds=60.0):
    """Runs `gatewayd ARGUMENTS` to its end; returns a CompletedProcess with text in stdout and stderr."""
    return subprocess.run(
        [str(BINARY), *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env={**os.environ, **(env or {})},
        cwd=cwd,
        timeout=Deadline(seconds).left(),
        check=False,
    )


class Gateway:
    """One running daemon.

    config      a dict laid over DEFAULTS, the YAML itself as text, or the path of a file that is there
    folder      where gateway.yaml is written; also the working directory
    arguments   more of the command line
    env         more of the environment
    prepare     runs in the child before the daemon (limits of the process, say)
    wait        False: return without waiting for it to listen
    binary      another program than the build's
    tls         an SSLContext for its clients, when wsc.tls is configured
    """

    def __init__(
        self, folder, config=None, arguments=(), env=None, prepare=None, wait=True, binary=BINARY, tls=None
    ):
        if isinstance(config, pathlib.Path):
            self.config_file = config
            text = config.read_text()
        else:
            text = config if isinstance(config, str) else yaml.safe_dump(merged(DEFAULTS, config), sort_keys=False)
            self.config_file = pathlib.Path(folder) / "gateway.yaml"
            self.config_file.write_text(text)
        settings = yaml.safe_load(text) or {}
        self._wants_ws = (settings.get("wsc") or {}).get("enabled", True)
        self._wants_admin = (settings.get("admin") or {}).get("listen", True)
        self.host, self.port = "127.0.0.1", 0
        self.tls = tls
        self.admin = None
        self._lines = []
        self._log_ended = False
        self._news = threading.Condition()
        self._stopped = False
        self.process = subprocess.Popen(
            [str(binary), "--config", str(self.config_file), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=str(folder),
            env={**os.environ, "STATE_DIRECTORY": f"{folder}/state", **(env or {})},
            preexec_fn=prepare,
        )
        self._threads = [
            threading.Thread(target=self._read_log, daemon=True),
            threading.Thread(target=self._read_stdout, daemon=True),
        ]
        self.stdout = b""
        for thread in self._threads:
            thread.start()
        if wait:
            self.wait_until_listening()

    # --- its start ---

    def wait_until_listening(self):
        """Until both listeners are open; learns their ports from the log."""
        try:
            if self._wants_ws:
                found = self.wait_for_log(r"WebSocket server listening on wss?://(\S+):(\d+)")
                self.host, self.port = found.group(1).strip("[]"), int(found.group(2))
            if self._wants_admin:
                found = self.wait_for_log(r"admin listening on http://(\S+):(\d+)")
                self.admin = Admin(found.group(1).strip("[]"), int(found.group(2)))
        except AssertionError:
            self.kill()
            raise

    @property
    def url(self):
        """For client libraries: `ws://127.0.0.1:PORT/ws`, or `wss://`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'wss' if self.tls else 'ws'}://{host}:{self.port}/ws"

    # --- its log ---

    def _read_log(self):
        for raw in self.process.stderr:
            with self._news:
                self._lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._log_ended = True
            self._news.notify_all()

    def _read_stdout(self):
        self.stdout = self.process.stdout.read()

    def log_position(self):
        """How many lines there are: the `since` of a later wait_for_log."""
        with self._news:
            return len(self._lines)

    def log_lines(self, pattern="", since=0):
        """The lines that came until now and that `pattern` is found in."""
        with self._news:
            return [line for line in self._lines[since:] if re.search(pattern, line)]

    def log_text(self):
        with self._news:
            return "\n".join(self._lines)

    def wait_for_log(self, pattern, seconds=SOON, since=0, count=1):
        """Waits for the `count`th line (from line `since` on) that `pattern` is found in; returns the match."""
        deadline = Deadline(seconds)
        regex = re.compile(pattern)
        matches = []
        with self._news:
            at = since
            while True:
                for line in self._lines[at:]:
                    found = regex.search(line)
                    if found:
                        matches.append(found)
                        if len(matches) == count:
                            return found
                at = max(at, len(self._lines))
                if self._log_ended or deadline.over():
                    break
                self._news.wait(deadline.left())
        why = "the daemon ended" if self._log_ended else "the time is over"
        raise AssertionError(
            f"{why}, and the log has {len(matches)} of {count} lines like {pattern!r}:\n{self.log_text()}"
        )

    # --- clients of it ---

    def raw(self, **options):
        """A TCP connection to the WebSocket port that has said nothing yet; not even a TLS hello, without
        `tls=`."""
        return RawSocket(self.host, self.port, **options)

    def connect(self, user_id=None, client_id=None, user_type=None, greeting=True, **options):
        """A raw WebSocket client after its handshake; `greeting`: also past the `connected` frame, which is
        then its `.greeting`."""
        options = {"tls": self.tls, **options}
        query = {"user_id": user_id, "client_id": client_id, "user_type": user_type, **options.pop("query", {})}
        client = RawWebSocket(self.host, self.port, query=query, **options)
        if greeting:
            client.greeting = client.receive()
            assert client.greeting["type"] == "connected", client.greeting
        return client

    def try_connect(self, **options):
        """A client as of connect(), or None when there is no room for it: for eventually()."""
        client = self.connect(refused=True, greeting=False, **options)
        if client.response.status == 101:
            client.greeting = client.receive()
            return client
        assert client.response.status == 503, client.response
        client.drop()
        return None

    def connections(self):
        """How many identified connections are open."""
        return self.admin.stats()["current_connections"]

    def wait_for_connections(self, count, seconds=SOON):
        eventually(lambda: self.connections() == count, f"{count} connections", seconds)

    def check_health(self):
        """A new client connects, is answered and leaves, and then nobody is left: what has to work after
        anything that other clients did."""
        assert self.process.poll() is None, f"the daemon ended:\n{self.log_text()}"
        with self.connect(client_id="health") as client:
            client.send_json({"type": "ping"})
            assert client.receive() == {"type": "pong"}
            client.close()
        self.wait_for_connections(0)

    # --- its end ---

    def signal(self, number):
        self.process.send_signal(number)

    def wait_for_exit(self, seconds=30.0):
        """Its exit status; the log is complete then."""
        try:
            status = self.process.wait(Deadline(seconds).left())
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not end:\n{self.log_text()}") from None
        for thread in self._threads:
            thread.join(Deadline(SOON).left())
        self._stopped = True
        return status

    def stop(self):
        """SIGTERM, and a clean end: status 0, nothing that a sanitizer complained of."""
        if self._stopped:
            return
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        status = self.wait_for_exit()
        assert status == 0, f"exit status {status}:\n{self.log_text()}"
        self.check_no_sanitizer_report()

    def check_no_sanitizer_report(self):
        assert not _sanitizer_report.search(self.log_text()), self.log_text()

    def kill(self):
        """Whatever it does: ends it. For the end of a test that failed."""
        self._stopped = True
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self._threads:
            thread.join(Deadline(SOON).left())
        self.process.stdout.close()
        self.process.stderr.close()


class GatewayFactory:
    """What the `gateway` fixture is: call it to start a daemon (arguments as Gateway's)."""

    def __init__(self, make_folder):
        self._make_folder = make_folder
        self._started = []

    def __call__(self, config=None, **options):
        # Kept also when its start fails, so that close() shows its log.
        made = Gateway.__new__(Gateway)
        self._started.append(made)
        made.__init__(self._make_folder(), config, **options)
        return made

    def close(self):
        """Stops all that still run. A daemon that does not end cleanly fails the test."""
        problems = []
        for one in self._started:
            if not hasattr(one, "process"):
                continue
            try:
                one.stop()
            except AssertionError as problem:
                problems.append(str(problem))
            finally:
                one.kill()
                sys.stdout.write(f"--- log of {one.config_file} ---\n{one.log_text()}\n")
        assert not problems, "\n".join(problems)
