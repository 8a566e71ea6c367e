"""Who may connect with wsc.security.enable_auth and a JSON Web Token: good tokens of each kind, from each place; refusals
with their class; what a token says of a user; tokens in band. Attacks are in test_auth_attacks.py."""

import base64
import json
import time

import pytest
import websockets

from support.gateway import merged
from support.library_client import hear, hears_nothing_but_pong, play
from support.tokens import EdDsa, Es256, Hs256, Rs256, claims, encode, jwks

SECRET = "0123456789abcdef0123456789abcdef"
SHARED = Hs256(SECRET)


def auth(keys, **more):
    return {"wsc": {"security": {"enable_auth": True, "auth": {"provider": "jwt", "keys": keys, **more}}}}


def refused(running, code, token=None, status=401, **options):
    """The gateway answers so; returns the response."""
    headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
    client = running.connect(headers=headers, refused=True, greeting=False, **options)
    assert (client.response.status, client.response.error()["code"]) == (status, code), client.response
    client.drop()
    return client.response


def admitted(running, token, **options):
    return running.connect(headers={"Authorization": f"Bearer {token}"}, **options)


def admits(running, token):
    with admitted(running, token) as client:
        client.close()


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway(auth([SECRET]))


# --- keys ---


@pytest.mark.parametrize("kind", [Rs256, Es256, EdDsa])
@pytest.mark.parametrize("form", ["file", "pem", "text", "private file", "jwks"])
def test_each_algorithm_with_a_key_from_each_place(gateway, tmp_path, kind, form):
    signer, other = kind("k1"), kind("k1")
    path = tmp_path / "key"
    path.write_bytes(
        {"private file": signer.private_pem(), "jwks": jwks(signer).encode()}.get(form) or signer.public_pem()
    )
    path.chmod(0o640)
    pem = signer.public_pem().decode()
    key = {
        "file": {"file": str(path)},
        "private file": {"file": str(path), "alg": signer.alg},
        "pem": {"pem": "${KEY}", "kid": "k1"},
        "text": "${KEY}",
        "jwks": {"jwks_file": str(path)},
    }[form]
    running = gateway(auth([key]), env={"KEY": pem})
    with admitted(running, signer.token(claims("ada"))) as client:
        assert client.greeting["user_id"] == "ada"
        client.close()
    refused(running, "token_bad_signature", other.token())
    assert pem.splitlines()[1] not in running.log_text()


@pytest.mark.parametrize(
    "key",
    ["${SECRET}", {"secret": "${SECRET}"}, {"secret_base64": base64.b64encode(SECRET.encode()).decode()}],
    ids=["text", "secret", "base64"],
)
def test_a_secret(gateway, key):
    running = gateway(auth([key]), env={"SECRET": SECRET})
    admits(running, SHARED.token())
    refused(running, "token_bad_signature", Hs256("x" * 32).token())


def test_keys_are_found_by_their_kid_and_are_many(gateway, tmp_path):
    first, second, third = Rs256("first"), Es256("second"), EdDsa("third")
    path = tmp_path / "keys.json"
    path.write_text(jwks(first, second))
    (tmp_path / "third.pem").write_bytes(third.public_pem())
    keys = [{"jwks_file": str(path)}, {"file": str(tmp_path / "third.pem"), "kid": "third"}, {"secret": SECRET}]
    running = gateway(auth(keys))
    for signer in (first, second, third, SHARED):
        admits(running, signer.token())
        admits(running, signer.token(header={"alg": signer.alg}))  # without a kid
    refused(running, "token_unknown_key", first.token(header={"alg": "RS256", "kid": "fourth"}))


def test_a_key_ends_when_it_says(gateway, tmp_path):
    past, future = Rs256("past"), Rs256("future")
    path = tmp_path / "keys.json"
    now = int(time.time())
    path.write_text(
        json.dumps({"keys": [{**past.jwk(), "exp": now - 10}, {**future.jwk(), "nbf": now + 1000}, Es256("on").jwk()]})
    )
    keys = [{"jwks_file": str(path)}, {"secret": SECRET, "expires": "2020-01-01T00:00:00Z"}]
    running = gateway(auth(keys))
    for signer in (past, future, SHARED):
        assert "out of date" in refused(running, "token_unknown_key", signer.token()).error()["message"]


def test_a_certificate_is_a_key_while_it_is_valid(gateway, certificates, tmp_path):
    from cryptography.hazmat.primitives import serialization

    signers = []
    for name, dates in (("now", None), ("then", ("20200101000000Z", "20200131000000Z"))):
        cert, key = certificates.make_dated(name, *dates) if dates else certificates.make(name)
        signer = Es256(name)
        signer.key = serialization.load_pem_private_key(key.read_bytes(), None)
        signer.file = cert
        signers.append(signer)
    good, old = signers
    running = gateway(auth([{"file": str(signer.file), "kid": signer.kid} for signer in signers]))
    admits(running, good.token())
    refused(running, "token_unknown_key", old.token())


