"""permessage-deflate (RFC 7692) for raw clients: Python's zlib, and nothing that the daemon knows of."""

import zlib

TAIL = b"\x00\x00\xff\xff"
NO_CONTEXT = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


def compressed(data, level=6, bits=15, flush=zlib.Z_SYNC_FLUSH):
    """The payload of one compressed message, as 7.2.1 makes it. With Z_FINISH: in a block with BFINAL (7.2.3.4)."""
    if not data:
        return b"\x00"
    machine = zlib.compressobj(level, zlib.DEFLATED, -bits)
    out = machine.compress(data) + machine.flush(flush)
    if flush == zlib.Z_FINISH:
        return out + b"\x00"
    assert out.endswith(TAIL)
    return out[: -len(TAIL)]


def bomb(size):
    """A payload that becomes `size` zeros; about a thousandth of that."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    chunk = bytes(1 << 20)
    parts = [machine.compress(chunk) for _ in range(size >> 20)]
    return b"".join(parts) + machine.flush(zlib.Z_SYNC_FLUSH)[: -len(TAIL)]


class Deflate:
    """Both ways of one connection, by the Sec-WebSocket-Extensions that the server answered with."""

    def __init__(self, answer):
        name, *parameters = [part.strip() for part in answer.split(";")]
        assert name == "permessage-deflate", answer
        self.parameters = dict(part.partition("=")[::2] for part in parameters)
        assert len(self.parameters) == len(parameters), answer
        self._server_bits = int(self.parameters.get("server_max_window_bits", 15))
        # zlib does not write raw streams for 8 bits.
        self._client_bits = max(9, int(self.parameters.get("client_max_window_bits", 15)))
        self._in = self._out = None

    def compress(self, data):
        if self._out is None or "client_no_context_takeover" in self.parameters:
            self._out = zlib.compressobj(6, zlib.DEFLATED, -self._client_bits)
        out = self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)
        return out[: -len(TAIL)]

    def decompress(self, payload):
        if self._in is None or "server_no_context_takeover" in self.parameters:
            self._in = zlib.decompressobj(-self._server_bits)
        out = self._in.decompress(payload + TAIL)
        assert not self._in.unused_data and not self._in.unconsumed_tail
        return out
