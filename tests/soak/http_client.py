"""The HTTP API on asyncio: one kept connection, requests one after the other."""

import asyncio
import json


class Http:
    def __init__(self, host, port):
        self.host, self.port = host, port
        self._reader = self._writer = None
        self._lock = asyncio.Lock()

    async def request(self, method, path, body=None):
        """(status, body as bytes)."""
        async with self._lock:
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection(self.host, self.port)
            data = b"" if body is None else json.dumps(body).encode()
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(data)}\r\n"
            if data:
                head += "Content-Type: application/json\r\n"
            self._writer.write((head + "\r\n").encode() + data)
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            answer = await self._reader.readexactly(int(headers.get("content-length", 0)))
            if headers.get("connection", "").lower() == "close":
                self.close()
            return int(lines[0].split(" ")[1]), answer

    def close(self):
        if self._writer:
            self._writer.close()
        self._writer = None
