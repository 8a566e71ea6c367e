"""Certificates for tests, made by the openssl command when they run: no key is kept anywhere."""

import pathlib
import ssl
import subprocess

from support.waiting import Deadline

_ca_config = """
[ca]
default_ca = d
[d]
new_certs_dir = .
database = index.txt
serial = serial
default_md = sha256
policy = p
[p]
commonName = supplied
"""

KEYS = {
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "rsa": ["-newkey", "rsa:2048"],
    "weak": ["-newkey", "rsa:1024"],
}


def openssl(*arguments, cwd=None, stdin=b"", seconds=60):
    """Runs the command to its end and insists on success; returns its output."""
    done = subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, cwd=cwd, timeout=seconds)
    assert done.returncode == 0, (arguments, done.stderr.decode(errors="replace"))
    return done.stdout.decode()


class Certificates:
    """A folder of PEM files: `make("a.example.com")` writes a.example.com.pem and a.example.com.key in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def make(self, name, names=(), key="ec", file=None):
        """A certificate that signs itself, for `name`, 127.0.0.1 and `names`. Returns (cert, key)."""
        cert, key_file = self.paths(file or name)
        alternatives = ",".join([f"DNS:{each}" for each in (name, *names)] + ["IP:127.0.0.1"])
        openssl(
            *("req", "-x509", *KEYS[key], "-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", f"subjectAltName={alternatives}", "-keyout", key_file, "-out", cert),
        )
        return cert, key_file

    def make_dated(self, name, begin, end):
        """The same, valid from `begin` to `end` ("20200131000000Z")."""
        cert, key_file = self.paths(name)
        openssl("req", *KEYS["ec"], "-nodes", "-subj", f"/CN={name}", "-keyout", key_file, "-out", "csr", cwd=self.folder)
        (self.folder / "ca.cnf").write_text(_ca_config)
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial").write_text("01\n")
        openssl(
            *("ca", "-selfsign", "-batch", "-notext", "-config", "ca.cnf", "-keyfile", key_file, "-in", "csr"),
            *("-startdate", begin, "-enddate", end, "-out", cert),
            cwd=self.folder,
        )
        return cert, key_file

    def make_signed(self, name, address="127.0.0.1"):
        """A certificate for `name` and `address` (None: without one), signed by an authority that is made for it. Returns
        (authority, cert, key)."""
        authority, authority_key = self.paths(f"{name}-authority")
        cert, key_file = self.paths(name)
        openssl(
            *("req", "-x509", *KEYS["ec"], "-nodes", "-days", "2", "-subj", f"/CN={name} authority"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-keyout", authority_key, "-out", authority),
        )
        openssl("req", *KEYS["ec"], "-nodes", "-subj", f"/CN={name}", "-keyout", key_file, "-out", "csr", cwd=self.folder)
        alternatives = ",".join([f"DNS:{name}"] + ([f"IP:{address}"] if address else []))
        (self.folder / "extensions").write_text(f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n")
        openssl(
            *("x509", "-req", "-in", "csr", "-CA", authority, "-CAkey", authority_key, "-CAcreateserial", "-days", "2"),
            *("-extfile", "extensions", "-out", cert),
            cwd=self.folder,
        )
        return authority, cert, key_file

    def paths(self, name):
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"

    def config(self, name, **more):
        """What stands under wsc.tls."""
        cert, key = self.paths(name)
        return {"cert": str(cert), "key": str(key), **more}


def trusting(*certificates, version=None):
    """A client's context that trusts these certificates alone. `version`: of TLS, no other ("1.2")."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for certificate in certificates:
        context.load_verify_locations(certificate)
    if version:
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_"))
    return context


def tls_gateway(factory, certificates, wsc=None, version=None, tls=None):
    """`gateway(...)` with the certificate for localhost; its clients trust it and speak `version`."""
    config = {"wsc": {**(wsc or {}), "tls": certificates.config("localhost", **(tls or {}))}}
    return factory(config, tls=trusting(certificates.paths("localhost")[0], version=version))


def hello_of(context):
    """A client's first bytes."""
    outgoing = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


class MemoryTls:
    """TLS over a RawSocket in which the test decides what is sent when. `send`: how bytes get on the wire."""

    def __init__(self, wire, context, send=None):
        self._wire, self._send = wire, send or wire.send
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        self._heard = b""
        self._until_done(self._tls.do_handshake, Deadline(60))
        self.flush()

    def _until_done(self, call, deadline):
        while True:
            try:
                return call()
            except ssl.SSLWantReadError:
                self.flush()
                self._incoming.write(self._wire.read_some(deadline))

    def flush(self):
        if data := self._outgoing.read():
            self._send(data)

    def write(self, data, send=True):
        self._tls.write(data)
        if send:
            self.flush()

    def write_close(self):
        """close_notify, and whatever was written and not sent."""
        try:
            self._tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def read_until(self, mark, seconds=60):
        deadline = Deadline(seconds)
        while mark not in self._heard:
            self._heard += self._until_done(self._tls.read, deadline)
        end = self._heard.index(mark) + len(mark)
        found, self._heard = self._heard[:end], self._heard[end:]
        return found
