"""Who may connect with wsc.security.auth.provider http: real clients, and a back end that answers, refuses, is slow, dead,
broken or not to be trusted."""

import asyncio
import json
import re
import signal

import pytest
import websockets
import yaml

from support.back_end import BackEnd
from support.gateway import DEFAULTS, SOURCE_DIR, merged, run_gatewayd
from support.library_client import ask, hear, hears_nothing_but_pong, play
from support.tokens import Hs256, claims
from support.waiting import eventually
from test_auth_jwt import SECRET, admitted, admits, refresh, refused
from test_moderate import free_port

METRIC = "gateway_plugin_auth_http_"


def auth(url, http=None, wsc=None, **more):
    config = {"wsc": {"security": {"enable_auth": True, "auth": {"provider": "http", "url": url, **more}}}}
    return merged(merged(config, {"wsc": wsc or {}}), {"plugins": {"http": http or {}}})


def user(name, seconds=600, **more):
    return 200, {"user_id": name, "expires_in": seconds, **more}


def by_token(request):
    """The token says what to answer: user.whatever, or a status."""
    token = request.json["token"]
    if token.isdigit():
        return int(token), {"code": "from_" + "login"}
    return user(token.split(".")[0])


def counted(running, name, **labels):
    return running.admin.metric(METRIC + name, **labels)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    from support.certificates import Certificates

    made = Certificates(tmp_path_factory.mktemp("certificates"))
    made.make("localhost")
    made.make("other.example.com")
    return made


# --- what is asked, and what the answers do ---


def test_the_back_end_says_who_it_is(gateway):
    with BackEnd(lambda _: user("ada", user_type="agent", client_id="c7", attributes={"tier": "gold"})) as back_end:
        running = gateway(
            auth(back_end.url + "?key=s3cret", headers={"Authorization": "Basic abc"}, forward_headers=["Cookie", "Origin"])
        )
        headers = {"Authorization": "Bearer t.0.k.e.n", "Cookie": "session=s3ss10n", "X-Other": "x"}
        with running.connect(headers=headers, user_id="eve", client_id="desk") as client:
            greeting = [client.greeting[name] for name in ("user_id", "user_type", "client_id")]
            assert greeting == ["ada", "agent", "c7"]
            client.close()
        asked = back_end.requests[0]
        assert asked.json == {
            "event": "connect", "token": "t.0.k.e.n", "address": "127.0.0.1", "path": "/ws", "user_id": "eve", "client_id": "desk",
        }
        assert (asked.headers["Authorization"], asked.headers["Cookie"]) == ("Basic abc", "session=s3ss10n")
        assert asked.headers["Content-Type"] == "application/json" and "X-Other" not in asked.headers
        log = running.log_text()
        assert not any(secret in log for secret in ("t.0.k.e.n", "s3ss10n", "s3cret", "Basic abc"))


def test_the_places_of_a_token(gateway):
    with BackEnd(by_token) as back_end:
        running = gateway(auth(back_end.url, max_token_size=1000))
        for options in (
            {"headers": {"Authorization": "Bearer ada.1"}},
            {"target": "/ws?token=ada.2"},
            {"headers": {"Sec-WebSocket-Protocol": "gateway.v1.json, bearer, ada.3"}},
        ):
            with running.connect(**options) as client:
                assert client.greeting["user_id"] == "ada"
                client.close()
        assert [request.json["token"] for request in back_end.requests] == ["ada.1", "ada.2", "ada.3"]
        assert refused(running, "token_missing").headers["www-authenticate"] == 'Bearer realm="gatewayd"'
        refused(running, "token_ambiguous", "ada.1", target="/ws?token=ada.1")
        refused(running, "token_too_large", target="/ws?token=" + "x" * 1001)
        assert len(back_end.requests) == 3


def test_python_websockets_and_a_browsers_subprotocols(gateway):
    async def scenario():
        async with websockets.connect(running.url, subprotocols=["gateway.v1.json", "bearer", "ada.1"]) as ada:
            assert (await hear(ada))["user_id"] == "ada" and ada.subprotocol == "gateway.v1.json"
            await hears_nothing_but_pong(ada)
        with pytest.raises(websockets.InvalidStatusCode) as failed:
            async with websockets.connect(running.url, subprotocols=["bearer", "401"]):
                pass
        assert failed.value.status_code == 401 and "WWW-Authenticate" in failed.value.headers

    with BackEnd(by_token) as back_end:
        running = gateway(auth(back_end.url))
        play(scenario())


