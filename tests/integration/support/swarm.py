"""Many clients that send to each other as fast as they are answered, each message checked: for tests of what happens to
the gateway meanwhile. Client i sends to client i+1; messages carry their number."""

import asyncio
import json
import os

MASK = b"\0\0\0\0"


def frame(text):
    """A whole masked text frame of a client."""
    payload = text.encode()
    if len(payload) < 126:
        return bytes((0x81, 0x80 | len(payload))) + MASK + payload
    return bytes((0x81, 0xFE)) + len(payload).to_bytes(2, "big") + MASK + payload


class Talker(asyncio.Protocol):
    """One client. `check(message)` looks at each message that it gets, in order, and raises what is wrong."""

    def __init__(self, swarm, number):
        self.swarm = swarm
        self.number = number
        self.sent = 0
        self.received = 0  # by the one that this one sends to
        self.ready = asyncio.get_running_loop().create_future()
        self.transport = None
        self._bytes = b""
        self._upgraded = False
        self._ended = False

    def connection_made(self, transport):
        self.transport = transport
        transport.write(
            f"GET /ws?user_id=s{self.number}&client_id=s{self.number} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def connection_lost(self, error):
        if not self._ended:
            self.swarm.fail(f"client {self.number} lost its connection: {error}")

    def data_received(self, data):
        self._bytes += data
        if not self._upgraded:
            head, end, rest = self._bytes.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded, self._bytes = True, rest
        at = 0
        while len(self._bytes) - at >= 2:
            length, start = self._bytes[at + 1], at + 2
            if length == 126:
                if len(self._bytes) < at + 4:
                    break
                length, start = int.from_bytes(self._bytes[at + 2 : at + 4], "big"), at + 4
            if len(self._bytes) < start + length:
                break
            opcode, payload = self._bytes[at] & 0x0F, self._bytes[start : start + length]
            at = start + length
            if opcode == 1:
                self._take(json.loads(payload))
            elif opcode == 8:
                self.swarm.fail(f"client {self.number} was closed: {payload[2:].decode()}")
        self._bytes = self._bytes[at:]

    def _take(self, message):
        if message["type"] == "connected":
            self.ready.set_result(None)
            return
        self.swarm.take(self, message)

    def send_next(self):
        content = self.swarm.content(self.sent)
        to = (self.number + 1) % self.swarm.count
        self.transport.write(frame(f'{{"type":"text","to":"s{to}","content":"{content} {self.sent}"}}'))
        self.sent += 1

    def end(self):
        self._ended = True
        self.transport.close()


class Swarm:
    """`async with Swarm(running, 200, check) as swarm`: they talk until `await swarm.quiet()`.

    content(n)     what the nth message of each client begins with
    check(sender number, message number, message)   raises what is wrong with one that arrived
    """

    def __init__(self, running, count, check, content=lambda number: "plain", window=4):
        self.running = running
        self.count = count
        self.check = check
        self.content = content
        self.window = window
        self.talkers = []
        self.problems = []
        self._talking = True
        self._news = asyncio.Event()

    def fail(self, problem):
        self.problems.append(problem)
        self._news.set()

    async def __aenter__(self):
        loop = asyncio.get_running_loop()
        for number in range(self.count):
            _, talker = await loop.create_connection(lambda: Talker(self, number), self.running.host, self.running.port)
            self.talkers.append(talker)
            if number % 50 == 0:
                await talker.ready
        for talker in self.talkers:
            await talker.ready
        for talker in self.talkers:
            for _ in range(self.window):
                talker.send_next()
        return self

    async def __aexit__(self, *error):
        for talker in self.talkers:
            talker.end()

    def take(self, talker, message):
        """`talker` got a message: from the one before it, the next one that was sent."""
        sender = self.talkers[(talker.number - 1) % self.count]
        number = int(message.get("content", "? -1").split()[1])
        if number != sender.received or message.get("from") != f"s{sender.number}":
            self.fail(f"client {talker.number} got {message}, not number {sender.received} of s{sender.number}")
        sender.received += 1
        try:
            self.check(sender.number, number, message)
        except AssertionError as problem:
            self.fail(f"{message}: {problem}")
        if self._talking:
            sender.send_next()
        self._news.set()

    def total(self):
        return sum(talker.received for talker in self.talkers)

    async def until_received(self, total):
        """Until so many messages have arrived, all told."""
        while self.total() < total and not self.problems:
            self._news.clear()
            await self._news.wait()
        assert not self.problems, self.problems[:3]

    async def quiet(self):
        """Nobody sends any more, and all that was sent has arrived."""
        self._talking = False
        await self.until_received(sum(talker.sent for talker in self.talkers))


def process_numbers(pid, mapped="gatewayd-"):
    """(resident KB, open descriptors, mapped files that have `mapped` in their path) of a process."""
    with open(f"/proc/{pid}/status") as file:
        resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    with open(f"/proc/{pid}/maps") as file:
        files = {line.split(maxsplit=5)[-1].strip() for line in file if f"/{mapped}" in line}
    return resident, len(os.listdir(f"/proc/{pid}/fd")), files
