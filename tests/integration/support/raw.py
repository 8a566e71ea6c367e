"""Clients that say exactly the bytes they are told to, right or wrong, and read strictly what comes back.

RawSocket is a TCP connection. RawWebSocket is one that made an RFC 6455 handshake; its send_frame() can build
any frame, also those that no client library would.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import urllib.parse

from support.deflate import Deflate
from support.waiting import SOON, Deadline

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Ended(Exception):
    """The other side ended the stream; `reset`: by RST."""

    def __init__(self, reset=False):
        super().__init__("connection reset" if reset else "end of stream")
        self.reset = reset


class RawSocket:
    """A TCP connection with deadlines. `source` is the local address: 127.0.0.2 and the like are other
    clients to the server. `receive_buffer`: bytes that the kernel keeps for us; few make a slow client. `tls`: an
    SSLContext, for TLS to `server_name`; an end without close_notify is a reset then."""

    def __init__(self, host, port, source=None, receive_buffer=None, tls=None, server_name="localhost"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(Deadline().left())
        self.socket.connect((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=server_name, suppress_ragged_eofs=False)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.drop()

    # --- sending ---

    def send(self, data, seconds=SOON):
        self.socket.settimeout(Deadline(seconds).left())
        self.socket.sendall(data)

    def send_slowly(self, data):
        """One byte a segment. An end of the other side is no error: what it said can still be read."""
        for i in range(len(data)):
            try:
                self.send(data[i : i + 1])
            except (BrokenPipeError, ConnectionResetError):
                return

    def finish_sending(self):
        """Half-closes: our end of the stream is over, the other's may go on."""
        self.socket.shutdown(socket.SHUT_WR)

    # --- reading ---

    def _fill(self, deadline):
        self.socket.settimeout(max(deadline.left(), 0.001))
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            raise AssertionError(f"nothing came in time; before it: {bytes(self.buffer[:200])!r}") from None
        except (ConnectionResetError, ssl.SSLEOFError):
            raise Ended(reset=True) from None
        if not data:
            raise Ended()
        self.buffer += data

    def read_some(self, deadline=None):
        """What is there, at least a byte."""
        if not self.buffer:
            self._fill(deadline or Deadline())
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def read_exactly(self, count, deadline=None):
        deadline = deadline or Deadline()
        while len(self.buffer) < count:
            self._fill(deadline)
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def read_until(self, mark, deadline=None):
        deadline = deadline or Deadline()
        while mark not in self.buffer:
            self._fill(deadline)
        return self.read_exactly(self.buffer.index(mark) + len(mark), deadline)

    def read_to_end(self, seconds=SOON):
        """All that still comes until the other side ends the stream."""
        deadline = Deadline(seconds)
        try:
            while True:
                self._fill(deadline)
        except Ended:
            data = bytes(self.buffer)
            self.buffer.clear()
            return data

    def expect_end(self, seconds=SOON):
        """The other side ends the stream and says nothing more."""
        rest = self.read_to_end(seconds)
        assert rest == b"", f"more came: {rest[:200]!r}"

    def read_response(self, seconds=SOON):
        """One HTTP response."""
        deadline = Deadline(seconds)
        head = self.read_until(b"\r\n\r\n", deadline).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        version, status, *_ = first.split(" ", 2)
        assert version == "HTTP/1.1", first
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            assert name.lower() not in headers, f"{name} stands twice"
            headers[name.lower()] = value.strip()
        body = self.read_exactly(int(headers.get("content-length", 0)), deadline)
        return Response(int(status), headers, body)

    # --- ending ---

    def drop(self):
        """Closes without a word."""
        self.socket.close()

    def reset(self):
        """Ends it with RST, as a client that crashed with unread data."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Response:
    """status (int), headers (names in lower case), body (bytes)."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def error(self):
        """The `error` object of a refusal's JSON."""
        assert self.headers["content-type"] == "application/json", self.headers
        return json.loads(self.body)["error"]

    def __repr__(self):
        return f"<HTTP {self.status} {self.headers} {self.body!r}>"


class Frame:
    """One frame from the server. A server's frame is never masked and has no reserved bits (5.1, 5.2) but RSV1
    where permessage-deflate was negotiated; `payload` is then inflated, and `compressed` is the size it had."""

    def __init__(self, fin, opcode, payload, compressed=None):
        self.fin, self.opcode, self.payload, self.compressed = fin, opcode, payload, compressed

    def close_code(self):
        """None: the close frame has no code."""
        assert self.opcode == CLOSE, self
        return struct.unpack(">H", self.payload[:2])[0] if self.payload else None

    def close_reason(self):
        return self.payload[2:].decode()

    def __repr__(self):
        return f"<frame fin={self.fin} opcode={self.opcode:#x} {len(self.payload)} bytes {self.payload[:80]!r}>"


def make_frame(opcode, payload=b"", fin=True, rsv=0, mask=b"\x12\x34\x56\x78", length_bytes=None, length=None):
    """The bytes of one frame.

    rsv           0 to 7: the reserved bits
    mask          None: not masked
    length_bytes  0, 2 or 8: forces that form of the length; None: the shortest
    length        what the header says instead of the payload's real size
    """
    if isinstance(payload, str):
        payload = payload.encode()
    said = len(payload) if length is None else length
    if length_bytes is None:
        length_bytes = 0 if said < 126 else 2 if said < 65536 else 8
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    length7 = {0: said, 2: 126, 8: 127}[length_bytes]
    head = bytes([first, (0x80 if mask is not None else 0) | length7])
    if length_bytes:
        head += said.to_bytes(length_bytes, "big")
    if mask is None:
        return head + payload
    return head + mask + masked(payload, mask)


