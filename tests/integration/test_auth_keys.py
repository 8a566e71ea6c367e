"""Keys from a JWKS URL: fetched off the path, kept, renewed when a token names one that is not there, and when they fail
to come those of before go on."""

import json
import socket
import threading

import pytest

from support.gateway import merged, run_gatewayd
from support.key_server import KeyServer
from support.tokens import Es256, Hs256, Rs256, claims, jwks
from support.waiting import eventually
from test_auth_jwt import SECRET, admits, admitted, auth, refused

# Slow to make, so once.
FIRST, SECOND, THIRD = Rs256("first"), Es256("second"), Es256("third")


@pytest.fixture
def server():
    with KeyServer(jwks(FIRST)) as made:
        yield made


def from_url(server, **more):
    return auth([{"jwks_url": server.url, **more}])


class Waiting:
    """A handshake in a thread of its own, which ends when the gateway answers."""

    def __init__(self, running, token):
        self.client = None
        self.thread = threading.Thread(target=self._connect, args=(running, token), daemon=True)
        self.thread.start()

    def _connect(self, running, token):
        headers = {"Authorization": f"Bearer {token}"}
        self.client = running.connect(headers=headers, refused=True, greeting=False)

    def status(self):
        self.thread.join(30)
        self.client.drop()
        return self.client.response.status


def test_keys_are_fetched_at_the_start(gateway, server):
    running = gateway(from_url(server))
    admits(running, FIRST.token())
    assert server.requests == 1
    line = running.wait_for_log(r"keys of (\S+) fetched: 1").group(1)
    assert line == server.url.split("?")[0]
    refused(running, "token_bad_signature", Rs256("first").token())
    assert server.requests == 1


def test_a_handshake_that_comes_before_the_keys_waits_for_them(gateway, server):
    server.hold()
    running = gateway(from_url(server))
    server.wait_for_requests(1)
    waiting = [Waiting(running, FIRST.token(claims(f"u{number}"))) for number in range(20)]
    assert waiting[0].thread.is_alive()
    server.release()
    assert [one.status() for one in waiting] == [101] * 20
    assert server.requests == 1


def test_a_new_key_is_fetched_when_a_token_names_it(gateway, server):
    running = gateway(from_url(server, min_refresh=1))
    admits(running, FIRST.token())
    server.body = jwks(FIRST, SECOND)

    def taken():
        client = running.connect(headers={"Authorization": f"Bearer {SECOND.token()}"}, refused=True, greeting=False)
        client.drop()
        return client.response.status == 101

    eventually(taken, "the second key")  # at once, but for the pause of a second since the start
    assert server.requests == 2
    server.body = jwks(SECOND)  # and one that is gone is gone
    eventually(lambda: Waiting(running, THIRD.token()).status() == 401 and server.requests == 3, "another fetch")
    refused(running, "token_unknown_key", FIRST.token())
    admits(running, SECOND.token())


def test_tokens_with_made_up_keys_do_not_make_it_ask_and_ask(gateway, server):
    running = gateway(from_url(server, min_refresh=3600))
    admits(running, FIRST.token())
    for number in range(50):
        refused(running, "token_unknown_key", FIRST.token(header={"alg": "RS256", "kid": f"k{number}"}))
    assert server.requests == 1
    admits(running, FIRST.token())


def test_while_keys_are_fetched_everybody_else_goes_on(gateway, server):
    running = gateway(merged(from_url(server, min_refresh=1), {"wsc": {"performance": {"io_threads": 1}}}))
    with admitted(running, FIRST.token(claims("ada", user_type="agent"))) as ada:
        server.body = jwks(FIRST, SECOND)
        server.hold()
        waiting = []

        def asked():
            waiting.append(Waiting(running, SECOND.token()))
            return server.requests == 2

        eventually(asked, "a fetch")
        for number in range(50):
            ada.send_json({"type": "text", "to": "ada", "content": number})
            assert ada.receive()["content"] == number
        admits(running, FIRST.token())
        server.release()
        assert waiting[-1].status() == 101
        ada.close()


