"""The files of wsc.tls: renewed under traffic, spoiled, and what keeps the gateway from starting."""

import re
import signal
import subprocess
import threading

import pytest
import yaml

from support.certificates import Certificates, openssl, tls_gateway, trusting
from support.gateway import DEFAULTS, SOURCE_DIR, merged, run_gatewayd
from support.waiting import Deadline, eventually


# --- certificates that change ---


class Chatter(threading.Thread):
    """A connection that talks to itself until it is stopped, and counts."""

    def __init__(self, running, user_id):
        super().__init__(daemon=True)
        self.client, self.rounds, self.problem = running.connect(user_id), 0, None
        self.user_id, self._over = user_id, threading.Event()
        self.start()

    def run(self):
        try:
            while not self._over.is_set():
                self.client.send_json({"type": "text", "to": self.user_id, "content": self.rounds})
                assert self.client.receive()["content"] == self.rounds
                self.rounds += 1
            self.client.close()
        except Exception as problem:
            self.problem = problem

    def stop(self):
        self._over.set()
        self.join(Deadline().left())
        assert not self.is_alive()
        if self.problem:
            raise self.problem


def test_a_renewed_certificate_is_there_for_the_first_new_client_and_nobody_is_dropped(gateway, tmp_path):
    certificates = Certificates(tmp_path)
    certificates.make("localhost")
    running = tls_gateway(gateway, certificates, {"performance": {"io_threads": 3}})
    chatters = [Chatter(running, f"u{number}") for number in range(4)]
    try:
        for round_number in range(5):
            before = [chatter.rounds for chatter in chatters]
            cert, _ = certificates.make("localhost", names=[f"round{round_number}"])
            at = running.log_position()
            running.signal(signal.SIGHUP)
            running.wait_for_log('SIGHUP: certificate read again.*name=default subject="CN = localhost" expires=20', since=at)
            # It trusts the new one alone.
            with running.connect("new", tls=trusting(cert)) as first:
                first.close()
            eventually(lambda: all(c.rounds > b + 5 for c, b in zip(chatters, before)), "they talk on")
            assert running.connections() == len(chatters)
    finally:
        for chatter in chatters:
            chatter.stop()
    running.tls = trusting(cert)
    running.check_health()
    running.wait_for_log("client disconnected.*reason=client_close", count=4 + 5 + 1)
    assert not running.log_lines("client disconnected.*reason=connection_lost")


@pytest.mark.parametrize(
    "spoil, why",
    [
        (lambda c: c.paths("localhost")[0].unlink(), "localhost.pem cannot be read: No such file"),
        (lambda c: c.paths("localhost")[1].write_text("hello"), "localhost.key is not PEM"),
        (lambda c: c.make("other", file="x") and c.paths("x")[0].replace(c.paths("localhost")[0]), "is not the key of"),
    ],
    ids=["gone", "no key", "another's"],
)
def test_a_bad_new_file_changes_nothing(gateway, tmp_path, spoil, why):
    certificates = Certificates(tmp_path)
    certificates.make("localhost")
    running = tls_gateway(gateway, certificates)
    with running.connect("alice") as alice:
        spoil(certificates)
        running.signal(signal.SIGHUP)
        running.wait_for_log(f"error SIGHUP: a certificate cannot be used; all stay as they were why=.*wsc.tls.*{why}")
        with running.connect("bob") as bob:
            bob.close()
        alice.expect_nothing_but_pong()
        alice.close()
    running.check_health()
    assert not running.log_lines("read again; new")


# --- what keeps it from starting ---


