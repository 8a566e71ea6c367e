"""Attacks with frames: slow ones, tiny ones, floods of control frames, messages that are deeper than they are long."""

from attack import Attack, attack, drop_all, mb, pour, swallow
from support.raw import CLOSE, CONTINUATION, PING, TEXT, Ended, close_payload, make_frame


@attack
class SlowFrames(Attack):
    """Slowloris behind the handshake: messages of 1 MB are announced and come a byte at a time."""

    name = "slow-frames"
    config = {"wsc": {"heartbeat_interval": 1, "client_timeout": 3}}

    def run(self, target):
        clients = target.crowd(target.many(1000))
        for client in clients:
            client.send(make_frame(TEXT, b"{", length=1_000_000, length_bytes=8))
        for _ in target.turns(max(target.seconds, 4)):
            for client in clients:
                try:
                    client.socket.send(b" ")
                except OSError:
                    pass  # it was closed by now
            target.pace(20)
        for client in clients:
            rest = client.read_to_end(60)
            assert b"\x03\xf0timeout: no frame within client_timeout" in rest, rest[-100:]
        drop_all(clients)
        return f"{len(clients)} messages of 1 MB, a byte at a time: each 1008"


@attack
class TinyFragments(Attack):
    """Messages in fragments of one byte, and in continuation frames with nothing in them, without an end."""

    name = "tiny-fragments"
    config = {"wsc": {"security": {"max_message_size": 4096}, "performance": {"max_fragments": 65536}}}

    def run(self, target):
        messages = 0
        kinds = (make_frame(CONTINUATION, b" ", fin=False), make_frame(CONTINUATION, b"", fin=False))
        for turn in target.turns():
            with target.connect(f"tiny{turn}") as client:
                client.send_frame(TEXT, b"{", fin=False)
                block = kinds[turn % 2] * 4096
                try:
                    for _ in range(20):
                        client.send(block)
                except ConnectionError:
                    pass
                rest = client.read_to_end(60)
                assert b"\x03\xf1" in rest, rest
                messages += 1
        return f"{messages} messages of 65,536 fragments of 0 or 1 bytes: each 1009 at max_fragments"


@attack
class DeepJson(Attack):
    """JSON that is nothing but depth, up to the size that a message may have."""

    name = "deep-json"

    def run(self, target):
        size = 1 << 20
        deep = [b"[" * size, (b'{"a":' * size)[:size], b'{"type":"text","to":"x","data":' + b"[" * (size - 100)]
        sent = 0
        with target.connect("deep") as client:
            for _ in target.turns():
                for text in deep:
                    client.send_frame(TEXT, text)
                    client.expect_error("invalid_message", 60)
                    sent += len(text)
        return f"{mb(sent)} of brackets: each invalid_message"


@attack
class PingFlood(Attack):
    """WebSocket pings as fast as they are taken, from clients that read the pongs and from clients that do not."""

    name = "ping-flood"
    memory_mb = 64  # 8 connections of max_queue_size
    config = {"wsc": {"performance": {"max_queue_size": 1024}}}

    def run(self, target):
        flood = make_frame(PING, b"p" * 125) * 400
        readers = target.crowd(4, lambda number: f"user_id=polite{number}")
        deaf = target.crowd(4, lambda number: f"user_id=deaf{number}", receive_buffer=4096)
        taken = 0
        rest = {client: memoryview(flood) for client in readers + deaf}
        for _ in target.turns():
            for client in list(rest):
                client.socket.setblocking(False)
                try:
                    sent = client.socket.send(rest[client])
                    taken += sent
                    rest[client] = rest[client][sent:] or memoryview(flood)
                except BlockingIOError:
                    pass
                except OSError:
                    del rest[client]
                    continue
                if client in readers and not swallow(client):
                    raise AssertionError("a client that reads its pongs was closed")
        drop_all(readers + deaf)
        return f"{taken // 131:,} pings of 125 bytes; who did not read was closed"

    def check(self, running):
        running.wait_for_log("client disconnected.*user_id=deaf.*(slow_client|connection_lost)", count=4)


@attack
class CloseFlood(Attack):
    """Close frames by the thousand on one connection, and one connection after the other that only closes."""

    name = "close-flood"

    def run(self, target):
        flood = make_frame(CLOSE, close_payload(1000)) * 20_000
        connections = 0
        for _ in target.turns():
            with target.connect("closer") as client:
                try:
                    client.send(flood)
                except ConnectionError:
                    pass
                try:
                    assert client.read_frame(60).close_code() == 1000
                    rest = client.read_to_end(60)
                    assert rest == b"", rest
                except Ended:
                    pass  # reset: it had more to say than anybody wanted to read
            for number in range(20):
                with target.connect(f"closer{number}") as client:
                    client.close()
            connections += 21
        return f"{connections} connections, some with 20,000 close frames: each answered once"


@attack
class ErrorFlood(Attack):
    """What is no message, in frames of two bytes, by clients that read none of the answers."""

    name = "error-flood"
    memory_mb = 48  # 16 connections of max_queue_size
    config = {"wsc": {"performance": {"max_queue_size": 1024}}}

    def run(self, target):
        clients = target.crowd(16, lambda number: f"user_id=deaf{number}", receive_buffer=4096)
        taken = pour(clients, make_frame(TEXT, b"[]") * 5000, target)
        drop_all(clients)
        return f"{taken // 8:,} frames, from 16 clients that do not read"

    def check(self, running):
        running.wait_for_log("client disconnected.*user_id=deaf.*(slow_client|connection_lost)", count=16)
