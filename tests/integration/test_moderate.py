"""The example `moderate` in the running gateway: real clients, and a back end that allows, denies, is slow, dead, broken or
not to be trusted."""

import json
import socket

import pytest

from support.back_end import BackEnd
from support.certificates import Certificates
from support.exposition import read_exposition
from support.library_client import connected, hear, hears_nothing_but_pong, play
from support.waiting import eventually


def load(url, http=None, **config):
    return {"plugins": {"load": [{"name": "moderate", "config": {"url": url, **config}}], "http": http or {}}}


def judge(request):
    """By what the message says."""
    content = request.json["message"]["content"]
    if content.startswith("bad"):
        return 200, {"allow": False, "reason": f"no {content}"}
    return 200, {"allow": True}


def text(to, content, **more):
    return json.dumps({"type": "text", "to": to, "content": content, **more})


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_what_is_allowed_goes_on_and_what_is_not_is_refused_with_the_reason(gateway):
    with BackEnd(judge) as back_end:
        running = gateway(load(back_end.url, authorization="Bearer s3cret"))
        with running.connect("alice", user_type="agent") as alice, running.connect("bob") as bob:
            alice.send_json({"id": "m1", "type": "text", "to": "bob", "content": "hello"})
            assert bob.receive()["content"] == "hello"
            alice.send_json({"id": "m2", "type": "text", "to": "bob", "content": "bad words"})
            refused = alice.expect_error("forbidden")
            assert refused["id"] == "m2" and refused["content"] == "no bad words"
            alice.send_json({"type": "note", "to": "bob"})
            assert bob.receive()["type"] == "note"
        assert len(back_end.requests) == 2  # nobody asks about a note
        asked = back_end.requests[0]
        assert asked.headers["Authorization"] == "Bearer s3cret"
        assert asked.headers["Content-Type"] == "application/json"
        assert asked.json["user_type"] == "agent" and asked.json["user_id"]
        assert asked.json["message"] == {"id": "m1", "type": "text", "to": "bob", "content": "hello"}
        # The answer is told before the exchange is put away.
        admin = running.admin
        eventually(lambda: admin.metric("gateway_plugin_http_requests_in_flight", plugin="moderate") == 0, "all are over")
        assert admin.metric("gateway_plugin_http_requests_total", plugin="moderate", outcome="ok") == 2
        metrics = read_exposition(admin.get("/metrics").text)
        assert metrics["gateway_plugin_http_connections"].by("state") == {"busy": 0, "idle": 1}
        assert "s3cret" not in running.log_text()
        running.check_health()


def test_a_slow_service_holds_one_client_and_keeps_its_order(gateway):
    def answer(request):
        if request.json["message"]["content"] == "slow":
            back_end.gate.wait(60)
        return judge(request)

    with BackEnd(answer) as back_end:
        running = gateway(load(back_end.url, timeout_ms=29000))

        async def scenario():
            async with connected(running, "alice") as alice, connected(running, "bob") as bob, connected(
                running, "carol"
            ) as carol:
                for content in ("one", "slow", "bad", "two", "three"):
                    await alice.send(text("bob", content))
                assert (await hear(bob))["content"] == "one"
                for number in range(20):
                    await carol.send(text("bob", f"carol {number}"))
                    assert (await hear(bob))["content"] == f"carol {number}"
                await hears_nothing_but_pong(bob)
                back_end.gate.set()
                for content in ("slow", "two", "three"):
                    assert (await hear(bob))["content"] == content
                assert (await hear(alice))["content"] == "no bad"

        play(scenario())
        running.check_health()


def test_many_clients_are_asked_about_at_once(gateway):
    count = 200
    with BackEnd(judge) as back_end:
        running = gateway(load(back_end.url, http={"max_connections": 20}, timeout_ms=29000))

        async def scenario():
            clients = [connected(running, f"u{i}") for i in range(count)]
            opened = [await client.__aenter__() for client in clients]
            for i, client in enumerate(opened):
                for number in range(3):
                    await client.send(text(f"u{(i + 1) % count}", f"{i} {number}"))
            for i, client in enumerate(opened):
                for number in range(3):
                    assert (await hear(client))["content"] == f"{(i - 1) % count} {number}"
            for client in clients:
                await client.__aexit__(None, None, None)

        play(scenario(), 120)
        assert len(back_end.requests) == 3 * count
        running.check_health()


