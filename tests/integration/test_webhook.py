"""The plugin `webhook` with real clients and a real back end: what it tells, what it does while the back end is slow, dead
or talks nonsense, and what it asks. The wire is described in docs/webhooks.md."""

import hashlib
import hmac
import json
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
import yaml

from support.gateway import DEFAULTS, SOURCE_DIR, merged, run_gatewayd
from support.library_client import connected, hear, play
from support.members import Member
from support.receiver import SECRET, Receiver, is_signed
from support.store import with_groups
from support.tickets import agent, customer, with_tickets
from support.waiting import SLOW, eventually

QUICK = {"max_delay_ms": 20, "retry_min_ms": 20, "retry_max_ms": 100, "flush_timeout_ms": 200}


def entry(receiver, **config):
    config = {"url": receiver.url, "secret": SECRET, **QUICK, **config}
    return {"name": "webhook", "config": {key: value for key, value in config.items() if value is not None}}


def started(gateway, receiver, base=None, **config):
    load = [entry(receiver, **config), *(base or {}).get("plugins", {}).get("load", [])]
    return gateway(merged(merged(DEFAULTS, base or {}), {"plugins": {"load": load}}))


def value(running, name, **labels):
    return running.admin.metric("gateway_plugin_webhook_" + name, **labels)


@pytest.fixture
def receiver():
    with Receiver() as made:
        yield made
    assert made.wrong_signatures == 0
    assert made.doubled == 0


def say(client, count, type="text", to="bob"):
    for number in range(count):
        client.send_json({"type": type, "to": to, "content": str(number)})


def contents(receiver, name="message.text"):
    return [event["message"]["content"] for event in receiver.named(name)]


# --- what is told ---


def test_clients_and_messages_are_told(gateway, receiver):
    running = started(gateway, receiver, events=["client.*", "message.text", "websocket.*"])

    async def scenario():
        async with connected(running, "ada", "c1", "agent") as ada, connected(running, "bob") as bob:
            await ada.send(json.dumps({"type": "text", "to": "bob", "content": "häß\\\"", "data": {"a": [1.5, None]}}))
            await ada.send(json.dumps({"type": "other", "to": "bob"}))
            return ada.greeting, await hear(bob)

    greeting, heard = play(scenario())
    ((start,), (ada, bob)) = receiver.wait_for("websocket.started"), receiver.wait_for("client.connected", 2)
    assert "client_id" not in start
    assert {ada["client_id"], ada["user_id"], ada["user_type"]} == {"c1", "ada", "agent"}
    assert ada["remote_address"].startswith("127.0.0.1:") and ada["connection_id"] != bob["connection_id"]
    (message,) = receiver.wait_for("message.text")
    assert message["message"] == heard
    assert message["message"]["from"] == "ada" and message["message"]["content"] == "häß\\\""
    assert message["connection_id"] == ada["connection_id"]
    gone = receiver.wait_for("client.disconnected", 2)
    assert {event["reason"] for event in gone} == {"client_close"} and {event["code"] for event in gone} == {1000}
    running.check_health()
    running.stop()
    assert [event["event"] for event in receiver.events][-1] == "websocket.stopped"
    ids = [event["id"] for event in receiver.events]
    assert len(set(ids)) == len(ids) and not receiver.named("message.other")


def test_what_was_refused_is_not_told(gateway, receiver):
    running = started(gateway, receiver, events=["message.*"])
    with running.connect("ada") as ada:
        say(ada, 1, to="nobody")
        ada.expect_error("user_offline")
        ada.send_json({"type": "text", "content": "to all, as a customer"})
        ada.expect_error("forbidden")
        say(ada, 1, type="last", to="ada")
        assert ada.receive()["type"] == "last"
    receiver.wait_for("message.last")
    assert len(receiver.events) == 1