# --- where the token comes from ---


def test_the_places_of_a_token(running):
    token = SHARED.token(claims("ada"))
    for options in (
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"Authorization": f"bearer   {token} "}},
        {"target": f"/ws?token={token}"},
        {"headers": {"Sec-WebSocket-Protocol": f"bearer, {token}"}},
        {"headers": {"Sec-WebSocket-Protocol": f"gateway.v1.json, bearer, {token}"}},
        {"headers": {"Sec-WebSocket-Protocol": f"bearer,{token} ,gateway.v1.json"}},
    ):
        with running.connect(**options) as client:
            assert client.greeting["user_id"] == "ada"
            assert client.response.headers.get("sec-websocket-protocol") in (None, "bearer", "gateway.v1.json")
            client.close()
    assert token not in running.log_text() and token.split(".")[2] not in running.log_text()


def test_a_token_in_two_places_is_refused(running):
    token = SHARED.token()
    refused(running, "token_ambiguous", token, target=f"/ws?token={token}")
    refused(running, "token_ambiguous", target=f"/ws?token={token}&user_id=x", token=token)


def test_no_token(running):
    response = refused(running, "token_missing")
    assert response.headers["www-authenticate"] == 'Bearer realm="gatewayd"'
    for authorization in ("Basic YTpi", "Bearer", "Bearer ", f"Token {SHARED.token()}"):
        client = running.connect(headers={"Authorization": authorization}, refused=True, greeting=False)
        assert (client.response.status, client.response.error()["code"]) == (401, "token_missing")
        client.drop()
    refused(running, "token_missing", user_id="alice", user_type="admin", client_id="c1")


def test_python_websockets_and_a_browsers_subprotocols(running):
    async def scenario():
        token = SHARED.token(claims("ada"))
        async with websockets.connect(running.url, subprotocols=["gateway.v1.json", "bearer", token]) as ada:
            assert (await hear(ada))["user_id"] == "ada"
            assert ada.subprotocol == "gateway.v1.json"
            await hears_nothing_but_pong(ada)
        async with websockets.connect(running.url, extra_headers={"Authorization": f"Bearer {token}"}) as ada:
            assert (await hear(ada))["user_id"] == "ada"
        with pytest.raises(websockets.InvalidStatusCode) as failed:
            async with websockets.connect(running.url):
                pass
        assert failed.value.status_code == 401

    play(scenario())


# --- what it says of its bearer ---


def test_identity_comes_from_the_token_alone_but_for_the_client_id(running):
    token = SHARED.token(claims("ada", user_type="agent"))
    with admitted(running, token, user_id="eve", user_type="admin", client_id="desk") as client:
        assert (client.greeting["user_id"], client.greeting["user_type"]) == ("ada", "agent")
        assert client.greeting["client_id"] == "desk"
        client.close()
    with admitted(running, SHARED.token(claims("ada", client_id="c7")), client_id="desk", user_type="admin") as client:
        assert (client.greeting["client_id"], client.greeting["user_type"]) == ("c7", "customer")
        client.close()
    with admitted(running, SHARED.token(claims(None, sub=4711))) as client:
        assert client.greeting["user_id"] == "4711"
        client.close()


def test_a_user_type_that_is_not_allowed_is_403(running):
    response = refused(running, "forbidden", SHARED.token(claims(user_type="visitor")), status=403)
    assert "allowed_user_types" in response.error()["message"]


def test_claims_are_mapped(gateway):
    names = {"user_id": "uid", "user_type": "/app/role", "client_id": "https://example.com/device"}
    running = gateway(auth([SECRET], claims=names))
    said = claims(None, uid="ada", app={"role": "agent"}, **{"https://example.com/device": "d1"})
    with admitted(running, SHARED.token(said)) as client:
        assert [client.greeting[name] for name in ("user_id", "user_type", "client_id")] == ["ada", "agent", "d1"]
        client.close()
    refused(running, "token_bad_claim", SHARED.token(claims("ada")))


@pytest.mark.parametrize(
    "said",
    [
        {"sub": None},
        {"sub": ""},
        {"sub": "a\nb"},
        {"sub": "x" * 129},
        {"sub": ["a"]},
        {"sub": 1.5},
        {"sub": True},
        {"user_type": ["agent"]},
        {"user_type": ""},
        {"client_id": {"a": 1}},
        {"name": 7},
        {"groups": [1]},
        {"groups": ["g" * 120] * 36},
        {"tickets": {"a": "b"}},
        {"exp": None},
    ],
    ids=lambda said: str(said)[:30],
)
def test_a_claim_that_cannot_be_used_is_named(running, said):
    name = next(iter(said))
    assert name in refused(running, "token_bad_claim", SHARED.token(claims(**said))).error()["message"]


