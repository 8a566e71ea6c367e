#!/usr/bin/env python3
"""Proves that the load generator sees what goes wrong: it is run against a server that loses, doubles, swaps, changes
or misdirects messages on purpose. Usage: selftest.py PATH_OF_GATEWAY_LOAD"""
import asyncio
import base64
import hashlib
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import zlib

LOAD = None  # the generator's path
SEQUENCE = re.compile(r"@@[0-9a-f]{5}([0-9a-f]{8})")


def honest(texts, sequence):
    return texts


class Once:
    """A fault that happens to message number 1 of whoever gets it first. The window is 4 where faults are made, so
    that number 1 is sent at once, however slow the machine is."""

    def __init__(self, change):
        self.change = change
        self.done = False

    def __call__(self, texts, sequence):
        if sequence != 1 or self.done:
            return texts
        self.done = True
        return self.change(texts)


def lose():
    return Once(lambda texts: [])


def double():
    return Once(lambda texts: texts * 2)


def change():
    return Once(lambda texts: [texts[0].replace("xx", "xy", 1)])


def shorten():
    return Once(lambda texts: [texts[0][:-1]])


class Swap:
    """Holds message 1 back until the next one has gone to the same client."""

    def __init__(self):
        self.held = None
        self.done = False

    def __call__(self, texts, sequence):
        if sequence == 1 and not self.done:
            self.held, self.done = texts, True
            return []
        texts, self.held = texts + (self.held or []), None
        return texts


def deflated(payload):
    """RFC 7692 without context takeover."""
    packer = zlib.compressobj(wbits=-15)
    return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


def inflated(payload):
    return zlib.decompressobj(wbits=-15).decompress(payload + b"\0\0\xff\xff")


class Server:
    """A WebSocket server with as much protocol as the generator needs: /echo, /subscribe and /publish as the peers have
    them, and /ws as a gateway would do it. `fault` changes what one client gets, `status` refuses upgrades, `deflate` is
    what makes a payload compressed (None: does not agree to it), `tls` an SSLContext."""

    def __init__(self, fault=honest, fault_client=None, status=None, misdirect=False, publisher_hears=False, deflate=None,
                 tls=None):
        self.fault, self.fault_client, self.status = fault, fault_client, status
        self.misdirect, self.publisher_hears = misdirect, publisher_hears
        self.deflate, self.tls = deflate, tls
        self.clients = {}
        self.accepted = 0
        started = threading.Event()

        def run():
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
            self.server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self.tls))
            self.port = self.server.sockets[0].getsockname()[1]
            started.set()
            self.loop.run_forever()
            self.server.close()
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.close()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        started.wait()

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def serve(self, reader, writer):
        try:
            await self.converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.clients = {name: w for name, w in self.clients.items() if w is not writer}
            writer.close()

    async def converse(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if self.status:
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: 0\r\n\r\n".encode())
            return
        path = head.split()[1]
        key = re.search(r"Sec-WebSocket-Key: (\S+)", head).group(1)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest())
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     b"Sec-WebSocket-Accept: " + accept + b"\r\n")
        if self.deflate:
            writer.write(b"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n")
        writer.write(b"\r\n")
        number, self.accepted = self.accepted, self.accepted + 1
        user = re.search(r"user_id=(\w+)", path)
        name = user.group(1) if user else f"{path}{number}"
        self.clients[name] = writer
        if user:
            self.send(writer, json.dumps({"type": "connected", "user_id": name}, separators=(",", ":")))
        while True:
            opcode, payload = await self.frame(reader)
            if opcode == 8:
                writer.write(b"\x88\x02\x03\xe8")
                return
            self.deliver(name, path, payload.decode())

    async def frame(self, reader):
        first, second = await reader.readexactly(2)
        size = second & 0x7F
        assert second & 0x80 and size < 127, "a masked frame of at most 64 KB"
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        mask = await reader.readexactly(4)
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(size)))
        return first & 0x0F, inflated(payload) if first & 0x40 else payload

    def deliver(self, sender, path, text):
        if path == "/echo":
            names = [sender]
        elif path.startswith("/ws"):
            message = json.loads(text)
            to = sender if self.misdirect else message.get("to")
            names = [to] if to else [name for name in self.clients if name != sender]
            text = json.dumps({"from": sender, **message, "msg_id": "01J"}, separators=(",", ":"))
        else:
            names = [name for name in self.clients if name.startswith("/subscribe") or self.publisher_hears]
        sequence = int(SEQUENCE.search(text).group(1), 16)
        for name in names:
            faulty = self.fault_client is None or name == self.fault_client
            for out in self.fault([text], sequence) if faulty else [text]:
                self.send(self.clients[name], out)

    def send(self, writer, text):
        payload = text.encode()
        first = 0x81
        if self.deflate:
            first, payload = self.deflate(payload)
        size = len(payload)
        header = bytes([first, size]) if size < 126 else bytes([first, 126, size >> 8, size & 0xFF])
        writer.write(header + payload)


