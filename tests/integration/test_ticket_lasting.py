"""Tickets (plugin `ticket`) over time: time-outs, agents who go, restarts, kill -9, reloads, a store that fails, several
reactors at once."""

import threading

import pytest

from support.members import Member
from support.store import with_failing_store
from support.tickets import agent, customer, history_of, opened, ticket_of, with_tickets
from support.waiting import eventually


# --- time-outs ---


def test_a_ticket_without_activity_is_warned_of_and_closed(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"ticket_timeout": 2}))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        for one in (alex, cara):
            warning = one.hear("ticket_timeout_warning")
            assert warning["ticket_id"] == ticket_id and warning["closes_in_s"] == 1
        # A message, and it begins anew: another warning before the end.
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "wait"})
        for one in (alex, cara):
            assert one.hear("ticket_timeout_warning")["ticket_id"] == ticket_id
            assert one.hear("ticket_timeout_closed")["state"] == "closed"
        assert ticket_of(running, ticket_id)["close_reason"] == "timeout"


def test_time_limits_of_waiting_pausing_reopening_and_keeping(gateway, tmp_path):
    limits = {"max_wait": 1, "pause_timeout": 1, "reopen_window": 1, "keep_closed": 3}
    running = gateway(with_tickets(tmp_path, limits))
    with customer(running, "cara") as cara:
        waits = opened(cara)
        assert cara.hear("ticket_closed")["reason"] == "max_wait"
        with agent(running, "alex") as alex:
            paused = opened(cara)
            alex.asks("ticket_pause", "ticket_paused", ticket_id=paused)
            assert cara.hear("ticket_closed")["reason"] == "pause_timeout"
            closed_too_long = eventually(
                lambda: cara.ask("ticket_reopen", ticket_id=waits).get("content"), "too late to open it again"
            )
            assert "reopen_window" in closed_too_long or "no such ticket" in closed_too_long
        # Gone, with its history.
        gone = lambda: running.admin.get(f"/api/v1/tickets/{paused}").status == 404  # noqa: E731
        eventually(gone, "the ticket is removed")
        assert running.admin.get("/api/v1/tickets").json()["counts"]["closed"] == 0
        cara.asks("ticket_history", "not_found", ticket_id=paused)


def test_a_full_house_removes_the_oldest_closed(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets": 3, "max_tickets_per_customer": 100}))
    with customer(running, "cara") as cara:
        tickets = [opened(cara) for _ in range(3)]
        assert "max_tickets" in cara.asks("ticket_create", "conflict")["content"]
        cara.asks("ticket_close", "ticket_closed", ticket_id=tickets[1])
        opened(cara)
        assert running.admin.get(f"/api/v1/tickets/{tickets[1]}").status == 404
        running.wait_for_log("max_tickets")


# --- agents who go ---


def test_an_agent_who_comes_back_in_time_keeps_its_tickets(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"reassign_grace": 30}))
    with customer(running, "cara") as cara, agent(running, "alex") as alex:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        alex.close()
        with agent(running, "anna") as anna:
            cara.send({"type": "text", "ticket_id": ticket_id, "content": "are you there?"})
            with agent(running, "alex") as alex:
                assert history_of(alex, ticket_id)[-1] == "are you there?"
                alex.send({"type": "text", "ticket_id": ticket_id, "content": "I am"})
                assert cara.hear("text")["content"] == "I am"
                anna.hears_no("ticket_assigned")


def test_the_tickets_of_an_agent_who_stays_away_go_to_others(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"reassign_grace": 1}))
    with customer(running, "cara") as cara, agent(running, "alex") as alex:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        alex.close()
        told = cara.hear("ticket_queued")
        assert (told["why"], told["ticket_id"]) == ("agent_gone", ticket_id)
        with agent(running, "anna") as anna:
            taken = anna.hear("ticket_assigned")
            assert (taken["ticket_id"], taken["last_agent_id"]) == (ticket_id, "alex")
        with agent(running, "alex") as alex:
            alex.asks("text", "forbidden", ticket_id=ticket_id, content="mine")


# --- what lasts ---


