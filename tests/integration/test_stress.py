"""Everything at once on four reactors: clients that come, talk, are replaced, are kicked and go in every way, while back
ends send and ask. Afterwards nothing is left, and the log tells a true story of each connection."""

import json
import random
import re
import threading

from support.raw import TEXT, make_frame
from support.waiting import Deadline, eventually

USERS, CLIENTS, THREADS, ROUNDS = 6, 9, 6, 250


def live(running, seed, failures):
    """One thread's clients: some stay open for a while, a few never read."""
    rng = random.Random(seed)
    held = []
    try:
        for turn in range(ROUNDS):
            client = running.connect(
                user_id=f"user{rng.randrange(USERS)}",
                client_id=rng.choice([None, f"client{rng.randrange(CLIENTS)}"]),
                user_type=rng.choice(["customer", "agent"]),
                refused=True,
                greeting=False,
            )
            assert client.response.status in (101, 409), client.response
            if client.response.status == 101:
                talk(client, rng, turn)
            held.append(client)
            if len(held) > 4:
                leave(held.pop(rng.randrange(len(held))), rng)
    except Exception as failure:  # told by the test itself: this is another thread
        failures.append(failure)
    finally:
        for client in held:
            client.drop()


def talk(client, rng, turn):
    frames = []
    for _ in range(rng.randrange(8)):
        message = {"type": "text", "content": turn, "data": "d" * rng.choice([10, 1000, 20_000])}
        if rng.random() < 0.7:
            message["to"] = f"user{rng.randrange(USERS)}"
        frames.append(make_frame(TEXT, json.dumps(message)))
    try:
        client.send(b"".join(frames))
    except (BrokenPipeError, ConnectionResetError):
        pass  # replaced or kicked meanwhile


def leave(client, rng):
    try:
        rng.choice(
            [
                client.drop,
                client.reset,
                lambda: client.send_frame(8),
                lambda: client.send_frame(3),
                lambda: client.send_frame(TEXT, b"\xff"),
                lambda: client.send(make_frame(TEXT, b"x" * 500)[:100]),
            ]
        )()
    except (BrokenPipeError, ConnectionResetError):
        pass
    client.drop()


def operate(running, seed, failures, over):
    """A back end and an operator."""
    rng = random.Random(seed)
    admin = running.admin
    try:
        while not over.is_set():
            client_id, user_id = f"client{rng.randrange(CLIENTS)}", f"user{rng.randrange(USERS)}"
            rng.choice(
                [
                    lambda: admin.kick(client_id),
                    lambda: admin.broadcast({"type": "text", "content": "all"}),
                    lambda: admin.send_to_user(user_id, {"type": "text", "content": "one"}),
                    lambda: admin.get("/api/v1/clients?limit=3"),
                    lambda: admin.get(f"/api/v1/users/{user_id}"),
                    lambda: admin.get(f"/api/v1/clients/{client_id}"),
                    admin.stats,
                    lambda: admin.get("/metrics"),
                ]
            )()
    except Exception as failure:
        failures.append(failure)


def test_everything_at_once(gateway):
    running = gateway(
        {
            "wsc": {"message_buffer_size": 64, "performance": {"io_threads": 4, "max_queue_size": 512}},
            "log": {"max_connection_lines": 0},
        }
    )
    failures, over = [], threading.Event()
    operator = threading.Thread(target=operate, args=(running, 0, failures, over))
    threads = [threading.Thread(target=live, args=(running, seed, failures)) for seed in range(1, THREADS + 1)]
    with running.connect("bystander", "bystander") as bystander:
        for thread in [operator, *threads]:
            thread.start()
        deadline = Deadline(120)
        for thread in threads:
            thread.join(deadline.left())
            assert not thread.is_alive()
        over.set()
        operator.join(deadline.left())
        assert not failures, failures
        # One that only listened, and was fast enough or was told that it was not, is no worse for it.
        bystander.drop()
    nothing_is_left(running)
    the_log_is_true(running)
    running.check_health()


def nothing_is_left(running):
    eventually(lambda: running.connections() == 0, "all are gone", 60)
    assert running.admin.get("/api/v1/clients").json()["clients"] == []
    for number in range(USERS):
        assert running.admin.get(f"/api/v1/users/user{number}").json()["online"] is False
    eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing waits")


def the_log_is_true(running):
    """Of each connection: connected, then disconnected, once. Of each client id: one connection after the other."""
    total = running.admin.stats()["total_connections"]
    running.wait_for_log("client disconnected", count=total)
    story, holders = {}, {}
    for line in running.log_lines("client (connected|disconnected)"):
        what = re.search(r"client (\w+)", line).group(1)
        connection = re.search(r"connection_id=(\d+)", line).group(1)
        client = re.search(r"client_id=(\S+)", line).group(1)
        story.setdefault(connection, []).append(what)
        if what == "connected":
            assert client not in holders, f"{client} is connected twice: {line}"
            holders[client] = connection
        else:
            assert holders.pop(client) == connection, line
    assert len(story) == total
    assert all(events == ["connected", "disconnected"] for events in story.values())
    assert not holders
