"""`gatewayd token`: what it prints is a JSON Web Token for readers that no one here wrote, and lets a client in."""

import base64
import json
import subprocess

import pytest
import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from support.gateway import SOURCE_DIR, run_gatewayd
from support.tokens import EdDsa, Es256, Hs256, Rs256
from test_auth_jwt import SECRET, auth, refused


def made(*arguments, **options):
    done = run_gatewayd("token", *arguments, **options)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.strip()


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def read(token):
    header, payload, _ = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload))


def verify(signer, token):
    data, _, signature = token.rpartition(".")
    data, signature = data.encode(), decoded(signature)
    if signer.alg == "HS256":
        assert signer.signature(data) == signature
        return
    public = signer.key.public_key()
    if signer.alg == "RS256":
        public.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    elif signer.alg == "ES256":
        r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
    else:
        public.verify(signature, data)


@pytest.mark.parametrize("kind", [Rs256, Es256, EdDsa])
def test_a_private_key_signs(gateway, tmp_path, kind):
    signer = kind()
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    private.write_bytes(signer.private_pem())
    public.write_bytes(signer.public_pem())
    running = gateway(auth([{"file": str(public)}]))
    for _ in range(20):  # r and s of ES256 begin with a zero byte now and then
        token = made("--user", "ada", "--key", private, "--kid", "k7", "--type", "agent", "--client-id", "c1")
        assert read(token)[0] == {"alg": signer.alg, "typ": "JWT", "kid": "k7"}
        verify(signer, token)
    with running.connect(headers={"Authorization": f"Bearer {token}"}) as client:
        said = [client.greeting[name] for name in ("user_id", "user_type", "client_id")]
        assert said == ["ada", "agent", "c1"]
        client.close()


def test_what_it_says():
    arguments = ["--secret", SECRET, "--user", "ada", "--name", 'Ada "L"', "--group", "g1", "--group", "g2"]
    arguments += ["--ticket", "t1", "--issuer", "me", "--audience", "a", "--audience", "b", "--expires-in", "60"]
    arguments += ["--claim", "n=5", "--claim", "list=[1, {}]", "--claim", "text=a=b", "--claim", "https://x/y=1"]
    token = made(*arguments)
    verify(Hs256(SECRET), token)
    header, claims = read(token)
    assert header == {"alg": "HS256", "typ": "JWT"}
    assert claims["exp"] - claims["iat"] == 60
    del claims["exp"], claims["iat"]
    assert claims == {
        **{"iss": "me", "aud": ["a", "b"], "sub": "ada", "name": 'Ada "L"', "groups": ["g1", "g2"], "tickets": ["t1"]},
        **{"n": 5, "list": [1, {}], "text": "a=b", "https://x/y": 1},
    }
    assert "exp" not in read(made("--secret", SECRET, "--user", "a", "--expires-in", "0"))[1]
    in_environment = made("--user", "a", env={"GATEWAYD_TOKEN_SECRET": SECRET})
    verify(Hs256(SECRET), in_environment)


