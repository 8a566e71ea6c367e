"""Attacks through compression and TLS: bombs, and handshakes that cost the server more than the client."""

import zlib

from attack import Attack, attack, drop_all
from support.certificates import Certificates, hello_of, trusting
from support.raw import TEXT, make_frame

MB = 1024 * 1024


def deflated(data):
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (machine.compress(data) + machine.flush(zlib.Z_SYNC_FLUSH))[:-4]


@attack
class DeflateBombs(Attack):
    """Compressed messages of 100 KB that want to become 100 MB, whole and in fragments."""

    name = "deflate-bombs"
    config = {"wsc": {"performance": {"enable_compression": True}}}
    offer = "permessage-deflate"

    def run(self, target):
        bomb = deflated(b" " * (100 * MB))
        pieces = [bomb[at : at + 1000] for at in range(0, len(bomb), 1000)]
        fragments = b"".join(
            make_frame(0 if at else TEXT, piece, fin=at == len(pieces) - 1, rsv=0 if at else 4)
            for at, piece in enumerate(pieces)
        )
        whole = make_frame(TEXT, bomb, rsv=4)
        count = 0
        for turn in target.turns():
            with target.connect(f"bomber{turn}", deflate=self.offer) as client:
                client.send(fragments if turn % 2 else whole)
                client.expect_close(1009, 60)
            count += 1
        return f"{count} messages of {len(bomb) >> 10} KB that inflate to 100 MB: each 1009"


@attack
class TlsHandshakes(Attack):
    """TLS handshakes that stop in the middle, garbage in place of them, and whole ones as fast as they are made."""

    name = "tls-handshakes"
    config = {"wsc": {"performance": {"handshake_timeout": 3}}}
    memory_mb = 48
    log = "TLS handshake refused|handshake refused"
    max_lines = 30

    def prepare(self, folder):
        cert, key = Certificates(folder).make("localhost")
        self.config = {"wsc": {**self.config["wsc"], "tls": {"cert": str(cert), "key": str(key)}}}
        self.cafile = str(cert)
        self.tls = trusting(cert)
        return True

    def run(self, target):
        hello = hello_of(self.tls)
        stuck = [target.tcp() for _ in range(target.many(500))]
        for number, client in enumerate(stuck):
            client.send(hello if number % 2 else hello[: len(hello) // 2])
        whole = 0
        for turn in target.turns():
            with target.connect(f"shaker{turn}"):
                whole += 1
            with target.tcp() as client:
                client.send(b"\x16\x03\x01\x02\x00" + b"\xee" * 512)
                client.read_to_end(60)
        for client in stuck:
            client.read_to_end(60)
        drop_all(stuck)
        return f"{whole} whole handshakes, as much garbage, {len(stuck)} that stopped in the middle"
