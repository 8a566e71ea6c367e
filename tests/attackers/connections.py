"""Attacks with connections: very many, coming and going, cut off in the middle, more than there are descriptors."""

import random
import resource

from attack import Attack, attack, drop_all
from support.raw import TEXT, Ended, make_frame, make_handshake
from support.waiting import Deadline, eventually


@attack
class Crowd(Attack):
    """5,000 connections from one address, all of one user, who then leave in one moment."""

    name = "crowd"
    memory_mb = 40

    def run(self, target):
        clients = target.crowd(target.many(5000), lambda number: "user_id=crowd")
        for client in clients:
            assert b'"connected"' in client.read_until(b"}", Deadline(60))
        drop_all(clients, reset=True)
        return f"{len(clients)} connections from one address, one user; all reset at once"


@attack
class FullAddress(Attack):
    """The same, where one address may have a hundred."""

    name = "full-address"
    config = {"wsc": {"performance": {"max_connections_per_address": 100}}}
    log = "handshake refused.*status=503.*reason=address_full"

    def run(self, target):
        clients, refused, dropped = [], 0, 0
        for _ in range(target.many(5000, 300)):
            client = target.tcp(source="127.0.0.9")
            client.send(make_handshake())
            try:
                status = client.read_response(60).status
            except Ended:
                status = None
            if status == 101:
                clients.append(client)
                continue
            assert status in (503, None), status
            refused, dropped = refused + (status == 503), dropped + (status is None)
            client.drop()
        assert len(clients) == 100, len(clients)
        drop_all(clients)
        return f"100 were let in, {refused} got 503, {dropped} were cut off"


@attack
class Churn(Attack):
    """Connections that come and go in every way, as fast as they are let in."""

    name = "churn"

    def run(self, target):
        rng = random.Random(1)
        half = make_frame(TEXT, b"x" * 5000)[:2500]
        ways = [
            lambda client: client.close(),
            lambda client: client.drop(),
            lambda client: client.reset(),
            lambda client: client.send_frame(3),
            lambda client: client.send_frame(TEXT, b"\xff"),
            lambda client: client.send(half),
            lambda client: client.finish_sending(),
        ]
        count = 0
        for _ in target.turns():
            with target.connect(f"churn{count % 100}", greeting=count % 2 == 0) as client:
                if client.greeting or count % 3:
                    rng.choice(ways[1:] if not client.greeting else ways)(client)
            count += 1
        return f"{count} connections"


@attack
class Resets(Attack):
    """RST in the middle of everything: the TCP handshake's end, the request head, a frame, a message, an answer."""

    name = "resets"

    def run(self, target):
        head = make_handshake("/ws?user_id=reset")
        message = make_frame(TEXT, b'{"type":"text","to":"reset","content":"' + b"c" * 3000 + b'"}')
        whole = head + message * 3 + make_frame(TEXT, b"part", fin=False)
        rng = random.Random(2)
        count = 0
        for _ in target.turns():
            client = target.tcp()
            client.send(whole[: rng.randrange(len(whole) + 1)])
            if count % 2:
                target.pace(2000)
            client.reset()
            count += 1
        return f"{count} connections, reset after 0 to {len(whole)} bytes"


@attack
class OutOfFiles(Attack):
    """More connections than the process may have descriptors (EMFILE)."""

    name = "out-of-files"
    log = "cannot accept connections for now"
    limit = 200

    def prepare_child(self):
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.limit, self.limit))

    def run(self, target):
        clients = [target.tcp() for _ in range(self.limit * 3)]
        for client in clients:
            client.send(make_handshake())
        for _ in target.turns():
            target.pace(10)
        drop_all(clients)
        # And it recovers by itself.
        eventually(lambda: self.let_in(target), "a newcomer is let in", 60)
        return f"{len(clients)} connections for {self.limit} descriptors; newcomers wait, then come in"

    @staticmethod
    def let_in(target):
        with target.tcp() as client:
            client.send(make_handshake())
            try:
                return client.read_response().status == 101
            except (Ended, AssertionError):
                return False
