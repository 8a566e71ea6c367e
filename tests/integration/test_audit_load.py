"""audit under load: every message of many clients is a line of its file, whatever the reactors do at once."""

import asyncio
import collections
import json
import signal

import pytest

from support.library_client import connected, hear, play
from support.waiting import eventually

PAIRS, EACH = 10, 2000


def lines_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def talk(sender, receiver, name):
    """EACH messages, 100 under way."""
    for start in range(0, EACH, 100):
        for number in range(start, start + 100):
            await sender.send(json.dumps({"type": "text", "to": name, "content": number}))
        for number in range(start, start + 100):
            assert (await hear(receiver))["content"] == number


async def everyone_talks(running):
    async def pair(number):
        name = f"to-{number}"
        async with connected(running, f"from-{number}") as sender, connected(running, name) as receiver:
            await talk(sender, receiver, name)

    await asyncio.gather(*(pair(number) for number in range(PAIRS)))


@pytest.mark.parametrize("threads", [1, 3])
def test_none_of_20000_messages_is_missing(gateway, threads):
    config = {"file": "audit.jsonl", "content": True, "buffer_size_kb": 65536}
    running = gateway(
        {"wsc": {"performance": {"io_threads": threads}}, "plugins": {"load": [{"name": "audit", "config": config}]}}
    )
    play(everyone_talks(running), seconds=120)
    running.stop()
    lines = lines_of(running.config_file.parent / "audit.jsonl")
    said = collections.defaultdict(list)
    for line in lines:
        if line["event"] == "message.received":
            said[line["user_id"]].append(line["content"])
    assert said == {f"from-{number}": list(range(EACH)) for number in range(PAIRS)}
    events = collections.Counter(line["event"] for line in lines)
    assert (events["client.connected"], events["client.disconnected"]) == (2 * PAIRS, 2 * PAIRS)
    msg_ids = [line["msg_id"] for line in lines if line["event"] == "message.received"]
    assert len(set(msg_ids)) == PAIRS * EACH


def test_none_is_missing_while_the_file_is_rotated(gateway):
    """As logrotate does it: rename, SIGUSR1, again and again while messages go on."""
    config = {"file": "audit.jsonl", "content": True, "buffer_size_kb": 65536}
    running = gateway({"plugins": {"load": [{"name": "audit", "config": config}]}})
    folder = running.config_file.parent
    path = folder / "audit.jsonl"
    with running.connect("alice", "a1") as alice:
        for turn in range(10):
            for number in range(100):
                alice.send_json({"type": "text", "to": "alice", "content": turn * 100 + number})
            path.rename(folder / f"audit.{turn}.jsonl")
            running.signal(signal.SIGUSR1)
            eventually(path.exists, "a new audit file")
            for _ in range(100):
                alice.receive()
        alice.close()
    running.stop()
    lines = []
    for file in [folder / f"audit.{turn}.jsonl" for turn in range(10)] + [path]:
        lines += [line["content"] for line in lines_of(file) if line["event"] == "message.received"]
    assert lines == list(range(1000))