def test_each_bad_file_is_a_clear_start_error(gateway, certificates):
    good = certificates.config("localhost")
    folder = certificates.folder
    certificates.make("weak", key="weak")
    certificates.make("other")
    openssl("pkey", "-in", good["key"], "-aes128", "-passout", "pass:secret", "-out", folder / "locked.key")
    openssl("x509", "-in", good["cert"], "-outform", "der", "-out", folder / "der.pem")
    (folder / "empty.pem").write_text("")
    cases = {
        "missing.pem": ({**good, "cert": "missing.pem"}, "wsc.tls.cert: .*missing.pem cannot be read: No such file"),
        "a folder": ({**good, "cert": str(folder)}, "wsc.tls.cert: .*is not a file"),
        "empty": ({**good, "cert": str(folder / "empty.pem")}, "wsc.tls.cert: .*empty.pem is empty"),
        "DER": ({**good, "cert": str(folder / "der.pem")}, "wsc.tls.cert: .*is DER, not PEM; convert it"),
        "swapped": ({"cert": good["key"], "key": good["cert"]}, "wsc.tls.cert: .*swapped.*wsc.tls.key: .*swapped"),
        "another's": ({**good, "key": str(folder / "other.key")}, "wsc.tls.key: .*other.key is not the key of"),
        "locked": ({**good, "key": str(folder / "locked.key")}, "wsc.tls.key: .*is encrypted with a passphrase"),
        "weak": (certificates.config("weak"), "wsc.tls.cert: .*has a key of 1024 bits, which is too weak"),
        "sni": (
            {**good, "sni": [{"names": ["a.example.com"], "cert": "none.pem", "key": good["key"]}]},
            r"wsc.tls.sni\[0\].cert: .*none.pem cannot be read",
        ),
        "no key": ({"cert": good["cert"]}, "wsc.tls.cert: needs the certificate's key in wsc.tls.key"),
        "a name twice": (
            {**good, "sni": [{"names": ["a.b", "A.B"], **good}]},
            r"wsc.tls.sni\[0\].names\[1\]: a.b is given at .* too",
        ),
        "no names": ({**good, "sni": [{"names": [], **good}]}, r"wsc.tls.sni\[0\].names: expected a list of names"),
    }
    for name, (tls, why) in cases.items():
        running = gateway({"wsc": {"tls": tls}}, wait=False)
        assert running.wait_for_exit() == 2, name
        line = rf"gateway.yaml:\d+:\d+: {why}"
        assert re.search(line, running.log_text()), (name, running.log_text())
        checked = run_gatewayd("check", "--config", running.config_file)
        assert checked.returncode == 2 and re.search(line, checked.stderr), (name, checked.stderr)


def test_check_warns_of_dates_and_of_a_key_that_all_may_read(gateway, certificates):
    certificates.make_dated("old", "20200101000000Z", "20210131000000Z")
    certificates.make_dated("young", "20900101000000Z", "20910131000000Z")
    certificates.paths("young")[1].chmod(0o644)
    for name, why in {
        "old": r"old.pem \(CN = old\) expired on 2021-01-31 00:00:00 UTC",
        "young": r"young.pem \(CN = young\) is not valid before 2090-01-01 00:00:00 UTC",
    }.items():
        running = gateway({"wsc": {"tls": certificates.config(name)}}, tls=trusting())
        running.wait_for_log(rf"warn .*gateway.yaml:\d+:\d+: wsc.tls.cert: .*{why}")
        checked = run_gatewayd("check", "--config", running.config_file)
        assert checked.returncode == 0 and why.replace("\\", "") in checked.stdout
    assert "can be read by every user of this machine" in checked.stdout


def test_relative_files_are_beside_the_yaml(gateway, certificates, tmp_path):
    (tmp_path / "pair").mkdir()
    cert, key = certificates.paths("localhost")
    (tmp_path / "pair" / "server.pem").write_bytes(cert.read_bytes())
    (tmp_path / "pair" / "server.key").write_bytes(key.read_bytes())
    tls = {"cert": "pair/server.pem", "key": "pair/server.key"}
    (tmp_path / "gateway.yaml").write_text(yaml.safe_dump(merged(DEFAULTS, {"wsc": {"tls": tls}})))
    gateway(tmp_path / "gateway.yaml", tls=trusting(cert)).check_health()


def test_the_commands_of_the_readme(gateway, tmp_path):
    page = (SOURCE_DIR / "README.md").read_text()
    make, run = re.search(r"```sh\n(openssl req .*?)\n(\./dev run .*?)\n```", page, flags=re.S).groups()
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gateway.yaml").write_text(yaml.safe_dump(DEFAULTS))
    subprocess.run(["sh", "-ec", make], cwd=tmp_path, check=True, capture_output=True, timeout=Deadline(60).left())
    cert = tmp_path / "config" / "cert.pem"
    running = gateway(tmp_path / "config" / "gateway.yaml", arguments=run.split()[2:], tls=trusting(cert))
    assert running.url.startswith("wss://")
    running.check_health()
    assert not running.log_lines(" warn ")