# --- here and now ---


def test_times(running):
    now = int(time.time())
    refused(running, "token_expired", SHARED.token(claims(seconds=-31)))
    refused(running, "token_expired", SHARED.token(claims(exp=0)))
    admits(running, SHARED.token(claims(seconds=-5)))  # leeway
    admits(running, SHARED.token(claims(exp=time.time() + 60.75)))
    admits(running, SHARED.token(claims(nbf=now + 5, iat=now + 5)))
    refused(running, "token_not_yet_valid", SHARED.token(claims(nbf=now + 120)))
    refused(running, "token_not_yet_valid", SHARED.token(claims(iat=now + 120)))


def test_issuer_and_audience(gateway):
    running = gateway(auth([SECRET], issuer=["https://a.example", "b"], audience="chat", leeway=0))
    admits(running, SHARED.token(claims(iss="b", aud="chat")))
    admits(running, SHARED.token(claims(iss="https://a.example", aud=["mail", "chat"])))
    for issuer in (None, "c", ["b"], "https://a.example/"):
        refused(running, "token_wrong_issuer", SHARED.token(claims(iss=issuer, aud="chat")))
    for audience in (None, "mail", ["mail"], [], {"chat": 1}, "chat "):
        refused(running, "token_wrong_audience", SHARED.token(claims(iss="b", aud=audience)))
    refused(running, "token_expired", SHARED.token(claims(seconds=-1, iss="b", aud="chat")))


def test_a_token_for_somebody_else_needs_an_audience(running):
    message = refused(running, "token_wrong_audience", SHARED.token(claims(aud="mail"))).error()["message"]
    assert "no audience is configured" in message


def test_tokens_without_exp_can_be_allowed(gateway):
    running = gateway(auth([SECRET], require_exp=False))
    admits(running, SHARED.token(claims(exp=None)))
    refused(running, "token_expired", SHARED.token(claims(seconds=-60)))


# --- in band ---


def refresh(client, token, **more):
    client.send_json({"type": "auth_refresh", "token": token, **more})
    return client.receive()


def test_a_token_is_renewed_in_band(running):
    with admitted(running, SHARED.token(claims("ada", seconds=600))) as client:
        answer = refresh(client, SHARED.token(claims("ada", seconds=3600)), id=5)
        assert (answer["type"], answer["id"]) == ("auth_refreshed", 5)
        assert 3500 < answer["expires_in_s"] <= 3600
        assert refresh(client, SHARED.token(claims("ada")), id='a "b"')["id"] == 'a "b"'
        client.close()


def test_a_token_of_another_user_is_refused_in_band(running):
    with admitted(running, SHARED.token(claims("ada", user_type="agent", client_id="c1"))) as client:
        for said, code in (
            (claims("eve", user_type="agent"), "token_other_user"),
            (claims("ada", user_type="admin"), "token_other_user"),
            (claims("ada"), "token_other_user"),
            (claims("ada", user_type="agent", client_id="c2"), "token_other_user"),
            (claims("ada", user_type="agent", seconds=-60), "token_expired"),
        ):
            error = refresh(client, SHARED.token(said), id=1)
            assert (error["type"], error["code"], error["id"]) == ("error", "forbidden", 1)
            assert error["content"].startswith(code + ": ")
        error = refresh(client, Hs256("x" * 32).token(claims("ada", user_type="agent")))
        assert error["content"].startswith("token_bad_signature: ")
        client.send_json({"type": "auth_refresh", "token": 7})
        client.expect_error("invalid_message")
        client.expect_nothing_but_pong()
        client.close()
    running.wait_for_log("auth_refresh refused: token_other_user")


def test_other_reserved_types_are_still_nobodys(running):
    with admitted(running, SHARED.token()) as client:
        client.send_json({"type": "auth_login"})
        client.expect_error("unknown_type")
        client.close()


# --- the configuration ---


