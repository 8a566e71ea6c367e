"""What the build can do, found out by asking `gatewayd check`, and the configuration that a soak runs with."""

import ssl
import subprocess

import yaml

from support.gateway import run_gatewayd


class TlsFiles:
    def __init__(self, folder):
        self.cert, self.key = str(folder / "cert.pem"), str(folder / "key.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True,
        )
        self.client = ssl.create_default_context(cafile=self.cert)


def _accepted(folder, wsc):
    file = folder / "probe.yaml"
    file.write_text(yaml.safe_dump({"wsc": {"node_ip": "127.0.0.1", "node_port": 0, **wsc}}))
    return run_gatewayd("check", "--config", file).returncode == 0


def offers_of(folder):
    """The kinds of clients by what they offer."""
    deflate = _accepted(folder, {"performance": {"enable_compression": True}})
    return ["plain", "deflate", "deflate_takeover"] if deflate else ["plain"]


def tls_of(folder):
    return None


def server_config(offers, tls_files):
    return {
        "wsc": {
            "heartbeat_interval": 5,
            "client_timeout": 60,
            "message_buffer_size": 2048,
            "performance": {
                "io_threads": 2,
                "max_queue_size": 2048,
                "handshake_timeout": 5,
                "enable_compression": len(offers) > 1,
            },
            "security": {"max_message_size": 256},
        },
    }