KEYS = {
    "text": "${SECRET}",
    "secret": {"secret": "${SECRET}", "kid": "k"},
    "base64": {"secret_base64": base64.b64encode(SECRET.encode()).decode()},
    "base64url": {"secret_base64": base64.urlsafe_b64encode((SECRET + "??>>").encode()).decode().rstrip("=")},
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_the_configurations_key_claims_issuer_and_audience(gateway, key):
    names = {"user_id": "uid", "user_type": "/app/role", "groups": "https://example.com/groups"}
    running = gateway(auth([key], issuer=["me", "you"], audience="chat", claims=names), env={"SECRET": SECRET})
    arguments = ["--config", running.config_file, "--user", "ada", "--type", "agent", "--group", "g"]
    token = made(*arguments, env={"SECRET": SECRET})
    claims = read(token)[1]
    assert (claims["uid"], claims["app"], claims["https://example.com/groups"]) == ("ada", {"role": "agent"}, ["g"])
    assert (claims["iss"], claims["aud"]) == ("me", "chat")
    with running.connect(headers={"Authorization": f"Bearer {token}"}) as client:
        assert client.greeting["user_id"] == "ada"
        client.close()
    late = made(*arguments, "--expires-in", "-100", env={"SECRET": SECRET})
    refused(running, "token_expired", late)


def test_which_key_of_the_configuration(tmp_path):
    private, public = Es256(), Rs256()
    (tmp_path / "private.pem").write_bytes(private.private_pem())
    (tmp_path / "public.pem").write_bytes(public.public_pem())
    keys = [{"file": "public.pem", "kid": "pub"}, {"file": "private.pem", "kid": "priv"}, {"secret": SECRET, "kid": "hs"}]
    path = tmp_path / "gateway.yaml"
    path.write_text(yaml.safe_dump(auth(keys)))
    assert read(made("--config", path, "--user", "a"))[0] == {"alg": "ES256", "typ": "JWT", "kid": "priv"}
    verify(private, made("--config", path, "--user", "a"))
    assert read(made("--config", path, "--user", "a", "--kid", "hs"))[0]["kid"] == "hs"
    done = run_gatewayd("token", "--config", path, "--user", "a", "--kid", "pub")
    assert done.returncode == 2
    assert "keys[0] has no private key, and another cannot sign; keys[1] has another kid" in done.stderr


def test_a_listed_plugin_is_the_configuration_too(tmp_path):
    path = tmp_path / "gateway.yaml"
    path.write_text(yaml.safe_dump({"plugins": {"load": [{"name": "auth-jwt", "config": {"keys": [SECRET]}}]}}))
    verify(Hs256(SECRET), made("--config", path, "--user", "a"))


def rsa_1024():
    class Small(Rs256):
        bits = 1024

    return Small().private_pem()


def encrypted():
    from cryptography.hazmat.primitives import serialization as s

    return Es256().key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.BestAvailableEncryption(b"x"))


@pytest.mark.parametrize(
    "arguments, pem, why",
    [
        ([], None, "what shall it be signed with"),
        (["--secret", "short"], None, "--secret: has 5 bytes; HS256 needs at least 32"),
        (["--secret", SECRET, "--key", "x"], None, "give one of them"),
        (["--key", "/nowhere"], None, "--key /nowhere: cannot be read"),
        (["--key", "KEY"], Rs256().public_pem(), "has no private key"),
        (["--key", "KEY"], rsa_1024(), "fewer than 2048 bits"),
        (["--key", "KEY"], encrypted(), "with a passphrase"),
        (["--secret", SECRET, "--claim", "x"], None, "--claim x: must be NAME=VALUE"),
        (["--config", "KEY"], b"wsc: {}", "set wsc.security.enable_auth"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_signed_is_said(tmp_path, arguments, pem, why):
    path = tmp_path / "key"
    path.write_bytes(pem or b"")
    done = run_gatewayd("token", "--user", "a", *[str(path) if word == "KEY" else word for word in arguments])
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr


def test_a_user_is_needed():
    done = run_gatewayd("token", "--secret", SECRET)
    assert done.returncode == 2 and "--user is required" in done.stderr


def test_the_example_works_as_it_stands(gateway):
    """config/examples/auth-jwt.yaml, with what its first lines say to type; only the ports are others."""
    path = SOURCE_DIR / "config" / "examples" / "auth-jwt.yaml"
    secret = subprocess.run(["openssl", "rand", "-base64", "48"], capture_output=True, text=True, check=True).stdout.strip()
    environment = {"GATEWAYD_TOKEN_KEY": secret}
    done = run_gatewayd("check", "--config", path, env=environment)
    assert done.returncode == 0 and "configuration is valid" in done.stdout and secret not in done.stdout
    ports = ["--set", "wsc.node_ip=127.0.0.1", "--set", "wsc.node_port=0", "--set", "admin.listen=127.0.0.1:0"]
    running = gateway(path, arguments=ports, env=environment)
    token = made("--config", path, "--user", "ada", "--type", "agent", env=environment)
    with running.connect(target=f"/ws?token={token}") as client:
        assert (client.greeting["user_id"], client.greeting["user_type"]) == ("ada", "agent")
        client.close()
    refused(running, "token_missing")
    missing = run_gatewayd("check", "--config", path)
    assert missing.returncode == 2 and "GATEWAYD_TOKEN_KEY" in missing.stderr
