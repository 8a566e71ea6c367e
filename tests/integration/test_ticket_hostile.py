"""Frames of tickets with anything in any field, from customers, agents and supervisors at once: each is answered in words, and
nothing fails."""

import random
import threading

from support.tickets import agent, customer, supervisor, with_tickets

TYPES = (
    "create list queue info history accept decline assign transfer pause resume close reopen update invite remove leave observe "
    "unobserve note nonsense"
).split()
FIELDS = (
    "ticket_id user_id agent_id state all limit cursor order reason note content subject priority skills data queue status"
).split()
VALUES = ("", None, True, -5, 10**18, 0.5, [], ["a"] * 40, ["billing", "law"], {"a": 1}, "x" * 700, "a\tb", "\0", "urgent", "closed",
          "offered", "desc", "away", "agent1", "customer2", "3")


def any_frame(own, number, known):
    kind = own.choice(TYPES)
    type = own.choice([f"ticket_{kind}", f"ticket_{kind}", "agent_status", "agent_list", "agent_x", "text"])
    frame = {"type": type, "id": number}
    for name in own.sample(FIELDS, own.randint(0, 6)):
        frame[name] = own.choice(VALUES)
    if known and own.random() < 0.7:
        frame["ticket_id"] = own.choice(known[-30:])
    return frame


def test_anything_in_any_field(gateway, tmp_path):
    quick = {"offer_timeout": 1, "max_wait": 3, "ticket_timeout": 2, "keep_closed": 5, "reopen_window": 4, "pause_timeout": 2}
    limits = {**quick, "offer": "accept", "reassign_grace": 1, "max_history": 50}
    running = gateway(with_tickets(tmp_path, limits, io_threads=2))
    known, codes, lock = [], {}, threading.Lock()

    def acts(role, name):
        own = random.Random(name)
        for _ in range(20):
            with role(running, name, client_id=name) as one:
                for number in range(100):
                    one.send(any_frame(own, number, known))
                one.send({"type": "ping"})
                while (message := one.client.receive())["type"] != "pong":
                    with lock:
                        if message["type"] == "error":
                            assert message["content"], message
                            codes[message["code"]] = codes.get(message["code"], 0) + 1
                        elif message["type"] == "ticket_created":
                            known.append(message["ticket_id"])

    people = [(agent, f"agent{n}") for n in range(4)] + [(customer, f"customer{n}") for n in range(6)]
    threads = [threading.Thread(target=acts, args=person) for person in [*people, (supervisor, "sara"), (supervisor, "saul")]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(known) > 30
    assert set(codes) == {"invalid_message", "unknown_type", "forbidden", "not_found", "conflict"}, codes
    assert not running.log_lines(" error |plugin failed")
    counts = running.admin.get("/api/v1/tickets").json()["counts"]
    held = sum(one["tickets"] for one in running.admin.get("/api/v1/agents?limit=1000").json()["agents"])
    assert counts["queued"] >= 0 and held <= 40
