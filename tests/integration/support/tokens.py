"""JSON Web Tokens made with python3-cryptography, which shares nothing with the gateway: good ones, and all that can be
wrong with one."""

import base64
import hashlib
import hmac
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def encode(data):
    """base64url without padding."""
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def encode_json(value):
    return encode(json.dumps(value, separators=(",", ":")))


def claims(user="alice", seconds=600, **more):
    """What a good token says; a None removes a claim."""
    said = {"sub": user, "exp": int(time.time()) + seconds, **more}
    return {name: value for name, value in said.items() if value is not None}


class Signer:
    """One key that signs. `alg` is its algorithm, `kid` its name or None."""

    alg = None

    def __init__(self, kid=None):
        self.kid = kid

    def signature(self, data):
        raise NotImplementedError

    def header(self):
        return {"alg": self.alg, "typ": "JWT", **({"kid": self.kid} if self.kid else {})}

    def raw(self, header, payload):
        """A signed token of texts: `header` and `payload` are JSON, good or not."""
        data = f"{encode(header)}.{encode(payload)}"
        return f"{data}.{encode(self.signature(data.encode()))}"

    def token(self, said=None, header=None):
        return self.raw(json.dumps(header or self.header()), json.dumps(claims() if said is None else said))


class Hs256(Signer):
    alg = "HS256"

    def __init__(self, secret, kid=None):
        super().__init__(kid)
        self.secret = secret.encode() if isinstance(secret, str) else secret

    def signature(self, data):
        return hmac.new(self.secret, data, hashlib.sha256).digest()

    def jwk(self):
        return {"kty": "oct", "k": encode(self.secret), "alg": self.alg, "kid": self.kid}


class _Asymmetric(Signer):
    def __init__(self, kid=None):
        super().__init__(kid)
        self.key = self.make()

    def public_pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def private_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def jwk(self):
        named = {"kid": self.kid} if self.kid else {}
        return {**self.jwk_material(), "alg": self.alg, "use": "sig", **named}


def number(value, size=None):
    return encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


class Rs256(_Asymmetric):
    alg = "RS256"
    bits = 2048

    def make(self):
        return rsa.generate_private_key(65537, self.bits)

    def signature(self, data):
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def jwk_material(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


class Es256(_Asymmetric):
    alg = "ES256"
    curve = ec.SECP256R1

    def make(self):
        return ec.generate_private_key(self.curve())

    def signature(self, data):
        r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def jwk_material(self):
        numbers = self.key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}


class EdDsa(_Asymmetric):
    alg = "EdDSA"

    def make(self):
        return ed25519.Ed25519PrivateKey.generate()

    def signature(self, data):
        return self.key.sign(data)

    def jwk_material(self):
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": encode(raw)}


def jwks(*signers, **more):
    """The text of a key set."""
    return json.dumps({"keys": [{**signer.jwk(), **more} for signer in signers]})
