"""A back end that takes events of the plugin `webhook`: checks each signature, keeps what it took, and fails as it is
told."""

import hashlib
import hmac
import threading

from support.back_end import BackEnd
from support.waiting import SOON, eventually

SECRET = "a secret of the tests, by no chance"


def is_signed(headers, body, secret=SECRET):
    """As a back end does it: the time and the body, by this secret, among what the header says."""
    parts = [part.split("=", 1) for part in headers["X-Gateway-Signature"].split(",")]
    (time,) = [value for name, value in parts if name == "t"]
    expected = hmac.new(secret.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()
    return any(hmac.compare_digest(expected, value) for name, value in parts if name == "v1")


class Receiver(BackEnd):
    """`with Receiver() as receiver`: `receiver.url`, `receiver.events`, in the order of their arrival.

    answers     what is said to the next requests in place of 200: (status, content, headers), bytes, or a function that
                is called with the request and returns one of them
    """

    def __init__(self, port=0, secret=SECRET):
        super().__init__(self._answer, port=port)
        self.answers = []
        self.events = []
        self.deliveries = {}  # by id: how often it came
        self.doubled = 0  # events of deliveries that had been taken before
        self.lost = 0  # that the gateway said it gave up
        self.wrong_signatures = 0
        self._secret = secret
        self._lock = threading.Lock()

    def _answer(self, request):
        with self._lock:
            if not is_signed(request.headers, request.body, self._secret):
                self.wrong_signatures += 1
                return 401, {}
            delivery = request.json["delivery_id"]
            assert request.headers["X-Gateway-Delivery"] == delivery
            answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            return answer(request) if callable(answer) else answer
        self.take(request)
        return 200, {}

    def take(self, request):
        with self._lock:
            delivery = request.json["delivery_id"]
            self.deliveries[delivery] = self.deliveries.get(delivery, 0) + 1
            if self.deliveries[delivery] > 1:
                self.doubled += len(request.json["events"])
                return
            self.lost += request.json.get("lost", 0)
            self.events.extend(request.json["events"])

    def named(self, name):
        with self._lock:
            return [event for event in self.events if event["event"] == name]

    def wait_for(self, name, count=1, seconds=SOON):
        eventually(lambda: len(self.named(name)) >= count, f"{count} events {name} came", seconds)
        return self.named(name)
