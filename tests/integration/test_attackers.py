"""Every attack of tests/attackers, short and small: the attacker gets what is documented, a healthy client beside it gets
all that it is sent, and afterwards nothing of it is left. How fast all that is, `./dev attack` measures."""

import pathlib
import re
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "attackers"), str(HERE.parent / "soak")]

import watch  # noqa: E402
from all_attacks import ATTACKS, Target  # noqa: E402
from support.gateway import SANITIZE  # noqa: E402
from support.waiting import eventually  # noqa: E402

SECONDS, STRENGTH = 0.5, 0.02


class Attacker(threading.Thread):
    """Runs an attack beside the test; `failure` is what went wrong."""

    def __init__(self, attack, target):
        super().__init__(daemon=True)
        self.attack, self.target, self.failure = attack, target, None

    def run(self):
        try:
            self.attack.run(self.target)
        except BaseException as failure:  # told by the test
            self.failure = failure


SMALL = [attack for attack in ATTACKS if attack.in_tests]


@pytest.mark.parametrize("attack", SMALL, ids=[attack.name for attack in SMALL])
def test_attack(gateway, tmp_path, attack):
    if not attack.prepare(tmp_path):
        pytest.skip("not possible on this machine, or in this build")
    running = gateway(attack.config, arguments=attack.arguments, env=attack.env, prepare=attack.prepare_child, tls=attack.tls)
    with running.connect("bystander") as bystander:
        pid = running.process.pid
        running.wait_for_connections(1)
        descriptors, memory_kb = watch.descriptors(pid), watch.rss_kb(pid)
        peak_kb = beside(Attacker(attack, Target(running, SECONDS, STRENGTH)), bystander, pid)
        if not SANITIZE:
            assert (peak_kb - memory_kb) / 1024 < attack.memory_mb
        # One descriptor more: that of the question how many there are.
        for condition, what in (
            (lambda: running.connections() == 1, "the attacker's connections are gone"),
            (lambda: watch.descriptors(pid) <= descriptors + 1, "the descriptors come back"),
        ):
            eventually(lambda condition=condition: talks(bystander, "still here") and condition(), what, 60)
    attack.check(running)
    if attack.log:
        running.wait_for_log(attack.log)
    others = [line for line in running.log_lines() if not re.search("client (dis)?connected", line)]
    assert len(others) < attack.max_lines + 10, "\n".join(others)
    running.check_health()


def beside(attacker, bystander, pid):
    """While it attacks, the bystander talks to itself; returns the most memory seen."""
    attacker.start()
    peak_kb, number = 0, 0
    while attacker.is_alive():
        assert talks(bystander, number)
        peak_kb, number = max(peak_kb, watch.rss_kb(pid)), number + 1
        attacker.join(0.005)
    if attacker.failure:
        raise attacker.failure
    return peak_kb


def talks(client, content):
    """It sends itself a message, and that is the next one of its own that it gets."""
    client.send_json({"type": "text", "to": "bystander", "content": content})
    while (message := client.receive(60)).get("from") != "bystander":
        pass  # broadcasts of the attack
    return message["content"] == content
