"""Tickets over HTTP, as a back end has them: docs/tickets.md, "For back ends"."""

import json

import pytest

from support.exposition import read_exposition
from support.gateway import BUILD_DIR
from support.members import Member
from support.tickets import agent, customer, opened, ticket_of, with_tickets
from support.waiting import eventually


@pytest.fixture
def running(gateway, tmp_path):
    return gateway(with_tickets(tmp_path))


def answered(answer, status=200):
    assert answer.status == status, answer
    return answer.json()


def refused(answer, status, words):
    assert answer.status == status, answer
    assert words in answer.json()["error"]["message"]


def test_a_back_end_opens_and_directs_a_ticket(running):
    admin = running.admin
    with customer(running, "cara") as cara, agent(running, "alex") as alex, agent(running, "anna") as anna:
        for one in (alex, anna):
            one.asks("agent_status", "agent_status", status="busy")
        made = answered(
            admin.post(
                "/api/v1/tickets",
                {"customer": "cara", "subject": "Invoice", "priority": "low", "ticket_id": "t1", "data": {"n": 1.50}},
            ),
            201,
        )
        assert (made["ticket_id"], made["state"], made["position"], made["data"]) == ("t1", "queued", 1, {"n": 1.5})
        assert cara.hear("ticket_created")["subject"] == "Invoice"
        assert cara.hear("ticket_queued")["position"] == 1
        refused(admin.post("/api/v1/tickets", {"customer": "cara", "ticket_id": "t1"}), 409, "of this id already")
        refused(admin.post("/api/v1/tickets/t1/assign", {}), 409, "no agent is free")
        assert answered(admin.post("/api/v1/tickets/t1/assign", {"agent_id": "alex"}))["agent_id"] == "alex"
        assert alex.hear("ticket_assigned")["ticket_id"] == "t1"
        refused(admin.post("/api/v1/tickets/t1/assign", {"agent_id": "anna"}), 409, "the ticket is active")
        changed = answered(admin.request("PATCH", "/api/v1/tickets/t1", {"subject": "Invoice 7", "priority": "high"}))
        assert (changed["subject"], changed["priority"]) == ("Invoice 7", "high")
        # A message, and a note.
        sent = answered(admin.post("/api/v1/tickets/t1/messages", {"type": "text", "content": "your invoice"}))
        assert sent["delivered"] == 2
        for one in (alex, cara):
            heard = one.hear("text")
            assert (heard["content"], heard["msg_id"], heard["ticket_id"]) == ("your invoice", sent["msg_id"], "t1")
        answered(admin.post("/api/v1/tickets/t1/notes", {"content": "a good customer", "by": "crm"}))
        assert alex.hear("ticket_note")["by"] == "crm"
        moved = answered(admin.post("/api/v1/tickets/t1/transfer", {"agent_id": "anna", "note": "from above"}))
        assert moved["agent_id"] == "anna"
        answered(admin.request("PUT", "/api/v1/tickets/t1/participants/carl"))
        assert ticket_of(running, "t1")["participants"] == ["carl"]
        answered(admin.request("DELETE", "/api/v1/tickets/t1/participants/carl"))
        assert answered(admin.post("/api/v1/tickets/t1/pause", ""))["state"] == "paused"
        assert answered(admin.post("/api/v1/tickets/t1/resume", ""))["state"] == "active"
        closed = answered(admin.post("/api/v1/tickets/t1/close", {"reason": "paid"}))
        assert (closed["state"], closed["close_reason"]) == ("closed", "paid") and "closed_by" not in closed
        refused(admin.post("/api/v1/tickets/t1/close", ""), 409, "the ticket is closed")
        answered(admin.post("/api/v1/tickets/t1/reopen", ""))
        # All of it is in the history, in order, paged from both ends.
        whole = answered(admin.get("/api/v1/tickets/t1/history?limit=200"))
        types = [entry["type"] for entry in whole["entries"]]
        assert types[:3] == ["ticket_created", "ticket_queued", "ticket_assigned"] and whole["next_cursor"] is None
        assert {"text", "ticket_note", "ticket_transferred", "ticket_closed", "ticket_reopened"} < set(types)
        numbers = [entry["seq_no"] for entry in whole["entries"]]
        assert numbers == list(range(1, len(numbers) + 1))
        for order in ("asc", "desc"):
            paged, cursor = [], ""
            while cursor is not None:
                page = answered(admin.get(f"/api/v1/tickets/t1/history?limit=4&order={order}&cursor={cursor}"))
                paged = paged + page["entries"] if order == "asc" else page["entries"] + paged
                cursor = page["next_cursor"]
            assert paged == whole["entries"]


