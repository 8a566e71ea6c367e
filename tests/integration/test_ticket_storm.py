"""Tickets under everything at once: agents and customers on several reactors do at random what they may, connections break,
the gateway is killed and started again. No agent has ever more than its limit, no ticket is lost or given to two."""

import random
import threading

from support.tickets import agent, customer, with_tickets
from support.waiting import eventually

AGENTS, CUSTOMERS, LIMIT = 24, 40, 3


class Crowd:
    """Threads that act against one running gateway until it ends."""

    def __init__(self, running, seed):
        self.running = running
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.confirmed = {}  # ticket: its customer
        self.actions = 0
        people = [(agent, self.serves, f"agent{n}") for n in range(AGENTS)]
        people += [(customer, self.asks, f"customer{n}") for n in range(CUSTOMERS)]
        self.threads = [threading.Thread(target=self.live, args=person) for person in people]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()

    def live(self, role, acts, name):
        own = random.Random(f"{name} {self.random.random()}")
        while True:
            try:
                with role(self.running, name, client_id=name) as one:
                    for _ in range(own.randint(5, 60)):  # then its connection breaks
                        acts(one, own)
                        with self.lock:
                            self.actions += 1
            except Exception:  # noqa: BLE001 - the gateway was killed, which is the test
                if self.running.process.poll() is not None or self.running.admin is None:
                    return

    def asks(self, one, own):
        mine = [t["ticket_id"] for t in one.ask("ticket_list").get("tickets", [])]
        if not mine or own.random() < 0.3:
            made = one.ask("ticket_create", priority=own.choice(["low", "normal", "urgent"]))
            if made["type"] == "ticket_created":
                with self.lock:
                    self.confirmed[made["ticket_id"]] = one.user_id
            return
        ticket_id = own.choice(mine)
        if own.random() < 0.3:
            one.ask(own.choice(["ticket_close", "ticket_close", "ticket_reopen"]), ticket_id=ticket_id)
        else:
            one.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})

    def serves(self, one, own):
        mine = [t["ticket_id"] for t in one.ask("ticket_list").get("tickets", [])]
        waiting = [t["ticket_id"] for t in one.ask("ticket_queue", limit=5).get("tickets", [])]
        act = own.random()
        if act < 0.1:
            one.ask("agent_status", status=own.choice(["available", "available", "busy"]))
        elif act < 0.3 and waiting:
            one.ask("ticket_assign", ticket_id=own.choice(waiting))
        elif mine:
            ticket_id = own.choice(mine)
            frame = own.choice(["ticket_close", "ticket_pause", "ticket_resume", "ticket_transfer", "text"])
            more = own.choice([{"queue": True}, {"agent_id": f"agent{own.randrange(AGENTS)}"}])
            if frame == "text":
                one.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
            else:
                one.ask(frame, ticket_id=ticket_id, **(more if frame == "ticket_transfer" else {}))


def tickets(running, query=""):
    found, cursor = [], ""
    while cursor is not None:
        page = running.admin.get(f"/api/v1/tickets?limit=1000&cursor={cursor}{query}").json()
        found += page["tickets"]
        cursor = page["next_cursor"]
    return found


def check_limits(running):
    for one in running.admin.get("/api/v1/agents?limit=1000").json()["agents"]:
        assert one["tickets"] <= LIMIT, one


def test_exact_on_several_reactors_over_kill_9(gateway, tmp_path):
    limits = {"max_tickets_per_agent": LIMIT, "reassign_grace": 0, "max_tickets_per_customer": 3}
    confirmed = {}
    for turn in range(3):
        running = gateway(with_tickets(tmp_path, limits, io_threads=2))
        kept = {t["ticket_id"]: t for t in tickets(running)}
        for ticket_id, name in confirmed.items():
            assert kept[ticket_id]["customer"] == name  # nothing that was confirmed is lost
        crowd = Crowd(running, turn)
        for number in range(1, 11):
            eventually(lambda: crowd.actions > number * 150, "the crowd acts", seconds=60)  # noqa: B023
            check_limits(running)
        running.kill()
        crowd.join()
        confirmed.update(crowd.confirmed)
    assert len(confirmed) > 200
    # At last everybody is there, free and calm: all that waited is with an agent, or the agents are full.
    running = gateway(with_tickets(tmp_path, limits, io_threads=2))
    people = [agent(running, f"agent{number}") for number in range(AGENTS)]
    for one in people:
        one.ask("agent_status", status="available")
    counts = running.admin.get("/api/v1/tickets").json()["counts"]
    held = sum(a["tickets"] for a in running.admin.get("/api/v1/agents?limit=1000").json()["agents"])
    assert held == counts["active"] + counts["paused"] and counts["offered"] == 0
    assert counts["queued"] + counts["reopened"] == 0 or held == AGENTS * LIMIT
    check_limits(running)
    by_agent = {}
    for one in tickets(running, "&state=open"):
        by_agent.setdefault(one.get("agent_id"), []).append(one["ticket_id"])
    for one in people:
        own = [t["ticket_id"] for t in one.asks("ticket_list", "ticket_list")["tickets"]]
        assert own == by_agent.get(one.user_id, [])
        one.close()
