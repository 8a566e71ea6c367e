"""Tickets (plugin `ticket`) with real clients: opening, the queue, assignment, offers, transfers, notes, agents. What lasts, what
time does and HTTP are in files of their own."""

import pytest

from support.members import Member
from support.raw import RawWebSocket
from support.tickets import agent, customer, history_of, opened, supervisor, ticket_of, with_tickets
from support.tokens import Hs256, claims


@pytest.fixture
def running(gateway, tmp_path):
    return gateway(with_tickets(tmp_path))


# --- a conversation ---


def test_a_customer_gets_a_free_agent_and_both_talk(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        made = cara.asks("ticket_create", "ticket_created", subject="My order", priority="high", data={"order": 17})
        ticket_id = made["ticket_id"]
        assert (made["state"], made["customer"], made["subject"]) == ("active", "cara", "My order")
        assert (made["priority"], made["data"]) == ("high", {"order": 17})
        for one in (alex, cara):
            told = one.hear("ticket_assigned")
            assert (told["ticket_id"], told["agent_id"], told["from"]) == (ticket_id, "alex", "system")
            assert "by" not in told  # the gateway has found the agent
        assert [entry["type"] for entry in alex.hear("ticket_history")["entries"]] == ["ticket_created", "ticket_assigned"]
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "where is it?"})
        heard = alex.hear("text")
        assert (heard["content"], heard["from"], heard["ticket_id"]) == ("where is it?", "cara", ticket_id)
        alex.send({"type": "text", "ticket_id": ticket_id, "content": "on its way", "extra": [1, {"a": None}]})
        assert cara.hear("text")["extra"] == [1, {"a": None}]
        alex.hears_no("text")
        closed = alex.asks("ticket_close", "ticket_closed", ticket_id=ticket_id, reason="solved")
        assert (closed["state"], closed["closed_by"], closed["close_reason"]) == ("closed", "alex", "solved")
        told = cara.hear("ticket_closed")
        assert (told["by"], told["reason"], told["state"]) == ("alex", "solved", "closed")
        # Closed is closed.
        cara.asks("text", "conflict", ticket_id=ticket_id, content="wait")
        cara.asks("ticket_close", "conflict", ticket_id=ticket_id)
        alex.asks("ticket_pause", "conflict", ticket_id=ticket_id)


def test_who_takes_no_part_hears_and_says_nothing(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara, customer(running, "carl") as carl:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        for frame in ("ticket_info", "ticket_close", "ticket_history", "ticket_reopen"):
            carl.asks(frame, "not_found", ticket_id=ticket_id)
        carl.asks("text", "not_found", ticket_id=ticket_id, content="psst")
        for frame in ("ticket_queue", "agent_list"):
            carl.asks(frame, "forbidden")
        carl.asks("agent_status", "forbidden", status="busy")
        carl.asks("ticket_list", "forbidden", all=True)
        carl.asks("ticket_observe", "forbidden", ticket_id=ticket_id)
        with agent(running, "anna") as anna:
            # An agent may know of it, and that is all.
            anna.asks("text", "forbidden", ticket_id=ticket_id, content="psst")
            anna.asks("ticket_history", "forbidden", ticket_id=ticket_id)
            anna.asks("ticket_close", "forbidden", ticket_id=ticket_id)
            anna.asks("ticket_transfer", "forbidden", ticket_id=ticket_id, queue=True)
            anna.asks("ticket_assign", "conflict", ticket_id=ticket_id)
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
        assert alex.hear("text")["content"] == "hello"
        carl.hears_no("text", "ticket_assigned")


def test_a_user_takes_part_with_all_its_connections(running):
    with agent(running, "alex") as alex, customer(running, "cara", client_id="phone") as phone:
        ticket_id = opened(phone)
        phone.hear("ticket_assigned")
        with customer(running, "cara", client_id="laptop", ) as laptop:
            phone.send({"type": "text", "ticket_id": ticket_id, "content": "one"})
            assert laptop.hear("text")["content"] == alex.hear("text")["content"] == "one"
            phone.hears_no("text")
            alex.send({"type": "text", "ticket_id": ticket_id, "content": "two"})
            assert laptop.hear("text")["content"] == phone.hear("text")["content"] == "two"
            assert history_of(laptop, ticket_id)[-2:] == ["one", "two"]


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"type": "ticket_create", "priority": "now"}, "priority must be low, normal, high or urgent"),
        ({"type": "ticket_create", "skills": "billing"}, "skills must be a list"),
        ({"type": "ticket_create", "subject": 5}, "subject must be text"),
        ({"type": "ticket_create", "data": [1]}, "data must be a JSON object"),
        ({"type": "ticket_create", "data": {"a": "x" * 9000}}, "max_data_size"),
        ({"type": "ticket_close"}, "ticket_id is missing"),
        ({"type": "ticket_close", "ticket_id": "a\tb"}, "ticket_id"),
        ({"type": "ticket_transfer", "ticket_id": "t", "queue": True, "agent_id": "a"}, "one of agent_id, skills"),
        ({"type": "ticket_history", "ticket_id": "t", "limit": 201}, "limit must be a whole number from 1 to 200"),
        ({"type": "ticket_history", "ticket_id": "t", "cursor": "x"}, "cursor"),
        ({"type": "ticket_list", "state": "lost"}, "state must be open, any"),
        ({"type": "ticket_invite", "ticket_id": "t"}, "user_id is missing"),
        ({"type": "ticket_note", "ticket_id": "t"}, "content is missing"),
        ({"type": "agent_status", "status": "asleep"}, "status must be available, busy or away"),
    ],
)
def test_bad_frames_say_what_is_wrong(running, fields, words):
    with agent(running, "alex") as alex:
        answer = alex.ask(**fields)
        assert (answer["type"], answer["code"]) == ("error", "invalid_message")
        assert words in answer["content"]
        assert alex.ask("ticket_nonsense")["code"] == "unknown_type"


