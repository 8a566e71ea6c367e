"""What is known to have worked against readers of JSON Web Tokens (RFC 8725, and the CVEs of a decade), tried here: each
attack is refused with its class, beside the good token that it was made from, and nothing of a token gets into the log."""

import base64
import hashlib
import hmac
import json
import time

import pytest

from support.raw import make_handshake
from support.tokens import EdDsa, Es256, Hs256, Rs256, claims, encode, encode_json, jwks

from test_auth_jwt import admits, auth, refused

SECRET = "0123456789abcdef0123456789abcdef"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

KEYS = {signer.kid: signer for signer in (Hs256(SECRET, "hs"), Rs256("rs"), Es256("es"), EdDsa("ed"))}


@pytest.fixture(scope="module")
def running(shared_gateway, tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "keys.json"
    path.write_text(jwks(*KEYS.values()))
    path.chmod(0o600)
    made = shared_gateway(auth([{"jwks_file": str(path)}]))
    yield made
    for line in made.log_lines("eyJ"):
        raise AssertionError(f"a token in the log: {line}")


@pytest.fixture(autouse=True)
def the_good_ones_go_on(running):
    yield
    for signer in KEYS.values():
        admits(running, signer.token())


def parts(signer, header=None, said=None):
    return [encode_json(header or signer.header()), encode_json(claims() if said is None else said)]


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", "HS384", "RS512", "PS256", "ES256K", "hs256", 7, None])
def test_alg_none_and_other_algorithms(running, alg):
    for signer in KEYS.values():
        header, payload = parts(signer, {**signer.header(), "alg": alg})
        refused(running, "token_wrong_algorithm", f"{header}.{payload}.")
        refused(running, "token_wrong_algorithm", f"{header}.{payload}.{encode(b'x' * 32)}")
    refused(running, "token_wrong_algorithm", KEYS["hs"].token(header={"typ": "JWT", "kid": "hs"}))


@pytest.mark.parametrize("victim", ["rs", "es", "ed"])
def test_a_public_key_as_hmac_secret(running, victim):
    signer = KEYS[victim]
    public = signer.public_pem()
    der = base64.b64decode("".join(public.decode().splitlines()[1:-1]))
    for secret in (public, public.strip(), public.replace(b"\n", b""), der, json.dumps(signer.jwk()).encode()):
        forged = Hs256(secret, victim).token()
        refused(running, "token_wrong_algorithm", forged)
        without_kid = Hs256(secret).token()
        refused(running, "token_bad_signature", without_kid)


@pytest.mark.parametrize("claimed", ["hs", "rs", "es", "ed"])
def test_a_kid_of_one_key_with_the_alg_of_another(running, claimed):
    for signer in KEYS.values():
        if signer.kid == claimed:
            continue
        refused(running, "token_wrong_algorithm", signer.token(header={"alg": signer.alg, "kid": claimed}))


@pytest.mark.parametrize(
    "kid",
    ["../../../../dev/null", "/dev/null", "x' UNION SELECT 'key", "| id", "${SECRET}", "HS", "hs ", "hs\0", "\0", "h" * 256, "*"],
    ids=lambda kid: ascii(kid)[:20],
)
def test_kid_injection(running, kid):
    for secret in (b"", b"key", b"\0" * 32, SECRET.encode()):
        refused(running, "token_unknown_key", Hs256(secret).token(header={"alg": "HS256", "kid": kid}))


@pytest.mark.parametrize("kid", [7, ["hs"], {"a": 1}, True, "h" * 257], ids=lambda kid: str(kid)[:10])
def test_a_kid_that_is_none(running, kid):
    refused(running, "token_malformed", KEYS["hs"].token(header={"alg": "HS256", "kid": kid}))


def test_a_token_does_not_bring_its_own_key(running):
    own = Rs256("own")
    jwk = own.jwk()
    for header in ({"jwk": jwk}, {"jku": "http://127.0.0.1:1/keys"}, {"x5u": "http://127.0.0.1:1/"}, {"x5c": ["MIIB"]}):
        refused(running, "token_unknown_key", own.token(header={"alg": "RS256", "kid": "own", **header}))
        refused(running, "token_bad_signature", own.token(header={"alg": "RS256", "kid": "rs", **header}))


@pytest.mark.parametrize("kid", list(KEYS))
def test_each_cut_of_a_token(running, kid):
    token = KEYS[kid].token(claims("a"))
    dots = [at for at, letter in enumerate(token) if letter == "."]
    for end in [*range(1, 8), *(at + step for at in dots for step in (-1, 0, 1, 2)), len(token) - 2, len(token) - 1]:
        response = refused_with(running, token[:end])
        assert response.error()["code"] in ("token_malformed", "token_bad_signature"), (end, response)
    for begin in (1, 2, dots[0], dots[0] + 1, dots[1]):
        refused(running, "token_malformed", token[begin:])


def refused_with(running, token):
    client = running.connect(headers={"Authorization": f"Bearer {token}"}, refused=True, greeting=False)
    assert client.response.status == 401, client.response
    client.drop()
    return client.response


@pytest.mark.parametrize("kid", list(KEYS))
def test_each_changed_letter_of_a_signature(running, kid):
    token = KEYS[kid].token(claims("a"))
    begin = token.rindex(".") + 1
    for at in {begin, begin + 1, begin + 20, len(token) - 2, len(token) - 1}:
        other = ALPHABET[(ALPHABET.index(token[at]) + 1) % 64]
        code = refused_with(running, token[:at] + other + token[at + 1 :]).error()["code"]
        assert code in ("token_bad_signature", "token_malformed")
    payload = encode_json(claims("eve", user_type="admin"))
    header, _, signature = token.split(".")
    refused(running, "token_bad_signature", f"{header}.{payload}.{signature}")
    refused(running, "token_bad_signature", f"{header}.{token.split('.')[1]}.")


def test_base64_that_is_not_canonical(running):
    token = KEYS["hs"].token(claims("a"))
    header, payload, signature = token.split(".")
    last = ALPHABET.index(signature[-1])
    assert last % 4 == 0  # 32 bytes leave two bits
    for spare in (1, 2, 3):
        refused(running, "token_malformed", f"{header}.{payload}.{signature[:-1]}{ALPHABET[last + spare]}")
    for changed in (
        f"{header}.{payload}.{signature}=",
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}.{signature}A",
        f"{header}.{payload[:-1]}+.{signature}",
        f"{header}.{payload[:-1]}/.{signature}",
        f"{header}..{signature}",
        f"..",
        f"{header}.{payload}",
        f"{header}.{payload}.{signature}.",
        f"{header}.{payload}.{signature}.{signature}",
        f".{header}.{payload}.{signature}",
    ):
        assert refused_with(running, changed).error()["code"] in ("token_malformed", "token_bad_signature"), changed
    # Spaces and line ends in a query, where they can be written.
    for space in ("%20", "%0a", "%00", "%3d", "%C3%A4"):
        refused(running, "token_malformed", target=f"/ws?token={header}.{payload}{space}.{signature}")


