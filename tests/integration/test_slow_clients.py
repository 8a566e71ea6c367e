"""The limits of what goes out: clients that read slowly or not at all, what is kept for them and for how long."""

import contextlib
import json
import signal

import pytest

from support.raw import CLOSE, PING, PONG, TEXT, make_frame
from support.waiting import Deadline, eventually


class SlowReader:
    """A client that does not read, with a small receive buffer, and an agent that sends it numbered messages of
    16 KB, by name or to everyone, until the kernel's buffers and more are full."""

    def __init__(self, running, way="to the user", count=600, receive_buffer=4096):
        self.slow = running.connect("slow", receive_buffer=receive_buffer)
        self.sender = running.connect("sender", user_type="agent")
        self.to = {"to": "slow"} if way == "to the user" else {}
        self.count = count
        self.padding = "p" * 16384

    def fill(self):
        for number in range(self.count):
            self.sender.send_json({"type": "text", **self.to, "content": {"n": number, "p": self.padding}})
        self.sender.send_json({"type": "ping"})
        deadline = Deadline(60)
        while self.sender.receive(deadline.left()) != {"type": "pong"}:
            pass

    def numbers(self):
        """Reads all that the slow one gets; the numbers in it."""
        self.sender.send_json({"type": "text", "to": "slow", "content": {"n": "end"}})
        found = []
        deadline = Deadline(60)
        while True:
            number = self.slow.receive(deadline.left())["content"]["n"]
            if number == "end":
                return found
            found.append(number)


both_ways = pytest.mark.parametrize("way", ["to the user", "to everyone"])


