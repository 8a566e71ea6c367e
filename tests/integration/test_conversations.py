"""Plays the conversations of tests/conversations against the built daemon; the README there has their words."""

import json
import pathlib
import re

import pytest
import yaml

from support.deflate import compressed
from support.raw import CLOSE, PING, PONG, TEXT, close_payload, make_frame, make_handshake

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "conversations"
WAYS = ("frames", "bytes", "together")


# --- the files ---


def each_of(conversation):
    """A conversation with `for` is one for each of its items, which stands where EACH is."""
    if "for" not in conversation:
        yield conversation
        return
    for number, item in enumerate(conversation["for"], 1):
        one = replace_each({k: v for k, v in conversation.items() if k != "for"}, item)
        short = repr(item) if len(repr(item)) <= 24 else f"#{number}"
        yield {**one, "name": f"{conversation['name']}: {short}"}


def replace_each(value, item):
    if value == "EACH":
        return item
    if isinstance(value, dict):
        return {k: replace_each(v, item) for k, v in value.items()}
    if isinstance(value, list):
        return [replace_each(v, item) for v in value]
    return value


def load(kind):
    """(file, gateway configuration, conversation) of all files, in their order."""
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.safe_load(path.read_text())
        for conversation in content.get(kind, []):
            for one in each_of(conversation):
                yield path.stem, content.get("gateway"), one


def cases(kind):
    return [
        pytest.param(config, conversation, way, id=f"{stem}: {conversation['name']} [{way}]")
        for stem, config, conversation in load(kind)
        for way in conversation.get("ways", WAYS if kind == "talks" else WAYS[:2])
    ]


@pytest.fixture(scope="module")
def gateways(shared_gateway):
    """One daemon for each configuration that the files name."""
    running = {}

    def of(config):
        key = json.dumps(config, sort_keys=True)
        if key not in running:
            running[key] = shared_gateway(config)
        return running[key]

    return of


# --- handshakes ---

REQUEST_LINE = ("method", "target", "version")


@pytest.mark.parametrize("config, handshake, way", cases("handshakes"))
def test_handshake(gateways, config, handshake, way):
    running = gateways(config)
    if "upgrade" in handshake:
        changes = {name: value for name, value in handshake["upgrade"].items() if name not in REQUEST_LINE}
        line = {name: value for name, value in handshake["upgrade"].items() if name in REQUEST_LINE}
        request = make_handshake(headers=changes, key="dGhlIHNhbXBsZSBub25jZQ==", **line)
    else:
        request = handshake["request"].replace("\n", "\r\n").encode() + b"\r\n"
    expected = handshake["response"]
    with running.raw() as client:
        client.send_slowly(request) if way == "bytes" else client.send(request)
        response = client.read_response()
        assert response.status == expected["status"], response
        for name, value in expected.get("headers", {}).items():
            assert response.headers.get(name.lower()) == value, response
        for name in expected.get("without", []):
            assert name.lower() not in response.headers, response
        if "error" in expected:
            assert response.error()["code"] == expected["error"], response
        if response.status != 101:
            assert response.error()["message"], response
            client.expect_end()


# --- talks ---


class Player:
    """Plays one talk: sends what its clients say, in one of the ways, and checks what they get."""

    def __init__(self, gateway, talk, way):
        self.gateway, self.talk, self.way = gateway, talk, way
        self.log_position = gateway.log_position()
        self.waiting = {}  # bytes not sent yet, by client: the way `together`
        people = talk.get("clients", {"client": {"user_id": "client", "client_id": "client"}})
        self.clients = {name: gateway.connect(**person) for name, person in people.items()}
        self.closed = set()

    def play(self):
        for step in self.talk["talk"]:
            ((who, what),) = step.items()
            if who == "log":
                self.gateway.wait_for_log(what, since=self.log_position)
            elif who.endswith(" gets"):
                self.flush()
                self.expect(who[: -len(" gets")], what)
            else:
                self.say(who, bytes_of(what))
        self.flush()
        for name, client in self.clients.items():
            if name not in self.closed:
                client.send_frame(CLOSE, close_payload(1000))
                client.expect_close(1000)

    def drop(self):
        for client in self.clients.values():
            client.drop()

    def say(self, who, data):
        if self.way == "bytes":
            self.clients[who].send_slowly(data)
        elif self.way == "together":
            self.waiting[who] = self.waiting.get(who, b"") + data
        else:
            self.clients[who].send(data)

    def flush(self):
        for who, data in self.waiting.items():
            self.clients[who].send(data)
        self.waiting.clear()

    def expect(self, who, what):
        client = self.clients[who]
        if what == "nothing":
            client.expect_nothing_but_pong()
        elif "close" in what:
            client.expect_close(None if what["close"] == "empty" else what["close"])
            self.closed.add(who)
        elif "pong" in what:
            frame = client.read_frame()
            assert (frame.opcode, frame.payload) == (PONG, payload_of({"text": what["pong"]})), frame
        elif "frame" in what:
            frame = client.read_frame()
            assert (frame.fin, frame.opcode) == (True, what["frame"]["opcode"]), frame
            assert frame.payload == payload_of(what["frame"]), frame
        else:
            frame = client.read_frame()
            assert frame.opcode == TEXT and frame.fin, frame
            if "compressed" in what:
                assert (frame.compressed is not None) == what["compressed"], frame
            check_message(frame.payload.decode(), what)