def test_a_signature_of_the_right_bytes_in_another_form(running):
    signer = KEYS["es"]
    header, payload = parts(signer)
    raw = signer.signature(f"{header}.{payload}".encode())
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    for form in (der, raw + b"\0", b"\0" + raw, raw[:63], raw[32:], raw + raw):
        refused(running, "token_bad_signature", f"{header}.{payload}.{encode(form)}")


def test_es256_signatures_of_zero_and_of_the_order(running):
    header, payload = parts(KEYS["es"])
    numbers = (0, 1, P256_ORDER, P256_ORDER - 1, 2**256 - 1)
    for r in numbers:
        for s in numbers:
            signature = encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
            refused(running, "token_bad_signature", f"{header}.{payload}.{signature}")


def test_signatures_of_nothing(running):
    for kid, sizes in {"hs": (0, 1, 31, 32, 33, 64), "rs": (0, 1, 255, 256, 257), "ed": (0, 63, 64, 65)}.items():
        header, payload = parts(KEYS[kid])
        for size in sizes:
            for byte in (b"\0", b"\xff"):
                refused(running, "token_bad_signature", f"{header}.{payload}.{encode(byte * size)}")


def test_hmac_of_something_else(running):
    """Shortened, of another hash, with an empty or padded secret."""
    header, payload = parts(KEYS["hs"])
    data = f"{header}.{payload}".encode()
    good = hmac.new(SECRET.encode(), data, hashlib.sha256).digest()
    for mac in (
        good[:16],
        good[:31],
        good + b"\0",
        hmac.new(SECRET.encode(), data, hashlib.sha512).digest(),
        hmac.new(SECRET.encode(), data, hashlib.sha512).digest()[:32],
        hmac.new(b"", data, hashlib.sha256).digest(),
        hmac.new(SECRET.encode()[:-1], data, hashlib.sha256).digest(),
        hashlib.sha256(SECRET.encode() + data).digest(),
    ):
        refused(running, "token_bad_signature", f"{header}.{payload}.{encode(mac)}")


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"HS256","kid":"hs","alg":"HS256"}',
        '{"alg":"none","kid":"hs","alg":"HS256"}',
        '{"alg":"HS256","kid":"rs","kid":"hs"}',
        '{"alg":"HS256","kid":"hs","\\u0061lg":"none"}',
        '{"alg":"HS256","kid":"hs","crit":["exp"]}',
        '{"alg":"HS256","kid":"hs","crit":[]}',
        '{"alg":"HS256","kid":"hs","crit":null}',
        '{"alg":"HS256","kid":"hs","b64":false,"crit":["b64"]}',
        '{"alg":"HS256","kid":"hs","typ":"logout+jwt"}',
        '{"alg":"HS256","kid":"hs","typ":"JWE"}',
        '{"alg":"HS256","kid":"hs","typ":7}',
        '{"alg":"HS256","kid":"hs"} ',
        '{"alg":"HS256","kid":"hs"}x',
        '{"alg":"HS256","kid":"hs",}',
        '{"alg":"HS256","kid":"hs"}\0{"alg":"none"}',
        "{'alg':'HS256','kid':'hs'}",
        '["HS256"]',
        '"HS256"',
        "null",
        "",
        '{"alg":"HS256","kid":"hs","a":"\ud800"}',
        '{"alg":"HS256","kid":"hs","a":"\\ud800"}',
        '{"alg":"HS256","kid":"hs","a":"\\udc00"}',
        "\ufeff" + '{"alg":"HS256","kid":"hs"}',
        '{"alg":"HS256","kid":"hs","a":NaN}',
        '{"alg":"HS256","kid":"hs","a":' + "[" * 20 + "]" * 20 + "}",
        '{"alg":"HS256","kid":"hs","a":' + "[" * 2000 + "]" * 2000 + "}",
        '{"alg":"HS256","kid":"hs","a":' + "[" * 2000,
        '{"alg":"HS256","kid":"hs","a":' + '{"a":' * 500 + "1" + "}" * 500 + "}",
    ],
    ids=lambda header: ascii(header)[:60],
)
def test_a_header_that_can_be_read_in_two_ways(running, header):
    payload = json.dumps(claims("a"))
    signer = KEYS["hs"]
    data = f"{encode(header.encode('utf-8', 'surrogatepass'))}.{encode(payload)}"
    token = f"{data}.{encode(signer.signature(data.encode()))}"
    if header.endswith("} "):  # white space around is JSON, too
        admits(running, token)
    else:
        refused(running, "token_malformed", token)