# --- the queue ---


def test_no_agent_free_is_a_queue_by_priority_then_age(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_agent": 1}))
    with customer(running, "cara") as cara, customer(running, "carl") as carl, customer(running, "cleo") as cleo:
        first = opened(cara)
        assert cara.hear("ticket_queued")["position"] == 1
        second = opened(carl, priority="low")
        assert carl.hear("ticket_queued")["position"] == 2
        third = opened(cleo, priority="urgent")
        assert cleo.hear("ticket_queued")["position"] == 1
        # Paced: those who have moved are told.
        assert (cara.hear("ticket_queued")["position"], carl.hear("ticket_queued")["position"]) == (2, 3)
        # A customer who waits may write already.
        cara.send({"type": "text", "ticket_id": first, "content": "anybody there?"})
        with agent(running, "alex") as alex:
            assert alex.hear("ticket_assigned")["ticket_id"] == third
            queue = alex.asks("ticket_queue", "ticket_queue")
            assert [t["ticket_id"] for t in queue["tickets"]] == [first, second] and queue["waiting"] == 2
            page = alex.asks("ticket_queue", "ticket_queue", limit=1)
            assert [t["ticket_id"] for t in page["tickets"]] == [first]
            page = alex.asks("ticket_queue", "ticket_queue", limit=1, cursor=page["next_cursor"])
            assert [t["ticket_id"] for t in page["tickets"]] == [second] and page["next_cursor"] is None
            alex.asks("ticket_close", "ticket_closed", ticket_id=third)
            assert alex.hear("ticket_assigned")["ticket_id"] == first
            assert "anybody there?" in [e.get("content") for e in alex.hear("ticket_history")["entries"]]
            alex.asks("ticket_close", "ticket_closed", ticket_id=first)
            assert alex.hear("ticket_assigned")["ticket_id"] == second


def test_limits_of_the_queue_and_of_a_customer(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_queue": 3, "max_tickets_per_customer": 2}))
    with customer(running, "cara") as cara, customer(running, "carl") as carl:
        first = opened(cara)
        opened(cara)
        assert "max_tickets_per_customer" in cara.asks("ticket_create", "conflict")["content"]
        opened(carl)
        assert "max_queue" in carl.asks("ticket_create", "conflict")["content"]
        cara.asks("ticket_close", "ticket_closed", ticket_id=first)
        opened(carl)


def test_an_agent_gets_no_more_than_its_limit_and_only_what_it_can_do(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_agent": 2}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        alex.asks("agent_status", "agent_status", skills=["billing", "french"])
        french = opened(cara, skills=["french"])
        assert cara.hear("ticket_assigned")["agent_id"] == "alex"
        german = opened(cara, skills=["german"])
        assert cara.hear("ticket_queued")["ticket_id"] == german
        billing = opened(cara, skills=["french", "billing"])
        assert cara.hear("ticket_assigned")["ticket_id"] == billing
        third = opened(cara)
        assert cara.hear("ticket_queued")["ticket_id"] == third
        with agent(running, "anna") as anna:
            assert anna.hear("ticket_assigned")["ticket_id"] == third
            anna.asks("agent_status", "agent_status", skills=["german"])
            assert anna.hear("ticket_assigned")["ticket_id"] == german
            listed = {a["agent_id"]: a for a in anna.asks("agent_list", "agent_list")["agents"]}
            assert listed["alex"]["tickets"] == 2 and listed["alex"]["skills"] == ["billing", "french"]
            assert listed["anna"]["online"] and listed["anna"]["status"] == "available"
        assert [t["ticket_id"] for t in alex.asks("ticket_list", "ticket_list")["tickets"]] == sorted([french, billing])


def test_status_is_the_agents_own(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        assert alex.asks("agent_status", "agent_status", status="away")["status"] == "away"
        ticket_id = opened(cara)
        assert cara.hear("ticket_queued")["ticket_id"] == ticket_id
    with agent(running, "alex") as alex:
        # Independent of the socket.
        assert alex.asks("agent_status", "agent_status")["status"] == "away"
        alex.hears_no("ticket_assigned")
        alex.send({"type": "agent_status", "status": "available"})
        assert alex.hear("ticket_assigned")["ticket_id"] == ticket_id


@pytest.mark.parametrize(
    "strategy, expected",
    [
        ("least_loaded", ["alex", "anna", "abel", "alex", "anna", "abel"]),
        ("round_robin", ["alex", "anna", "abel", "alex", "anna", "abel"]),
        ("longest_idle", ["alex", "anna", "abel", "alex", "anna", "abel"]),
    ],
)
def test_tickets_go_around(gateway, tmp_path, strategy, expected):
    running = gateway(with_tickets(tmp_path, {"assign_strategy": strategy, "max_tickets_per_customer": 100}))
    with agent(running, "alex"), agent(running, "anna"), agent(running, "abel"), customer(running, "cara") as cara:
        got = []
        for _ in expected:
            opened(cara)
            got.append(cara.hear("ticket_assigned")["agent_id"])
        assert sorted(got[:3]) == sorted(expected[:3]) and got[3:] == got[:3]


def test_least_loaded_is_who_has_the_fewest(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_customer": 100}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        tickets = [opened(cara) for _ in range(3)]
        with agent(running, "anna"):
            for _ in tickets:
                cara.hear("ticket_assigned")
            opened(cara)
            assert cara.hear("ticket_assigned")["agent_id"] == "anna"
            for ticket_id in tickets:
                alex.asks("ticket_close", "ticket_closed", ticket_id=ticket_id)
            opened(cara)
            assert cara.hear("ticket_assigned")["agent_id"] == "alex"


def test_without_auto_assign_agents_take_what_waits(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"auto_assign": False}))
    with agent(running, "alex") as alex, agent(running, "anna") as anna, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        for one in (alex, anna):
            assert one.hear("ticket_waiting")["ticket_id"] == ticket_id
        assert anna.asks("ticket_info", "ticket_info", ticket_id=ticket_id)["position"] == 1
        anna.asks("ticket_assign", "forbidden", ticket_id=ticket_id, agent_id="alex")
        assert alex.asks("ticket_assign", "ticket_assigned", ticket_id=ticket_id)["agent_id"] == "alex"
        assert anna.hear("ticket_waiting_ended")["ticket_id"] == ticket_id
        anna.asks("ticket_assign", "conflict", ticket_id=ticket_id)
        assert cara.hear("ticket_assigned")["agent_id"] == "alex"


# --- offers ---


def test_an_agent_is_asked_and_may_decline(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"offer": "accept"}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        offer = alex.hear("ticket_offered")
        assert (offer["ticket_id"], offer["expires_in_s"]) == (ticket_id, 20)
        cara.hears_no("ticket_assigned")
        listed = alex.asks("ticket_list", "ticket_list", state="offered")["tickets"]
        assert [t["ticket_id"] for t in listed] == [ticket_id]
        assert alex.asks("ticket_list", "ticket_list")["tickets"] == []
        with agent(running, "anna") as anna:
            anna.asks("ticket_accept", "forbidden", ticket_id=ticket_id)
            alex.asks("ticket_decline", "ticket_declined", ticket_id=ticket_id)
            assert alex.hear("ticket_offer_ended")["why"] == "declined"
            assert anna.hear("ticket_offered")["ticket_id"] == ticket_id
            assert anna.asks("ticket_accept", "ticket_accepted", ticket_id=ticket_id)["state"] == "active"
            assert cara.hear("ticket_assigned")["agent_id"] == "anna"
            anna.asks("ticket_accept", "conflict", ticket_id=ticket_id)
            # What agents were asked is not the customer's business.
            assert history_of(cara, ticket_id) == ["ticket_created", "ticket_assigned"]
            assert history_of(anna, ticket_id) == [
                "ticket_created",
                "ticket_offered",
                "ticket_offer_ended",
                "ticket_offered",
                "ticket_assigned",
            ]


def test_who_does_not_answer_is_passed_over(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"offer": "accept", "offer_timeout": 1}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        alex.hear("ticket_offered")
        assert alex.hear("ticket_offer_ended")["why"] == "timeout"
        assert cara.hear("ticket_queued")["why"] == "no_answer"
        with agent(running, "anna") as anna:
            assert anna.hear("ticket_offered")["ticket_id"] == ticket_id
    # Who goes while it is asked does not answer either.
    with agent(running, "abel") as abel:
        assert abel.hear("ticket_offered")["ticket_id"] == ticket_id


# --- transfers, participants, notes ---


def test_transfer_to_an_agent_to_the_queue_and_to_a_skill(running):
    with agent(running, "alex") as alex, agent(running, "anna") as anna, customer(running, "cara") as cara:
        anna.asks("agent_status", "agent_status", status="busy")
        ticket_id = opened(cara)
        assert cara.hear("ticket_assigned")["agent_id"] == "alex"
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
        alex.hear("text")
        moved = alex.asks("ticket_transfer", "ticket_transferred", ticket_id=ticket_id, agent_id="anna", note="speaks dutch")
        assert (moved["agent_id"], moved["transfers"]) == ("anna", 1)
        for one in (alex, cara):
            told = one.hear("ticket_transferred")
            assert (told["from_agent_id"], told["agent_id"]) == ("alex", "anna")
        assert cara.hear("ticket_assigned")["agent_id"] == "anna"
        told = [entry.get("content") for entry in anna.hear("ticket_history")["entries"]]
        assert "hello" in told and "speaks dutch" in told
        # It is hers alone now.
        alex.asks("text", "forbidden", ticket_id=ticket_id, content="still here")
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "goede dag"})
        assert anna.hear("text")["content"] == "goede dag"
        alex.hears_no("text")
        cara.hears_no("ticket_note")
        # To the queue: not back to who gave it away.
        anna.asks("agent_status", "agent_status", status="available")
        alex.asks("agent_status", "agent_status", status="busy")
        anna.asks("ticket_transfer", "ticket_transferred", ticket_id=ticket_id, queue=True)
        assert cara.hear("ticket_queued")["why"] == "transfer"
        anna.hears_no("ticket_assigned")
        with agent(running, "abel") as abel:
            assert abel.hear("ticket_assigned")["ticket_id"] == ticket_id
            # To a skill that nobody has yet.
            abel.asks("ticket_transfer", "ticket_transferred", ticket_id=ticket_id, skills=["law"])
            assert ticket_of(running, ticket_id)["skills"] == ["law"]
            alex.asks("agent_status", "agent_status", status="available", skills=["law"])
            assert alex.hear("ticket_assigned")["ticket_id"] == ticket_id
            assert "speaks dutch" not in history_of(cara, ticket_id)


def test_a_transfer_needs_an_agent_with_room(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_agent": 1}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara, customer(running, "carl") as carl:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        for nobody in ("anna", "cara"):
            why = alex.asks("ticket_transfer", "conflict", ticket_id=ticket_id, agent_id=nobody)["content"]
            assert why == "the agent is not connected"
        alex.asks("ticket_transfer", "conflict", ticket_id=ticket_id, agent_id="alex")
        with agent(running, "anna") as anna:
            opened(carl)
            anna.hear("ticket_assigned")
            why = alex.asks("ticket_transfer", "conflict", ticket_id=ticket_id, agent_id="anna")["content"]
            assert "as many tickets as it may have" in why


def test_participants_notes_and_observers(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara, supervisor(running, "sara") as sara:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        with agent(running, "anna") as anna, customer(running, "carl") as carl:
            sara.asks("ticket_observe", "ticket_observed", ticket_id=ticket_id)
            for who in ("anna", "carl"):
                alex.asks("ticket_invite", "ticket_invited", ticket_id=ticket_id, user_id=who)
                assert cara.hear("ticket_participant_joined")["user_id"] == who
            carl.hear("ticket_participant_joined")
            carl.send({"type": "text", "ticket_id": ticket_id, "content": "three of us"})
            for one in (alex, anna, cara, sara):
                assert one.hear("text")["content"] == "three of us"
            anna.asks("ticket_note", "ticket_noted", ticket_id=ticket_id, content="he is a lawyer", data={"flag": 1})
            for one in (alex, anna, sara):
                note = one.hear("ticket_note")
                assert (note["content"], note["by"], note["data"]) == ("he is a lawyer", "anna", {"flag": 1})
            sara.asks("ticket_note", "ticket_noted", ticket_id=ticket_id, content="be kind")
            alex.hear("ticket_note")
            for one in (cara, carl):
                one.hears_no("ticket_note")
                assert "he is a lawyer" not in history_of(one, ticket_id)
                one.asks("ticket_note", "forbidden", ticket_id=ticket_id, content="mine")
            assert history_of(alex, ticket_id)[-2:] == ["he is a lawyer", "be kind"]
            # Who observes is seen by nobody, and does not talk.
            sara.asks("text", "forbidden", ticket_id=ticket_id, content="it is me")
            sara.asks("ticket_unobserve", "ticket_unobserved", ticket_id=ticket_id)
            carl.asks("ticket_leave", "ticket_left", ticket_id=ticket_id)
            assert cara.hear("ticket_participant_left")["user_id"] == "carl"
            alex.asks("ticket_remove", "ticket_removed", ticket_id=ticket_id, user_id="anna")
            assert anna.hear("ticket_participant_left")["user_id"] in ("carl", "anna")
            alex.asks("ticket_remove", "conflict", ticket_id=ticket_id, user_id="cara")
            cara.asks("ticket_leave", "conflict", ticket_id=ticket_id)
            cara.send({"type": "text", "ticket_id": ticket_id, "content": "alone again"})
            alex.hear("text")
            for one in (anna, carl, sara):
                one.hears_no("text")


def test_supervisors_direct(running):
    with agent(running, "alex") as alex, supervisor(running, "sara") as sara, customer(running, "cara") as cara:
        alex.asks("agent_status", "agent_status", status="busy")
        ticket_id = opened(cara)
        sara.hears_no("ticket_assigned")  # she supervises
        assert sara.asks("ticket_assign", "conflict", ticket_id=ticket_id)["content"] == "the agent is not connected"
        sara.asks("ticket_assign", "ticket_assigned", ticket_id=ticket_id, agent_id="alex")
        assert cara.hear("ticket_assigned")["by"] == "sara"
        assert [t["ticket_id"] for t in sara.asks("ticket_list", "ticket_list", all=True)["tickets"]] == [ticket_id]
        assert sara.asks("ticket_list", "ticket_list")["tickets"] == []
        sara.asks("ticket_update", "ticket_updated", ticket_id=ticket_id, priority="urgent", subject="fire")
        assert cara.hear("ticket_updated")["priority"] == "urgent"
        sara.asks("ticket_close", "ticket_closed", ticket_id=ticket_id)
        alex.hear("ticket_closed")


# --- pause, reopen ---


def test_a_paused_ticket_wakes_by_its_customer(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        cara.asks("ticket_pause", "forbidden", ticket_id=ticket_id)
        assert alex.asks("ticket_pause", "ticket_paused", ticket_id=ticket_id)["state"] == "paused"
        assert cara.hear("ticket_paused")["by"] == "alex"
        alex.asks("ticket_pause", "conflict", ticket_id=ticket_id)
        alex.asks("ticket_resume", "ticket_resumed", ticket_id=ticket_id)
        alex.asks("ticket_resume", "conflict", ticket_id=ticket_id)
        alex.asks("ticket_pause", "ticket_paused", ticket_id=ticket_id)
        alex.hear("ticket_resumed")
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "I found it"})
        assert alex.hear("ticket_resumed")["by"] == "cara"
        assert alex.hear("text")["content"] == "I found it"
        assert ticket_of(running, ticket_id)["state"] == "active"


def test_a_ticket_that_is_opened_again_goes_to_who_had_it(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        cara.asks("ticket_reopen", "conflict", ticket_id=ticket_id)
        cara.asks("ticket_close", "ticket_closed", ticket_id=ticket_id)
        alex.hear("ticket_closed")
        with agent(running, "anna"):
            again = cara.asks("ticket_reopen", "ticket_reopened", ticket_id=ticket_id)
            assert (again["state"], again["agent_id"]) == ("active", "alex")
            cara.hear("ticket_reopened")
            assert alex.hear("ticket_assigned")["ticket_id"] == ticket_id
            cara.send({"type": "text", "ticket_id": ticket_id, "content": "one more thing"})
            assert alex.hear("text")["content"] == "one more thing"
            alex.asks("agent_status", "agent_status", status="away")
            cara.asks("ticket_close", "ticket_closed", ticket_id=ticket_id)
            assert cara.asks("ticket_reopen", "ticket_reopened", ticket_id=ticket_id)["agent_id"] == "anna"


def test_nobody_there_a_reopened_ticket_waits(running):
    with customer(running, "cara") as cara:
        ticket_id = opened(cara)
        cara.asks("ticket_close", "ticket_closed", ticket_id=ticket_id, reason="never mind")
        assert cara.asks("ticket_reopen", "ticket_reopened", ticket_id=ticket_id)["state"] == "reopened"
        cara.hear("ticket_reopened")
        assert cara.hear("ticket_queued")["why"] == "reopened"
        assert cara.asks("ticket_list", "ticket_list", state="reopened")["tickets"][0]["ticket_id"] == ticket_id


# --- at connect ---


def joined(running, ticket_id, user_id, user_type="customer"):
    """What comes first to a client whose query names the ticket."""
    query = {"user_id": user_id, "user_type": user_type, "ticket_id": ticket_id}
    with RawWebSocket(running.host, running.port, query=query) as client:
        assert client.receive()["type"] == "connected"
        return client.receive()


def test_a_ticket_is_joined_at_connect(running):
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
    told = joined(running, ticket_id, "cara")
    assert (told["type"], told["state"], told["agent_id"]) == ("ticket_joined", "active", "alex")
    assert joined(running, ticket_id, "sara", "admin")["type"] == "ticket_joined"
    refused = joined(running, ticket_id, "carl")
    assert (refused["type"], refused["code"], refused["ticket_id"]) == ("error", "not_found", ticket_id)
    assert joined(running, "nothing", "cara")["code"] == "not_found"
    # Who comes back hears and speaks at once.
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "I am back"})
        assert alex.hear("text")["content"] == "I am back"


def test_a_token_brings_its_user_into_a_ticket(gateway, tmp_path):
    secret = "a secret of at least 32 bytes, for the tests"
    security = {"enable_auth": True, "auth": {"keys": [{"alg": "HS256", "secret": secret}]}}
    running = gateway(with_tickets(tmp_path, security=security))

    def sign(user, **more):
        return Hs256(secret).token(claims(user, **more))

    with Member(running, None, token=sign("cara", user_type="customer", name="Cara C.")) as cara:
        ticket_id = opened(cara)
        with Member(running, None, token=sign("carl", user_type="customer", tickets=[ticket_id, "gone"])) as carl:
            assert carl.hear("ticket_participant_joined")["user_id"] == "carl"
            carl.send({"type": "text", "ticket_id": ticket_id, "content": "so am I"})
            assert cara.hear("text")["content"] == "so am I"
        with Member(running, None, token=sign("alex", user_type="agent", name="Alex A.")) as alex:
            told = alex.hear("ticket_assigned")
            assert (told["customer_name"], told["agent_name"]) == ("Cara C.", "Alex A.")