def test_lists_filters_and_counts(running):
    admin = running.admin
    for number in range(5):
        answered(admin.post("/api/v1/tickets", {"customer": f"c{number % 2}", "ticket_id": f"t{number}"}), 201)
    answered(admin.post("/api/v1/tickets/t3/close", ""))
    found, cursor = [], ""
    while cursor is not None:
        page = answered(admin.get(f"/api/v1/tickets?limit=2&cursor={cursor}"))
        found += [t["ticket_id"] for t in page["tickets"]]
        cursor = page["next_cursor"]
    assert found == ["t0", "t1", "t2", "t3", "t4"]
    assert page["counts"] == {"queued": 4, "reopened": 0, "offered": 0, "active": 0, "paused": 0, "closed": 1}

    def listed(query):
        return [t["ticket_id"] for t in answered(admin.get(f"/api/v1/tickets?{query}"))["tickets"]]

    assert listed("state=open") == ["t0", "t1", "t2", "t4"]
    assert listed("state=closed") == ["t3"]
    assert listed("customer=c1") == ["t1", "t3"] and listed("customer=c1&state=queued") == ["t1"]
    assert listed("agent=alex") == [] and listed("customer=nobody") == []
    with agent(running, "alex") as alex:
        alex.hear("ticket_assigned")
        eventually(lambda: len(listed("agent=alex&state=active")) == 4, "alex has them")
    refused(admin.get("/api/v1/tickets?state=lost"), 400, "state must be")
    refused(admin.get("/api/v1/tickets?limit=0"), 400, "limit")


def test_agents(running):
    admin = running.admin
    refused(admin.get("/api/v1/agents/alex"), 404, "no such agent")
    made = answered(admin.request("PATCH", "/api/v1/agents/alex", {"skills": ["b", "a", "b"], "max_tickets": 1}))
    assert made == {
        "agent_id": "alex",
        "status": "available",
        "online": False,
        "skills": ["a", "b"],
        "tickets": 0,
        "max_tickets": 1,
    }
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        assert answered(admin.get("/api/v1/agents/alex"))["online"]
        opened(cara)
        alex.hear("ticket_assigned")
        second = opened(cara)
        assert cara.hear("ticket_queued")["ticket_id"] == second
        # More room is used at once.
        answered(admin.request("PATCH", "/api/v1/agents/alex", {"max_tickets": 0}))
        assert alex.hear("ticket_assigned")["ticket_id"] == second
        answered(admin.request("PATCH", "/api/v1/agents/alex", {"status": "away"}))
        assert alex.hear("agent_status")["status"] == "away"
        alex.asks("ticket_transfer", "ticket_transferred", ticket_id=second, queue=True)
        cara.hear("ticket_queued")
    assert [a["agent_id"] for a in answered(admin.get("/api/v1/agents"))["agents"]] == ["alex"]
    refused(admin.request("PATCH", "/api/v1/agents/alex", {"status": "x"}), 400, "available, busy or away")
    refused(admin.request("PATCH", "/api/v1/agents/alex", {"skill": []}), 400, 'no "skill"')


@pytest.mark.parametrize(
    "method, path, body, status, words",
    [
        ("POST", "", {}, 400, "customer is missing"),
        ("POST", "", {"customer": "c", "colour": 1}, 400, 'no "colour"'),
        ("POST", "", {"customer": "c", "data": []}, 400, "data must be a JSON object"),
        ("GET", "/none", None, 404, "no such ticket"),
        ("PATCH", "/none", {"subject": "x"}, 404, "no such ticket"),
        ("POST", "/none/assign", {}, 404, "no such ticket"),
        ("POST", "/none/transfer", {}, 400, "one of agent_id"),
        ("POST", "/none/messages", {"type": "text"}, 404, "no open ticket"),
        ("POST", "/none/notes", {}, 400, "content is missing"),
        ("GET", "/none/history", None, 404, "no such ticket"),
        ("GET", "/none/history?limit=201", None, 400, "from 1 to 200"),
        ("PUT", "/none/participants/x", None, 404, "no such ticket"),
    ],
)
def test_bad_requests_say_what_is_wrong(running, method, path, body, status, words):
    refused(running.admin.request(method, f"/api/v1/tickets{path}", body), status, words)


def test_metrics(running):
    value = running.admin.metric
    with customer(running, "cara") as cara:
        ticket_id = opened(cara)
        eventually(lambda: value("gateway_tickets", state="queued") == 1, "one waits")
        with agent(running, "alex") as alex:
            alex.hear("ticket_assigned")
            alex.asks("agent_status", "agent_status", status="busy")
            alex.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
            cara.hear("text")
            eventually(lambda: value("gateway_agents", status="busy") == 1, "alex is busy")
            eventually(lambda: value("gateway_tickets", state="active") == 1, "one is active")
            assert value("gateway_tickets", state="queued") == 0
            assert value("gateway_ticket_wait_seconds_count") == 1
            assert value("gateway_ticket_first_response_seconds_count") == 1
            assert value("gateway_ticket_messages_total") == 1
            assert value("gateway_ticket_changes_total", what="assigned") == 1
            read_exposition(running.admin.get("/metrics").text)