def check_message(text, expected):
    message = json.loads(text)
    if "text" in expected:
        check_value(text, expected["text"], text)
    if "error" in expected:
        assert (message.get("type"), message.get("code")) == ("error", expected["error"]), text
        assert isinstance(message["content"], str) and message["content"], text
    fields = {**expected.get("json", {}), **expected.get("exactly", {})}
    for name, value in fields.items():
        assert name in message, text
        check_value(message[name], value, text)
    if "exactly" in expected:
        assert set(message) == set(fields), text
    for name in expected.get("without", []):
        assert name not in message, text


def check_value(value, expected, text):
    if isinstance(expected, str) and len(expected) > 1 and expected[0] == expected[-1] == "/":
        assert isinstance(value, str) and re.fullmatch(expected[1:-1], value, re.DOTALL), (expected, text)
    else:
        assert value == expected, (expected, text)


def payload_of(what):
    """The bytes of a payload that is given as `text`, `hex` or `repeat`."""
    if isinstance(what.get("text"), dict):
        what = what["text"]
    if "hex" in what:
        return bytes.fromhex(what["hex"])
    if "repeat" in what:
        parts = what["repeat"]  # texts, each of which may be followed by how many times it stands there
        return "".join(
            text * (parts[i + 1] if i + 1 < len(parts) and isinstance(parts[i + 1], int) else 1)
            for i, text in enumerate(parts)
            if isinstance(text, str)
        ).encode()
    return what.get("text", "").encode()


def bytes_of(what):
    """What a client says, as the bytes on the wire."""
    if "json" in what:
        return make_frame(TEXT, json.dumps(what["json"]))
    if "bytes" in what:
        return bytes.fromhex(what["bytes"])
    if "frame" in what:
        frame = what["frame"]
        options = {name: frame[name] for name in ("fin", "rsv", "length_bytes", "length") if name in frame}
        if "mask" in frame:
            options["mask"] = None if frame["mask"] == "none" else bytes.fromhex(frame["mask"])
        return make_frame(frame["opcode"], payload_of(frame), **options)
    if "close" in what:
        if what["close"] == "empty":
            return make_frame(CLOSE)
        return make_frame(CLOSE, close_payload(what["close"]) + payload_of({"text": what.get("reason", "")}))
    if "deflated" in what:
        return make_frame(TEXT, compressed(payload_of({"text": what["deflated"]})), rsv=4)
    for name, opcode in (("text", TEXT), ("ping", PING), ("pong", PONG)):
        if name in what:
            return make_frame(opcode, payload_of({"text": what[name]}))
    raise ValueError(f"nobody knows how to say {what}")


@pytest.mark.parametrize("config, talk, way", cases("talks"))
def test_talk(gateways, config, talk, way):
    running = gateways(config)
    player = Player(running, talk, way)
    try:
        player.play()
    finally:
        player.drop()
    running.wait_for_connections(0)


# --- the table of sections in the README ---


def test_the_table_names_every_section_that_has_cases():
    table = (FOLDER / "README.md").read_text().split("MUST by MUST")[1]
    firsts = re.findall(r"^\|([^|]*)\|", table, re.M)
    sections = {section for first in firsts for section in re.findall(r"\d+(?:\.\d+)*", first)}
    for stem, _, conversation in [*load("handshakes"), *load("talks")]:
        if stem == "envelope" or stem.startswith("compression"):
            continue
        assert f"`{stem}`" in table
        found = re.match(r"(\d+(?:\.\d+)*) ", conversation["name"])
        assert not found or found[1] in sections or found[1].startswith("11.3."), conversation["name"]
