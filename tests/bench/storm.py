"""The storm: 10,000 clients come at once, as after an outage, while 50 pairs talk at a steady pace. With and without the
admission of the plugin `limits`: how evenly they are let in, and what the pairs notice. Run as a program it is the clients;
the pairs are a process of their own, which goes before the newcomers where it may."""
import base64
import json
import os
import pathlib
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import time

PAIRS, PACE_S, CALM_S = 50, 0.05, 3.0  # each pair sends one message every PACE_S
ADDRESSES = 500  # that the newcomers come from, so that no limit of one address is met
SLOT_S = 0.1

CONFIG = """
wsc:
  node_ip: 127.0.0.1
  node_port: 0
  performance: {{ io_threads: 1, max_connections_per_node: 15000 }}
  security:
    enable_rate_limit: true
    rate_limit: {{ admission: {{ per_second: {per_second} }}, connection: {{ messages: 1000 }}, user: {{ messages: 1000, handshakes: 100 }}, address: {{ messages: 100000, handshakes: 200 }} }}
admin: {{ listen: "127.0.0.1:0" }}
"""


def measure(build, newcomers, cores):
    """{"paced": {...}, "not paced": {...}}; each of a fresh server."""
    return {name: one(build, newcomers, rate, cores) for name, rate in (("paced", 2000), ("not paced", 0))}