def test_other_plugins_use_tickets(gateway, tmp_path):
    settings = with_tickets(tmp_path)
    settings["plugins"] = {"load": [{"name": "directs", "path": str(BUILD_DIR / "tests" / "plugins" / "directs.so")}]}
    running = gateway(settings)
    with Member(running, "dora") as dora, customer(running, "cara") as cara, agent(running, "alex") as alex:

        def direct(what, ticket="t1", user=""):
            dora.send({"type": "direct", "do": what, "ticket": ticket, "user": user})
            return dora.hear("directed")

        alex.asks("agent_status", "agent_status", status="busy", skills=["a", "b"])
        assert direct("send")["status"] == -8  # GW_E_NOTFOUND
        opened_by_it = direct("open", user="cara")
        assert (opened_by_it["status"], opened_by_it["message"]) == (0, "t1")
        assert cara.hear("ticket_created")["ticket_id"] == "t1"
        conflict = direct("open", user="cara")
        assert (conflict["status"], conflict["message"]) == (-3, "there is a ticket of this id already")
        assert direct("open", ticket="t2", user="")["status"] == -2  # GW_E_ARG
        assert direct("assign")["status"] == -3
        assert direct("assign", user="alex")["status"] == 0
        assert alex.hear("ticket_assigned")["data"] == {"by": "directs"}
        assert direct("send")["status"] == 0
        assert cara.hear("robot")["content"] == alex.hear("robot")["content"] == "beep"
        seen = direct("look", user="cara")
        assert seen["ticket"] == [3, 2, "cara", "alex", "by a plugin", {"by": "directs"}] and seen["tickets"] == "t1 "
        assert direct("transfer")["status"] == 0
        assert cara.hear("ticket_queued")["why"] == "transfer"
        # Its pin follows a reload.
        assert running.admin.post("/api/v1/plugins/ticket/reload", "").status == 200
        assert direct("close")["status"] == 0
        assert cara.hear("ticket_closed")["reason"] == "a plugin says so"
        assert direct("close")["status"] == -3 and direct("close", ticket="t9")["status"] == -8


def test_every_change_is_an_event_for_other_plugins(gateway, tmp_path):
    settings = with_tickets(tmp_path, {"offer": "accept"})
    hears = {"name": "hears", "path": str(BUILD_DIR / "tests" / "plugins" / "hears.so")}
    settings["plugins"] = {"load": [{**hears, "config": {"patterns": ["ticket.*", "agent.*"]}}]}
    running = gateway(settings)
    with customer(running, "cara") as cara, agent(running, "alex") as alex:

        def heard():
            cara.send({"type": "heard"})
            lines = [line.split(" ", 2) for line in cara.hear("heard_lines")["content"].splitlines()]
            return [(name, json.loads(said)) for _, name, said in lines]

        ticket_id = opened(cara, subject="hi")
        alex.hear("ticket_offered")
        alex.asks("ticket_accept", "ticket_accepted", ticket_id=ticket_id)
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
        alex.hear("text")
        alex.asks("ticket_note", "ticket_noted", ticket_id=ticket_id, content="a note")
        for frame in ("pause", "resume"):
            alex.ask(f"ticket_{frame}", ticket_id=ticket_id)
        alex.ask("ticket_update", ticket_id=ticket_id, priority="high")
        alex.ask("ticket_invite", ticket_id=ticket_id, user_id="carl")
        alex.ask("ticket_remove", ticket_id=ticket_id, user_id="carl")
        alex.ask("agent_status", status="busy")
        alex.ask("ticket_transfer", ticket_id=ticket_id, queue=True)
        cara.asks("ticket_close", "ticket_closed", ticket_id=ticket_id, reason="enough")
        cara.asks("ticket_reopen", "ticket_reopened", ticket_id=ticket_id)
        expected = (
            "ticket.created ticket.offered ticket.assigned ticket.said ticket.noted ticket.paused ticket.resumed ticket.updated "
            "ticket.participant_joined ticket.participant_left agent.status ticket.transferred ticket.queued ticket.closed "
            "ticket.reopened ticket.queued"
        ).split()
        events = eventually(lambda: len(heard()) >= len(expected) and heard(), "all events")
        assert [name for name, _ in events] == expected
        said = dict(events)
        assert said["ticket.created"]["subject"] == "hi" and said["ticket.closed"]["reason"] == "enough"
        assert said["ticket.said"]["message"]["content"] == "hello" and said["ticket.said"]["ticket_id"] == ticket_id
        assert said["agent.status"]["status"] == "busy" and said["ticket.transferred"]["from_agent_id"] == "alex"