def test_events_of_other_plugins_are_told(gateway, receiver, tmp_path):
    running = started(gateway, receiver, with_groups(tmp_path), events=["group.member_joined"])
    with Member(running, "ada") as ada:
        ada.asks("group_join", "group_joined", group_id="g1")
        (joined,) = receiver.wait_for("group.member_joined")
        assert joined["plugin"] == "group"
        assert joined["data"]["group_id"] == "g1" and joined["data"]["user_id"] == "ada"
    assert not receiver.named("group.created")


def test_the_life_of_a_ticket_is_told(gateway, receiver, tmp_path):
    running = started(gateway, receiver, with_tickets(tmp_path), events=["ticket.*"])
    with customer(running, "cara") as cara, agent(running, "alex"):
        ticket = cara.asks("ticket_create", "ticket_created", subject="My order")["ticket_id"]
        (created,) = receiver.wait_for("ticket.created")
        (assigned,) = receiver.wait_for("ticket.assigned")
    assert created["plugin"] == assigned["plugin"] == "ticket"
    assert created["data"]["ticket_id"] == assigned["data"]["ticket_id"] == ticket
    assert [event["event"] for event in receiver.events][:2] == ["ticket.created", "ticket.assigned"]


def test_events_travel_together_and_in_order(gateway, receiver):
    receiver.answers.append(lambda request: (receiver.gate.wait(), receiver.take(request), (200, {}))[-1])
    running = started(gateway, receiver, events=["message.text"], batch_size=50)
    with running.connect("ada") as ada, running.connect("bob") as bob:
        say(ada, 500)
        for number in range(500):
            assert bob.receive()["content"] == str(number)
        receiver.gate.set()
        receiver.wait_for("message.text", 500)
    assert contents(receiver) == [str(number) for number in range(500)]
    assert len(receiver.deliveries) < 25
    assert max(len(request.json["events"]) for request in receiver.requests) == 50
    eventually(lambda: value(running, "queue_events") == 0, "the queue is empty")
    assert value(running, "delivered_total") == 500
    assert value(running, "given_up_total", reason="queue_full") == 0


def test_two_secrets_sign_while_one_takes_the_place_of_the_other(gateway, receiver):
    old = "an older secret of the tests"
    running = started(gateway, receiver, secret=None, secrets=[SECRET, old], events=["client.connected"])
    assert running.connect("ada")
    receiver.wait_for("client.connected")
    (request,) = receiver.requests
    assert is_signed(request.headers, request.body, old) and is_signed(request.headers, request.body, SECRET)
    assert not is_signed(request.headers, request.body + b" ", SECRET)
    assert SECRET not in running.log_text()
    shown = running.admin.get("/api/v1/config").text
    assert SECRET not in shown and old not in shown


# --- a back end in trouble ---


@pytest.mark.parametrize(
    "trouble",
    [
        (500, {}),
        (503, "busy", {"Retry-After": "0"}),
        (429, {}),
        (408, {}),
        b"no HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut off",
        b"",
    ],
    ids=["500", "503", "429", "408", "garbage", "cut off", "closed"],
)
def test_what_did_not_arrive_is_sent_again(gateway, receiver, trouble):
    receiver.answers += [trouble] * 3
    running = started(gateway, receiver, events=["message.text"])
    with running.connect("ada") as ada, running.connect("bob"):
        say(ada, 10)
        receiver.wait_for("message.text", 10)
    assert contents(receiver) == [str(number) for number in range(10)]
    first = receiver.requests[0]
    again = [request for request in receiver.requests if request.json["delivery_id"] == first.json["delivery_id"]]
    assert len(again) >= 4 and {request.body for request in again} == {first.body}
    (line,) = running.log_lines("the back end takes no events")
    assert "plugin=webhook" in line
    running.wait_for_log("the back end takes events again")
    assert value(running, "attempts_total", result="ok") >= 1
    running.check_health()