BROKEN = {
    "status": lambda _: (500, {"allow": True}),
    "redirect": lambda _: b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    "html": lambda _: (200, "<html>allow</html>"),
    "nothing": lambda _: b"",
    "half": lambda _: b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"allow":true}',
    "no http": lambda _: b"220 mail.example.com ESMTP\r\n\r\n",
    "huge": lambda _: (200, '{"allow":true,"x":"' + "x" * 100000 + '"}'),
}


@pytest.mark.parametrize("kind", [*BROKEN, "late", "dead", "unknown"])
@pytest.mark.parametrize("on_failure", ["closed", "open"])
def test_without_a_verdict_on_failure_decides(gateway, kind, on_failure):
    def late(request):
        back_end.gate.wait(60)
        return judge(request)

    with BackEnd(BROKEN.get(kind, late)) as back_end:
        url = {"dead": f"http://127.0.0.1:{free_port()}/", "unknown": "http://nowhere.invalid/"}.get(kind, back_end.url)
        running = gateway(load(url + "?key=s3cret", timeout_ms=300 if kind == "late" else 20000, on_failure=on_failure))
        with running.connect("alice") as alice:
            alice.send_json({"id": 1, "type": "text", "to": "alice", "content": "hi"})
            if on_failure == "open":
                assert alice.receive()["content"] == "hi"
            else:
                assert alice.expect_error("unavailable")["id"] == 1
            alice.expect_nothing_but_pong()
        running.wait_for_log("no verdict, the message is " + ("let pass" if on_failure == "open" else "refused"))
        assert "s3cret" not in running.log_text()
        running.check_health()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.make("localhost")
    made.make("other.example.com")
    return made


def test_tls_is_verified_by_the_authorities_of_the_file(gateway, certificates):
    cert, key = certificates.paths("localhost")
    with BackEnd(judge, (cert, key)) as back_end:
        running = gateway(load(back_end.url, http={"ca_file": str(cert)}))
        with running.connect("alice") as alice:
            alice.send_json({"type": "text", "to": "alice", "content": "hi"})
            assert alice.receive()["content"] == "hi"
        for http in ({"ca_file": str(certificates.paths("other.example.com")[0])}, {}):
            distrusting = gateway(load(back_end.url, http=http))
            with distrusting.connect("alice") as alice:
                alice.send_json({"type": "text", "to": "alice", "content": "hi"})
                alice.expect_error("unavailable")
            distrusting.wait_for_log("its certificate is not trusted: self-signed certificate")
        assert len(back_end.requests) == 1


def test_a_client_that_goes_takes_its_request_along_and_a_shutdown_all(gateway):
    def answer(request):
        back_end.gate.wait(60)
        return judge(request)

    with BackEnd(answer) as back_end:
        running = gateway(load(back_end.url, timeout_ms=29000))
        alice = running.connect("alice")
        alice.send_json({"type": "text", "to": "alice", "content": "hi"})
        back_end.wait_for_request()
        alice.drop()

        def cancelled():
            metrics = read_exposition(running.admin.get("/metrics").text)
            return metrics["gateway_plugin_http_requests_total"].value(plugin="moderate", outcome="cancelled") == 1

        eventually(cancelled, "the request is cancelled")
        with running.connect("bob") as bob:
            bob.send_json({"type": "text", "to": "bob", "content": "hi"})
            back_end.wait_for_request()
            running.stop()


def test_a_wrong_configuration_stops_the_start_with_its_line(gateway):
    def refused(more):
        running = gateway("wsc: { node_ip: 127.0.0.1, node_port: 0 }\nplugins:\n" + more, wait=False)
        assert running.wait_for_exit() == 2
        return running.log_text()

    said = refused("  load:\n    - name: moderate\n      config: { url: 'http://me:pw@host/' }\n")
    assert "gateway.yaml:5:22: url: the URL has a user before @; send credentials in a header (Authorization)" in said
    said = refused("  http: { ca_file: nowhere.pem }\n")
    assert "gateway.yaml:3:20: plugins.http.ca_file: " in said and "nowhere.pem: No such file or directory" in said