class TestSlowClient:
    @both_ways
    @pytest.mark.parametrize(
        "limits",
        [
            {"message_buffer_size": 8},
            {"message_buffer_size": 100000, "performance": {"max_queue_size": 64}},
        ],
        ids=["message_buffer_size", "max_queue_size"],
    )
    def test_disconnect(self, gateway, limits, way):
        running = gateway({"wsc": limits})
        pair = SlowReader(running, way)
        pair.fill()
        running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client code=1013")
        running.wait_for_log("slow client.*action=disconnect")
        assert running.admin.metric("gateway_slow_client_total", action="disconnect") >= 1
        pair.slow.expect_close(1013, seconds=60, skip_messages=True)
        pair.sender.send_json({"type": "text", "to": "slow"})
        while pair.sender.receive().get("code") != "user_offline":
            pass
        pair.sender.drop()
        running.check_health()

    @both_ways
    def test_drop_oldest_keeps_the_newest(self, gateway, way):
        running = gateway({"wsc": {"message_buffer_size": 8, "performance": {"slow_client": "drop_oldest"}}})
        pair = SlowReader(running, way)
        pair.fill()
        numbers = pair.numbers()
        assert numbers == sorted(set(numbers)), "in order, each once"
        assert len(numbers) < pair.count, "nothing was dropped: the test is too small"
        # Of the 8 places one has the message that was partly written, and one what numbers() sent.
        assert numbers[-6:] == list(range(pair.count - 6, pair.count)), "the newest that fit"
        assert numbers[:8] == list(range(8)), "what was written is not taken back"
        dropped = pair.count - len(numbers)
        assert running.admin.metric("gateway_slow_client_total", action="drop_oldest") == pytest.approx(dropped, abs=1)
        running.wait_for_log("slow client.*action=drop_oldest")
        pair.slow.close()
        pair.sender.close()
        running.check_health()

    @both_ways
    def test_drop_newest_keeps_the_oldest(self, gateway, way):
        running = gateway({"wsc": {"message_buffer_size": 8, "performance": {"slow_client": "drop_newest"}}})
        pair = SlowReader(running, way)
        pair.fill()
        numbers = self.numbers_before_quiet(pair)
        assert numbers == list(range(len(numbers))), "in order, without a hole: only the newest went"
        assert 8 <= len(numbers) < pair.count
        assert running.admin.metric("gateway_slow_client_total", action="drop_newest") == pair.count - len(numbers)
        running.wait_for_log("slow client.*action=drop_newest")
        pair.slow.close()
        pair.sender.close()
        running.check_health()

    @staticmethod
    def numbers_before_quiet(pair):
        """The slow one reads until a ping that it sent is answered: then nothing waits any more."""
        pair.slow.send_frame(PING, b"end")
        found = []
        deadline = Deadline(60)
        while True:
            frame = pair.slow.read_frame(deadline.left())
            if frame.opcode == PONG:
                return found
            found.append(int(frame.payload.split(b'"n": ', 1)[1].split(b",", 1)[0]))

    def test_write_stall_timeout(self, gateway):
        running = gateway(
            {
                "wsc": {
                    "message_buffer_size": 100000,
                    "performance": {"max_queue_size": 102400, "write_stall_timeout": 1},
                }
            }
        )
        pair = SlowReader(running)
        pair.fill()
        # It answers nothing and reads nothing, but it is not silent: the stall is what ends it.
        running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client.*write_stall_timeout")
        assert running.admin.metric("gateway_send_queue_bytes") == 0
        pair.slow.drop()
        pair.sender.drop()
        running.check_health()

    @pytest.mark.parametrize(
        "flood",
        [
            make_frame(TEXT, '{"type":"text","to":"greedy","content":"%s"}' % ("x" * 1000)),
            make_frame(TEXT, '{"type":"ping"}'),
            make_frame(TEXT, "no message"),
            make_frame(PING, b"p" * 125),
        ],
        ids=["messages to itself", "ping messages", "errors", "WebSocket pings"],
    )
    def test_a_client_that_only_asks_and_never_reads_the_answers(self, gateway, flood):
        running = gateway({"wsc": {"message_buffer_size": 64, "performance": {"max_queue_size": 64}}})
        with running.connect("greedy", receive_buffer=4096) as greedy:
            deadline = Deadline(60)
            with contextlib.suppress(ConnectionError):
                while not running.log_lines("client disconnected.*user_id=greedy"):
                    assert not deadline.over(), "it may ask for ever"
                    greedy.send(flood * 2000, seconds=60)
            running.wait_for_log("client disconnected.*user_id=greedy.*reason=slow_client code=1013")
        running.check_health()

    def test_a_kicked_client_that_reads_nothing_does_not_keep_its_place(self, gateway):
        running = gateway(
            {"wsc": {"message_buffer_size": 100000, "performance": {"max_queue_size": 102400, "max_connections_per_node": 2}}}
        )
        pair = SlowReader(running)
        pair.fill()
        client_id = pair.slow.greeting["client_id"]
        assert running.admin.kick(client_id).status == 200
        running.wait_for_log("client disconnected.*user_id=slow.*reason=kicked")
        eventually(lambda: running.try_connect(), "its place is free", 60).close()
        pair.slow.drop()
        pair.sender.drop()
        eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing is kept for it")

    def test_a_client_that_reads_slowly_gets_all_before_its_close_frame(self, gateway):
        """It was cut off 5 s after the close frame was queued, however much it had still to read."""
        running = gateway(
            {
                "wsc": {
                    "heartbeat_interval": 1,
                    "client_timeout": 600,
                    "message_buffer_size": 100000,
                    "performance": {"max_queue_size": 102400},
                }
            }
        )
        pair = SlowReader(running, receive_buffer=65536)
        pair.fill()
        numbers = []
        with running.connect("clock") as clock:
            assert running.admin.kick(pair.slow.greeting["client_id"]).status == 200
            for _ in range(8):
                while clock.read_frame().opcode != PING:
                    pass
                numbers += [self.number_of(self.next_message(pair.slow)) for _ in range(40)]
            while (frame := self.next_message(pair.slow)).opcode == TEXT:
                numbers.append(self.number_of(frame))
            assert frame.close_code() == 1008
        assert numbers == list(range(pair.count))
        pair.slow.drop()
        pair.sender.drop()

    @staticmethod
    def next_message(client):
        while (frame := client.read_frame(60)).opcode == PING:
            pass
        return frame

    @staticmethod
    def number_of(frame):
        return json.loads(frame.payload)["content"]["n"]

    def test_a_burst_that_the_socket_takes_is_no_slow_client(self, gateway):
        # message_buffer_size counts only what waits after the socket refused more.
        running = gateway({"wsc": {"message_buffer_size": 1}})
        with running.connect("alice") as alice, running.connect("bob") as bob:
            burst = b"".join(make_frame(TEXT, '{"type":"text","to":"bob","content":%d}' % i) for i in range(500))
            alice.send(burst)
            assert [bob.receive()["content"] for _ in range(500)] == list(range(500))

    def test_one_slow_client_does_not_hold_up_a_broadcast(self, gateway):
        running = gateway({"wsc": {"message_buffer_size": 4}})
        with contextlib.ExitStack() as stack:
            slow = stack.enter_context(running.connect("slow", receive_buffer=4096))
            others = [stack.enter_context(running.connect(f"u{i}")) for i in range(5)]
            agent = stack.enter_context(running.connect("agent", user_type="agent"))
            for number in range(400):
                agent.send_json({"type": "text", "content": number, "data": "d" * 16384})
                for other in others:
                    assert other.receive()["content"] == number
            running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client")
            slow.expect_close(1013, seconds=60, skip_messages=True)
        running.check_health()