@pytest.mark.parametrize(
    "payload, code",
    [
        ('{"sub":"a","sub":"admin","exp":%d}', "token_malformed"),
        ('{"sub":"a","exp":1,"exp":%d}', "token_malformed"),
        ('{"sub":"a","exp":%d,"s\\u0075b":"admin"}', "token_malformed"),
        ('{"sub":"a","exp":%d,"x":{"a":1,"a":2}}', "token_malformed"),
        ('{"sub":"a","exp":%d}{"sub":"admin"}', "token_malformed"),
        ('{"sub":"a","exp":%d}\0', "token_malformed"),
        ('{"sub":"a\0dmin","exp":%d}', "token_malformed"),
        ('{"sub":"a\\u0000dmin","exp":%d}', "token_bad_claim"),
        ('{"sub":"a","exp":%d,"x":' + "[" * 1500 + "]" * 1500 + "}", "token_malformed"),
        ('{"sub":"a","exp":%d,"x":' + '{"y":' * 500 + "{}" + "}" * 500 + "}", "token_malformed"),
        ('[{"sub":"a","exp":%d}]', "token_malformed"),
        ('"{\\"sub\\":\\"a\\",\\"exp\\":%d}"', "token_malformed"),
        ('{"sub":"a","exp":"%d"}', "token_bad_claim"),
        ('{"sub":"a","exp":[%d]}', "token_bad_claim"),
        ('{"sub":"a","exp":{"a":%d}}', "token_bad_claim"),
        ('{"sub":"a","exp":true}', "token_bad_claim"),
        ('{"sub":"a","exp":null}', "token_bad_claim"),
        ('{"sub":"a","exp":-%d}', "token_bad_claim"),
        ('{"sub":"a","exp":1e300}', "token_bad_claim"),
        ('{"sub":"a","exp":1e999}', "token_malformed"),
        ('{"sub":"a","exp":99999999999999}', "token_bad_claim"),
        ('{"sub":"a","exp":9223372036854775807}', "token_bad_claim"),
        ('{"sub":"a","exp":9223372036854775808}', "token_bad_claim"),
        ('{"sub":"a","exp":18446744073709551616}', "token_bad_claim"),
        ('{"sub":"a","exp":0x7fffffff}', "token_malformed"),
        ('{"sub":"a","exp":%d,"nbf":"soon"}', "token_bad_claim"),
        ('{"sub":"a","exp":%d,"iat":[]}', "token_bad_claim"),
    ],
    ids=lambda text: ascii(text)[:60],
)
def test_a_payload_that_can_be_read_in_two_ways(running, payload, code):
    signer = KEYS["hs"]
    filled = payload.replace("%d", str(int(time.time()) + 600))
    refused(running, code, signer.raw(json.dumps(signer.header()), filled))


