"""ip-filter: which networks may connect."""

import signal

import pytest

from support.gateway import run_gatewayd

API = "/api/v1/plugins/ip-filter"


def filtered(**config):
    return {"plugins": {"load": [{"name": "ip-filter", "config": config}]}}


def status(running, **options):
    client = running.connect("bob", refused=True, greeting=False, **options)
    client.drop()
    return client.response.status


@pytest.mark.parametrize(
    "config, expected",
    [
        ({}, 101),
        ({"allow": ["127.0.0.0/8"]}, 101),
        ({"allow": ["10.0.0.0/8"]}, 403),
        ({"deny": ["127.0.0.1"]}, 403),
        ({"allow": ["127.0.0.0/8"], "deny": ["127.0.0.1/32"]}, 403),
        ({"deny": ["10.0.0.0/8", "::/64"]}, 101),
    ],
)
def test_networks_decide(gateway, config, expected):
    running = gateway(filtered(**config))
    assert status(running) == expected
    shown = running.admin.get(API + "/addresses/127.0.0.1").json()
    assert shown["may_connect"] == (expected == 101)


def test_another_address_of_this_machine_is_another_client(gateway):
    running = gateway(filtered(deny=["127.0.0.2"]))
    assert status(running) == 101
    assert status(running, source="127.0.0.2") == 403
    running.wait_for_log("handshake refused by=ip-filter status=403")


@pytest.mark.parametrize("by", ["api", "signal"])
def test_files_are_read_again_and_connections_stay(gateway, tmp_path, by):
    denied = tmp_path / "denied.txt"
    denied.write_text("# nobody\n\n10.0.0.0/8   # but those\n")
    running = gateway(filtered(deny_file=str(denied)))
    with running.connect("ann") as ann:
        denied.write_text("127.0.0.0/8\n")
        assert status(running) == 101  # not yet
        if by == "api":
            answer = running.admin.post(API + "/reload", {})
            assert answer.status == 200, answer
        else:
            running.signal(signal.SIGUSR1)
            running.wait_for_log("the lists were read again")
        assert status(running) == 403
        ann.send_json({"type": "ping"})
        assert ann.receive() == {"type": "pong"}


def test_a_wrong_file_changes_nothing_and_says_its_line(gateway, tmp_path):
    denied = tmp_path / "denied.txt"
    denied.write_text("127.0.0.1\n")
    running = gateway(filtered(deny_file=str(denied)))
    denied.write_text("10.0.0.0/8\n127.0.0.1/8\n")
    answer = running.admin.post(API + "/reload", {})
    assert answer.status == 422
    assert "denied.txt:2: " in answer.json()["error"]["message"] and "did you mean 127.0.0.0/8?" in answer.json()["error"]["message"]
    assert status(running) == 403
    denied.unlink()
    assert running.admin.post(API + "/reload", {}).status == 422
    assert status(running) == 403


@pytest.mark.parametrize(
    "config, words",
    [
        ("allow: [300.0.0.1]", "\"300.0.0.1\" is no address or network"),
        ("deny_file: nowhere.txt", "nowhere.txt: No such file"),
        ("block: [10.0.0.0/8]", "block"),
    ],
)
def test_a_wrong_configuration_stops_the_start(tmp_path, config, words):
    file = tmp_path / "gateway.yaml"
    file.write_text(f"plugins:\n  load:\n    - name: ip-filter\n      config:\n        {config}\n")
    ended = run_gatewayd("check", "--config", file)
    assert ended.returncode == 2 and words in ended.stderr, ended.stderr
