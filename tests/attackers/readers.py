"""Attacks by not reading: what waits for such clients is bounded, and nobody else waits with them."""

import random

from attack import Attack, attack, drop_all, mb, pour
from support.raw import TEXT, make_frame
from support.waiting import Deadline, eventually


@attack
class DeafToBroadcasts(Attack):
    """Clients that never read while everybody is sent broadcasts of 16 KB."""

    name = "deaf-to-broadcasts"
    config = {"wsc": {"message_buffer_size": 100000, "performance": {"max_queue_size": 1024}}}
    memory_mb = 64  # they share the broadcasts: the queues of one are the memory of all
    log = "slow client.*action=disconnect"

    def run(self, target):
        clients = target.crowd(target.many(200, 5), receive_buffer=4096)
        names = len(clients)
        sent = 0
        text = "b" * 16_000
        left = lambda: target.admin.metric("gateway_slow_client_total", action="disconnect") < names  # noqa: E731
        while left():
            for _ in range(20):
                target.admin.broadcast({"type": "text", "content": text})
                sent += 1
                target.pace(100)
            assert sent < 20_000, "they may be deaf for ever"
        drop_all(clients)
        return f"{sent} broadcasts of 16 KB to {names} clients that do not read: each closed (1013)"

    def check(self, running):
        eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing waits")


@attack
class Hoarders(Attack):
    """Clients that send to themselves and never read, where the oldest is dropped: each fills what it may."""

    name = "hoarders"
    config = {
        "wsc": {
            "message_buffer_size": 100000,
            "performance": {"max_queue_size": 1024, "slow_client": "drop_oldest", "write_stall_timeout": 600},
        }
    }
    memory_mb = 40 * 1.5 + 16  # connections * max_queue_size, by what an allocator wastes, and the reactors' buffers
    log = "slow client.*action=drop_oldest"

    def run(self, target):
        clients = target.crowd(target.many(40, 3), lambda number: f"user_id=h{number}&client_id=h{number}", receive_buffer=4096)
        taken = 0
        texts = [self.text_of(number) for number in range(len(clients))]
        # One is filled after the other: their own messages must be their own memory, not one turn's.
        for client, text in zip(clients, texts):
            taken += pour([client], text, Slice(target, target.seconds / len(clients)))
        deadline = Deadline(60)
        while target.admin.metric("gateway_slow_client_total", action="drop_oldest") == 0:
            assert not deadline.over(), "nothing was dropped"
            for client, text in zip(clients, texts):
                taken += pour([client], text, Slice(target, 0.1))
        assert target.running.connections() >= len(clients), "somebody was closed"
        drop_all(clients)
        return f"{mb(taken)} to themselves by {len(clients)} clients that do not read"

    @staticmethod
    def text_of(number):
        text = '{"type":"text","to":"h%d","content":"%s"}' % (number, f"{random.getrandbits(4000):01000x}")
        return make_frame(TEXT, text) * 50


@attack
class HoardersTogether(Hoarders):
    """The same by more of them than the node has memory for (max_outbound_memory)."""

    name = "hoarders-together"
    config = {
        "wsc": {
            "message_buffer_size": 100000,
            "performance": {**Hoarders.config["wsc"]["performance"], "max_queue_size": 65536, "max_outbound_memory": 16},
        }
    }
    memory_mb = 2 * 16 + 16
    log = "max_outbound_memory is used up"


class Slice:
    """A part of a target's time."""

    def __init__(self, target, seconds):
        self._target, self._seconds = target, seconds

    def turns(self):
        return self._target.turns(self._seconds)

    def pace(self, per_second):
        self._target.pace(per_second)


@attack
class BroadcastStorm(Attack):
    """60 agents that broadcast as fast as they are taken, and read nothing, on four reactors."""

    name = "broadcast-storm"
    config = {"wsc": {"performance": {"io_threads": 4, "slow_client": "drop_newest", "max_queue_size": 512}}}
    memory_mb = 128
    in_tests = False  # a client in Python that parses every frame would be a slow one itself

    def run(self, target):
        clients = target.crowd(
            target.many(60, 8), lambda number: f"user_id=agent{number}&user_type=agent", receive_buffer=4096
        )
        text = make_frame(TEXT, '{"type":"text","content":"%s"}' % ("x" * 100))
        taken = pour(clients, text * 8000, target)
        drop_all(clients)
        return f"{taken // len(text):,} broadcasts by {len(clients)} agents that do not read"