def test_a_slow_back_end_times_out_and_what_it_took_is_known_by_its_id(gateway):
    with Receiver() as receiver:
        taken = lambda request: (receiver.take(request), receiver.gate.wait(), (200, {}))[-1]
        receiver.answers.append(taken)
        running = started(gateway, receiver, events=["message.text"], timeout_ms=300)
        with running.connect("ada") as ada, running.connect("bob"):
            say(ada, 1)
            eventually(lambda: receiver.doubled == 1, "it came again, as the same delivery")
        assert len(receiver.events) == 1 and len(receiver.deliveries) == 1
        assert value(running, "attempts_total", result="timeout") == 1
        receiver.gate.set()


def test_retry_after_is_waited_for(gateway, receiver):
    receiver.answers.append((429, {}, {"Retry-After": "3600"}))
    running = started(gateway, receiver, events=["client.connected"])
    assert running.connect("ada")
    running.wait_for_log("the back end takes no events.*next attempt in 3600 s")
    queue = running.admin.get("/api/v1/plugins/webhook/queue").json()
    assert queue["waiting"] == 1 and queue["attempts"] == 1 and queue["next_attempt_ms"] > 3_000_000
    assert queue["last_error"].endswith("status 429")
    assert running.admin.post("/api/v1/plugins/webhook/retry", "").status == 200
    receiver.wait_for("client.connected")
    eventually(lambda: running.admin.get("/api/v1/plugins/webhook/queue").json()["waiting"] == 0, "it was taken")


@pytest.mark.parametrize("status", [400, 401, 404, 302])
def test_what_is_refused_is_given_up_at_once_and_said(gateway, receiver, status):
    receiver.answers.append((status, {}, {"Location": "https://elsewhere.example/?key=1"}))
    running = started(gateway, receiver, events=["client.connected"])
    assert running.connect("ada")
    running.wait_for_log(f"1 event given up, refused by the back end: POST .*: status {status}")
    assert bool(running.log_lines("redirect to https://elsewhere.example/, which is not followed")) == (status == 302)
    assert "key=1" not in running.log_text()
    assert running.connect("bob")
    (event,) = receiver.wait_for("client.connected")
    assert event["user_id"] == "bob" and receiver.lost == 1
    assert value(running, "given_up_total", reason="refused") == 1


def test_a_back_end_that_dies_and_comes_back_misses_nothing(gateway):
    with Receiver() as first:
        port = first.port
        running = started(gateway, first, events=["message.text"], batch_size=20)
        ada, bob = running.connect("ada"), running.connect("bob")
        say(ada, 30)
        first.wait_for("message.text", 30)
    say(ada, 100)
    running.wait_for_log("the back end takes no events.*waiting")
    for number in [*range(30), *range(100)]:  # the message path has not noticed
        assert bob.receive()["content"] == str(number)
    assert value(running, "queue_events") == 100
    with Receiver(port=port) as second:
        second.wait_for("message.text", 100)
        assert contents(second) == [str(number) for number in range(100)]
        assert second.doubled == 0 and second.wrong_signatures == 0
    running.wait_for_log("the back end takes events again")
    assert value(running, "attempts_total", result="unreachable") >= 1
    ada.close()
    bob.close()
    running.check_health()


def test_a_full_queue_loses_the_oldest_and_says_how_many(gateway):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says nothing
        port = silent.getsockname()[1]
        dead = type("Dead", (), {"url": f"http://127.0.0.1:{port}/"})
        running = started(gateway, dead, events=["message.text"], max_queue=50, batch_size=10, timeout_ms=60000)
        with running.connect("ada") as ada, running.connect("bob") as bob:
            say(ada, 200)
            for number in range(200):
                assert bob.receive()["content"] == str(number)
            lost = value(running, "given_up_total", reason="queue_full")
            assert 140 <= lost <= 150 and value(running, "queue_events") == 200 - lost
        running.wait_for_log("[0-9]+ events? given up: the queue is full, the oldest go")
        running.check_health()


# --- the end, and reloads ---


def test_what_waits_at_the_end_is_sent(gateway, receiver):
    running = started(gateway, receiver, events=["client.*", "websocket.*"], max_delay_ms=60000, flush_timeout_ms=20000)
    ada = running.connect("ada")
    running.signal(signal.SIGTERM)
    ada.expect_close(1001)
    assert running.wait_for_exit() == 0
    names = [event["event"] for event in receiver.events]
    assert names == ["websocket.started", "client.connected", "client.disconnected", "websocket.stopped"]
    assert receiver.events[2]["reason"] == "server_shutdown"