def test_a_client_that_goes_while_it_waits(gateway, server):
    server.hold()
    running = gateway(from_url(server))
    server.wait_for_requests(1)
    for _ in range(5):
        client = running.raw()
        client.send(f"GET /ws?token={FIRST.token()} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        client.drop()
    server.release()
    admits(running, FIRST.token())
    running.wait_for_connections(0)


def test_an_auth_refresh_waits_for_its_key_too(gateway, server):
    running = gateway(from_url(server, min_refresh=1))
    with admitted(running, FIRST.token(claims("ada"))) as ada:
        server.body = jwks(SECOND)

        def renewed():
            ada.send_json({"type": "auth_refresh", "token": SECOND.token(claims("ada"))})
            return ada.receive()["type"] == "auth_refreshed"

        eventually(renewed, "the second key")
        ada.close()
    assert server.requests == 2


FAILURES = {
    "an error": (500, "", "status 500"),
    "no JSON": (200, "<html>", "is not valid JSON"),
    "no set": (200, "{}", "has no list named keys"),
    "an empty set": (200, '{"keys":[]}', "has no key that can be used"),
    "a secret": (200, json.dumps({"keys": [Hs256(SECRET, "h").jwk()]}), "is a secret"),
    "too large": (200, " " * 300_000, "larger than 262144 bytes"),
}


@pytest.mark.parametrize("status, body, why", FAILURES.values(), ids=FAILURES)
def test_when_a_fetch_fails_the_keys_of_before_stay(gateway, server, status, body, why):
    running = gateway(from_url(server, min_refresh=1))
    admits(running, FIRST.token())
    server.status, server.body = status, body

    def asked():
        refused(running, "token_unknown_key", SECOND.token())
        return server.requests == 2

    eventually(asked, "a second fetch")
    running.wait_for_log("keys of .* were not fetched: .*" + why + ".*those of before stay in use")
    admits(running, FIRST.token())
    refused(running, "token_wrong_algorithm", Hs256(SECRET, "first").token())


def test_without_keys_yet_it_is_503_and_then_they_come(gateway):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        running = gateway(auth([{"jwks_url": f"http://127.0.0.1:{port}/keys", "min_refresh": 1}, SECRET]))
        running.wait_for_log("were not fetched: .*tokens of its keys are refused with 503")
        refused(running, "keys_unavailable", FIRST.token(), status=503)
        refused(running, "token_malformed", "x")
        admits(running, Hs256(SECRET).token())
    with KeyServer(jwks(FIRST), port=port):
        eventually(lambda: Waiting(running, FIRST.token()).status() == 101, "the keys")


@pytest.mark.parametrize("trusted", ["its authority", "another one", "the system's"])
def test_keys_over_https_are_taken_from_a_server_that_is_trusted(gateway, certificates, trusted):
    """A server whose certificate an authority of the test has signed; plugins.http.ca_file names who is trusted."""
    authority, chain, key = certificates.make_signed("login.localhost")
    other, _ = certificates.make("other.example.com")
    ca_file = {"its authority": str(authority), "another one": str(other)}.get(trusted, "")
    with KeyServer(jwks(FIRST), certificate=(chain, key)) as server:
        running = gateway(merged(from_url(server, min_refresh=3600), {"plugins": {"http": {"ca_file": ca_file}}}))
        if trusted == "its authority":
            admits(running, FIRST.token())
            running.wait_for_log("keys of https://127.0.0.1:.* fetched: 1")
            refused(running, "token_bad_signature", Rs256("first").token())
        else:
            refused(running, "keys_unavailable", FIRST.token(), status=503)
            running.wait_for_log("keys of https://.* were not fetched: .*certificate is not trusted")
            assert server.requests == 0


def test_a_servers_name_must_be_the_certificates(gateway, certificates):
    authority, chain, key = certificates.make_signed("login.localhost", address=None)
    with KeyServer(jwks(FIRST), certificate=(chain, key)) as server:
        running = gateway(merged(from_url(server), {"plugins": {"http": {"ca_file": str(authority)}}}))
        refused(running, "keys_unavailable", FIRST.token(), status=503)
        assert server.requests == 0


def test_old_keys_are_fetched_again(gateway, server):
    running = gateway(from_url(server, refresh=1, min_refresh=1))
    admits(running, FIRST.token())
    server.body = jwks(SECOND)

    def gone():
        return Waiting(running, FIRST.token()).status() == 401

    eventually(gone, "the first key goes, though all tokens name it")
    admits(running, SECOND.token())


@pytest.mark.parametrize(
    "key, why",
    [
        ({"jwks_url": "http://login.example.com/keys"}, r"jwks_url: must be https: .*allow_http: true"),
        ({"jwks_url": "http://127.0.0.1.example.com/keys"}, r"jwks_url: must be https"),
        ({"jwks_url": "ftp://login.example.com/keys"}, r"jwks_url: "),
        ({"jwks_url": "https://a.example/keys", "kid": "k"}, r"kid: unknown key; there are: jwks_url, refresh"),
        ({"jwks_url": "https://a.example/keys", "refresh": 0}, r"refresh: must be from 1 to 604800"),
        ({"jwks_url": "https://a.example/keys", "file": "x"}, r"file: unknown key"),
    ],
    ids=str,
)
def test_a_url_that_cannot_be_used_is_named_with_its_line(tmp_path, key, why):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps(auth([key])))
    done = run_gatewayd("check", "--config", path)
    assert done.returncode == 2
    import re

    assert re.search(r"gateway.yaml:1:\d+: keys\[0\]\." + why, done.stderr), done.stderr


def test_check_asks_nobody(tmp_path, server):
    path = tmp_path / "gateway.yaml"
    path.write_text(json.dumps(from_url(server)))
    done = run_gatewayd("check", "--config", path)
    assert done.returncode == 0, done.stderr
    assert server.requests == 0