@pytest.mark.parametrize(
    "keys, message",
    [
        (["short"], r"keys\[0\]: has 5 bytes; HS256 needs at least 32"),
        ([{"secret": "x" * 31}], r"keys\[0\].secret: has 31 bytes"),
        ([{"secret_base64": "!!"}], r"keys\[0\].secret_base64: is not base64"),
        ([SECRET, {}], r"keys\[1\]: needs exactly one of secret, secret_base64, pem, file, jwks_file, jwks_url"),
        ([{"secret": SECRET, "file": "x"}], r"keys\[0\]: needs exactly one of"),
        ([{"secret": SECRET, "alg": "RS256"}], r"keys\[0\].alg: is RS256, and this is a key for HS256"),
        ([{"secret": SECRET, "alg": "HS512"}], r"keys\[0\].alg: must be HS256, RS256, ES256 or EdDSA"),
        ([{"secret": SECRET, "expires": "soon"}], r"keys\[0\].expires: must be a time in UTC"),
        ([{"file": "nowhere.pem"}], r"keys\[0\].file: /.*/nowhere.pem cannot be read: No such file"),
        ([{"pem": "hello"}], r"keys\[0\].pem: is not PEM"),
        ([{"key": SECRET}], r"keys\[0\].key: unknown key; there are: secret, "),
        ([{"jwks_file": "gateway.yaml"}], r"keys\[0\].jwks_file: is not valid JSON"),
    ],
    ids=str,
)
def test_a_key_that_cannot_be_used_stops_the_start_with_its_place(gateway, keys, message):
    running = gateway(auth(keys), wait=False)
    assert running.wait_for_exit() == 2
    running.wait_for_log(r"gateway.yaml:\d+:\d+: " + message)
    assert SECRET not in running.log_text()


class Rsa1024(Rs256):
    bits = 1024


class P384(Es256):
    from cryptography.hazmat.primitives.asymmetric import ec

    curve = ec.SECP384R1


@pytest.mark.parametrize("kind, why", [(Rsa1024, "RSA key of 1024 bits"), (P384, "another curve than P-256")])
def test_a_weak_or_foreign_key_stops_the_start(gateway, kind, why):
    running = gateway(auth([{"pem": kind().public_pem().decode()}]), wait=False)
    assert running.wait_for_exit() == 2
    running.wait_for_log(why)


def test_a_public_key_is_never_taken_for_a_secret(gateway):
    running = gateway(auth([{"secret": Rs256().public_pem().decode()}]), wait=False)
    assert running.wait_for_exit() == 2
    running.wait_for_log(r"keys\[0\].secret: is PEM, which is no secret of HS256")


def test_files_that_all_can_read_are_warned_of(gateway, tmp_path):
    private, secret = tmp_path / "private.pem", tmp_path / "keys.json"
    private.write_bytes(Rs256().private_pem())
    secret.write_text(json.dumps({"keys": [{"kty": "oct", "k": encode(SECRET)}]}))
    for path in (private, secret):
        path.chmod(0o644)
    running = gateway(auth([{"file": str(private)}, {"jwks_file": str(secret)}]))
    running.wait_for_log(r"keys\[0\].file: every user can read this private key; chmod 0640")
    running.wait_for_log(r"keys\[1\].jwks_file: every user can read this secret")
    admits(running, SHARED.token())


def test_keys_of_a_set_that_cannot_be_used_are_said(gateway, tmp_path):
    path = tmp_path / "keys.json"
    good = Rs256("good")
    path.write_text(
        json.dumps({"keys": [good.jwk(), {**Rs256("enc").jwk(), "use": "enc"}, {"kty": "RSA", "n": "AQ", "e": "AQAB"}, 7]})
    )
    running = gateway(auth([{"jwks_file": str(path)}]))
    for what in (r"keys\[1\] is not for verifying", r"keys\[2\] is no valid key", r"keys\[3\] is not an object"):
        running.wait_for_log(r"warn .*jwks_file: " + what + ".* and is passed over")
    admits(running, good.token())


def test_secrets_are_masked(gateway):
    listed = {"plugins": {"load": [{"name": "auth-jwt", "config": {"keys": [{"secret": SECRET, "kid": "k"}]}}]}}
    for config in (auth([{"secret": SECRET}]), listed):
        running = gateway(config)
        shown = running.admin.get("/api/v1/config").text
        assert SECRET not in shown and "***" in shown
        admits(running, SHARED.token())


def test_it_can_be_listed_and_placed(gateway):
    config = merged(auth([SECRET]), {"plugins": {"load": [{"name": "auth-jwt", "config": {"leeway": 0}}, {"name": "cors"}]}})
    running = gateway(config)
    admits(running, SHARED.token())
    refused(running, "token_expired", SHARED.token(claims(seconds=-1)))
    names = [plugin["name"] for plugin in running.admin.get("/api/v1/plugins").json()["plugins"]]
    assert names == ["auth-jwt", "cors"]


def test_a_gateway_with_auth_says_that_identities_are_verified(gateway):
    running = gateway(merged(auth([SECRET]), {"wsc": {"node_ip": "0.0.0.0"}}))
    assert "not verified" not in running.log_text()
    assert running.admin.stats()["identities_verified"] is True