def test_what_cannot_be_sent_at_the_end_is_counted_and_said(gateway):
    with Receiver() as receiver:
        receiver.answers += [(500, {})] * 1000
        running = started(gateway, receiver, events=["client.*"])
        assert running.connect("ada")
        running.stop()
        assert running.log_lines("error.*2 events given up: the plugin stops, and flush_timeout_ms is over")


def test_a_reload_takes_the_queue_along_in_order(gateway):
    with Receiver() as receiver:
        receiver.answers += [(503, {})] * 3
        running = started(gateway, receiver, events=["message.text"], retry_min_ms=3_600_000, retry_max_ms=3_600_000)
        with running.connect("ada") as ada, running.connect("bob") as bob:
            say(ada, 20)
            running.wait_for_log("the back end takes no events")
            del receiver.answers[:]
            config = yaml.safe_load(running.config_file.read_text())
            config["plugins"]["load"][0]["config"].update(retry_min_ms=20, retry_max_ms=20, batch_size=7)
            running.config_file.write_text(yaml.safe_dump(config))
            running.signal(signal.SIGHUP)
            running.wait_for_log("plugin reload: in place")
            say(ada, 20)
            receiver.wait_for("message.text", 40)
            for number in [*range(20), *range(20)]:
                assert bob.receive()["content"] == str(number)
        assert contents(receiver) == [str(number) for number in [*range(20), *range(20)]]
        assert receiver.doubled == 0 and receiver.lost == 0
        running.wait_for_log("20 events taken over from the generation before")
        assert value(running, "delivered_total") == 40
        running.check_health()


