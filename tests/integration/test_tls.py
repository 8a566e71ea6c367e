"""wss://: clients of several makes, versions, names, resumption, numbers."""

import asyncio
import json
import pathlib
import signal
import ssl
import subprocess

import pytest

from support.certificates import MemoryTls, openssl, tls_gateway, trusting
from support.library_client import connected, hear, play
from support.raw import CLOSE, TEXT, close_payload, make_frame, make_handshake
from support.waiting import Deadline, eventually

both_versions = pytest.mark.parametrize("version", ["1.2", "1.3"])


@pytest.fixture(scope="module")
def shared(shared_gateway, certificates):
    return tls_gateway(shared_gateway, certificates, {"performance": {"io_threads": 2}})


@pytest.fixture
def running(shared):
    yield shared
    shared.check_health()


# --- talking ---


def test_python_websockets_talk(running):
    async def scenario():
        async with connected(running, "alice") as alice, connected(running, "bob") as bob:
            for number in range(100):
                await alice.send(json.dumps({"type": "text", "to": "bob", "content": number}))
                message = await hear(bob)
                assert (message["from"], message["content"]) == ("alice", number)

    play(scenario())
    running.wait_for_log("client connected .*user_id=bob .*tls=TLSv1.3")


@both_versions
def test_big_messages_both_ways(gateway, certificates, version):
    running = tls_gateway(gateway, certificates, version=version)

    async def scenario():
        async with connected(running, "alice", max_size=None) as alice:
            for size in [0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 1_000_000]:
                await alice.send(json.dumps({"type": "text", "to": "alice", "content": "é" * (size // 2)}, ensure_ascii=False))
                assert (await hear(alice))["content"] == "é" * (size // 2)

    play(scenario())
    running.wait_for_log(f"client connected .*tls=TLSv{version}")


@both_versions
def test_bytes_one_at_a_time(gateway, certificates, version):
    """Each byte of ciphertext in a segment of its own, from the hello to the last frame."""
    running = tls_gateway(gateway, certificates, version=version)
    with running.raw() as wire:
        client = MemoryTls(wire, running.tls, send=wire.send_slowly)
        client.write(make_handshake("/ws?user_id=alice"))
        assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        client.write(make_frame(TEXT, '{"type":"text","to":"alice","content":"%s"}' % ("x" * 5000)))
        client.read_until(b"x" * 5000)
        client.write(make_frame(CLOSE, close_payload(1000)))
        client.read_until(b"\x88\x02\x03\xe8")
    running.check_health()


def test_npm_ws(running, certificates):
    script = """
        const WebSocket = require('ws')
        const socket = new WebSocket(process.argv[1] + '?user_id=npm', { ca: require('fs').readFileSync(process.argv[2]) })
        let seen = 0
        socket.on('message', (data) => {
          const message = JSON.parse(data.toString())
          if (message.type === 'connected') {
            for (let i = 0; i < 50; ++i) socket.send(JSON.stringify({ type: 'text', to: 'npm', content: 'x'.repeat(i * 1000) }))
          } else if (message.content.length === seen * 1000 && ++seen === 50) socket.close(1000)
        })
        socket.on('close', (code) => process.exit(code === 1000 && seen === 50 ? 0 : 1))
        socket.on('error', (error) => { console.error(error); process.exit(2) })
    """
    done = subprocess.run(
        ["node", "-e", script, running.url.replace("127.0.0.1", "localhost"), str(certificates.paths("localhost")[0])],
        cwd=pathlib.Path(__file__).resolve().parent / "node",
        capture_output=True,
        text=True,
        timeout=Deadline(60).left(),
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_fan_out_reaches_everyone(running):
    async def scenario():
        clients = await asyncio.gather(*(connected(running, f"u{i}").__aenter__() for i in range(40)))
        async with connected(running, "ann", user_type="agent") as agent:
            for number in range(20):
                await agent.send(json.dumps({"type": "text", "content": number, "data": "d" * 3000}))
            for client in clients:
                assert [(await hear(client))["content"] for _ in range(20)] == list(range(20))
        await asyncio.gather(*(client.close() for client in clients))

    play(scenario())


# --- versions, names, sessions ---


def certificate_for(running, server_name):
    """The subject of the certificate that a client gets which asks for this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with running.raw(tls=context, server_name=server_name) as client:
        certificate = client.socket.getpeercert(True)
    return openssl("x509", "-inform", "der", "-noout", "-subject", stdin=certificate).strip()


@pytest.mark.parametrize("least, version, taken", [("1.2", "1.2", True), ("1.2", "1.3", True), ("1.3", "1.2", False), ("1.3", "1.3", True)])
def test_min_version(gateway, certificates, least, version, taken):
    running = tls_gateway(gateway, certificates, tls={"min_version": least})
    context = trusting(certificates.paths("localhost")[0], version=version)
    if taken:
        with running.connect("alice", tls=context) as alice:
            assert alice.socket.version() == f"TLSv{version}"
            alice.close()
        return
    with pytest.raises(ssl.SSLError, match="(?i)protocol.version"):
        running.connect("alice", tls=context)
    running.wait_for_log("TLS handshake refused why=.*older than wsc.tls.min_version.*remote_address=127.0.0.1")
    eventually(lambda: running.admin.metric("gateway_connections_rejected_total", reason="tls_handshake") == 1, "counted")
    assert running.admin.metric("gateway_tls_handshake_failures_total") == 1


def test_names(gateway, certificates):
    certificates.make("a.example.com", key="rsa")
    certificates.make("wild.example.net", names=["*.example.net"])
    sni = [
        {"names": ["a.example.com"], **certificates.config("a.example.com")},
        {"names": ["*.example.net"], **certificates.config("wild.example.net")},
    ]
    running = tls_gateway(gateway, certificates, tls={"sni": sni})
    for name, expected in {
        "localhost": "localhost",
        "a.example.com": "a.example.com",
        "x.example.net": "wild.example.net",
        "y.x.example.net": "localhost",
        "elsewhere.example.org": "localhost",
    }.items():
        assert certificate_for(running, name) == f"subject=CN = {expected}"
    for name in ("default", "a.example.com", "*.example.net"):
        assert running.admin.metric("gateway_tls_certificate_expiry_seconds", certificate=name) > 0


def resumed(running, session_file, version, keep=False):
    """openssl s_client with the session of a file: was it resumed?"""
    flag = f"-tls{version.replace('.', '_')}"
    way = "-sess_out" if keep else "-sess_in"
    # The ticket of TLS 1.3 comes behind the handshake: there is an answer to wait for.
    request = b"GET /ws HTTP/1.1\r\nHost: x\r\n\r\n"
    told = openssl("s_client", "-connect", f"{running.host}:{running.port}", flag, way, session_file, "-ign_eof", stdin=request)
    assert "426" in told
    return "\nReused, TLSv" in told


@both_versions
def test_sessions_are_resumed_on_every_reactor_and_after_sighup(gateway, certificates, version, tmp_path):
    running = tls_gateway(gateway, certificates, {"performance": {"io_threads": 3}})
    session = tmp_path / "session.pem"
    assert not resumed(running, session, version, keep=True)
    for _ in range(6):
        assert resumed(running, session, version)
    at = running.log_position()
    running.signal(signal.SIGHUP)
    running.wait_for_log("SIGHUP: certificate read again", since=at)
    assert resumed(running, session, version)
    counted = {
        way: running.admin.metric("gateway_tls_handshakes_total", version=f"TLSv{version}", resumed=way)
        for way in ("true", "false")
    }
    assert counted == {"true": 7, "false": 1}


def test_sessions_are_not_resumed_when_their_lifetime_is_0(gateway, certificates, tmp_path):
    running = tls_gateway(gateway, certificates, tls={"session_lifetime": 0})
    session = tmp_path / "session.pem"
    for version in ("1.2", "1.3"):
        assert not resumed(running, session, version, keep=True)
        if session.exists():  # without a ticket
            assert not resumed(running, session, version)
            session.unlink()


# --- numbers ---


def test_statistics_and_metrics(gateway, certificates):
    running = tls_gateway(gateway, certificates, version="1.3")
    old = trusting(certificates.paths("localhost")[0], version="1.2")
    with running.connect("alice", "a1") as alice, running.connect("bob", tls=old) as bob:
        stats = running.admin.stats()
        assert stats["tls"] is True and stats["listening"].startswith("wss://")
        assert stats["tls_connections"] == {"TLSv1.2": 1, "TLSv1.3": 1}
        assert running.admin.get("/api/v1/clients/a1").json()["tls"] == "TLSv1.3"
        for version in ("TLSv1.2", "TLSv1.3"):
            assert running.admin.metric("gateway_tls_connections", version=version) == 1
            assert running.admin.metric("gateway_tls_handshakes_total", version=version, resumed="false") == 1
        alice.close()
        bob.close()
    running.wait_for_connections(0)
    eventually(lambda: running.admin.metric("gateway_tls_connections", version="TLSv1.3") == 0, "none is left")
