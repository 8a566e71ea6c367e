"""Plugins that are reloaded while clients stay. The plugin is tests/abi/plugins/swap.h, in two builds and one that is
exclusive; its head says what it stamps into messages.

GATEWAYD_SWAP_CLIENTS and GATEWAYD_SWAP_COUNT make the first test heavier: 1000 and 50 is what issue 4 asks for."""

import os
import shutil
import signal

import pytest
import yaml

from support.gateway import BUILD_DIR, DEFAULTS, merged, run_gatewayd
from support.library_client import ask, play
from support.swarm import Swarm, process_numbers
from support.waiting import SLOW, eventually

FOLDER = BUILD_DIR / "tests" / "plugins"
CLIENTS = int(os.environ.get("GATEWAYD_SWAP_CLIENTS", "200"))
SWAPS = int(os.environ.get("GATEWAYD_SWAP_COUNT", "10"))


class Setup:
    """A gateway with the plugin at a path of its own, so that its file can change."""

    def __init__(self, gateway, folder, build="swap_v1", wsc=None, plugins=None, env=None, **config):
        self.file = folder / "swap.so"
        self.install(build)
        self.config = merged(
            DEFAULTS, {"wsc": wsc or {}, "plugins": {"load": [self.entry(**config)], **(plugins or {})}}
        )
        self.running = gateway(self.config, **({"env": env} if env else {}))

    def install(self, build):
        """As a package manager does: the new file takes the place of the old one."""
        fresh = self.file.with_suffix(".new")
        shutil.copy(FOLDER / f"{build}.so", fresh)
        fresh.rename(self.file)

    def entry(self, name="swap", **config):
        return {"name": name, "path": str(self.file), "config": config}

    def configure(self, *load, **changes):
        """Writes the YAML anew, with these entries of plugins.load, and other keys changed."""
        if load:
            self.config["plugins"]["load"] = list(load)
        self.config = merged(self.config, changes)
        self.running.config_file.write_text(yaml.safe_dump(self.config))

    def reload(self, name="swap"):
        return self.running.admin.post(f"/api/v1/plugins/{name}/reload", "")

    def hup(self, until):
        """SIGHUP, and waits for the line of the log."""
        since = self.running.log_position()
        self.running.signal(signal.SIGHUP)
        self.running.wait_for_log(until, since=since)
        return since

    def plugins(self):
        return self.running.admin.get("/api/v1/plugins").json()["plugins"]

    def plugin(self, name="swap"):
        return next(plugin for plugin in self.plugins() if plugin["name"] == name)

    def drained(self):
        eventually(lambda: not self.plugin()["draining"], "no generation drains", 60)


@pytest.fixture
def setup(gateway, tmp_path):
    return lambda *arguments, **options: Setup(gateway, tmp_path, *arguments, **options)


def said(client, content):
    """Sends to oneself; what came back."""
    client.send_json({"type": "text", "to": client.greeting["user_id"], "content": content})
    return client.receive()


