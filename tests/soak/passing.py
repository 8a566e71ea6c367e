"""Those who come and go: visitors who behave, clients who are replaced or kicked, the rude, and the slow."""

import asyncio
import json
import signal

import wire as ws
from http_client import Http
from load import LONG, Client

MAX_AT_A_TIME = 30  # of each kind


class Passing:
    def __init__(self, load):
        self.load = load
        self.http = Http(load.running.admin.host, load.running.admin.port)

    def actors(self):
        yield self.keep_coming(self.visit, 0.15)
        yield self.keep_coming(self.be_rude, 0.15)
        yield self.keep_coming(self.be_kicked, 1.0)
        yield self.roam()
        yield self.ask()
        yield self.signals()
        for _ in range(2):
            yield self.read_slowly()

    async def keep_coming(self, visit, seconds):
        """Begins one after the other; ends when the last has gone."""
        here = set()
        while await self.load.pause(self.load.rng.uniform(0, 2 * seconds)):
            here = {one for one in here if not one.done()}
            if len(here) < MAX_AT_A_TIME:
                here.add(asyncio.ensure_future(self.guarded(visit)))
        if here:
            await asyncio.wait(here)

    async def guarded(self, visit):
        try:
            await visit()
        except (ws.Gone, ws.Broken, asyncio.TimeoutError, OSError) as why:
            self.load.ledger.problem(f"{visit.__name__}: {type(why).__name__} {why}")

    # --- who behaves ---

    async def visit(self):
        """Talks to itself, gets all of it, and of every broadcast stream all from the first that it sees."""
        name = self.load.new_name("visitor")
        client = Client(self.load, name, [f"v:{name}"])
        await client.connect()
        for _ in range(self.load.rng.randrange(1, 20)):
            await client.send(f"v:{name}", to=name)
            if not await self.load.pause(self.load.rng.uniform(0, 0.2)):
                break
        if not await client.read_all(f"v:{name}"):
            self.load.ledger.problem(f"{name} did not get all: {client.reader.owed(f'v:{name}')}")
        await client.leave()
        self.load.counts["visits"] += 1

    async def be_kicked(self):
        client = Client(self.load, self.load.new_name("kicked"))
        await client.connect()
        status, answer = await self.http.request("DELETE", f"/api/v1/clients/{client.client_id}")
        code = await asyncio.wait_for(client.wire.closed, LONG)
        if status not in (200, 204) or code != 1008:
            self.load.ledger.problem(f"kick: {status} {answer!r}, close code {code}")
        self.load.counts["kicks"] += 1

    async def roam(self):
        """One client that connects again and again without a goodbye: the old connection is replaced."""
        last = None
        while await self.load.pause(self.load.rng.uniform(0.2, 2)):
            client = Client(self.load, "roamer")
            await client.connect()
            if last:
                code = await asyncio.wait_for(last.wire.closed, LONG)
                if code != 1008:
                    self.load.ledger.problem(f"a replaced connection was closed with {code}")
            last = client
            self.load.counts["replaced"] += 1
        if last:
            await last.leave()

    async def ask(self):
        rng = self.load.rng
        paths = ["/api/v1/stats", "/api/v1/clients?limit=7", "/api/v1/clients/steady1", "/api/v1/users/steady0",
                 "/api/v1/config", "/api/v1/plugins", "/metrics", "/readyz"]
        while await self.load.pause(rng.uniform(0.1, 0.6)):
            path = rng.choice(paths)
            status, _ = await self.http.request("GET", path)
            if status != 200:
                self.load.ledger.problem(f"GET {path}: {status}")
            self.load.counts["questions"] += 1

    async def signals(self):
        """SIGHUP comes with a new certificate now and then."""
        while await self.load.pause(self.load.rng.uniform(2, 8)):
            if self.load.tls_files and self.load.rng.random() < 0.2:
                await asyncio.to_thread(self.load.tls_files.renew)
                self.load.running.signal(signal.SIGHUP)
                self.load.counts["certificates"] += 1
            self.load.running.signal(self.load.rng.choice((signal.SIGHUP, signal.SIGUSR1)))
            self.load.counts["signals"] += 1

    # --- who does not ---

    RUDE = {
        "a bad opcode": ws.frame(0x83, b""),
        "a reserved bit": ws.frame(0xB1, b"{}"),
        "no UTF-8": ws.frame(0x81, b"\xff\xfe"),
        "no mask": b"\x81\x02{}",
        "a huge length": b"\x81\xff" + (1 << 40).to_bytes(8, "big") + b"\0\0\0\0",
        "a long ping": ws.frame(0x89, b"p" * 126),
        "a fragmented ping": ws.frame(0x09, b"p"),
        "a continuation of nothing": ws.frame(0x80, b"x"),
        "a bad close code": ws.frame(0x88, b"\x03\xed"),
        "half a frame": ws.frame(0x81, b"x" * 5000)[:3000],
        "tiny fragments": ws.frame(0x01, b"x") + ws.frame(0x00, b"x") * 3000,
        "no messages": ws.frame(0x81, b"no message") * 200,
        "pings": ws.frame(0x89, b"p" * 100) * 200,
        "deep": ws.frame(0x81, b'{"a":' * 20000),
    }
    NO_HANDSHAKES = [b"", b"GET /ws HTTP/1.1\r\nHost: x\r\nX-A: ", b"\x16\x03\x01\x02\x00\x01", b"\0" * 3000,
                     b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /ws HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"GET /ws HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000]

    async def be_rude(self):
        if self.load.rng.random() < 0.3:
            await self.no_handshake()
            return
        wire = await self.load.connect(self.load.new_name("rude"), lambda text: None)
        wire.transport.write(self.load.rng.choice(list(self.RUDE.values())))
        how = self.load.rng.choice(("reset", "drop", "wait"))
        if how == "reset":
            wire.reset()
        elif how == "drop":
            wire.transport.close()
        else:
            await self.load.pause(self.load.rng.uniform(0, 2))
            wire.close()
        await asyncio.wait_for(wire.closed, LONG)
        self.load.counts["rude"] += 1

    async def no_handshake(self):
        try:
            reader, writer = await asyncio.open_connection(self.load.running.host, self.load.running.port)
            writer.write(self.load.rng.choice(self.NO_HANDSHAKES))
            await self.load.pause(self.load.rng.uniform(0, 1))
            if writer.can_write_eof():
                writer.write_eof()
            await asyncio.wait_for(reader.read(), LONG)
            writer.close()
        except OSError:
            pass  # an answer that was not read, a reset: all is fair here
        self.load.counts["rude"] += 1

    async def read_slowly(self):
        """A client that reads nothing, and one that sends to it until it is gone."""
        while await self.load.pause(1):
            name = self.load.new_name("slow")
            offline = asyncio.Event()

            def on_answer(text, offline=offline):
                if json.loads(text).get("code") == "user_offline":
                    offline.set()

            slow = await self.load.connect(name, lambda text: None, receive_buffer=4096)
            slow.transport.pause_reading()
            feeder = await self.load.connect(self.load.new_name("feeder"), on_answer)
            text = ws.message(type="text", to=name, content=f"{self.load.rng.getrandbits(4096):01024x}" * 24)
            while not offline.is_set() and await self.load.pause(0.1):
                await feeder.writable.wait()
                feeder.send(text)
            if offline.is_set():
                self.load.counts["slow"] += 1
            slow.transport.abort()
            feeder.close()
            await asyncio.wait_for(feeder.closed, LONG)
