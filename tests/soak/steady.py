"""Those who stay: each is owed every message that was sent to it, once and in order, from the first to the last."""

import asyncio

from http_client import Http
from load import Client

STEADY, AGENTS = 20, 2


class Steady:
    """The clients that stay, and what they and the back end send."""

    def __init__(self, load):
        self.load = load
        self.http = Http(load.running.admin.host, load.running.admin.port)
        self.clients, self.agents = [], []
        self.connections = {}  # how many a user has

    async def connect(self):
        """All of them, before anything is sent."""
        everyone = [f"b:agent{i}" for i in range(AGENTS)] + ["b:http"]
        for i in range(STEADY):
            to_it = [f"p:{j}>{i}" for j in range(STEADY) if j != i] + [f"h:{i}"]
            # Every fifth user is there twice: both connections get all.
            for twin in ("", "'")[: 2 if i % 5 == 0 else 1]:
                self.clients.append(Client(self.load, f"steady{i}", everyone + to_it, f"steady{i}{twin}"))
            self.connections[i] = 2 if i % 5 == 0 else 1
        for i in range(AGENTS):
            to_it = [stream for stream in everyone if stream != f"b:agent{i}"]
            self.agents.append(Client(self.load, f"agent{i}", to_it, user_type="agent"))
        for place, client in enumerate(self.all()):
            await client.connect(offer=self.load.offers[place % len(self.load.offers)])

    def all(self):
        return self.clients + self.agents

    def actors(self):
        first = {client.user_id: client for client in reversed(self.clients)}
        for i in range(STEADY):
            yield self.talk(i, first[f"steady{i}"])
        for i, agent in enumerate(self.agents):
            yield self.broadcast(i, agent)
        yield self.publish()
        yield self.watch()

    async def talk(self, i, client):
        while await self.load.pause(self.load.rng.uniform(0.02, 0.3)):
            other = self.load.rng.choice([j for j in range(STEADY) if j != i])
            for _ in range(self.load.rng.choice((1, 1, 1, 5))):
                await client.send(f"p:{i}>{other}", to=f"steady{other}")

    async def broadcast(self, i, agent):
        while await self.load.pause(self.load.rng.uniform(0.05, 0.5)):
            for _ in range(self.load.rng.choice((1, 1, 1, 8))):
                await agent.send(f"b:agent{i}")

    async def publish(self):
        """A back end, which knows how many connections a message was delivered to."""
        rng, ledger = self.load.rng, self.load.ledger
        while await self.load.pause(rng.uniform(0.05, 0.3)):
            if rng.random() < 0.5:
                stream, path, at_least = "b:http", "/api/v1/broadcast", len(self.clients) + len(self.agents)
            else:
                to = rng.randrange(STEADY)
                stream, path, at_least = f"h:{to}", f"/api/v1/users/steady{to}/messages", self.connections[to]
            number = ledger.next_number(stream)
            body = {"type": "n", "s": stream, "n": number, "content": self.load.padding()}
            status, answer = await self.http.request("POST", path, body)
            if status != 200 or int(answer.split(b'"delivered":')[1].split(b"}")[0]) < at_least:
                ledger.problem(f"POST {path}: {status} {answer[:200]!r}, not delivered to {at_least}")
            self.load.counts["publishes"] += 1

    async def watch(self):
        """None of them may be closed before the end."""
        waiting = {asyncio.ensure_future(asyncio.shield(c.wire.closed)): c for c in self.all()}
        over = asyncio.ensure_future(self.load.over.wait())
        while not over.done():
            done, _ = await asyncio.wait([over, *waiting], return_when=asyncio.FIRST_COMPLETED)
            for one in done - {over}:
                client = waiting.pop(one)
                self.load.ledger.problem(f"{client.client_id} was closed: {one.exception() or one.result()}")

    async def end(self):
        """After the senders stopped: everything that was sent arrives, then they leave."""
        for client in self.all():
            if not await client.read_all():
                missing = ", ".join(f"{stream}: {count}" for stream, count in client.reader.owed()[:5])
                self.load.ledger.problem(f"{client.client_id} did not get all: {missing}")
        for client in self.all():
            if not client.wire.closed.done():
                await client.leave()
        self.http.close()
