"""What the actors share: the daemon, the ledger, the dice, the end; and the ordinary client that most of them are."""

import asyncio
import collections
import json
import random

import wire as ws
from ledger import Ledger, Reader

LONG = 60.0  # what takes longer than this did not happen


class Load:
    def __init__(self, running, offers, tls_files, seed):
        self.running = running
        self.offers = offers  # names in wire.OFFERS
        self.tls_files = tls_files  # features.TlsFiles, or None
        self.rng = random.Random(seed)
        self.ledger = Ledger()
        self.over = asyncio.Event()  # nobody begins anything new
        self.counts = collections.Counter()
        self.names = 0

    def new_name(self, kind):
        self.names += 1
        return f"{kind}{self.names}"

    async def pause(self, seconds):
        """False: it is over."""
        try:
            await asyncio.wait_for(self.over.wait(), seconds)
            return False
        except asyncio.TimeoutError:
            return True

    def padding(self):
        """Text as messages have it: mostly short, now and then long; some of it worth compressing."""
        size = self.rng.choice((0, 10, 50, 100, 100, 300, 1000, 4000))
        if self.rng.random() < 0.01:
            size = 100_000
        word = f"{self.rng.getrandbits(64):016x}"
        return ((word + " is said again and again, ") * (size // 40 + 1))[:size]

    async def connect(self, user_id, on_message, client_id=None, user_type="customer", **options):
        query = f"user_id={user_id}&user_type={user_type}" + (f"&client_id={client_id}" if client_id else "")
        options.setdefault("offer", self.rng.choice(self.offers))
        options.setdefault("tls", self.tls_files.client if self.tls_files else None)
        self.counts["connects"] += 1
        return await ws.Wire.connect(self.running.host, self.running.port, query, on_message, **options)


class Client:
    """A well-behaved client: what it is sent goes to its Reader, an error frame is a problem."""

    def __init__(self, load, user_id, from_start=(), client_id=None, user_type="customer"):
        self.load, self.user_id, self.client_id, self.user_type = load, user_id, client_id or user_id, user_type
        self.reader = Reader(load.ledger, self.client_id, from_start)
        self.greeted = asyncio.Event()
        self.news = asyncio.Event()  # something arrived
        self.wire = None

    async def connect(self, **options):
        self.wire = await self.load.connect(
            self.user_id, self._on_message, self.client_id, self.user_type, **options
        )
        await asyncio.wait_for(self.greeted.wait(), LONG)

    def _on_message(self, text):
        said = json.loads(text)
        kind = said["type"]
        if kind == "n":
            self.reader.take(said["s"], said["n"])
        elif kind == "connected":
            self.greeted.set()
        elif kind == "error":
            self.load.ledger.problem(f"{self.client_id} got an error: {text[:200]}")
        self.news.set()

    async def send(self, stream, **to):
        """The next message of a stream. Waits while the socket takes no more, as a good client does."""
        await self.wire.writable.wait()
        number = self.load.ledger.next_number(stream)
        self.wire.send(ws.message(type="n", s=stream, n=number, content=self.load.padding(), **to))

    async def read_all(self, *streams):
        """Until it got all that was sent, of these streams or of every one; False: it did not, in a long time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONG
        while self.reader.owed(*streams):
            self.news.clear()
            left = deadline - loop.time()
            if left <= 0 or self.wire.closed.done():
                return False
            try:
                await asyncio.wait_for(self.news.wait(), min(left, 1.0))
            except asyncio.TimeoutError:
                continue
        return True

    async def leave(self):
        """The whole closing handshake."""
        self.wire.close()
        code = await asyncio.wait_for(self.wire.closed, LONG)
        if code != 1000:
            self.load.ledger.problem(f"{self.client_id} closed with 1000 and was answered {code}")
