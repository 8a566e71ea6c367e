"""Attacks on the handshake: slow ones, silent ones, floods of headers, ids that collide in ordinary hash tables."""

import urllib.parse

from attack import Attack, attack, drop_all
from collisions import colliding_ids
from support.raw import make_handshake


@attack
class SlowHandshakes(Attack):
    """Slowloris: request heads that grow by a byte now and then and never end."""

    name = "slow-handshakes"
    config = {"wsc": {"performance": {"handshake_timeout": 3}}}
    memory_mb = 40  # 2,000 heads of at most 8 KB, and their connections
    log = "handshake refused.*status=408"

    def run(self, target):
        clients = [target.tcp() for _ in range(target.many(2000))]
        for client in clients:
            client.send(make_handshake(headers={"X-Slow": "s" * 3000})[:-2])
        for turn in target.turns(3):
            for client in clients:
                try:
                    client.socket.send(b"x" if turn else b"X: x")
                except OSError:
                    pass  # it was told by now
            target.pace(20)
        for client in clients:
            status = client.read_response(60).status
            assert status == 408, status
        drop_all(clients)
        return f"{len(clients)} heads, a byte at a time: each 408"


@attack
class SilentConnections(Attack):
    """TCP connections that never say a word."""

    name = "silent-connections"
    config = {"wsc": {"performance": {"handshake_timeout": 2}}}

    def run(self, target):
        clients = [target.tcp() for _ in range(target.many(3000))]
        for client in clients:
            client.read_to_end(60)
        drop_all(clients)
        return f"{len(clients)} connections without a byte: each ended"


@attack
class HeaderFlood(Attack):
    """Heads of as many headers as fit, and larger ones, as fast as they are taken."""

    name = "header-flood"
    log = "handshake refused.*status=431"

    def run(self, target):
        fits = make_handshake("/ws", {f"H{number}": "x" for number in range(700)})[:8000]
        fits = fits[: fits.rindex(b"\r\n")] + b"\r\n\r\n"
        same = make_handshake()[:-2] + b"A: b\r\n" * 1200 + b"\r\n"
        too_large = make_handshake(headers={f"X-{number}": "" for number in range(4000)})
        asked = {101: 0, 431: 0}
        for _ in target.turns():
            for head, status in ((fits, 101), (same, 101), (too_large, 431)):
                with target.tcp() as client:
                    client.send(head)
                    got = client.read_response(60).status
                    assert got == status, (got, head[:40])
                    asked[status] += 1
        return f"{asked[101]} heads of 8 KB with 700 to 1,200 headers, {asked[431]} of 48 KB (431)"


@attack
class CollidingKeys(Attack):
    """Ids and JSON keys that all fall into one bucket of a table with the standard library's hash."""

    name = "colliding-keys"
    memory_mb = 64

    def run(self, target):
        ids = colliding_ids(target.many(3000, 64))
        quoted = [urllib.parse.quote(text) for text in ids]
        clients = target.crowd(len(ids), lambda number: f"client_id={quoted[number]}&user_id={quoted[-1 - number]}")
        keys = b",".join(b'"%s":1' % text.encode() for text in ids)
        text = b'{"type":"text","to":"keys",%s}' % keys
        with target.connect("keys") as sender:
            messages = 0
            for _ in target.turns():
                sender.send_frame(1, text)
                assert len(sender.receive(60)) == len(ids) + 5, "it comes back with its stamps"
                messages += 1
        drop_all(clients)
        return f"{len(ids)} clients of colliding ids, {messages} messages with all of them as keys ({len(text) >> 10} KB)"