def one(build, newcomers, per_second, cores):
    import tempfile

    import servers

    with tempfile.TemporaryDirectory(prefix="gatewayd-storm-") as folder:
        server = servers.Server("storm", "storm", "gateway")
        server.command = lambda binary, where, plugins, features: [binary, "--config", configured(where, per_second)]
        with servers.Running(server, build / "bin/gatewayd", pathlib.Path(folder) / "s", cores[0], ()) as running:
            done = subprocess.run([sys.executable, "-B", __file__, str(running.port), str(newcomers)], capture_output=True,
                                  text=True, check=False, preexec_fn=lambda: os.sched_setaffinity(0, {cores[1]}))
    if done.returncode != 0:
        raise servers.Failed(f"storm: {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


def configured(folder, per_second):
    path = folder / "gateway.yaml"
    path.write_text(CONFIG.format(per_second=per_second))
    return path


def table(results):
    lines = ["| storm | " + " | ".join(results) + " |", "|---" * (len(results) + 1) + "|"]
    for key in next(iter(results.values())):
        lines.append(f"| {key} | " + " | ".join(str(result[key]) for result in results.values()) + " |")
    return "\n".join(lines)


# --- the clients ---


def request(port, name):
    key = base64.b64encode(os.urandom(16)).decode()
    return (f"GET /ws?user_id={name}&client_id={name}&user_type=agent HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode()


def frame(text):
    payload = text.encode()
    assert len(payload) < 126
    return bytes((0x81, 0x80 | len(payload))) + b"\0\0\0\0" + payload  # masked with zeros


class Client:
    """A newcomer: it comes, and comes again when it is told to wait."""

    def __init__(self, crowd, number):
        self.crowd, self.number = crowd, number
        self.begin()

    def begin(self):
        self.bytes = b""
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.bind((f"127.0.{1 + self.number % ADDRESSES // 250}.{1 + self.number % 250}", 0))
        self.socket.connect_ex(("127.0.0.1", self.crowd.port))
        self.crowd.selector.register(self.socket, selectors.EVENT_WRITE, self)

    def ready(self, events):
        if events & selectors.EVENT_WRITE:
            self.socket.send(request(self.crowd.port, f"n{self.number}"))
            self.crowd.selector.modify(self.socket, selectors.EVENT_READ, self)
            return
        data = self.socket.recv(65536)
        self.bytes += data
        if data and b"\r\n\r\n" not in self.bytes:
            return
        status = self.bytes[9:12].decode()
        if status == "101":
            self.crowd.selector.unregister(self.socket)
            return self.crowd.came_in()
        self.crowd.refused[status or "cut"] = self.crowd.refused.get(status or "cut", 0) + 1
        wait_s = 1.0
        for line in self.bytes.split(b"\r\n"):
            if line.lower().startswith(b"retry-after:"):
                wait_s = float(line.split(b":")[1])
        self.crowd.selector.unregister(self.socket)
        self.socket.close()
        self.crowd.later(wait_s, self.begin)


class Talker:
    """One half of a pair. The first of it sends its number every PACE_S, the other one hears it."""

    def __init__(self, crowd, number):
        self.crowd, self.number = crowd, number
        self.sent, self.bytes = {}, b""
        self.socket = socket.create_connection(("127.0.0.1", crowd.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request(crowd.port, f"t{number}"))
        while b"\r\n\r\n" not in self.bytes:
            self.bytes += self.socket.recv(65536)
        self.bytes = self.bytes.partition(b"\r\n\r\n")[2]
        self.socket.setblocking(False)
        crowd.selector.register(self.socket, selectors.EVENT_READ, self)

    def send(self):
        self.socket.send(frame(json.dumps({"type": "t", "to": f"t{self.number + 1}", "content": time.monotonic_ns()})))
        self.crowd.later(PACE_S, self.send)

    def ready(self, events):
        self.bytes += self.socket.recv(65536)
        while len(self.bytes) > 4:
            length, start = self.bytes[1], 2
            if length == 126:
                length, start = int.from_bytes(self.bytes[2:4], "big"), 4
            if len(self.bytes) < start + length:
                return
            message = json.loads(self.bytes[start : start + length])
            self.bytes = self.bytes[start + length :]
            if message["type"] == "t":
                now = time.monotonic_ns()
                self.crowd.heard.append((now / 1e9, (now - message["content"]) / 1e6))


class Loop:
    def __init__(self, port):
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.timers = []

    def later(self, wait_s, call):
        self.timers.append((time.monotonic() + wait_s, call))

    def turn(self):
        now = time.monotonic()
        due = [timer for timer in self.timers if timer[0] <= now]
        if due:
            self.timers = [timer for timer in self.timers if timer[0] > now]
            for _, call in due:
                call()
        for key, events in self.selector.select(0.005):
            key.data.ready(events)


class Pairs(Loop):
    """Talks until its input ends; prints [when, ms] of each message."""

    def __init__(self, port):
        super().__init__(port)
        self.heard = []
        self.talkers = [Talker(self, number) for number in range(2 * PAIRS)]
        for number, talker in enumerate(self.talkers[::2]):
            self.later(PACE_S * number / PAIRS, talker.send)

    def run(self):
        self.over = False
        self.selector.register(sys.stdin, selectors.EVENT_READ, self)
        print("ready", flush=True)
        while not self.over:
            self.turn()
        return self.heard

    def ready(self, events):
        self.over = True


class Crowd(Loop):
    def __init__(self, port, newcomers):
        super().__init__(port)
        self.newcomers = newcomers
        self.refused, self.times = {}, []

    def came_in(self):
        self.times.append(time.monotonic() - self.began)

    def run(self):
        def first():
            try:
                os.nice(-15)
            except PermissionError:
                pass  # then the newcomers are in its way, and its figures are worse than those of the server

        command = [sys.executable, "-B", __file__, str(self.port)]
        pairs = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, preexec_fn=first)
        pairs.stdout.readline()
        end = time.monotonic() + CALM_S
        while time.monotonic() < end:
            self.turn()
        self.began = time.monotonic()
        self.clients = []
        while len(self.clients) < self.newcomers:  # as fast as one process can
            for _ in range(100):
                self.clients.append(Client(self, len(self.clients)))
            self.turn()
        asked_s = time.monotonic() - self.began
        while len(self.times) < self.newcomers:
            if time.monotonic() - self.began > 120:
                raise RuntimeError(f"{len(self.times)} are in after two minutes; refused: {self.refused}")
            self.turn()
        heard = json.loads(pairs.communicate("")[0])
        return self.report(asked_s, heard)

    def report(self, asked_s, heard):
        slots = [0] * (int(self.times[-1] / SLOT_S) + 1)
        for at in self.times:
            slots[int(at / SLOT_S)] += 1
        full = sorted(slots[1:-1]) or slots  # the first and the last are cut

        def p(values, share):
            return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 2)

        all_in = self.began + self.times[-1]
        begins = (0, self.began, self.began + asked_s, all_in)
        phases = [[ms for at, ms in heard if begin <= at < end] for begin, end in zip(begins, begins[1:])]

        def each(of):
            return ", ".join(str(round(of(values), 2)) if values else "-" for values in phases)

        return {
            "came": self.newcomers, "all had asked after s": round(asked_s, 2), "all were in after s": round(self.times[-1], 2),
            "let in per 100 ms: least, median, most": f"{full[0]}, {int(statistics.median(full))}, {full[-1]}",
            "refused": json.dumps(self.refused), "messages of pairs: before, while all ask, while they are let in": each(len),
            "p50 ms": each(lambda values: p(values, 0.5)),
            "p99 ms": each(lambda values: p(values, 0.99)),
            "worst ms": each(max),
        }


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    port, *newcomers = map(int, sys.argv[1:])
    print(json.dumps((Crowd(port, *newcomers) if newcomers else Pairs(port)).run()))


if __name__ == "__main__":
    main()