def masked(payload, mask):
    if not payload:
        return b""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def close_payload(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


def make_handshake(target="/ws", headers=None, method="GET", version="HTTP/1.1", key=None, host="localhost"):
    """The bytes of an opening handshake. `headers` replaces (or, with None, removes) headers by name."""
    lines = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key or base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
    }
    known = {name.lower(): name for name in lines}
    for name, value in (headers or {}).items():
        lines[known.get(name.lower(), name)] = value
    text = f"{method} {target} {version}\r\n"
    text += "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return (text + "\r\n").encode()


def accept_of(key):
    """Sec-WebSocket-Accept for a key (4.2.2)."""
    return base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()


class RawWebSocket(RawSocket):
    """A RawSocket past its handshake. `refused=True`: do not insist on 101; `.response` says what came.
    `deflate`: what is offered in Sec-WebSocket-Extensions and must be accepted. `.deflate` does what was agreed to.
    `in_segments`: a function that makes the segments to send of the request's bytes, and may add more."""

    def __init__(
        self, host, port, target="/ws", query=None, headers=None, refused=False, in_segments=None, deflate=None, **options
    ):
        super().__init__(host, port, **options)
        query = {name: value for name, value in (query or {}).items() if value is not None}
        if query:
            target += "?" + urllib.parse.urlencode(query)
        self.key = base64.b64encode(os.urandom(16)).decode()
        self.greeting = self.deflate = None
        if deflate:
            headers = {**(headers or {}), "Sec-WebSocket-Extensions": deflate}
        request = make_handshake(target, headers, key=self.key)
        for segment in in_segments(request) if in_segments else [request]:
            self.send(segment)
        self.response = self.read_response()
        if refused:
            return
        assert self.response.status == 101, self.response
        assert self.response.headers["sec-websocket-accept"] == accept_of(self.key)
        if answer := self.response.headers.get("sec-websocket-extensions"):
            self.deflate = Deflate(answer)
        assert self.deflate or not deflate, "compression was not agreed to"

    # --- sending ---

    def send_frame(self, opcode, payload=b"", **options):
        self.send(make_frame(opcode, payload, **options))

    def send_compressed(self, opcode, data, **options):
        data = data.encode() if isinstance(data, str) else data
        self.send_frame(opcode, self.deflate.compress(data), rsv=4, **options)

    def send_text(self, text):
        self.send_frame(TEXT, text)

    def send_json(self, message):
        self.send_frame(TEXT, json.dumps(message))

    # --- reading ---

    def read_frame(self, seconds=SOON):
        deadline = Deadline(seconds)
        first, second = self.read_exactly(2, deadline)
        compressed = self.deflate is not None and first & 0x70 == 0x40 and first & 0x0F in (TEXT, BINARY)
        assert compressed or first & 0x70 == 0, f"reserved bits from the server: {first:#x}"
        assert second & 0x80 == 0, "a masked frame from the server"
        length = second & 0x7F
        if length == 126:
            length = int.from_bytes(self.read_exactly(2, deadline), "big")
            assert length >= 126, "a length that is not in its shortest form"
        elif length == 127:
            length = int.from_bytes(self.read_exactly(8, deadline), "big")
            assert length >= 65536, "a length that is not in its shortest form"
        payload = self.read_exactly(length, deadline)
        if compressed:
            return Frame(bool(first & 0x80), first & 0x0F, self.deflate.decompress(payload), len(payload))
        return Frame(bool(first & 0x80), first & 0x0F, payload)

    def receive(self, seconds=SOON):
        """The next message, as what its JSON says. Pings on the way are answered."""
        deadline = Deadline(seconds)
        while True:
            frame = self.read_frame(deadline.left())
            if frame.opcode == PING:
                self.send_frame(PONG, frame.payload)
                continue
            if frame.opcode == PONG:
                continue
            assert frame.opcode == TEXT and frame.fin, frame
            return json.loads(frame.payload.decode())

    def expect_error(self, code, seconds=SOON):
        """The next message is an error frame with this code; returns it."""
        message = self.receive(seconds)
        assert (message["type"], message.get("code")) == ("error", code), message
        assert message["content"], message
        return message

    def expect_nothing_but_pong(self):
        """Nothing waits for us: the answer to a ping is the next message."""
        self.send_json({"type": "ping"})
        message = self.receive()
        assert message == {"type": "pong"}, message

    def expect_close(self, code, seconds=SOON, skip_messages=False):
        """A close frame with this code comes (None: without a code), then the end of the stream; returns the
        reason text. `skip_messages`: whatever else comes before it does not matter."""
        deadline = Deadline(seconds)
        while True:
            frame = self.read_frame(deadline.left())
            if frame.opcode == CLOSE:
                break
            assert skip_messages or frame.opcode in (PING, PONG), frame
        assert frame.close_code() == code, (frame, frame.close_reason())
        try:
            self.send_frame(CLOSE, frame.payload)  # our half of the closing handshake, if we did not begin it
        except (BrokenPipeError, ConnectionResetError):
            pass
        self.expect_end()
        return frame.close_reason()

    # --- ending ---

    def close(self, code=1000, reason=""):
        """The whole closing handshake: the server answers with the same code and ends the stream first."""
        self.send_frame(CLOSE, close_payload(code, reason))
        self.expect_close(code, skip_messages=True)
        self.drop()
