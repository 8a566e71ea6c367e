"""A WebSocket client on asyncio that is light enough to run by the dozen beside the daemon that they try: reads frames
and says what they are, whole or not. Compression (RFC 7692) when it is offered and taken."""

import asyncio
import base64
import json
import os
import socket
import struct
import zlib

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA

OFFERS = {
    "plain": None,
    "deflate": "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    "deflate_takeover": "permessage-deflate",
}


class Gone(Exception):
    """The connection ended, or never came to be. `code`: of the close frame, None without one."""

    def __init__(self, why, code=None):
        super().__init__(f"{why} (close code {code})")
        self.code = code


class Broken(Exception):
    """The server said what no server may say."""


class Wire(asyncio.Protocol):
    """One connection. `on_message(text)` is called for each message, `closed` is a future of its end: the close code,
    or None when there was no close frame."""

    def __init__(self, on_message):
        self.on_message = on_message
        self.loop = asyncio.get_running_loop()
        self.opened = self.loop.create_future()
        self.closed = self.loop.create_future()
        self.opened.add_done_callback(lambda done: done.cancelled() or done.exception())
        self.transport = None
        self.buffer = bytearray()
        self.in_head = True
        self.code = None
        self.said_close = False
        self.compressed = False
        self.writable = asyncio.Event()
        self.writable.set()
        self._deflate = self._inflate = None
        self._fresh_out = self._fresh_in = True

    @classmethod
    async def connect(cls, host, port, query, on_message, offer="plain", tls=None, receive_buffer=None):
        """A client past its 101; Gone with the status' text when there is none."""
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(sock, (host, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            options = {"ssl": tls, "server_hostname": "localhost"} if tls else {}
            _, wire = await loop.create_connection(lambda: cls(on_message), sock=sock, **options)
        except OSError as why:
            sock.close()
            raise Gone(f"no connection: {why}") from None
        wire.transport.write(handshake(query, OFFERS[offer]))
        await wire.opened
        return wire

    # --- out ---

    def send(self, text):
        payload = text.encode()
        first = 0x80 | TEXT
        if self.compressed and len(payload) > 64:
            if self._deflate is None or self._fresh_out:
                self._deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
            payload = (self._deflate.compress(payload) + self._deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
            first |= 0x40
        self.transport.write(frame(first, payload))

    def close(self, code=1000):
        self.said_close = True
        self.transport.write(frame(0x80 | CLOSE, struct.pack(">H", code)))

    def reset(self):
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # --- in ---

    def connection_made(self, transport):
        self.transport = transport

    def pause_writing(self):
        self.writable.clear()

    def resume_writing(self):
        self.writable.set()

    def connection_lost(self, error):
        self.writable.set()
        if not self.opened.done():
            self.opened.set_exception(Gone("ended during the handshake"))
        if not self.closed.done():
            self.closed.set_result(self.code)

    def data_received(self, data):
        self.buffer += data
        try:
            if self.in_head:
                self._take_head()
            if not self.in_head:
                self._take_frames()
        except Exception as why:  # it ends this connection, and whoever waits for its end learns why
            if not self.closed.done():
                self.closed.set_exception(why)
            self.transport.abort()

    def _take_head(self):
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        if " 101 " not in first:
            self.opened.set_exception(Gone(first))
            self.transport.abort()
            return
        del self.buffer[: end + 4]
        self.in_head = False
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        extension = headers.get("sec-websocket-extensions", "")
        self.compressed = extension.startswith("permessage-deflate")
        self._fresh_out = "client_no_context_takeover" in extension
        self._fresh_in = "server_no_context_takeover" in extension
        self.opened.set_result(None)

    def _take_frames(self):
        at, size = 0, len(self.buffer)
        while size - at >= 2:
            first, length = self.buffer[at], self.buffer[at + 1]
            head = 2
            if length == 126:
                head = 4
            elif length == 127:
                head = 10
            if size - at < head:
                break
            if head > 2:
                length = int.from_bytes(self.buffer[at + 2 : at + head], "big")
            if size - at < head + length:
                break
            payload = bytes(self.buffer[at + head : at + head + length])
            at += head + length
            self._take_frame(first, payload)
        del self.buffer[:at]

    def _take_frame(self, first, payload):
        opcode = first & 0x0F
        if not first & 0x80 or first & 0x30 or (first & 0x40 and not self.compressed):
            raise Broken(f"a frame begins with {first:#x}")
        if opcode == TEXT:
            self.on_message(self._inflated(payload) if first & 0x40 else payload.decode())
        elif opcode == PING:
            self.transport.write(frame(0x80 | PONG, payload))
        elif opcode == CLOSE:
            self.code = struct.unpack(">H", payload[:2])[0] if payload else 1005
            if not self.said_close and not self.transport.is_closing():
                self.said_close = True
                self.transport.write(frame(0x80 | CLOSE, payload[:2]))
        elif opcode != PONG:
            raise Broken(f"a frame of opcode {opcode:#x}")

    def _inflated(self, payload):
        if self._inflate is None or self._fresh_in:
            self._inflate = zlib.decompressobj(-15)
        return self._inflate.decompress(payload + b"\x00\x00\xff\xff").decode()


def handshake(query, offer=None):
    text = (
        f"GET /ws?{query} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n"
    )
    if offer:
        text += f"Sec-WebSocket-Extensions: {offer}\r\n"
    return (text + "\r\n").encode()


def frame(first, payload):
    """A client's frame; its mask is zero, which costs nothing here and is as good as any to the server."""
    size = len(payload)
    if size < 126:
        head = struct.pack(">BB", first, 0x80 | size)
    elif size < 65536:
        head = struct.pack(">BBH", first, 0xFE, size)
    else:
        head = struct.pack(">BBQ", first, 0xFF, size)
    return head + b"\0\0\0\0" + payload


def message(**fields):
    return json.dumps(fields, separators=(",", ":"))
