"""The admin listener's HTTP, as a back end sees it."""

import http.client
import json
import re
import urllib.parse

from support.waiting import SOON, Deadline


class Answer:
    """status (int), headers (names in lower case), body (bytes)."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def text(self):
        return self.body.decode()

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body!r}>"


class Admin:
    """One admin listener. `key` goes into every request as `Authorization: Bearer`."""

    def __init__(self, host, port, key=None):
        self.host, self.port, self.key = host, port, key

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def request(self, method, path, body=None, headers=None, seconds=SOON):
        """One request on a connection of its own. `body`: bytes, text, or what becomes JSON."""
        sent = {"Host": f"{self.host}:{self.port}"}
        if self.key:
            sent["Authorization"] = f"Bearer {self.key}"
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        connection = http.client.HTTPConnection(self.host, self.port, timeout=Deadline(seconds).left())
        try:
            connection.request(method, path, body, {k: v for k, v in sent.items() if v is not None})
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body, **options):
        return self.request("POST", path, body, **options)

    # --- what tests ask for most ---

    def stats(self):
        answer = self.get("/api/v1/stats")
        assert answer.status == 200, answer
        return answer.json()

    def broadcast(self, message):
        return self._published(self.post("/api/v1/broadcast", message))

    def send_to_user(self, user_id, message):
        return self._published(self.post(f"/api/v1/users/{quoted(user_id)}/messages", message))

    def kick(self, client_id, reason=None):
        query = "" if reason is None else "?reason=" + quoted(reason)
        return self.request("DELETE", f"/api/v1/clients/{quoted(client_id)}{query}")

    def metric(self, name, **labels):
        """One value of /metrics; 0 when there is no such line."""
        answer = self.get("/metrics")
        assert answer.status == 200, answer
        for line in answer.text.splitlines():
            found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if not found or found.group(1) != name:
                continue
            if dict(re.findall(r'(\w+)="([^"]*)"', found.group(2) or "")) == labels:
                return float(found.group(3))
        return 0.0

    @staticmethod
    def _published(answer):
        assert answer.status == 200, answer
        return answer.json()


def quoted(text):
    return urllib.parse.quote(text, safe="")
