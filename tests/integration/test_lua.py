"""The plugin lua in the running gateway: scripts decide, fail alone, and change while clients stay."""

import os
import signal

import pytest

from support.gateway import SOURCE_DIR
from support.waiting import eventually

SHIPPED = SOURCE_DIR / "plugins" / "lua" / "scripts"


@pytest.fixture
def scripted(gateway, tmp_path):
    """start(script, **config): a gateway with this script, and how to change it."""

    def write(text):
        new = tmp_path / "filter.lua.new"
        new.write_text(text)
        new.chmod(0o644)
        new.rename(tmp_path / "filter.lua")

    def start(text, wsc=None, entry=None, **config):
        write(text)
        load = {"name": "lua", "config": {"scripts": [str(tmp_path / "filter.lua")], **config}, **(entry or {})}
        return gateway({"wsc": wsc or {}, "plugins": {"load": [load]}})

    start.write = write
    return start


def ask(client, content):
    """What comes back of a message to oneself."""
    client.send_json({"type": "text", "to": client.greeting["user_id"], "content": content})
    return client.receive()


def test_a_script_decides_about_messages(scripted):
    running = scripted(
        """
        function message(req)
          local content = req:get("content")
          if content == "refuse" then return req:reject("forbidden", "not here") end
          if content == "answer" then return req:answer({ type = "text", content = "for you alone" }) end
          if content == "bob" then req:set_destination("user", "bob") end
          req:set("content", content .. "!")
        end
        function connected(client) client:send({ type = "text", content = "welcome " .. client:user_id() }) end
        function publish(req) req:set("content", "published") end
        """
    )
    with running.connect("alice") as alice, running.connect("bob") as bob:
        assert alice.receive()["content"] == "welcome alice"
        assert bob.receive()["content"] == "welcome bob"
        assert ask(alice, "hello")["content"] == "hello!"
        refusal = ask(alice, "refuse")
        assert (refusal["type"], refusal["code"], refusal["content"]) == ("error", "forbidden", "not here")
        assert ask(alice, "answer")["content"] == "for you alone"
        alice.send_json({"type": "text", "to": "alice", "content": "bob"})
        assert bob.receive()["content"] == "bob!"
        running.admin.send_to_user("alice", {"type": "text", "content": "x"})
        assert alice.receive()["content"] == "published"


def test_a_script_refuses_handshakes(scripted):
    running = scripted(
        """
        function handshake(req)
          if req:header("x-token") ~= "t1" then return req:reject(401, "no token") end
          req:set("user_id", "of-t1")
        end
        """
    )
    response = running.connect("alice", refused=True, greeting=False).response
    assert (response.status, response.error()) == (401, {"code": "unauthorized", "message": "no token"})
    with running.connect("alice", headers={"X-Token": "t1"}) as alice:
        assert alice.greeting["user_id"] == "of-t1"


@pytest.mark.parametrize("on_error, answered", [("closed", "plugin_error"), ("open", None)])
def test_an_endless_loop_and_a_huge_table_fail_alone(scripted, on_error, answered):
    running = scripted(
        """
        function message(req)
          if req:get("content") == "loop" then while true do end end
          if req:get("content") == "huge" then local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end
        end
        """,
        entry={"on_error": on_error},
        memory_limit_mb=2,
    )
    with running.connect("alice") as alice, running.connect("bob") as bob:
        for content in ("loop", "huge"):
            assert ask(alice, content).get("code") == answered
            assert ask(alice, "still")["content"] == "still"
            assert ask(bob, "here")["content"] == "here"
    running.wait_for_log(r"filter\.lua:3: more than instruction_limit allows \(in message\)")
    running.wait_for_log(r"filter\.lua: more memory than memory_limit_mb allows \(2 MB\) \(in message\)")


def test_a_script_changes_while_clients_stay(scripted):
    running = scripted('function message(req) req:set("content", "one") end', wsc={"performance": {"io_threads": 2}})
    clients = [running.connect(f"u{n}") for n in range(8)]
    assert [ask(client, "x")["content"] for client in clients] == ["one"] * 8
    scripted.write('function message(req) req:set("content", "two") end')
    running.wait_for_log("filter.lua: reloaded; it has message")
    assert [ask(client, "x")["content"] for client in clients] == ["two"] * 8
    scripted.write("function message(req)\n  oops(\nend")
    running.wait_for_log(r"filter.lua:3: unexpected symbol near 'end'; the script as it was before stays")
    assert [ask(client, "x")["content"] for client in clients] == ["two"] * 8
    for client in clients:
        client.close()


def test_all_threads_count_together_in_gateway_shared(scripted):
    running = scripted(
        'function message(req) req:set("data", gateway.shared.add("n")) end', wsc={"performance": {"io_threads": 2}}
    )
    clients = [running.connect(f"u{n}") for n in range(8)]
    for client in clients:
        for _ in range(10):
            client.send_json({"type": "text", "to": client.greeting["user_id"]})
    counted = sorted(client.receive()["data"] for client in clients for _ in range(10))
    assert counted == list(range(1, 81))
    for client in clients:
        client.close()


def test_sigusr1_reads_scripts_anew(scripted, tmp_path):
    running = scripted('function message(req) req:set("content", "one") end', reload=False)
    scripted.write('function message(req) req:set("content", "two") end')
    with running.connect("alice") as alice:
        assert ask(alice, "x")["content"] == "one"
        running.signal(signal.SIGUSR1)
        eventually(lambda: ask(alice, "x")["content"] == "two", "the new script")


def test_a_script_that_does_not_load_stops_the_start_with_both_places(gateway, tmp_path):
    (tmp_path / "filter.lua").write_text("function message(req)\n  x = = 1\nend\n")
    os.chmod(tmp_path / "filter.lua", 0o644)
    text = (
        "wsc: { node_ip: 127.0.0.1, node_port: 0 }\n"
        f"plugins:\n  load:\n    - name: lua\n      config:\n        scripts: [{tmp_path}/filter.lua]\n"
    )
    running = gateway(text, wait=False)
    assert running.wait_for_exit() == 2
    assert "gateway.yaml:6:19: scripts[0]: filter.lua:2: unexpected symbol near '='" in running.log_text()


def test_the_shipped_scripts_work_together(gateway):
    scripts = [
        {"file": str(SHIPPED / "word_filter.lua"), "config": {"words": ["darn"]}},
        {"file": str(SHIPPED / "auto_reply.lua"), "config": {"replies": [{"pattern": "price", "text": "see our page"}]}},
        {
            "file": str(SHIPPED / "office_hours.lua"),
            "config": {"users": ["night"], "open": 0, "close": 0, "text": "closed"},
        },
        {"file": str(SHIPPED / "routing.lua"), "config": {"names": {"support": ["ann", "bob"]}}},
    ]
    running = gateway({"plugins": {"load": [{"name": "lua", "config": {"scripts": scripts}}]}})
    with running.connect("alice") as alice:
        alice.send_json({"type": "text", "to": "support", "content": "hello"})
        assert alice.receive()["code"] == "unavailable"
        with running.connect("bob") as bob:
            alice.send_json({"type": "text", "to": "support", "content": "darn, what price?"})
            assert alice.receive()["content"] == "see our page"
            received = bob.receive()
            assert (received["content"], received["from"]) == ("****, what price?", "alice")
            alice.send_json({"type": "text", "to": "night", "content": "hello?"})
            closed = alice.receive()
            assert (closed["from"], closed["content"]) == ("night", "closed")