def test_nothing_is_lost_while_clients_talk_and_a_plugin_is_swapped(setup):
    it = setup(wsc={"performance": {"io_threads": 2}, "message_buffer_size": 10000}, plugins={"old_libraries": 0})
    running = it.running
    generations = set()

    def check(sender, number, message):
        assert message["nth"] == number + 1  # seen once, by one generation, and the connection's count went along
        assert message["copies"] == 1
        assert message["build"] == (2 if message["generation"] % 2 == 0 else 1)
        last = newest.get(sender, 0)
        assert message["generation"] >= last
        newest[sender] = message["generation"]
        generations.add(message["generation"])

    newest = {}

    async def scenario():
        content = lambda number: "later" if number % 5 == 0 else "plain"  # noqa: E731
        async with Swarm(running, CLIENTS, check, content) as swarm:
            await swarm.until_received(CLIENTS * 2)
            numbers = [process_numbers(running.process.pid)]
            for swap in range(1, SWAPS + 1):
                it.install("swap_v2" if swap % 2 else "swap_v1")
                answer = await ask(it.reload)
                assert answer.status == 200, answer
                assert answer.json()["plugins"][0]["to"]["generation"] == swap + 1
                await swarm.until_received(swarm.total() + CLIENTS)  # they talk on
                numbers.append(process_numbers(running.process.pid))
            await swarm.quiet()
            print(f"{swarm.total()} messages, {CLIENTS} clients, {SWAPS} swaps; last in {answer.json()['seconds']} s")
            return swarm.total(), numbers

    total, numbers = play(scenario(), 250)
    assert generations == set(range(1, SWAPS + 2))
    it.drained()
    assert it.plugin()["generation"] == SWAPS + 1
    with running.connect("alice") as alice:
        # What each generation counted has come to the last one, also what came after its successor began.
        eventually(lambda: said(alice, "total")["total"] == total, "all are counted")
    # Memory, descriptors and mappings return.
    resident, descriptors, files = process_numbers(running.process.pid)
    print(f"resident before {numbers[0][0]} KB, while {[n[0] for n in numbers[1:]]}, after {resident} KB")
    assert len(files) == 1, files
    assert descriptors <= numbers[0][1] + 2  # one connection, and the admin's
    assert resident < max(n[0] for n in numbers[: len(numbers) // 2 + 1]) + 10000 * SLOW
    assert running.admin.metric("gateway_plugin_swaps_total", plugin="swap", result="ok") == SWAPS
    assert running.admin.metric("gateway_plugin_errors_total", plugin="swap") == 0


def test_a_reload_takes_a_changed_file_and_says_what_it_did(setup):
    it = setup()
    with it.running.connect("alice") as alice:
        assert said(alice, "a")["build"] == 1
        it.install("swap_v2")
        answer = it.reload()
        assert answer.status == 200
        body = answer.json()
        assert body["outcome"] == "reloaded"
        assert body["plugins"] == [
            {
                "name": "swap",
                "action": "reloaded",
                "from": {"generation": 1, "version": "1.0.0"},
                "to": {"generation": 2, "version": "2.0.0"},
            }
        ]
        assert 0 < body["seconds"] < 60
        message = said(alice, "b")
        assert (message["build"], message["generation"], message["nth"]) == (2, 2, 2)
        # Unchanged: a restart of the plugin all the same, with statics of its own.
        assert it.reload().json()["plugins"][0]["to"]["generation"] == 3
        message = said(alice, "c")
        assert (message["generation"], message["nth"], message["copies"]) == (3, 3, 1)
        it.drained()
        shown = it.plugin()
        assert (shown["version"], shown["generation"], shown["state"]) == ("2.0.0", 3, "running")
        assert shown["connections"] == 1
    assert it.reload("other").status == 404
    for line in ("created", "started", "in place", "drained", "stopped", "the old generation is gone"):
        it.running.wait_for_log(f"plugin reload: {line}")


def test_a_file_that_is_overwritten_in_place_changes_nothing_until_the_reload(setup):
    it = setup()
    with it.running.connect("alice") as alice:
        assert said(alice, "a")["build"] == 1
        it.file.write_bytes((FOLDER / "swap_v2.so").read_bytes())
        assert said(alice, "b")["build"] == 1
        assert it.reload().status == 200
        assert said(alice, "c")["build"] == 2


def test_what_does_not_come_leaves_the_old_generation_in_place(setup):
    it = setup()
    with it.running.connect("alice") as alice:
        for fail in ("create", "start", "load"):
            it.configure(it.entry(fail=fail))
            answer = it.reload()
            assert answer.status == 422, answer
            assert f"{fail} was told to fail" in answer.json()["error"]["message"]
        it.configure(it.entry(typo=1))
        answer = it.reload()
        assert answer.status == 422
        assert "gateway.yaml:" in answer.text and "typo: unknown key" in answer.text
        it.configure(it.entry())
        it.file.write_bytes(b"no library")
        assert it.reload().status == 422
        it.install("swap_v1")
        it.configure({"name": "swap", "path": str(it.file) + ".missing"})
        assert "No such file" in it.reload().text
        message = said(alice, "a")
        assert (message["build"], message["generation"], message["nth"]) == (1, 1, 1)
        assert it.plugin()["generation"] == 1
    assert it.running.admin.metric("gateway_plugin_swaps_total", plugin="swap", result="failed") >= 5


def test_a_state_that_cannot_be_saved_keeps_the_old_generation(setup):
    it = setup(fail="save")
    it.configure(it.entry())
    answer = it.reload()
    assert answer.status == 422
    assert "its state cannot be saved: save was told to fail" in answer.text


def test_sighup_takes_the_whole_configuration_or_nothing(setup):
    it = setup(label="one")
    running = it.running
    with running.connect("alice") as alice:
        assert said(alice, "a")["label"] == "one"
        since = it.hup("no plugin has changed")
        assert not running.log_lines("plugin reload:", since=since)
        # Another configuration of the plugin, a second plugin before it, and a key that needs a restart.
        it.configure(it.entry("first", label="first"), it.entry(label="two"), wsc={"heartbeat_interval": 31})
        since = it.hup("the configuration is in force")
        assert running.log_lines("need a restart.*wsc.heartbeat_interval", since=since)
        message = said(alice, "b")
        assert message["label"] == "two"
        assert [plugin["name"] for plugin in it.plugins()] == ["first", "swap"]
        assert "label: two" in running.admin.get("/api/v1/config").text
        # Another order: nobody is reloaded.
        it.configure(it.entry(label="two"), it.entry("first", label="first"))
        it.hup("the configuration is in force")
        assert said(alice, "c")["label"] == "first"
        assert [(plugin["name"], plugin["generation"]) for plugin in it.plugins()] == [("swap", 2), ("first", 1)]
        # One goes.
        it.configure(it.entry(label="two"))
        it.hup("the configuration is in force")
        assert said(alice, "d")["label"] == "two"
        eventually(lambda: [plugin["name"] for plugin in it.plugins()] == ["swap"], "one plugin is left")
        # A mistake anywhere: nothing changes, and the log has its place.
        it.configure(it.entry(label="three"), wsc={"node_prt": 1})
        it.hup(r"the configuration is not valid.*gateway.yaml:\d+:\d+: wsc.node_prt: unknown key")
        assert said(alice, "e")["label"] == "two"
        assert running.admin.post("/api/v1/reload", "").status == 422
        it.configure(it.entry(label="four"))
        del it.config["wsc"]["node_prt"]
        it.configure()
        body = running.admin.post("/api/v1/reload", "").json()
        assert body["outcome"] == "reloaded"
        assert body["needs_restart"] == ["wsc.heartbeat_interval"]
        assert said(alice, "f")["label"] == "four"


def test_what_is_put_aside_finishes_in_the_old_generation(setup):
    it = setup()
    with it.running.connect("alice") as alice, it.running.connect("bob") as bob:
        alice.send_json({"type": "text", "to": "alice", "content": "hold"})
        alice.send_json({"type": "text", "to": "alice", "content": "behind"})
        assert said(bob, "b")["generation"] == 1
        it.install("swap_v2")
        assert it.reload().status == 200
        assert it.plugin()["draining"] == [{"generation": 1, "version": "1.0.0", "connections": 1}]
        assert it.plugin()["connections"] == 1
        # A second reload is no matter of the first one's drain; its own generation goes at once.
        assert it.reload().status == 200
        eventually(lambda: [g["generation"] for g in it.plugin()["draining"]] == [1], "the second is gone")
        assert said(bob, "c")["generation"] == 3
        alice.drop()
        it.drained()
        it.running.wait_for_log("cancelled: 1 by generation 1")


def test_what_is_still_put_aside_after_drain_timeout_goes_on_in_the_new_generation(setup):
    it = setup(plugins={"drain_timeout": 1})
    with it.running.connect("alice") as alice, it.running.connect("bob") as bob:
        alice.send_json({"type": "text", "to": "alice", "content": "hold"})
        alice.send_json({"type": "text", "to": "alice", "content": "behind"})
        assert said(bob, "b")["generation"] == 1
        it.install("swap_v2")
        assert it.reload().status == 200
        it.running.wait_for_log("plugins.drain_timeout is over")
        it.running.wait_for_log("cancelled: 3 by generation 1")
        it.drained()
        # The new one holds it now: nobody saw it twice, and it is still before what came behind it.
        bob.send_json({"type": "text", "to": "bob", "content": "release"})
        first, second = alice.receive(), alice.receive()
        assert (first["content"], first["build"], first["nth"]) == ("hold", 2, 1)
        assert (second["content"], second["build"], second["nth"]) == ("behind", 2, 2)
    assert it.running.admin.metric("gateway_plugin_errors_total", plugin="swap") == 1


def test_an_exclusive_plugin_stops_before_the_next_generation_starts(setup, tmp_path):
    lock = str(tmp_path / "lock")
    it = setup("swap_exclusive", lock=lock, plugins={"drain_timeout": 600})
    with it.running.connect("alice") as alice, it.running.connect("bob") as bob:
        assert said(bob, "a")["nth"] == 1
        answer = it.reload()
        assert answer.status == 200, answer
        assert answer.json()["plugins"][0]["action"] == "restarted"
        message = said(bob, "b")
        assert (message["generation"], message["nth"]) == (2, 2)
        # While the old one has something put aside it cannot stop: on_error answers meanwhile.
        alice.send_json({"type": "text", "to": "alice", "content": "hold"})
        assert said(bob, "c")["generation"] == 2
        it.configure(it.entry(lock=lock, label="new"))
        it.hup("it is exclusive and stops first")
        eventually(lambda: it.plugin()["state"] == "restarting", "the old one has something put aside")
        assert it.reload().status == 409
        it.running.signal(signal.SIGHUP)
        it.running.wait_for_log("another reload is under way; this one follows")
        assert said(bob, "d")["code"] == "plugin_error"
        with it.running.connect("carol") as carol:
            assert said(carol, "a")["code"] == "plugin_error"
            alice.drop()
            it.running.wait_for_log("the configuration is in force")
            it.running.wait_for_log("no plugin has changed")
            message = said(carol, "b")
            assert (message["generation"], message["label"], message["nth"]) == (3, "new", 1)
        message = said(bob, "e")
        assert (message["generation"], message["label"], message["nth"]) == (3, "new", 4)
        assert said(bob, "total")["total"] == 5


def test_an_exclusive_plugin_whose_next_generation_fails_is_put_back(setup, tmp_path):
    lock = str(tmp_path / "lock")
    it = setup("swap_exclusive", lock=lock)
    with it.running.connect("bob") as bob:
        assert said(bob, "a")["nth"] == 1
        it.configure(it.entry(lock=lock, fail="start"))
        answer = it.reload()
        assert answer.status == 422
        assert "start was told to fail" in answer.text
        message = said(bob, "b")
        assert (message["build"], message["nth"]) == (3, 2)
        assert it.plugin()["state"] == "running"
        it.configure(it.entry(lock=lock))
        assert it.reload().status == 200
        assert said(bob, "c")["nth"] == 3


def test_a_file_that_others_may_write_is_refused_by_a_reload_too(gateway, tmp_path):
    os.chmod(tmp_path, 0o755)
    it = Setup(lambda config: gateway(config, env={"GATEWAYD_ALLOW_WRITABLE_PLUGINS": "0"}), tmp_path, "swap_v1")
    os.chmod(it.file, 0o666)
    answer = it.reload()
    assert answer.status == 422
    assert "others than its owner can change the file" in answer.text
    it.hup("nothing was changed.*others than its owner can change the file")
    os.chmod(it.file, 0o644)
    assert it.reload().status == 200


def test_the_private_folder_is_private_and_goes_with_the_process(setup):
    it = setup()
    _, _, files = process_numbers(it.running.process.pid)
    (loaded,) = files
    folder = os.path.dirname(loaded)
    assert os.stat(folder).st_mode & 0o777 == 0o700
    it.running.stop()
    assert not os.path.exists(folder)


def test_what_a_killed_process_left_is_removed_by_the_next(setup, gateway, tmp_path):
    same_folder = {"TMPDIR": str(tmp_path)}
    it = setup(env=same_folder)
    _, _, (loaded,) = process_numbers(it.running.process.pid)
    other = gateway(it.config, env=same_folder)
    _, _, (others,) = process_numbers(other.process.pid)
    assert os.path.exists(loaded)  # a living one's stays
    it.running.kill()
    assert os.path.exists(loaded)
    gateway(it.config, env=same_folder)
    assert not os.path.exists(os.path.dirname(loaded))
    assert os.path.exists(others)


def test_the_end_does_not_wait_for_a_drain(setup):
    it = setup(plugins={"drain_timeout": 600})
    with it.running.connect("alice") as alice, it.running.connect("bob") as bob:
        alice.send_json({"type": "text", "to": "alice", "content": "hold"})
        assert said(bob, "b")["generation"] == 1
        assert it.reload().status == 200
        assert it.plugin()["draining"]
        it.running.stop()
    it.running.wait_for_log("cancelled: 3 by generation 1")


def test_gatewayd_plugin_reload(setup):
    it = setup()
    it.install("swap_v2")
    config = merged(it.config, {"admin": {"listen": f"{it.running.admin.host}:{it.running.admin.port}"}})
    it.running.config_file.write_text(yaml.safe_dump(config))
    done = run_gatewayd("plugin", "reload", "swap", "--config", it.running.config_file)
    assert done.returncode == 0, done
    assert done.stdout.startswith("swap: reloaded, generation 1 (1.0.0) -> 2 (2.0.0), in ")
    assert it.plugin()["generation"] == 2
    done = run_gatewayd("plugin", "reload", "other", "--config", it.running.config_file)
    assert done.returncode == 1
    assert "no plugin of this name is loaded" in done.stderr