class TestOutboundMemory:
    """What waits for all connections together has a bound; the heaviest pays."""

    @pytest.mark.parametrize("policy", ["disconnect", "drop_oldest", "drop_newest"])
    def test_the_heaviest_loses_what_waits(self, gateway, policy):
        running = gateway(
            {
                "wsc": {
                    "message_buffer_size": 100000,
                    "performance": {
                        "max_queue_size": 65536,
                        "max_outbound_memory": 64,
                        "slow_client": policy,
                        "write_stall_timeout": 600,
                    },
                }
            }
        )
        light = running.connect("light", receive_buffer=4096)
        heavy = SlowReader(running, count=6000)
        light_count = 400
        for number in range(light_count):
            heavy.sender.send_json({"type": "text", "to": "light", "content": {"n": number, "p": heavy.padding}})
        assert running.admin.metric("gateway_slow_client_total", action=policy) == 0
        # 100 MB for one that reads nothing: more than all may have.
        heavy.fill()
        running.wait_for_log("max_outbound_memory is used up.*slow_client=" + policy)
        assert running.admin.metric("gateway_slow_client_total", action=policy) >= 1
        assert running.admin.metric("gateway_send_queue_bytes") <= 64 * 1024 * 1024
        if policy == "disconnect":
            running.wait_for_log("client disconnected.*user_id=slow.*reason=slow_client code=1013.*max_outbound_memory")
        deadline = Deadline(60)
        assert [light.receive(deadline.left())["content"]["n"] for _ in range(light_count)] == list(range(light_count))
        for client in (light, heavy.slow, heavy.sender):
            client.drop()
        eventually(lambda: running.admin.metric("gateway_send_queue_bytes") == 0, "nothing is kept")
        running.check_health()


class TestShutdownTimeout:
    def test_what_cannot_be_sent_does_not_hold_up_the_end(self, gateway):
        running = gateway(
            {
                "wsc": {
                    "message_buffer_size": 100000,
                    "performance": {"max_queue_size": 102400, "shutdown_timeout": 1, "write_stall_timeout": 3600},
                }
            }
        )
        pair = SlowReader(running)
        pair.fill()
        running.signal(signal.SIGTERM)
        running.wait_for_log("shutdown_timeout is over")
        assert running.wait_for_exit() == 0
        running.check_no_sanitizer_report()
        pair.sender.expect_close(1001, skip_messages=True)
        pair.slow.drop()

    def test_what_can_be_sent_is_sent_before_the_end(self, gateway):
        running = gateway({"wsc": {"message_buffer_size": 100000, "performance": {"max_queue_size": 102400}}})
        pair = SlowReader(running, receive_buffer=65536)
        pair.fill()
        running.signal(signal.SIGTERM)
        pair.sender.expect_close(1001)
        pair.sender.drop()
        numbers = []
        while True:
            frame = pair.slow.read_frame(60)
            if frame.opcode == CLOSE:
                break
            numbers.append(json.loads(frame.payload)["content"]["n"])
        assert frame.close_code() == 1001
        assert numbers == list(range(pair.count))
        pair.slow.drop()
        assert running.wait_for_exit() == 0
