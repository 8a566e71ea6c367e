"""The same frames in any segments: what a client says must not depend on how TCP cuts it. Whole frames are read where
they lie, all others are put together; a stream that goes back and forth between the two ways finds where they differ.
"""

import json
import random

import pytest

from support.raw import CONTINUATION, PING, PONG, TEXT, make_frame
from support.waiting import Deadline

SIZES = [0, 1, 124, 125, 126, 127, 1000, 4095, 4096, 4097, 65535, 65536, 65537, 200_000]
WEIGHTS = [6, 6, 6, 6, 6, 6, 6, 4, 4, 4, 1, 1, 1, 1]


class Stream:
    """Frames that a client sends, and what it must get for them: answers to its pings and its own messages."""

    def __init__(self, rng, messages):
        self.rng = rng
        self.data = b""
        self.expected = []
        for number in range(messages):
            self.add_message(number)
            if rng.random() < 0.3:
                self.add_ping()

    def frame(self, opcode, payload, fin=True):
        self.data += make_frame(opcode, payload, fin=fin, mask=self.rng.randbytes(4))

    def add_ping(self):
        payload = self.rng.randbytes(self.rng.choice([0, 1, 4, 125]))
        self.frame(PING, payload)
        self.expected.append(payload)

    def add_message(self, number):
        size = self.rng.choices(SIZES, WEIGHTS)[0]
        text = self.rng.choice(["x", "é", "漢", "😀"])
        content = [number, text * (size // len(text.encode()))]
        message = {"type": "text", "to": "me", "content": content}
        payload = json.dumps(message, ensure_ascii=self.rng.random() < 0.2).encode()
        pieces = self.rng.choice([1, 1, 1, 2, 3, 7])
        cuts = sorted(self.rng.randrange(len(payload) + 1) for _ in range(pieces - 1))
        for i, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(payload)])):
            self.frame(CONTINUATION if i else TEXT, payload[begin:end], fin=i == pieces - 1)
            if i < pieces - 1 and self.rng.random() < 0.5:
                self.add_ping()
        self.expected.append(content)

    def segments(self, before=b""):
        """The bytes in pieces: many tiny ones, some that hold several frames, some at the edge of a frame."""
        data, at = before + self.data, 0
        while at < len(data):
            size = self.rng.choice([1, 1, 2, 3, 5, 6, 7, 13, 14, 100, 4096, 70_000, 300_000])
            yield data[at : at + size]
            at += size


def received(client, count):
    deadline = Deadline(120)
    found = []
    while len(found) < count:
        frame = client.read_frame(deadline.left())
        if frame.opcode == PONG:
            found.append(frame.payload)
        else:
            assert frame.opcode == TEXT and frame.fin, frame
            found.append(json.loads(frame.payload)["content"])
    return found


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway(
        {
            "wsc": {
                "message_buffer_size": 100000,
                "performance": {"max_queue_size": 1024 * 1024, "reactor_buffer_size": 64, "read_buffer_size": 1},
            }
        }
    )


@pytest.mark.parametrize("seed", range(30))
def test_any_segments(running, seed):
    stream = Stream(random.Random(seed), messages=60)
    with running.connect("me") as client:
        for segment in stream.segments():
            client.send(segment, seconds=60)
        assert received(client, len(stream.expected)) == stream.expected
        client.close()
    running.wait_for_connections(0)


@pytest.mark.parametrize("seed", range(30, 45))
def test_any_segments_with_the_handshake_among_them(running, seed):
    stream = Stream(random.Random(seed), messages=20)
    with running.connect("me", greeting=False, in_segments=stream.segments) as client:
        assert client.receive()["type"] == "connected"
        assert received(client, len(stream.expected)) == stream.expected
        client.close()
    running.wait_for_connections(0)
