"""What the build can do, found out by asking `gatewayd check`, and the configuration that a soak runs with."""

import ssl
import subprocess

import yaml

from support.gateway import run_gatewayd


class TlsFiles:
    def __init__(self, folder):
        self.cert, self.key = str(folder / "cert.pem"), str(folder / "key.pem")
        self.client = ssl.create_default_context()
        self.renew()

    def config(self):
        return {"cert": self.cert, "key": self.key}

    def renew(self):
        """A new certificate in place of the old one; both are trusted from then on."""
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", self.key, "-out", self.cert],
            check=True, capture_output=True,
        )
        self.client.load_verify_locations(cafile=self.cert)


def _accepted(folder, wsc):
    file = folder / "probe.yaml"
    file.write_text(yaml.safe_dump({"wsc": {"node_ip": "127.0.0.1", "node_port": 0, **wsc}}))
    return run_gatewayd("check", "--config", file).returncode == 0


def offers_of(folder):
    """The kinds of clients by what they offer."""
    deflate = _accepted(folder, {"performance": {"enable_compression": True}})
    return ["plain", "deflate", "deflate_takeover"] if deflate else ["plain"]


def tls_of(folder):
    """The files of a listener on TLS, or None when the build has none."""
    files = TlsFiles(folder)
    return files if _accepted(folder, {"tls": files.config()}) else None


def server_config(offers, tls_files):
    config = {
        "wsc": {
            "heartbeat_interval": 5,
            "client_timeout": 60,
            "message_buffer_size": 2048,
            "performance": {
                "io_threads": 2,
                "max_queue_size": 2048,
                "handshake_timeout": 30,  # a machine may be so busy that our own clients stall for seconds
                "enable_compression": len(offers) > 1,
            },
            "security": {"max_message_size": 256},
        },
    }
    if tls_files:
        config["wsc"]["tls"] = tls_files.config()
    return config
