#!/usr/bin/env python3
"""The back end of docs/tutorial-customer-service.md: serves the two pages, and signs a token for who asks.

    python3 back_end.py [--port 8000] [--gateway ws://127.0.0.1:8081/ws]

It believes whatever name and role it is told. Yours knows who is logged in, and whether that is an agent: replace
identity_of(), and keep token().
"""
import argparse
import base64
import functools
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import time

LIFETIME_S = 3600


def identity_of(asked):
    """(user_id, user_type, name). The one thing that is yours to write: ask your session, not the request."""
    name, role = str(asked.get("name", "")).strip()[:30], asked.get("role")
    user_id = re.sub(r"\W+", "-", name.casefold()).strip("-")[:28]
    if not user_id or role not in ("customer", "agent"):
        raise ValueError("a name with letters, and the role customer or agent, are needed")
    return f"{role}-{user_id}", role, name


def token(user_id, user_type, name, key):
    """A JSON Web Token, HS256 (RFC 7519). Any library for your language does the same."""

    def encoded(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"sub": user_id, "user_type": user_type, "name": name, "exp": int(time.time()) + LIFETIME_S}
    signed = b".".join(encoded(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (signed + b"." + encoded(hmac.new(key, signed, hashlib.sha256).digest())).decode()


class Handler(http.server.SimpleHTTPRequestHandler):
    gateway, key = "", b""

    def do_POST(self):
        try:
            size = int(self.headers.get("Content-Length") or 0)
            user_id, user_type, name = identity_of(json.loads(self.rfile.read(max(0, min(size, 4096)))))
        except (ValueError, AttributeError) as error:
            return self.answer(400, {"error": str(error)})
        signed = token(user_id, user_type, name, self.key)
        return self.answer(200, {"url": self.gateway, "token": signed, "user_id": user_id})

    def answer(self, status, said):
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--gateway", default="ws://127.0.0.1:8081/ws")
    arguments = parser.parse_args()
    Handler.gateway, Handler.key = arguments.gateway, os.environ["GATEWAYD_TOKEN_KEY"].encode()
    serve = functools.partial(Handler, directory=str(pathlib.Path(__file__).parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), serve) as server:
        print(f"http://127.0.0.1:{server.server_port}/widget.html and /desk.html", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