def test_everything_is_there_after_a_restart(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path))
    with agent(running, "alex") as alex, customer(running, "cara") as cara, customer(running, "carl") as carl:
        alex.asks("agent_status", "agent_status", skills=["billing"])
        ticket_id = opened(cara, subject="Ünited", data={"n": 1.50, "deep": {"a": [1]}}, priority="high")
        alex.asks("ticket_invite", "ticket_invited", ticket_id=ticket_id, user_id="carl")
        carl.send({"type": "text", "ticket_id": ticket_id, "content": "hello"})
        alex.hear("text")
        alex.asks("ticket_note", "ticket_noted", ticket_id=ticket_id, content="vip")
        alex.asks("agent_status", "agent_status", status="away")
        waiting = opened(carl, skills=["law"])
        before = [ticket_of(running, one) for one in (ticket_id, waiting)]
        history = alex.asks("ticket_history", "ticket_history", ticket_id=ticket_id)["entries"]
    running.stop()
    running = gateway(with_tickets(tmp_path))
    assert [ticket_of(running, one) for one in (ticket_id, waiting)] == before
    with agent(running, "alex") as alex, customer(running, "cara") as cara, customer(running, "carl") as carl:
        assert alex.asks("agent_status", "agent_status")["status"] == "away"
        assert alex.asks("ticket_history", "ticket_history", ticket_id=ticket_id)["entries"] == history
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "back"})
        assert alex.hear("text")["content"] == carl.hear("text")["content"] == "back"
        assert alex.asks("ticket_history", "ticket_history", ticket_id=ticket_id)["entries"][-1]["seq_no"] == len(history) + 1
        alex.asks("agent_status", "agent_status", status="available", skills=["law"])
        assert alex.hear("ticket_assigned")["ticket_id"] == waiting


