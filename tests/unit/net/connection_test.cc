#include "core/net/connection.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/net/reactor_harness.h"

namespace gatewayd {
namespace {

using testing::client_close;
using testing::client_frame;
using testing::ReactorHarness;
using testing::TestClient;
using testing::text_frame;

void check_close(TestClient& client, uint16_t code) {
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->opcode == Opcode::close);
    CHECK(frame->close_code() == code);
}

TEST_CASE("frames that came with the handshake, or while it was decided, are read after it") {
    ReactorHarness harness;
    const std::string frames = client_frame(Opcode::text, "one") + client_frame(Opcode::text, "t", false) +
                               client_frame(Opcode::ping, "p") + client_frame(Opcode::continuation, "wo");
    for (const char* path : {"/now", "/later"}) {
        TestClient client(harness.port);
        const std::string third = client_frame(Opcode::text, "three");
        client.send(TestClient::upgrade(path) + frames + third.substr(0, 4));
        if (std::string(path) == "/later") {
            REQUIRE(harness.eventually([&] { return !harness.service.waiting.empty(); }));
            CHECK(harness.on_thread([&] { return harness.service.messages.size(); }) ==
                  3);  // of the first round
            harness.on_thread([&] { harness.service.accept_waiting(); });
        }
        CHECK(client.read_status() == 101);
        client.send(third.substr(4));
        CHECK(client.read_frame()->payload == "one");
        CHECK(client.read_frame()->opcode == Opcode::pong);
        CHECK(client.read_frame()->payload == "two");
        CHECK(client.read_frame()->payload == "three");
    }
}

TEST_CASE(
    "request heads come in any pieces; too big, no HTTP and refused ones get their answer and the end") {
    NetOptions options;
    options.max_request_head_bytes = 1024;
    ReactorHarness harness(options);
    TestClient slow(harness.port);
    const std::string head = TestClient::upgrade("/now");
    for (const char c : head)
        REQUIRE(slow.send(std::string_view(&c, 1)));
    CHECK(slow.read_status() == 101);
    struct Case {
        std::string request;
        int status;
    };
    for (const Case& each :
         {Case{TestClient::upgrade("/now", "X: " + std::string(1000, 'x') + "\r\n"), 431},
          Case{"GET /" + std::string(2000, 'x'), 431}, Case{std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
          Case{"GET /now HTTP/1.1\r\nbad header\r\n\r\n", 400}, Case{TestClient::upgrade("/refuse"), 403}}) {
        TestClient client(harness.port);
        client.send(each.request);
        CHECK(client.read_status() == each.status);
        CHECK(client.head.find("Connection: close\r\n") != std::string::npos);
        CHECK(client.read_all().find("{\"error\":") == 0);
    }
    // A head of exactly the limit is taken.
    const size_t rest = options.max_request_head_bytes - TestClient::upgrade("/now", "X: \r\n").size();
    TestClient fits(harness.port);
    CHECK(fits.handshake("/now", "X: " + std::string(rest, 'x') + "\r\n") == 101);
    TestClient over(harness.port);
    CHECK(over.handshake("/now", "X: " + std::string(rest + 1, 'x') + "\r\n") == 431);
}

TEST_CASE("a handshake that is not finished in time is told so; so is one that nobody decides") {
    NetOptions options;
    options.handshake_timeout_ms = 200;
    ReactorHarness harness(options);
    TestClient half(harness.port);
    half.send("GET /now HT");
    TestClient waiting(harness.port);
    waiting.send(TestClient::upgrade("/later"));
    CHECK(half.read_status() == 408);
    CHECK(waiting.read_status() == 408);
    CHECK(harness.on_thread([&] { return harness.service.waiting.size(); }) == 0);
    CHECK(harness.counters.net.rejected[static_cast<size_t>(RejectReason::timeout)].get() == 2);
}

TEST_CASE("a client that goes while its handshake is decided is forgotten") {
    ReactorHarness harness;
    TestClient client(harness.port);
    client.send(TestClient::upgrade("/later"));
    REQUIRE(harness.eventually([&] { return !harness.service.waiting.empty(); }));
    client.hang_up();
    CHECK(harness.eventually([&] { return harness.service.waiting.empty() && harness.limits.count() == 0; }));
    CHECK(harness.on_thread([&] { return harness.service.rejected.back(); }) ==
          std::make_pair(RejectReason::connection_lost, 0));
}

TEST_CASE("the client closes: its code comes back, the session ends once, the stream ends") {
    ReactorHarness harness;
    TestClient client = harness.client();
    client.send(client_frame(Opcode::text, "last") + client_close(3001, "done here") +
                client_frame(Opcode::text, "ignored"));
    CHECK(client.read_text() == "last");
    check_close(client, 3001);
    CHECK(client.at_end());
    harness.on_thread([&] {
        REQUIRE(harness.service.closed.size() == 1);
        CHECK(harness.service.closed[0].reason == DisconnectReason::client_close);
        CHECK(harness.service.closed[0].code == 3001);
        CHECK(harness.service.closed[0].text == "done here");
        CHECK(harness.service.messages.size() == 1);
    });
    TestClient bare = harness.client();
    bare.send(client_frame(Opcode::close, ""));
    CHECK(bare.read_frame()->payload.empty());
    CHECK(bare.at_end());
}

TEST_CASE("the server closes: the session ends at once, what the client still says is not heard") {
    ReactorHarness harness;
    TestClient client = harness.client();
    client.send(client_frame(Opcode::text, "before") + client_frame(Opcode::text, "close") +
                client_frame(Opcode::text, "after") + client_frame(Opcode::ping, ""));
    CHECK(client.read_text() == "before");
    check_close(client, close_policy);
    client.send(client_frame(Opcode::text, "still") + client_close(close_policy));
    CHECK(client.at_end());
    harness.on_thread([&] {
        CHECK(harness.service.messages == std::vector<std::string>{"before", "close"});
        REQUIRE(harness.service.closed.size() == 1);
        CHECK(harness.service.closed[0].reason == DisconnectReason::kicked);
    });
}

// What stood in the buffer behind the message that doomed the connection was thrown away, half a frame
// included; the rest of that frame was then read as a header, and the client's close frame was never found.
TEST_CASE("a doomed connection reads on to the client's close frame, deaf to messages") {
    NetOptions options;
    options.close_timeout_ms = 3'600'000;  // the end of the stream must come from the close handshake
    ReactorHarness harness(options);
    TestClient client = harness.client();
    // The second half of this frame would be taken for the header of a frame of 30,000 bytes.
    std::string cut = client_frame(Opcode::binary, std::string(60, 'x'));
    cut.replace(40, 8, "\x82\xFE\x75\x30\x01\x01\x01\x01");
    client.send(client_frame(Opcode::text, "doom") + client_frame(Opcode::text, "unheard") +
                cut.substr(0, 40));
    check_close(client, close_policy);
    client.send(cut.substr(40) + client_close(close_policy));
    CHECK(client.at_end());
    harness.on_thread([&] {
        CHECK(harness.service.messages == std::vector<std::string>{"doom"});
        REQUIRE(harness.service.closed.size() == 1);
        CHECK(harness.service.closed[0].reason == DisconnectReason::plugin_close);
    });
}

TEST_CASE("broken frames close with the code of their fault, on both ways of reading") {
    struct Case {
        std::string frames;
        uint16_t code;
        DisconnectReason reason;
    };
    NetOptions options;
    options.max_message_bytes = 100;
    ReactorHarness harness(options);
    for (const Case& each :
         {Case{std::string("\x81\x01x", 3), close_protocol_error, DisconnectReason::protocol_error},
          Case{client_frame(Opcode::continuation, "x"), close_protocol_error,
               DisconnectReason::protocol_error},
          Case{client_frame(Opcode::text, "\xFF"), close_invalid_payload, DisconnectReason::invalid_utf8},
          Case{client_frame(Opcode::text, "\xFF", false), close_invalid_payload,
               DisconnectReason::invalid_utf8},
          Case{client_frame(Opcode::text, std::string(101, 'x')), close_too_big, DisconnectReason::too_big},
          Case{client_close(1005), close_protocol_error, DisconnectReason::protocol_error}}) {
        CAPTURE(each.code);
        TestClient client = harness.client();
        client.send(each.frames);
        check_close(client, each.code);
        CHECK(client.at_end());
        CHECK(harness.on_thread([&] { return harness.service.closed.back().reason; }) == each.reason);
    }
}

TEST_CASE("a connection that is lost ends its session with 1006") {
    ReactorHarness harness;
    TestClient client = harness.client();
    client.hang_up();
    REQUIRE(harness.eventually([&] { return !harness.service.closed.empty(); }));
    harness.on_thread([&] {
        CHECK(harness.service.closed[0].reason == DisconnectReason::connection_lost);
        CHECK(harness.service.closed[0].code == close_abnormal);
    });
}

TEST_CASE("heartbeats: a ping each interval, and the end without any frame from the client") {
    NetOptions options;
    options.heartbeat_interval_ms = 100;
    options.client_timeout_ms = 1000;
    ReactorHarness harness(options);
    TestClient answering = harness.client();
    for (int i = 0; i < 15; ++i) {  // longer than client_timeout
        const auto frame = answering.read_frame();
        REQUIRE(frame);
        REQUIRE(frame->opcode == Opcode::ping);
        answering.send(client_frame(Opcode::pong, frame->payload));
    }
    TestClient silent = harness.client();
    int pings = 0;
    auto frame = silent.read_frame();
    for (; frame && frame->opcode == Opcode::ping; frame = silent.read_frame())
        ++pings;
    CHECK(pings > 0);
    REQUIRE(frame);
    CHECK(frame->opcode == Opcode::close);
    CHECK(frame->close_code() == close_policy);
    CHECK(harness.on_thread([&] { return harness.service.closed.back().reason; }) ==
          DisconnectReason::timeout);
}

TEST_CASE("what is queued in one turn is written in its order, large and small") {
    ReactorHarness harness;
    TestClient client = harness.client();
    harness.on_thread([&] {
        Connection* connection = harness.service.open.at(0);
        std::vector<Slice> batch;
        size_t bytes = 0;
        for (int i = 0; i < 100; ++i) {
            batch.push_back(text_frame("now " + std::to_string(i)));
            bytes += batch.back().length;
        }
        CHECK(connection->enqueue_now(batch.data(), 3, batch[0].length * 3UL, 3));  // written at once
        CHECK(connection->enqueue(text_frame("queued")));
        CHECK(connection->enqueue_now(batch.data(), 100, bytes, 100));  // behind it
        CHECK(connection->enqueue(text_frame(std::string(3'000'000, 'x'))));
        CHECK(connection->enqueue(text_frame("end")));
    });
    for (int i = 0; i < 3; ++i)
        CHECK(client.read_text() == "now " + std::to_string(i));
    CHECK(client.read_text() == "queued");
    for (int i = 0; i < 100; ++i)
        REQUIRE(client.read_text() == "now " + std::to_string(i));
    CHECK(client.read_text()->size() == 3'000'000);
    CHECK(client.read_text() == "end");
    CHECK(harness.counters.net.messages_sent.get() == 106);
    CHECK(harness.eventually([&] { return harness.counters.net.queued_bytes.get() == 0; }));
}

// Queues numbered messages of 10 kB for a client that does not read; returns how many were taken.
uint32_t flood(ReactorHarness& harness, uint32_t count) {
    uint32_t taken = 0;
    for (uint32_t i = 0; i < count; ++i) {
        taken += harness.on_thread([&] {
            if (harness.service.open.empty()) return 0U;
            const bool ok =
                harness.service.open[0]->enqueue(text_frame(std::to_string(i) + std::string(10'000, '.')));
            return ok ? 1U : 0U;
        });
    }
    return taken;
}

TEST_CASE("slow clients: disconnect tells them 1013 and lets the rest go") {
    NetOptions options;
    options.max_queue_messages = 20;
    ReactorHarness harness(options);
    TestClient client = harness.client();
    const uint32_t taken = flood(harness, 2000);
    CHECK(taken < 2000);
    CHECK(harness.on_thread([&] { return harness.service.closed.at(0).reason; }) ==
          DisconnectReason::slow_client);
    CHECK(harness.counters.net.slow_client[0].get() == 1);
    uint32_t next = 0;
    auto frame = client.read_frame();
    for (; frame && frame->opcode == Opcode::text; frame = client.read_frame()) {
        REQUIRE(std::stoul(frame->payload) == next++);
    }
    CHECK(next <= taken);
    REQUIRE(frame);
    CHECK(frame->close_code() == close_try_again_later);
}

TEST_CASE(
    "slow clients: drop_newest keeps the old ones, drop_oldest the new ones, both whole frames in order") {
    for (const SlowClientAction action : {SlowClientAction::drop_newest, SlowClientAction::drop_oldest}) {
        CAPTURE(name(action));
        NetOptions options;
        options.max_queue_messages = 20;
        options.slow_client = action;
        ReactorHarness harness(options);
        TestClient client = harness.client();
        constexpr uint32_t count = 2000;
        const uint32_t taken = flood(harness, count);
        const uint64_t dropped = harness.counters.net.slow_client[static_cast<size_t>(action)].get();
        CHECK(dropped > 0);
        CHECK(taken == (action == SlowClientAction::drop_newest ? count - dropped : count));
        std::vector<uint32_t> seen;
        while (seen.size() < count - dropped) {
            const auto text = client.read_text();
            REQUIRE(text);
            REQUIRE(text->size() > 10'000);
            seen.push_back(static_cast<uint32_t>(std::stoul(*text)));
        }
        for (size_t i = 1; i < seen.size(); ++i)
            REQUIRE(seen[i] > seen[i - 1]);
        if (action == SlowClientAction::drop_newest) {
            for (uint32_t i = 0; i < seen.size(); ++i)
                REQUIRE(seen[i] == i);
        } else {
            for (uint32_t i = 0; i < 15; ++i)
                REQUIRE(seen[seen.size() - 1 - i] == count - 1 - i);
        }
        CHECK(harness.eventually([&] { return harness.counters.net.queued_bytes.get() == 0; }));
        flood(harness, 1);  // it goes on
        CHECK(client.read_text());
    }
}

// drop_oldest dropped the message itself when it alone was over the limit, and said that it was taken.
TEST_CASE("a message that is over max_queue_size by itself and is dropped is not called taken") {
    NetOptions options;
    options.slow_client = SlowClientAction::drop_oldest;
    options.max_queue_bytes = 200'000;
    ReactorHarness harness(options);
    TestClient client = harness.client();
    flood(harness, 1000);
    const bool taken = harness.on_thread(
        [&] { return harness.service.open.at(0)->enqueue(text_frame(std::string(300'000, 'x'))); });
    CHECK_FALSE(taken);
}

TEST_CASE("nothing written for write_stall_timeout ends the connection") {
    NetOptions options;
    options.write_stall_timeout_ms = 200;
    options.max_queue_bytes = 100'000'000;
    ReactorHarness harness(options);
    TestClient client = harness.client();
    CHECK(harness.on_thread(
        [&] { return harness.service.open.at(0)->enqueue(text_frame(std::string(50'000'000, 'x'))); }));
    CHECK(harness.eventually([&] { return !harness.service.closed.empty(); }));
    harness.on_thread([&] {
        CHECK(harness.service.closed.at(0).reason == DisconnectReason::slow_client);
        CHECK(harness.service.closed.at(0).text.find("write_stall_timeout") != std::string::npos);
    });
}

}  // namespace
}  // namespace gatewayd