def test_reloads_under_traffic_lose_nothing_and_keep_the_order(gateway):
    with Receiver() as receiver:
        running = started(gateway, receiver, events=["message.text"], max_delay_ms=1)
        reloads, each = 5, 100
        with running.connect("ada") as ada, running.connect("bob") as bob:
            for _ in range(reloads):
                say(ada, each // 2)
                since = running.log_position()
                assert running.admin.post("/api/v1/plugins/webhook/reload", "").status == 200
                say(ada, each // 2)
                running.wait_for_log("the old generation is gone", since=since)
            for _ in range(reloads * each):
                bob.receive()
            receiver.wait_for("message.text", reloads * each, SLOW)
        half = [str(number) for number in range(each // 2)]
        assert contents(receiver) == half * (2 * reloads)
        assert receiver.lost == 0


def test_generations_that_hand_over_late_keep_the_order(gateway):
    """A generation drains as long as a message that it has put aside: those that come meanwhile wait for it."""
    with Judge() as judge:
        running = started(gateway, judge, events=["message.text"], ask={"types": ["order"], "timeout_ms": 20000})
        with running.connect("ada") as ada, running.connect("bob") as bob, running.connect("cay") as cay:
            cay.send_json({"type": "order", "to": "cay", "content": "wait"})
            judge.wait_for_request()
            for _ in range(3):
                say(ada, 10)
                for number in range(10):
                    assert bob.receive()["content"] == str(number)
                assert running.admin.post("/api/v1/plugins/webhook/reload", "").status == 200
            say(ada, 10)
            queue = running.admin.get("/api/v1/plugins/webhook/queue").json()
            assert queue["state"] == "holding"
            judge.gate.set()
            judge.wait_for("message.text", 40)
            assert cay.receive()["content"] == "wait"
        running.wait_for_log("the old generation is gone", count=3)
        assert contents(judge) == [str(number) for number in range(10)] * 4


def test_without_the_plugin_what_waits_is_still_sent(gateway, receiver):
    running = started(gateway, receiver, events=["client.connected"], max_delay_ms=60000, flush_timeout_ms=20000)
    assert running.connect("ada")
    config = yaml.safe_load(running.config_file.read_text())
    config["plugins"]["load"] = []
    running.config_file.write_text(yaml.safe_dump(config))
    running.signal(signal.SIGHUP)
    running.wait_for_log("the old generation is gone")
    assert len(receiver.named("client.connected")) == 1


# --- ask ---


class Judge(Receiver):
    """Answers questions by the message's content, and takes events."""

    def _answer(self, request):
        if request.json.get("event") != "message.ask":
            return super()._answer(request)
        if not is_signed(request.headers, request.body):
            self.wrong_signatures += 1
            return 401, {}
        message = request.json["message"]
        content = message.get("content")
        if content == "wait":
            self.gate.wait()
        return {
            "no": (200, {"action": "deny", "reason": "not today"}),
            "bad": (200, {"action": "replace", "message": {"content": "good", "data": {"by": "judge"}}}),
            "to cay": (200, {"action": "replace", "message": {"to": "cay"}}),
            "help": (200, {"action": "answer", "message": {"type": "help", "for": message["from"]}}),
            "broken": (200, "{"),
            "error": (500, {}),
        }.get(content, (200, {"action": "allow"}))


@pytest.fixture
def judge():
    with Judge() as made:
        yield made
    assert made.wrong_signatures == 0


def judged(gateway, judge, **ask):
    return started(gateway, judge, events=["message.*"], ask={"types": ["order"], "timeout_ms": 1000, **ask})


def test_the_back_end_decides_about_messages(gateway, judge):
    running = judged(gateway, judge)

    async def scenario():
        async with connected(running, "ada") as ada, connected(running, "bob") as bob, connected(running, "cay") as cay:

            async def order(content):
                await ada.send(json.dumps({"type": "order", "id": 7, "to": "bob", "content": content}))

            await order("fine")
            assert (await hear(bob))["content"] == "fine"
            await order("no")
            error = await hear(ada)
            assert (error["code"], error["content"], error["id"]) == ("forbidden", "not today", 7)
            await order("bad")
            changed = await hear(bob)
            assert (changed["content"], changed["data"], changed["from"]) == ("good", {"by": "judge"}, "ada")
            await order("to cay")
            assert (await hear(cay))["content"] == "to cay"
            await order("help")
            assert await hear(ada) == {"type": "help", "for": "ada"}
            await ada.send(json.dumps({"type": "text", "to": "bob", "content": "no"}))  # nobody is asked
            assert (await hear(bob))["content"] == "no"
            for failing in "broken", "error":
                await order(failing)
                assert (await hear(ada))["code"] == "unavailable"

    play(scenario())
    eventually(lambda: len(judge.events) == 4, "what went on was told")
    assert [event["message"]["content"] for event in judge.events] == ["fine", "good", "to cay", "no"]
    for action, count in {"allow": 1, "deny": 1, "replace": 2, "answer": 1}.items():
        assert value(running, "asked_total", action=action) == count
    assert value(running, "ask_failed_total", reason="answer") == 1
    assert value(running, "ask_failed_total", reason="status") == 1
    assert value(running, "ask_in_flight") == 0
    running.check_health()


@pytest.mark.parametrize("on_failure", ["deny", "allow"])
def test_a_back_end_that_does_not_answer_is_not_waited_for(gateway, judge, on_failure):
    running = judged(gateway, judge, on_failure=on_failure, timeout_ms=200)
    with running.connect("ada") as ada, running.connect("bob") as bob:
        say(ada, 1, type="text")
        assert bob.receive()["type"] == "text"
        ada.send_json({"type": "order", "to": "bob", "content": "wait"})
        if on_failure == "allow":
            assert bob.receive()["content"] == "wait"
        else:
            ada.expect_error("unavailable")
        running.wait_for_log("no answer of use, the message is " + ("let pass" if on_failure == "allow" else "refused"))
        assert value(running, "ask_failed_total", reason="timeout") == 1


def test_the_order_of_a_client_is_kept_behind_a_question(gateway, judge):
    running = judged(gateway, judge, timeout_ms=20000)
    with running.connect("ada") as ada, running.connect("bob") as bob, running.connect("cay") as cay:
        ada.send_json({"type": "order", "to": "bob", "content": "wait"})
        say(ada, 1)
        judge.wait_for_request()
        cay.send_json({"type": "text", "to": "bob", "content": "others go on"})
        assert bob.receive()["content"] == "others go on"
        judge.gate.set()
        assert [bob.receive()["content"] for _ in range(2)] == ["wait", "0"]


def test_only_so_many_messages_wait(gateway, judge):
    running = judged(gateway, judge, timeout_ms=20000, max_in_flight=1)
    with running.connect("ada") as ada, running.connect("bob") as bob:
        ada.send_json({"type": "order", "to": "bob", "content": "wait"})
        judge.wait_for_request()
        bob.send_json({"type": "order", "to": "ada", "content": "now"})
        bob.expect_error("unavailable")
        assert value(running, "ask_in_flight") == 1
        assert value(running, "ask_failed_total", reason="limit") == 1
        judge.gate.set()
        assert bob.receive()["content"] == "wait"


def test_a_client_that_leaves_takes_its_question_along(gateway, judge):
    running = judged(gateway, judge, timeout_ms=20000)
    ada = running.connect("ada")
    ada.send_json({"type": "order", "to": "ada", "content": "wait"})
    judge.wait_for_request()
    ada.drop()
    eventually(lambda: value(running, "ask_in_flight") == 0, "nothing waits any more")
    running.check_health()


# --- what the documentation says ---


def example(language):
    """The code in docs/webhooks.md that verifies a signature."""
    page = (SOURCE_DIR / "docs" / "webhooks.md").read_text()
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return code


def in_python(secret, header, body):
    names = {}
    exec(example("python"), names)
    return names["verify"](secret, header, body)


def in_javascript(secret, header, body):
    assert shutil.which("node"), "node is needed: ./dev test installs it"
    asked = json.dumps({"secret": secret, "header": header, "body": body.hex()})
    code = example("js") + (
        'const asked = JSON.parse(require("node:fs").readFileSync(0, "utf8"));\n'
        'console.log(verify(asked.secret, asked.header, Buffer.from(asked.body, "hex")));'
    )
    done = subprocess.run(["node", "-e", code], input=asked, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("verify", [in_python, in_javascript])
def test_the_examples_verify_what_the_gateway_signs_and_nothing_else(gateway, receiver, verify):
    running = started(gateway, receiver, secret=None, secrets=["another secret of the tests", SECRET], events=["message.*"])
    with running.connect("ada") as ada:
        ada.send_json({"type": "text", "to": "ada", "content": "häß"})
        receiver.wait_for("message.text")
    (request,) = receiver.requests
    header, body = request.headers["X-Gateway-Signature"], request.body
    assert verify(SECRET, header, body) is True
    assert verify("a secret of somebody else", header, body) is False
    assert verify(SECRET, header, body.replace(b"text", b"next")) is False
    signed_at = int(re.match(r"t=(\d+),", header).group(1))
    assert abs(signed_at - time.time()) < 200
    assert verify(SECRET, header.replace(f"t={signed_at}", f"t={signed_at - 1}"), body) is False
    for wrong in "", "t=", "v1=", f"t={signed_at}", f"t={signed_at},v1=", f"t={signed_at},v1=ä", header.split(",", 1)[1]:
        assert verify(SECRET, wrong, body) is False


def test_the_examples_refuse_what_is_old():
    old = int(time.time()) - 3600
    signed = hmac.new(SECRET.encode(), f"{old}.{{}}".encode(), hashlib.sha256).hexdigest()
    for verify in in_python, in_javascript:
        assert verify(SECRET, f"t={old},v1={signed}", b"{}") is False


def test_the_example_configuration_is_valid(monkeypatch):
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    checked = run_gatewayd("check", "--config", SOURCE_DIR / "config" / "examples" / "webhook.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert SECRET not in checked.stdout + checked.stderr
