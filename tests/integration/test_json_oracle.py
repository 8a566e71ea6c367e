"""The gateway's JSON check against Python's, on thousands of random texts: what one takes for a message, the other must,
and what arrives is what was sent. Python's reader is made as strict as RFC 8259 and docs/protocol.md are.
"""

import json
import random

import pytest

from support.raw import TEXT

ROUTING = ("type", "to", "ticket_id", "group_id", "from")
STAMPED = ("from", "msg_id", "create_at", "seq_no")
MAX_DEPTH = 64


# --- the oracle ---


class NoMessage(Exception):
    pass


def refuse(_):
    raise NoMessage


def depth_of(value):
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def read(text):
    """The message in `text`, or NoMessage."""
    objects = []  # the pairs of each object; the outermost is read last

    def remember(pairs):
        objects.append(pairs)
        return dict(pairs)

    try:
        message = json.loads(
            text, object_pairs_hook=remember, parse_constant=refuse, parse_int=str, parse_float=str
        )
        json.dumps(objects, ensure_ascii=False).encode()  # fails on lone surrogates
    except (ValueError, RecursionError) as error:
        raise NoMessage from error
    if not isinstance(message, dict) or depth_of(message) > MAX_DEPTH:
        raise NoMessage
    keys = [key for key, _ in objects[-1]]
    if any(keys.count(key) > 1 for key in (*ROUTING, *STAMPED, "id", "require_ack")):
        raise NoMessage
    check_fields(text)
    return message


def check_fields(text):
    # Here numbers are numbers, not text.
    typed = json.loads(text, parse_int=lambda _: 1, parse_float=lambda _: 1.0)
    for key in ROUTING:
        value = typed.get(key)
        if value is not None and not isinstance(value, str):
            raise NoMessage
        limit = 64 if key == "type" else 128
        if value and (len(value.encode()) > limit or key != "type" and any(is_control(c) for c in value)):
            raise NoMessage
    if not typed.get("type") or sum(1 for key in ("to", "ticket_id", "group_id") if typed.get(key)) > 1:
        raise NoMessage
    if isinstance(typed.get("id"), (bool, dict, list)):
        raise NoMessage
    if not isinstance(typed.get("require_ack"), (bool, type(None))):
        raise NoMessage


def is_control(char):
    return ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0


# --- the texts ---

PIECES = [
    *'{}[]":,\\\t\n /u0123456789eE+-.tfnabx\x7f\0é😀',
    *('"to"', '"type"', "\\u0041", "\\ud83d\\ude00", "\\ud800", "null", "true", "1e5"),
]
KEYS = ['"x"', '"id"', '"from"', '"seq_no"', '"content"', '"require_ack"', '"ticket_id"']


def random_value(rng, depth=0):
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind == 0:
        return rng.choice(["null", "true", "false"])
    if kind == 1:
        return rng.choice(["0", "-0", "1.5", "-12e+30", "1E-9", "12345678901234567890", "0.1e1"])
    if kind in (2, 3, 4):
        return random_string(rng)
    if kind == 5:
        return "[" + ",".join(random_value(rng, depth + 1) for _ in range(rng.randrange(4))) + "]"
    members = (random_string(rng) + ":" + random_value(rng, depth + 1) for _ in range(rng.randrange(4)))
    return "{" + rng.choice([",", " , "]).join(members) + "}"


def random_string(rng):
    text = "".join(rng.choice('ab"\\/\b\f\n\r\t é漢😀\u007f\u2028') for _ in range(rng.randrange(6)))
    return json.dumps(text, ensure_ascii=rng.random() < 0.5)


def random_text(rng):
    members = ['"type":"text"', rng.choice(['"to":"me"', '"\\u0074o":"me"', '"to" : "m\\u0065"'])]
    for _ in range(rng.randrange(4)):
        key = rng.choice([random_string(rng), *KEYS])
        members.append(key + rng.choice([":", " : "]) + random_value(rng))
    rng.shuffle(members)
    text = rng.choice(["", " ", "\n"]) + "{" + rng.choice([",", ", "]).join(members) + "}" + rng.choice(["", "\t"])
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        what = rng.randrange(4)
        if what == 0:
            text = text[:at] + text[at + 1 :]
        elif what == 1:
            text = text[:at] + rng.choice(PIECES) + text[at:]
        elif what == 2:
            text = text[:at] + rng.choice(PIECES) + text[at + 1 :]
        else:
            text = text[:at]
    return text


# --- the test ---


@pytest.fixture(scope="module")
def running(shared_gateway):
    return shared_gateway()


@pytest.mark.parametrize("seed", range(20))
def test_what_python_takes_for_a_message_the_gateway_does(running, seed):
    rng = random.Random(seed)
    messages = 0
    with running.connect("me") as client:
        for _ in range(500):
            text = random_text(rng)
            client.send_frame(TEXT, text)
            answer = client.receive()
            try:
                message = read(text)
            except NoMessage:
                assert answer.get("code") == "invalid_message", (text, answer)
                continue
            assert answer.get("code") != "invalid_message", (text, answer)
            if answer["type"] != "error":
                messages += 1
                check_forwarded(text, message, answer)
        client.close()
    assert messages > 50, "too few of the texts were messages: the test tests little"
    running.wait_for_connections(0)


def check_forwarded(text, message, answer):
    if message["type"] == "ping":
        assert answer == {"type": "pong"}
        return
    sent = {key: value for key, value in json.loads(text).items() if key not in STAMPED}
    got = {key: value for key, value in answer.items() if key not in STAMPED}
    assert got == sent, text
    assert answer["from"] == "me"
    assert "seq_no" not in answer