def test_a_payload_is_not_looked_into_before_its_signature_holds(running):
    header = encode_json(KEYS["hs"].header())
    for payload in ('{"sub":"a","sub":"b"}', "[" * 1000, '{"sub":"a","exp":1}'):
        refused(running, "token_bad_signature", f"{header}.{encode(payload)}.{encode(b'x' * 32)}")


def test_tokens_that_are_too_large(gateway):
    signer = Hs256(SECRET)
    running = gateway(auth([SECRET], max_token_size=1000))
    admits(running, signer.token(claims(x="y" * 500)))
    refused(running, "token_too_large", signer.token(claims(x="y" * 1000)))
    with running.connect(headers={"Authorization": f"Bearer {signer.token(claims('a'))}"}) as client:
        for size in (1001, 100_000, 900_000):
            client.send_json({"type": "auth_refresh", "token": "x" * size})
            assert client.expect_error("forbidden")["content"].startswith("token_too_large: ")
        client.expect_nothing_but_pong()
        client.close()
    # More than a request head may have is refused before any plugin.
    with running.raw() as client:
        client.send(make_handshake(f"/ws?token={'x' * 9000}"))
        assert client.read_response().status == 431


def test_a_key_without_kid_does_not_make_others_weaker(gateway, tmp_path):
    """An RSA key and a secret, both nameless: each verifies tokens of its own algorithm alone."""
    rsa = Rs256()
    running = gateway(auth([{"pem": rsa.public_pem().decode()}, {"secret": SECRET}]))
    admits(running, rsa.token())
    admits(running, Hs256(SECRET).token())
    refused(running, "token_bad_signature", Hs256(rsa.public_pem()).token())
    header, payload = parts(rsa)
    refused(running, "token_bad_signature", f"{header}.{payload}.{encode(b'x' * 256)}")
    only_rsa = gateway(auth([{"pem": rsa.public_pem().decode()}]))
    refused(only_rsa, "token_wrong_algorithm", Hs256(rsa.public_pem()).token())


def test_many_keys_do_not_make_a_token_expensive(gateway, tmp_path):
    """A token without a kid is tried with eight keys at most."""
    signers = [EdDsa(f"k{at}") for at in range(20)]
    path = tmp_path / "keys.json"
    path.write_text(jwks(*signers))
    running = gateway(auth([{"jwks_file": str(path)}]))
    admits(running, signers[0].token(header={"alg": "EdDSA"}))
    admits(running, signers[19].token())
    refused(running, "token_bad_signature", signers[19].token(header={"alg": "EdDSA"}))
