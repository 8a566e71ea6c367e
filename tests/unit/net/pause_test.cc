// A connection that reads no further until it is told to: order, limits, deadlines, hang-ups.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/net/connection.h"
#include "tests/unit/net/reactor_harness.h"

namespace gatewayd {
namespace {

using testing::client_close;
using testing::client_frame;
using testing::ReactorHarness;
using testing::TestClient;

size_t messages(ReactorHarness& harness) {
    return harness.on_thread([&] { return harness.service.messages.size(); });
}

void resume(ReactorHarness& harness) {
    harness.on_thread([&] { harness.service.resume_all(); });
}

TEST_CASE("what comes behind a pause is read after it, in order: in the same segment and later") {
    ReactorHarness harness;
    TestClient client = harness.client();
    client.send(client_frame(Opcode::text, "one") + client_frame(Opcode::text, "pause") +
                client_frame(Opcode::text, "two") + client_frame(Opcode::text, "pause") +
                client_frame(Opcode::text, "th", false) + client_frame(Opcode::ping, "p") +
                client_frame(Opcode::continuation, "r").substr(0, 3));
    CHECK(client.read_frame()->payload == "one");
    REQUIRE(harness.eventually([&] { return harness.service.messages.size() == 2; }));
    client.send(client_frame(Opcode::continuation, "r").substr(3) + client_frame(Opcode::continuation, "ee"));
    client.send_text("four");
    CHECK(messages(harness) == 2);
    resume(harness);
    CHECK(client.read_frame()->payload == "two");
    CHECK(messages(harness) == 4);
    resume(harness);
    CHECK(client.read_frame()->opcode == Opcode::pong);
    // "r" was final: so "ee" continues nothing.
    CHECK(client.read_frame()->payload == "thr");
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == close_protocol_error);
}

TEST_CASE("frames to a paused connection go out, and others are read") {
    ReactorHarness harness;
    TestClient client = harness.client();
    TestClient other = harness.client();
    client.send_text("pause");
    REQUIRE(harness.eventually([&] { return harness.service.messages.size() == 1; }));
    harness.on_thread([&] { harness.service.open[0]->enqueue(testing::text_frame("news")); });
    CHECK(client.read_text() == "news");
    other.send_text("hello");
    CHECK(other.read_text() == "hello");
}

TEST_CASE("a client that hangs up while its connection is paused is lost at once") {
    ReactorHarness harness;
    for (const bool more : {false, true}) {
        TestClient client = harness.client();
        client.send_text("pause");
        if (more) client.send_text("never read");
        REQUIRE(harness.eventually([&] { return !harness.service.messages.empty(); }));
        client.hang_up();
        REQUIRE(harness.eventually([&] { return harness.service.closed.size() == 1; }));
        harness.on_thread([&] {
            CHECK(harness.service.closed[0].reason == DisconnectReason::connection_lost);
            CHECK(harness.service.messages.size() == 1);
            harness.service.closed.clear();
            harness.service.messages.clear();
        });
    }
}

TEST_CASE("client_timeout rests during a pause, pings do not; then it begins anew") {
    NetOptions options;
    options.client_timeout_ms = 200;
    options.heartbeat_interval_ms = 300;
    ReactorHarness harness(options);
    TestClient client = harness.client();
    client.send_text("pause");
    for (int i = 0; i < 3; ++i) {
        const auto ping = client.read_frame();
        REQUIRE(ping);
        CHECK(ping->opcode == Opcode::ping);
    }
    resume(harness);
    for (;;) {
        const auto frame = client.read_frame();
        REQUIRE(frame);
        if (frame->opcode == Opcode::ping) continue;
        CHECK(frame->close_code() == close_policy);
        break;
    }
}

TEST_CASE("a paused connection that is closed hears the client's close frame") {
    ReactorHarness harness;
    for (const bool behind : {false, true}) {
        TestClient client = harness.client();
        std::string bytes = client_frame(Opcode::text, "pause");
        if (behind) bytes += client_frame(Opcode::text, "not heard") + client_close(1000);
        client.send(bytes);
        REQUIRE(harness.eventually([&] { return harness.service.messages.size() == 1; }));
        harness.on_thread(
            [&] { harness.service.open[0]->close_later(close_policy, "enough", DisconnectReason::kicked); });
        const auto frame = client.read_frame();
        REQUIRE(frame);
        CHECK(frame->close_code() == close_policy);
        if (!behind) client.send_close(1008);
        CHECK(client.at_end());
        harness.on_thread([&] {
            CHECK(harness.service.messages.size() == 1);
            harness.service.messages.clear();
        });
    }
}

TEST_CASE("what is held counts as inbound memory, and too much of it closes with 1013") {
    NetOptions options;
    options.max_inbound_bytes = 4000;
    ReactorHarness harness(options);
    TestClient client = harness.client();
    const std::string behind = client_frame(Opcode::text, std::string(1000, 'x'));
    client.send(client_frame(Opcode::text, "pause") + behind);
    REQUIRE(harness.eventually([&] { return harness.service.messages.size() == 1; }));
    CHECK(harness.limits.inbound_memory.load() == behind.size());
    resume(harness);
    CHECK(client.read_text()->size() == 1000);
    CHECK(harness.on_thread([&] { return harness.limits.inbound_memory.load(); }) == 0);
    client.send(client_frame(Opcode::text, "pause") + client_frame(Opcode::text, std::string(5000, 'x')));
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == close_try_again_later);
}

}  // namespace
}  // namespace gatewayd