class SelfTest(unittest.TestCase):
    def load(self, mode, *arguments, dialect="raw", stall_ms=10000, **server):
        """Runs the generator; returns its exit status and its report."""
        fake = Server(**server)
        command = [LOAD, mode, "--dialect", dialect, "--port", fake.port, "--pid", os.getpid(), "--warm-up-ms", 20,
                   "--measure-ms", 50 if "fault" in server else 200, "--stall-ms", stall_ms, *arguments]
        try:
            done = subprocess.run([str(a) for a in command], capture_output=True, text=True, timeout=30, check=False)
        finally:
            fake.stop()
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.returncode, json.loads(done.stdout)

    def assert_counts(self, result, lost=0, duplicate=0, reordered=0):
        status, report = result
        self.assertEqual((lost, duplicate, reordered),
                         (report["lost"], report["duplicate"], report["reordered"]), report)
        self.assertEqual(1 if lost or duplicate or reordered else 0, status, report)

    def assert_error(self, result, words):
        status, report = result
        self.assertEqual(1, status, report)
        self.assertGreaterEqual(report["errors"], 1, report)
        self.assertIn(words, report["first_error"], report)

    def assert_measured(self, report):
        for key in ("messages", "seconds", "server_cpu_s", "client_cpu_s", "per_server_cpu_s", "p50_us", "p99_us"):
            self.assertGreater(report[key], 0, report)

    def test_an_honest_echo_has_nothing_to_report(self):
        result = self.load("echo", "--connections", 5, "--window", 3)
        self.assert_counts(result)
        self.assert_measured(result[1])
        self.assertEqual(5, result[1]["open_connections"])

    def test_echo_faults(self):
        echo = ("echo", "--connections", 2, "--window", 4)
        result = self.load(*echo, fault=lose(), stall_ms=600)
        self.assert_counts(result, lost=1)
        self.assert_error(result, "no progress")
        self.assert_counts(self.load(*echo, fault=double()), duplicate=1)
        self.assert_counts(self.load(*echo, fault=Swap(), fault_client="/echo0"), reordered=1)
        self.assert_error(self.load(*echo, fault=change()), "unexpected text")
        self.assert_error(self.load(*echo, fault=shorten()), "unexpected text")

    def test_an_honest_fan_out_has_nothing_to_report(self):
        for dialect in ("raw", "gateway"):
            result = self.load("fanout", "--connections", 4, "--window", 3, dialect=dialect)
            self.assert_counts(result)
            self.assert_measured(result[1])
            self.assertEqual(5, result[1]["open_connections"])

    def test_fan_out_faults_of_one_subscriber(self):
        fanout = ("fanout", "--connections", 4, "--window", 4)
        self.assert_counts(self.load(*fanout, fault=lose(), fault_client="/subscribe2", stall_ms=600), lost=1)
        self.assert_counts(self.load(*fanout, fault=double(), fault_client="/subscribe2"), duplicate=1)
        self.assert_counts(self.load(*fanout, fault=Swap(), fault_client="/subscribe2"), reordered=1)
        self.assert_error(self.load(*fanout, fault=change()), "unexpected text")

    def test_a_publisher_must_not_hear_itself(self):
        self.assert_error(self.load("fanout", "--connections", 2, publisher_hears=True), "unexpected text")

    def test_users(self):
        users = ("user", "--connections", 4, "--window", 2)
        result = self.load(*users, dialect="gateway")
        self.assert_counts(result)
        self.assert_measured(result[1])
        self.assert_counts(self.load(*users, dialect="gateway", fault=double()), duplicate=1)
        self.assert_error(self.load(*users, dialect="gateway", misdirect=True), "unexpected text")

    def test_compressed_messages_are_read_like_others(self):
        def honestly(payload):
            return 0xC1, deflated(payload)

        for mode, dialect in (("echo", "raw"), ("fanout", "raw"), ("fanout", "gateway"), ("user", "gateway")):
            arguments = (mode, "--connections", 4, "--window", 4, "--size", 512, "--deflate", 1)
            result = self.load(*arguments, dialect=dialect, deflate=honestly)
            self.assert_counts(result)
            self.assert_measured(result[1])
            self.assert_counts(self.load(*arguments, dialect=dialect, deflate=honestly, fault=double()), duplicate=1)
        echo = ("echo", "--connections", 2, "--window", 4, "--size", 512, "--deflate", 1)
        self.assert_counts(self.load(*echo, deflate=honestly, fault=lose(), stall_ms=600), lost=1)
        self.assert_counts(self.load(*echo, deflate=honestly, fault=Swap(), fault_client="/echo0"), reordered=1)
        self.assert_error(self.load(*echo, deflate=honestly, fault=shorten()), "unexpected text")

    def test_what_is_no_compression_is_seen(self):
        echo = ("echo", "--connections", 2, "--size", 512)
        self.assert_error(self.load(*echo, "--deflate", 1), "does not agree")
        self.assert_error(self.load(*echo, "--deflate", 1, deflate=lambda p: (0x81, p)), "not compressed")
        self.assert_error(self.load(*echo, "--deflate", 1, deflate=lambda p: (0xC1, p)), "cannot be inflated")

    def test_tls(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "server.pem")
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                            "-subj", "/CN=127.0.0.1", "-keyout", file, "-out", file + ".cert"], check=True, capture_output=True)
            with open(file, "a") as both, open(file + ".cert") as certificate:
                both.write(certificate.read())
            tls, old = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(2))
            tls.load_cert_chain(file)
            old.load_cert_chain(file)
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            for mode in ("echo", "fanout", "connect"):
                result = self.load(mode, "--connections", 4, "--tls", 1, tls=tls)
                self.assert_counts(result)
                self.assert_measured(result[1])
            self.assert_counts(self.load("echo", "--connections", 2, "--window", 4, "--tls", 1, tls=tls, fault=double()),
                               duplicate=1)
            self.assert_error(self.load("echo", "--connections", 1, "--tls", 1, tls=old), "TLS: ")

    def test_connects(self):
        for dialect in ("raw", "gateway"):
            result = self.load("connect", "--connections", 4, dialect=dialect)
            self.assert_counts(result)
            self.assert_measured(result[1])
        self.assert_error(self.load("connect", status="503 Full"), "503 Full")

    def test_idle_connections_stay_open_and_are_weighed(self):
        result = self.load("idle", "--connections", 30, dialect="gateway")
        self.assert_counts(result)
        self.assertEqual(30, result[1]["open_connections"])
        self.assertIn("rss_bytes_per_connection", result[1])

    def test_the_command_line_is_checked(self):
        for arguments in ([], ["echo"], ["swim", "--port", "1"], ["user", "--port", "1", "--pid", "1"],
                          ["echo", "--port", "0", "--pid", "1"], ["echo", "--port"]):
            done = subprocess.run([LOAD, *arguments], capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(2, done.returncode, arguments)
            self.assertIn("gateway_load:", done.stderr)


if __name__ == "__main__":
    LOAD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