def test_what_somebody_has_heard_is_there_after_kill_9(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_agent": 100}, io_threads=2))
    heard, lock, over = {}, threading.Lock(), threading.Event()

    def serves(number):
        try:
            with agent(running, f"agent{number}") as one:
                while not over.is_set():
                    message = one.client.receive()
                    if message["type"] == "text":
                        with lock:
                            heard.setdefault(message["ticket_id"], []).append(message["msg_id"])
        except Exception:  # noqa: BLE001 - it was killed, which is the test
            return

    def talks(number):
        try:
            with customer(running, f"customer{number}") as one:
                ticket_id = opened(one)
                for turn in range(100_000):
                    one.send({"type": "text", "ticket_id": ticket_id, "content": str(turn)})
                    if turn % 50 == 0:
                        one.asks("ticket_info", "ticket_info", ticket_id=ticket_id)  # paced
        except Exception:  # noqa: BLE001
            return

    threads = [threading.Thread(target=serves, args=(number,)) for number in range(2)]
    threads += [threading.Thread(target=talks, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: len(heard) == 4 and sum(map(len, list(heard.values()))) > 400, "some messages")
    running.kill()
    over.set()
    for thread in threads:
        thread.join()
    running = gateway(with_tickets(tmp_path))
    for ticket_id, messages in heard.items():
        kept, cursor = [], ""
        while cursor is not None:
            page = running.admin.get(f"/api/v1/tickets/{ticket_id}/history?limit=200&cursor={cursor}").json()
            kept += [entry.get("msg_id") for entry in page["entries"]]
            cursor = page["next_cursor"]
        kept = [one for one in kept if one]
        assert kept[: len(messages)] == messages  # all that was heard, in that order


def test_a_reload_keeps_tickets_and_connections(gateway, tmp_path):
    running = gateway(with_tickets(tmp_path, io_threads=2))
    with agent(running, "alex") as alex, customer(running, "cara") as cara:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        for what in ("ticket", "store-sqlite", "ticket"):
            answer = running.admin.post(f"/api/v1/plugins/{what}/reload", "")
            assert answer.status == 200, answer
            cara.send({"type": "text", "ticket_id": ticket_id, "content": what})
            assert alex.hear("text")["content"] == what
        alex.asks("ticket_close", "ticket_closed", ticket_id=ticket_id)
        opened(cara)
        alex.hear("ticket_assigned")


# --- a store that fails ---


def test_a_failing_store_refuses_and_recovers(gateway, tmp_path):
    settings = with_failing_store({"wsc": {"ticket": {"enabled": True}}}, tmp_path)
    running = gateway(settings)
    with agent(running, "alex") as alex, customer(running, "cara") as cara, Member(running, "dora") as dora:
        ticket_id = opened(cara)
        alex.hear("ticket_assigned")
        fail = tmp_path / "store.sqlite.fail"
        fail.touch()
        assert "nothing was changed" in cara.asks("text", "unavailable", ticket_id=ticket_id, content="lost")["content"]
        cara.asks("ticket_create", "unavailable")
        alex.asks("ticket_close", "unavailable", ticket_id=ticket_id)
        running.wait_for_log("a change of tickets could not be stored")
        # Everything else goes on.
        cara.send({"type": "text", "to": "dora", "content": "hi"})
        assert dora.hear("text")["content"] == "hi"
        fail.unlink()
        running.wait_for_log("the tickets were loaded again")
        cara.send({"type": "text", "ticket_id": ticket_id, "content": "kept"})
        assert alex.hear("text")["content"] == "kept"
        assert history_of(alex, ticket_id) == ["ticket_created", "ticket_assigned", "kept"]
        opened(cara)
        alex.hear("ticket_assigned")


@pytest.mark.parametrize("version", ["2"])
def test_tickets_of_a_later_version_are_refused(gateway, tmp_path, version):
    import sqlite3

    running = gateway(with_tickets(tmp_path))
    running.stop()
    with sqlite3.connect(tmp_path / "gatewayd.sqlite") as store:
        tables = [name for (name,) in store.execute("select name from sqlite_master where type = 'table'")]
        changed = 0
        for table in tables:
            columns = [row[1] for row in store.execute(f"pragma table_info({table})")]
            if {"key", "value"} <= set(columns):
                changed += store.execute(f"update {table} set value = ? where key = ?", (b"2", b"v")).rowcount
        assert changed == 1, tables
    store.close()
    running = gateway(with_tickets(tmp_path), wait=False)
    assert running.wait_for_exit() == 2
    assert "which a later gatewayd wrote" in running.log_text()


# --- exact under load ---


def test_no_agent_is_above_its_limit_and_no_ticket_is_lost(gateway, tmp_path):
    """Customers and agents come and go on two reactors; what agents are told is replayed."""
    most = 3
    running = gateway(with_tickets(tmp_path, {"max_tickets_per_agent": most, "reassign_grace": 0}, io_threads=2))
    problems, done = [], []

    def serves(number):
        name = f"agent{number}"
        with agent(running, name) as one:
            held = set()
            while len(done) < 12:
                message = one.client.receive()
                if message["type"] == "ticket_assigned" and message["agent_id"] == name:
                    held.add(message["ticket_id"])
                    if len(held) > most:
                        problems.append((name, set(held)))
                    one.send({"type": "ticket_close", "ticket_id": message["ticket_id"]})
                    held.discard(message["ticket_id"])
                elif message["type"] == "goodbye":
                    return

    def asks(number):
        name = f"customer{number}"
        with customer(running, name) as one:
            for _ in range(25):
                ticket_id = opened(one)
                closed = one.hear("ticket_closed")
                if closed["ticket_id"] != ticket_id:
                    problems.append((name, ticket_id, closed))
        done.append(name)
        if len(done) == 12:
            for agent_number in range(4):
                running.admin.send_to_user(f"agent{agent_number}", {"type": "goodbye"})

    threads = [threading.Thread(target=serves, args=(number,)) for number in range(4)]
    threads += [threading.Thread(target=asks, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    counts = running.admin.get("/api/v1/tickets").json()["counts"]
    assert counts["closed"] == 300 and sum(counts.values()) == 300


def test_what_was_sent_before_the_end_of_a_connection_is_heard(gateway, tmp_path):
    """A customer says the last word and closes the tab at once: it is kept, so it is delivered."""
    running = gateway(with_tickets(tmp_path))
    with agent(running, "alex") as alex:
        with customer(running, "cara") as cara:
            ticket_id = opened(cara)
        for turn in range(40):
            with customer(running, "cara") as cara:
                cara.send({"type": "text", "ticket_id": ticket_id, "content": f"bye {turn}"})
                if turn % 2:
                    cara.close()
            assert alex.hear("text")["content"] == f"bye {turn}"
        kept = [e["content"] for e in alex.asks("ticket_history", "ticket_history", ticket_id=ticket_id, limit=200)["entries"] if "content" in e]
        assert kept == [f"bye {turn}" for turn in range(40)]
