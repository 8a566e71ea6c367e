"""Clients of groups and the like: they ask, and hear notices meanwhile."""

import itertools


class Member:
    """A client past its `connected` frame. ask() sends a frame with an id and returns its answer; what else comes until
    then is kept for hear()."""

    def __init__(self, running, user_id, token=None, **options):
        if token:
            options["query"] = {"token": token}
        self.client = running.connect(user_id, **options)
        self.user_id = user_id
        self._ids = itertools.count(1)
        self._kept = []

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.client.drop()

    def send(self, message):
        self.client.send_json(message)

    def ask(self, type, **fields):
        number = next(self._ids)
        self.send({"type": type, "id": number, **fields})
        while True:
            message = self.client.receive()
            if message.get("id") == number:
                return message
            self._kept.append(message)

    def asks(self, type, expected, **fields):
        """The same, when the answer's type, or an error's code, is known."""
        answer = self.ask(type, **fields)
        assert answer.get("code", answer["type"]) == expected, answer
        return answer

    def hear(self, type):
        """The next message of this type; what comes before it is passed over."""
        while True:
            message = self._kept.pop(0) if self._kept else self.client.receive()
            if message["type"] == type:
                return message

    def hears_no(self, *types):
        """Nothing of these types has come until an answer to a ping comes."""
        self.send({"type": "ping"})
        while True:
            message = self._kept.pop(0) if self._kept else self.client.receive()
            assert message["type"] not in types, message
            if message["type"] == "pong":
                return

    def close(self):
        self.client.close()


def members_of(running, group_id):
    """The members of a group and their roles, as the back end sees them."""
    answer = running.admin.get(f"/api/v1/groups/{group_id}/members?limit=1000")
    assert answer.status == 200, answer
    return {m["user_id"]: m["role"] for m in answer.json()["members"]}
