"""What happens to the process and to the network under it: it is stopped and goes on, the clock jumps, peers vanish."""

import ctypes
import os
import shutil
import signal
import subprocess
import threading

from attack import Attack, attack, drop_all, is_root
from support.gateway import SANITIZE
from support.waiting import eventually

STOPPED_S = 30


@attack
class StoppedProcess(Attack):
    """The process is stopped for 30 s, much longer than client_timeout, and goes on: nobody may be closed for it."""

    name = "stopped-process"
    config = {"wsc": {"heartbeat_interval": 2, "client_timeout": 5}}
    after = True
    in_tests = False  # test_lifecycle.py has it

    def run(self, target):
        clients = target.crowd(target.many(200, 20))
        for client in clients:
            client.read_until(b'"connected"')
        os.kill(target.pid, signal.SIGSTOP)
        try:
            for _ in target.turns(STOPPED_S):
                for client in clients:
                    client.send(b"\x8a\x80\0\0\0\0")  # a pong that nobody asked for
                target.pace(1)
        finally:
            os.kill(target.pid, signal.SIGCONT)
        for client in clients:
            client.send(b"\x81\x8f\0\0\0\0" + b'{"type":"ping"}')
            client.read_until(b'{"type":"pong"}')
        drop_all(clients)
        return f"{len(clients)} clients sent a sign of life each second; all stayed"


@attack
class ClockJumps(Attack):
    """The wall clock jumps forward and back by up to ten years: deadlines do not notice."""

    name = "clock-jumps"
    config = {"wsc": {"heartbeat_interval": 1, "client_timeout": 3, "performance": {"handshake_timeout": 3}}}
    jumps_s = (3600, -86400, 10 * 365 * 86400, -365 * 86400, 0)

    def prepare(self, folder):
        source = os.path.join(os.path.dirname(__file__), "clock_shim.c")
        compiler = shutil.which("cc")
        if SANITIZE or not compiler:
            return False  # a sanitizer wants to be the first library in the process
        self.offset_file = folder / "clock-offset"
        self.offset_file.write_text("0\n")
        library = folder / "clock_shim.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        self.env = {"LD_PRELOAD": str(library), "CLOCK_OFFSET_FILE": str(self.offset_file)}
        return True

    def run(self, target):
        clients = [target.connect(f"timed{number}") for number in range(target.many(50, 3))]
        years = set()
        for jump in self.jumps_s:
            self.offset_file.write_text(f"{jump}\n")
            for client in clients:
                name = client.greeting["user_id"]
                client.send_json({"type": "text", "to": name})
                years.add(client.receive()["create_at"][:4])
            self.two_pings(clients)
            with target.connect("newcomer") as newcomer:
                newcomer.close()
        assert len(years) >= 3, f"the clock did not jump: {years}"
        drop_all(clients)
        return f"{len(self.jumps_s)} jumps by up to ten years with {len(clients)} clients: all stayed, stamps follow"

    @staticmethod
    def two_pings(clients):
        """Time goes by: each client is asked for a sign of life twice, and gives it."""
        for _ in range(2):
            for client in clients:
                frame = client.read_frame()
                assert frame.opcode == 9, frame
                client.send_frame(10, frame.payload)


@attack
class HalfOpen(Attack):
    """Clients whose network goes away without a word: no FIN, no RST, nothing is acknowledged any more."""

    name = "half-open"
    config = {"wsc": {"node_ip": "0.0.0.0", "heartbeat_interval": 1, "client_timeout": 3}}

    def prepare(self, folder):
        self.name_there = f"gw{os.getpid()}"
        return is_root() and bool(shutil.which("ip")) and self.ip("netns", "add", self.name_there, check=False) == 0

    @staticmethod
    def ip(*words, check=True):
        return subprocess.run(["ip", *words], check=check, capture_output=True).returncode

    def run(self, target):
        there, host_end, far_end = self.name_there, self.name_there + "a", self.name_there + "b"
        network = f"10.213.{os.getpid() % 250}"
        try:
            self.ip("link", "add", host_end, "type", "veth", "peer", "name", far_end)
            self.ip("link", "set", far_end, "netns", there)
            self.ip("addr", "add", f"{network}.1/30", "dev", host_end)
            self.ip("link", "set", host_end, "up")
            self.ip("-n", there, "addr", "add", f"{network}.2/30", "dev", far_end)
            self.ip("-n", there, "link", "set", far_end, "up")
            target.host = f"{network}.1"
            before = target.running.connections()
            clients = self.crowd_from(there, target)
            self.ip("link", "set", host_end, "down")
            for _ in range(20):
                target.admin.broadcast({"type": "text", "content": "is anybody there?" * 1000})
            eventually(lambda: target.running.connections() <= before, "they are given up", 60)
            drop_all(clients)
        finally:
            self.ip("link", "del", host_end, check=False)
            self.ip("netns", "del", there, check=False)
        return f"{len(clients)} clients behind a cable that was pulled: each ended by client_timeout"

    @staticmethod
    def crowd_from(name, target):
        """A crowd whose sockets are in that network namespace: a thread enters it, its sockets stay in it."""
        made = []

        def connect():
            with open(f"/run/netns/{name}", "rb") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), 0) != 0:
                    raise OSError(ctypes.get_errno(), "setns")
            made.extend(target.crowd(target.many(500, 5)))

        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
        assert made, "no connection from there"
        return made

    def check(self, running):
        running.wait_for_log("client disconnected.*user_id=crowd.*reason=timeout", count=2)
