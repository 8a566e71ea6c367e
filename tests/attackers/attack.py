"""What an attack is, and what it has in hand. The attacks themselves are in the other modules of this folder; `run` and
../integration/test_attackers.py play them."""

import os
import threading
import time

from support.raw import RawSocket, make_handshake


class Attack:
    """One attack. Subclasses say:

    name         on the command line and in the table
    config       of the daemon, laid over the tests' defaults
    memory_mb    by how much the daemon may grow while it lasts: the documented bound for this configuration
    log          what must be found in the log (a regular expression), or None
    max_lines    how many lines the log may have of it all, besides those of each client that came or went
    after        True: the healthy client is measured after it, not during it
    tls, cafile  of the daemon's clients, when its configuration has wsc.tls
    in_tests     False: only `run` plays it
    """

    name = ""
    config = {}
    arguments = ()
    env = {}
    memory_mb = 32
    log = None
    max_lines = 20
    after = False
    in_tests = True
    tls = None
    cafile = ""

    def prepare_child(self):
        """Runs in the daemon's process before it starts."""

    def prepare(self, folder):
        """Makes what the daemon needs, such as files. False: this machine cannot do it."""
        return True

    def run(self, target):
        """Attacks, for target.seconds; returns in words what was sent and what came back. What comes back wrong
        is an AssertionError."""
        raise NotImplementedError

    def check(self, running):
        """What must be so afterwards: an AssertionError if not."""


ATTACKS = []


def attack(cls):
    ATTACKS.append(cls())
    return cls


class Target:
    """The daemon as an attacker sees it. `strength` scales numbers of things: 1 is the full attack."""

    def __init__(self, running, seconds, strength):
        self.running = running
        self.host, self.port, self.admin = running.host, running.port, running.admin
        self.pid = running.process.pid
        self.seconds, self.strength = seconds, strength
        self._pause = threading.Event()

    def many(self, count, least=2):
        return max(least, int(count * self.strength))

    def turns(self, seconds=None):
        """Counts from 0 until the time is over; at least one."""
        end = time.monotonic() + (self.seconds if seconds is None else seconds)
        turn = 0
        while turn == 0 or time.monotonic() < end:
            yield turn
            turn += 1

    def pace(self, per_second):
        """Between two things of an attacker that does not hurry."""
        self._pause.wait(1 / per_second)

    # --- connections ---

    def tcp(self, **options):
        return RawSocket(self.host, self.port, **options)

    def connect(self, user_id=None, client_id=None, **options):
        return self.running.connect(user_id, client_id, **options)

    def crowd(self, count, query=lambda number: f"user_id=crowd{number}", statuses=(101,), **options):
        """That many clients past their handshakes, which are all under way at the same time. They have still to read
        their `connected` frames."""
        clients = []
        for number in range(count):
            client = self.tcp(**options)
            client.send(make_handshake("/ws?" + query(number)))
            clients.append(client)
        for client in clients:
            client.response = client.read_response(60)
            assert client.response.status in statuses, client.response
        return clients


def drop_all(clients, reset=False):
    for client in clients:
        client.reset() if reset else client.drop()


def pour(clients, data, target):
    """Offers `data` again and again to each client's socket, as much as it takes and without ever reading, until the
    time is over or all of them were ended. Returns the bytes that were taken. The next call goes on in the middle of a
    frame where this one ended."""
    rest = {client: getattr(client, "unsent", memoryview(data)) for client in clients}
    for client in clients:
        client.socket.setblocking(False)
    taken = 0
    for _ in target.turns():
        moved = 0
        for client in list(rest):
            try:
                sent = client.socket.send(rest[client])
            except BlockingIOError:
                continue
            except OSError:
                del rest[client]
                continue
            moved += sent
            rest[client] = rest[client][sent:] or memoryview(data)
        taken += moved
        if not rest:
            break
        if moved == 0:
            target.pace(500)
    for client, unsent in rest.items():
        client.unsent = unsent
    return taken


def swallow(client):
    """Reads what is there and throws it away. False: the stream is over."""
    client.socket.setblocking(False)
    try:
        while True:
            data = client.socket.recv(1 << 20)
            if not data:
                return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def mb(count):
    return f"{count / 1e6:.0f} MB"


def is_root():
    return os.geteuid() == 0