def test_a_cookie_alone_when_the_configuration_says_so(gateway):
    with BackEnd(lambda request: user(request.headers["Cookie"].split("=")[1])) as back_end:
        running = gateway(auth(back_end.url, bearer="optional", forward_headers=["Cookie"]))
        for name in ("ada", "bob"):
            with running.connect(headers={"Cookie": f"session={name}"}) as client:
                assert client.greeting["user_id"] == name
                client.close()
        assert [request.json["token"] for request in back_end.requests] == [None, None]
        refused(running, "token_missing")


def test_refusals_are_passed_on(gateway):
    with BackEnd(by_token) as back_end:
        running = gateway(auth(back_end.url))
        response = refused(running, "from_login", "401")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert "www-authenticate" not in refused(running, "from_login", "403", status=403).headers
        assert counted(running, "answers_total", result="denied") == 2
        running.wait_for_log("handshake refused by=auth-http status=401 code=from_login")  # alike ones are counted


def test_a_user_type_that_is_not_allowed_is_403(gateway):
    with BackEnd(lambda _: user("ada", user_type="visitor")) as back_end:
        running = gateway(auth(back_end.url))
        assert "allowed_user_types" in refused(running, "forbidden", "t", status=403).error()["message"]


# --- a back end that fails ---

GOOD = json.dumps({"user_id": "ada", "expires_in": 600})
BROKEN = {
    "error": (lambda _: (500, GOOD), "status"),
    "created": (lambda _: (201, GOOD), "status"),
    "redirect": (lambda _: b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "status"),
    "garbage": (lambda _: (200, "\x00\x01<html>"), "answer"),
    "no user": (lambda _: (200, {"expires_in": 600}), "answer"),
    "no end": (lambda _: (200, {"user_id": "ada"}), "answer"),
    "two users": (lambda _: (200, '{"user_id":"ada","user_id":"eve","expires_in":9}'), "answer"),
    "deep": (lambda _: (200, '{"user_id":"ada","expires_in":9,"x":' + "[" * 9000 + "]" * 9000 + "}"), "answer"),
    "huge": (lambda _: (200, '{"user_id":"ada","expires_in":9,"x":"' + "x" * 100_000 + '"}'), "answer"),
    "closing": (lambda _: b"", "answer"),
    "half": (lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + GOOD.encode(), "answer"),
    "no http": (lambda _: b"220 mail.example.com ESMTP\r\n\r\n", "answer"),
    "no json": (
        lambda _: b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(GOOD), GOOD.encode()),
        "answer",
    ),
    "late": (None, "timeout"),
    "dead": (None, "unreachable"),
    "unknown": (None, "unreachable"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_without_an_answer_of_use_nobody_gets_in(gateway, kind):
    def late(_):
        back_end.gate.wait(60)
        return 200, GOOD

    answer, reason = BROKEN[kind]
    with BackEnd(answer or late) as back_end:
        url = {"dead": f"http://127.0.0.1:{free_port()}/", "unknown": "http://nowhere.invalid/"}.get(kind, back_end.url)
        timeout = 200 if kind == "late" else 20000
        # A name that does not resolve has no https, either.
        running = gateway(auth(url + "?key=s3cret", timeout_ms=timeout, allow_http=True))
        response = refused(running, "auth_unavailable", "t0k3n", status=503)
        assert 2 <= int(response.headers["retry-after"]) <= 5
        assert counted(running, "failed_total", reason=reason) == 1
        running.wait_for_log("no answer of use from " + re.escape(url) + ", who asks gets 503: ")
        running.wait_for_log("handshake refused by=auth-http status=503 code=auth_unavailable")
        assert "t0k3n" not in running.log_text() and "s3cret" not in running.log_text()
        running.stop()


def test_https_needs_an_authority_that_is_trusted(gateway, certificates):
    cert, key = certificates.paths("localhost")
    with BackEnd(by_token, (cert, key)) as back_end:
        admits(gateway(auth(back_end.url, http={"ca_file": str(cert)})), "ada")
        for http in ({"ca_file": str(certificates.paths("other.example.com")[0])}, {}):
            distrusting = gateway(auth(back_end.url, http=http))
            refused(distrusting, "auth_unavailable", "ada", status=503)
            assert counted(distrusting, "failed_total", reason="tls") == 1
        assert len(back_end.requests) == 1


def test_it_recovers_by_itself(gateway):
    port = free_port()
    running = gateway(auth(f"http://127.0.0.1:{port}/check"))
    refused(running, "auth_unavailable", "ada", status=503)
    with BackEnd(by_token, port=port):
        admits(running, "ada")


# --- many, and slow ---


def test_handshakes_wait_for_a_slow_back_end_and_nothing_else_does(gateway):
    """200 handshakes, one reactor, a back end that answers when the test says so."""
    count = 200

    def answer(request):
        if request.json["token"].startswith("new"):
            back_end.gate.wait(60)
        return user(request.json["token"])

    async def scenario():
        def client(name):
            return websockets.connect(running.url, extra_headers={"Authorization": f"Bearer {name}"})

        async with client("ada") as ada, client("bob") as bob:
            assert (await hear(ada))["user_id"] == "ada" and (await hear(bob))["user_id"] == "bob"
            newcomers = [asyncio.ensure_future(client(f"new{number}").__aenter__()) for number in range(count)]
            await ask(eventually, lambda: len(back_end.requests) == count + 2, "all are asked about", 60)
            for number in range(200):
                await ada.send(json.dumps({"type": "text", "to": "bob", "content": number}))
                assert (await hear(bob))["content"] == number
            assert not any(one.done() for one in newcomers)
            assert await ask(counted, running, "in_flight") == count
            back_end.gate.set()
            for number, one in enumerate(newcomers):
                opened = await one
                assert (await hear(opened))["user_id"] == f"new{number}"
                await opened.close()

    with BackEnd(answer) as back_end:
        http = {"max_connections": 300, "max_connections_per_origin": 300}
        wsc = {"performance": {"handshake_timeout": 60}, "security": {"permissions": {"message_users": ["*"]}}}
        running = gateway(auth(back_end.url, http=http, wsc=wsc, timeout_ms=29000))
        play(scenario(), 120)
        assert counted(running, "asked_total") == count + 2
        running.wait_for_connections(0)


def test_the_same_question_is_asked_once(gateway):
    def answer(request):
        back_end.gate.wait(60)
        return user("ada")

    async def scenario():
        headers = {"Authorization": "Bearer t"}
        waiting = [asyncio.ensure_future(websockets.connect(running.url, extra_headers=headers).__aenter__()) for _ in range(50)]
        await ask(eventually, lambda: counted(running, "joined_total") == 49, "49 wait for the first one's answer")
        back_end.gate.set()
        for one in waiting:
            opened = await one
            assert (await hear(opened))["user_id"] == "ada"
            await opened.close()

    with BackEnd(answer) as back_end:
        running = gateway(auth(back_end.url, timeout_ms=29000))
        play(scenario())
        admits(running, "t")
        assert len(back_end.requests) == 1
        assert counted(running, "cached_total", result="admitted") == 1


def test_over_max_in_flight_it_is_503_at_once(gateway):
    def answer(request):
        back_end.gate.wait(60)
        return by_token(request)

    with BackEnd(answer) as back_end:
        running = gateway(auth(back_end.url, max_in_flight=2, timeout_ms=29000))
        waiting = [running.raw() for _ in range(2)]
        for number, client in enumerate(waiting):
            client.send(upgrade(f"u{number}"))
            back_end.wait_for_request()
        assert int(refused(running, "auth_unavailable", "u3", status=503).headers["retry-after"]) >= 1
        # Who goes takes the question along, and makes room.
        waiting[0].drop()
        eventually(lambda: counted(running, "abandoned_total") == 1, "a question that nobody waits for")
        assert counted(running, "in_flight") == 1
        back_end.gate.set()
        admits(running, "u3")
        waiting[1].drop()


def upgrade(token):
    return (
        f"GET /ws?token={token} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


# --- what is kept ---


def test_answers_are_kept_for_their_question_and_can_be_forgotten(gateway):
    with BackEnd(by_token) as back_end:
        running = gateway(auth(back_end.url, forward_headers=["Cookie"]))

        def asked_for(token, cookie=None, **options):
            before = len(back_end.requests)
            headers = {"Authorization": f"Bearer {token}", **({"Cookie": cookie} if cookie else {})}
            with running.connect(headers=headers, **options) as client:
                client.close()
            return len(back_end.requests) - before

        assert [asked_for("ada.1"), asked_for("ada.1")] == [1, 0]
        assert [asked_for("ada.1", "a=1"), asked_for("ada.1", "a=1"), asked_for("ada.1", "a=2")] == [1, 0, 1]
        assert [asked_for("ada.1", client_id="c1"), asked_for("ada.1", client_id="c1")] == [1, 0]
        assert asked_for("bob.1") == 1
        answer = running.admin.request("DELETE", "/api/v1/plugins/auth-http/cache?user_id=ada")
        assert (answer.status, answer.json()) == (200, {"forgotten": 4})
        assert [asked_for("bob.1"), asked_for("ada.1")] == [0, 1]
        assert running.admin.request("DELETE", "/api/v1/plugins/auth-http/cache").json() == {"forgotten": 2}
        assert asked_for("bob.1") == 1
        for _ in range(2):
            refused(running, "from_login", "401")
        assert len([one for one in back_end.requests if one.json["token"] == "401"]) == 2  # refusals are not kept


def test_refusals_are_kept_when_that_is_configured(gateway):
    with BackEnd(by_token) as back_end:
        running = gateway(auth(back_end.url, cache_denied_ttl=300))
        for _ in range(3):
            refused(running, "from_login", "401")
        assert len(back_end.requests) == 1
        assert counted(running, "cached_total", result="denied") == 2


def test_nothing_is_kept_beyond_the_tokens_end(gateway):
    with BackEnd(lambda _: user("ada", seconds=2)) as back_end:
        running = gateway(auth(back_end.url, cache_ttl=3600, expiry_notice=0))
        with admitted(running, "t") as first:
            first.expect_close(1008)
        admits(running, "t")
        assert len(back_end.requests) == 2


# --- the life of a connection ---


def test_who_renews_stays_and_who_does_not_is_closed(gateway):
    def answer(request):
        token, event = request.json["token"], request.json["event"]
        if token.isdigit():
            return int(token), {"code": "revoked"}
        return user(token.split(".")[0], 8 if event == "connect" else 3600)

    with BackEnd(answer) as back_end:
        running = gateway(auth(back_end.url))
        with admitted(running, "ada.1", client_id="clock") as clock, admitted(running, "ada.1", client_id="a1") as client:
            notice = client.receive()
            assert notice["type"] == "token_expiring" and 0 < notice["in_s"] <= 8
            for token, code in (("eve.1", "token_other_user"), ("401", "revoked"), ("403", "revoked")):
                error = refresh(client, token, id=1)
                assert (error["code"], error["id"]) == ("forbidden", 1) and error["content"].startswith(code + ": ")
            assert refresh(client, "500")["code"] == "unavailable"
            answered = refresh(client, "ada.2", id=5)
            assert (answered["type"], answered["id"]) == ("auth_refreshed", 5) and 3500 < answered["expires_in_s"] <= 3600
            clock.receive()
            assert clock.expect_close(1008).startswith("token_expired: ")
            client.expect_nothing_but_pong()
            client.close()
        asked = [one.json for one in back_end.requests if one.json["token"] == "ada.2"]
        assert asked == [
            {"event": "refresh", "token": "ada.2", "address": "127.0.0.1", "user_id": "ada", "user_type": "customer", "client_id": "a1"}
        ]


def test_a_reload_keeps_connections_and_their_end(gateway):
    """Also one that waits for its answer meanwhile; newcomers are asked about as the new configuration says."""

    def answer(request):
        if request.json["token"] == "slow":
            back_end.gate.wait(60)
        return user(request.json["token"], 8 if request.json["token"] == "short" else 3600)

    with BackEnd(answer) as back_end, BackEnd(by_token) as other:
        config = auth(back_end.url, timeout_ms=29000, expiry_notice=0)
        running = gateway(config)
        with admitted(running, "short") as short, admitted(running, "ada") as ada, running.raw() as slow:
            back_end.wait_for_request(), back_end.wait_for_request()
            slow.send(upgrade("slow"))
            back_end.wait_for_request()
            config["wsc"]["security"]["auth"]["url"] = other.url
            running.config_file.write_text(yaml.safe_dump(merged(DEFAULTS, config)))
            running.signal(signal.SIGHUP)
            running.wait_for_log("plugin reloaded.*plugin=auth-http|plugin=auth-http.*reloaded|reloaded.*auth-http")
            with admitted(running, "bob") as bob:
                assert other.requests[0].json["token"] == "bob"
                bob.close()
            ada.expect_nothing_but_pong()
            back_end.gate.set()
            assert slow.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
            assert refresh(ada, "ada.2")["type"] == "auth_refreshed"
            assert other.requests[-1].json["event"] == "refresh"
            assert short.expect_close(1008).startswith("token_expired: ")
            ada.close()
        assert len(back_end.requests) == 3


def test_connections_of_jwt_stay_when_the_provider_becomes_http(gateway):
    jwt = {"wsc": {"security": {"enable_auth": True, "auth": {"provider": "jwt", "keys": [SECRET]}}}}
    running = gateway(jwt)
    with BackEnd(by_token) as back_end, admitted(running, Hs256(SECRET).token(claims("ada"))) as ada:
        running.config_file.write_text(yaml.safe_dump(merged(DEFAULTS, auth(back_end.url))))
        running.signal(signal.SIGHUP)
        eventually(lambda: running.connect(target="/ws?token=bob", refused=True, greeting=False).response.status == 101, "asks")
        ada.expect_nothing_but_pong()
        assert refresh(ada, "ada.new")["type"] == "auth_refreshed"
        ada.close()


# --- the configuration ---


@pytest.mark.parametrize(
    "config, why",
    [
        ({}, "url: is required"),
        ({"url": "http://login.example.com/"}, "url: must be https: .*allow_http: true"),
        ({"url": "https://a.example/", "keys": ["x"]}, "keys: unknown key; there are: url, "),
        ({"url": "https://a.example/", "ca_file": "x"}, "ca_file: is plugins.http.ca_file"),
        ({"url": "https://a.example/", "forward_headers": ["Upgrade"]}, r"forward_headers\[0\]: Upgrade is a header"),
    ],
    ids=str,
)
def test_a_wrong_configuration_is_told_with_its_line(tmp_path, config, why):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps({"wsc": {"security": {"enable_auth": True, "auth": {"provider": "http", **config}}}}))
    done = run_gatewayd("check", "--config", path)
    assert done.returncode == 2
    assert re.search(r"gateway.yaml:1:\d+: " + why, done.stderr), done.stderr


def test_check_asks_nobody_and_shows_no_secret(tmp_path):
    path = tmp_path / "gateway.yaml"
    with BackEnd(by_token) as back_end:
        path.write_text(json.dumps(auth(back_end.url, headers={"Authorization": "Basic s3cret"})))
        done = run_gatewayd("check", "--config", path)
        assert done.returncode == 0, done.stderr
        assert not back_end.requests
    shown = run_gatewayd("check", "--config", path, "--show").stdout + done.stdout
    assert "s3cret" not in shown


def test_the_example_starts(gateway, tmp_path):
    text = (SOURCE_DIR / "config" / "examples" / "auth-http.yaml").read_text()
    with BackEnd(by_token) as back_end:
        text = text.replace("node_port: 8081", "node_port: 0").replace("127.0.0.1:8082", "127.0.0.1:0")
        running = gateway(re.sub(r"url: \S+", f"url: {back_end.url}", text), env={"LOGIN_KEY": "k3y"})
        admits(running, "ada")
        assert back_end.requests[0].headers["Authorization"] == "Bearer k3y"
