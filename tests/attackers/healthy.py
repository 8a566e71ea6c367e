#!/usr/bin/env python3
"""The healthy client, in a process of its own: alice sends bob a message a hundred times a second, whether the last one
arrived or not, and notes how long each took. On standard input: `report` (prints what was noted since the last report, as
JSON), `hold` (sends nothing), `go`, `end`."""

import json
import os
import pathlib
import re
import select
import ssl
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from support.raw import PONG, TEXT, RawWebSocket, make_frame  # noqa: E402

INTERVAL_S = 0.01
MESSAGE = re.compile(rb'"from":"healthy-alice",[^{}]*"content":(\d+)}')


class Healthy:
    def __init__(self, host, port, cafile):
        tls = ssl.create_default_context(cafile=cafile) if cafile else None
        self.alice = RawWebSocket(host, port, query={"user_id": "healthy-alice"}, tls=tls)
        self.bob = RawWebSocket(host, port, query={"user_id": "healthy-bob"}, tls=tls)
        self.alice.receive()
        self.bob.receive()
        self.number = self.arrived = 0
        self.sent_at = {}
        self.took = []
        self.sending = True
        self.rest = b""

    def send(self):
        self.sent_at[self.number] = time.monotonic()
        text = '{"type":"text","to":"healthy-bob","content":%d}' % self.number
        self.alice.send(make_frame(TEXT, text))
        self.number += 1

    def read(self, client):
        """Looks for alice's messages in whatever came. Frames are not parsed: of a flood that reaches everyone, this must
        be able to take as much as a client in another language would."""
        data = client.socket.recv(1 << 20)
        while getattr(client.socket, "pending", int)():
            data += client.socket.recv(1 << 20)
        if not data:
            raise SystemExit("the healthy client was closed")
        if client is not self.bob:
            return
        data = self.rest + data
        end = 0
        for found in MESSAGE.finditer(data):
            self.take(int(found.group(1)))
            end = found.end()
        self.rest = data[max(end, len(data) - 500) :]

    def take(self, number):
        if number != self.arrived:
            raise SystemExit(f"the healthy client got message {number} instead of {self.arrived}")
        self.arrived += 1
        self.took.append(time.monotonic() - self.sent_at.pop(number))

    def sign_of_life(self):
        """Bob says nothing else; server's pings are not looked for."""
        self.bob.send(make_frame(PONG, b""))

    def report(self):
        now = time.monotonic()
        # What is under way counts as long as it already took.
        took = sorted(self.took + [now - sent for sent in self.sent_at.values()])
        self.took = []
        at = lambda part: round(took[min(len(took) - 1, int(len(took) * part))] * 1000, 2) if took else None  # noqa: E731
        print(json.dumps({"count": len(took), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1)}), flush=True)

    def run(self):
        next_send = time.monotonic()
        while True:
            wait = max(0.0, next_send - time.monotonic()) if self.sending else 1.0
            for ready in select.select([self.alice.socket, self.bob.socket, sys.stdin], [], [], wait)[0]:
                if ready is not sys.stdin:
                    self.read(self.alice if ready is self.alice.socket else self.bob)
                    continue
                command = sys.stdin.readline().strip()
                if command == "report":
                    self.report()
                elif command in ("hold", "go"):
                    self.sending, next_send = command == "go", time.monotonic()
                    print("{}", flush=True)
                else:
                    return
            if self.sending and time.monotonic() >= next_send:
                self.send()
                if self.number % 50 == 0:
                    self.sign_of_life()
                next_send = max(next_send + INTERVAL_S, time.monotonic() - 1)


if __name__ == "__main__":
    try:
        os.nice(-5)  # this client's machine is not the one under attack
    except PermissionError:
        pass
    Healthy(sys.argv[1], int(sys.argv[2]), sys.argv[3]).run()
