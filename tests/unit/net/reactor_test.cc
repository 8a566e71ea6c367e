#include "core/net/reactor.h"

#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/net/reactor_harness.h"

namespace gatewayd {
namespace {

using testing::FakeService;
using testing::ReactorHarness;
using testing::TestClient;
using testing::text_frame;

TEST_CASE("letters run in the order of posting, from any thread, and the last ones before the stop") {
    for (int round = 0; round < 20; ++round) {
        NetOptions options;
        options.reactor_buffer_bytes = 1024;
        NodeLimits limits(1, 0);
        ReactorCounters counters;
        FakeService service;
        Reactor reactor(options, 0, &limits, &counters);
        reactor.set_service(&service);
        std::thread thread([&] { reactor.run(); });
        constexpr int posters = 3;
        std::vector<std::vector<int>> seen(posters);
        std::vector<int> taken(posters, 0);
        std::vector<std::thread> threads;
        for (size_t poster = 0; poster < posters; ++poster) {
            threads.emplace_back([&, poster] {
                for (int i = 0; i < 500; ++i) {
                    if (!reactor.post([&seen, poster, i] { seen[poster].push_back(i); }, false)) break;
                    ++taken[poster];
                }
            });
        }
        if (round % 2 == 0) {
            for (std::thread& poster : threads)
                poster.join();
        }
        reactor.stop();  // in odd rounds while they post
        reactor.stop();
        if (round % 2 == 1) {
            for (std::thread& poster : threads)
                poster.join();
        }
        thread.join();
        CHECK_FALSE(reactor.post([] { FAIL("after the stop"); }));
        for (size_t poster = 0; poster < posters; ++poster) {
            // Whatever post() took was run, in order: nothing is lost in a stop.
            REQUIRE(seen[poster].size() == static_cast<size_t>(taken[poster]));
            for (size_t i = 0; i < seen[poster].size(); ++i)
                REQUIRE(seen[poster][i] == static_cast<int>(i));
        }
    }
}

// A reactor without a socket, for what concerns its mailbox alone; run by the test's own thread.
struct IdleReactor {
    explicit IdleReactor(const NetOptions& options) : reactor(options, 0, &limits, &counters) {
        reactor.set_service(&service);
    }
    NodeLimits limits{1, 0};
    ReactorCounters counters;
    FakeService service;
    Reactor reactor;
};

TEST_CASE("a stop before run lets run do what was posted and return") {
    NetOptions options;
    IdleReactor idle(options);
    Reactor& reactor = idle.reactor;
    int ran = 0;
    CHECK(reactor.post([&] { ++ran; }));
    reactor.stop();
    reactor.run();
    CHECK(ran == 1);
}

TEST_CASE("a mailbox takes so many letters, and more only from those who must not be refused") {
    NetOptions options;
    options.max_mailbox_letters = 3;
    IdleReactor idle(options);
    Reactor& reactor = idle.reactor;
    int ran = 0;
    for (int i = 0; i < 3; ++i)
        CHECK(reactor.post([&] { ++ran; }));
    CHECK_FALSE(reactor.post([&] { ++ran; }));
    CHECK(reactor.post([&] { ++ran; }, false));
    reactor.stop();
    reactor.run();
    CHECK(ran == 4);
}

TEST_CASE("a mailbox takes so many bytes of messages, but one of any size") {
    NetOptions options;
    options.max_mailbox_bytes = 1000;
    IdleReactor idle(options);
    Reactor& reactor = idle.reactor;
    int ran = 0;
    const auto letter = [&] { ++ran; };
    CHECK(reactor.post(letter, true, 5000));
    CHECK_FALSE(reactor.post(letter, true, 1));
    CHECK(reactor.post(letter, false, 1));
    reactor.stop();
    CHECK(reactor.stopped());
    reactor.run();
    CHECK(ran == 2);
}

TEST_CASE("drop_all ends sessions and waiting handshakes at once") {
    ReactorHarness harness;
    TestClient open = harness.client();
    TestClient waiting(harness.port);
    waiting.send(TestClient::upgrade("/later"));
    TestClient silent(harness.port);
    REQUIRE(harness.eventually(
        [&] { return harness.service.waiting.size() == 1 && harness.reactor.connection_count() == 3; }));
    harness.on_thread([&] {
        harness.reactor.drop_all(DisconnectReason::server_shutdown);
        CHECK(harness.reactor.connection_count() == 0);
        CHECK(harness.limits.count() == 0);
        REQUIRE(harness.service.closed.size() == 1);
        CHECK(harness.service.closed[0].reason == DisconnectReason::server_shutdown);
        CHECK(harness.service.rejected.size() == 2);
        CHECK(harness.service.waiting.empty());
    });
    CHECK(open.at_end());
}

TEST_CASE("close_all says why to everyone, and when_empty tells once when the last has gone") {
    ReactorHarness harness;
    TestClient open = harness.client();
    TestClient half(harness.port);
    half.send("GET /now HTTP/1.1\r\n");
    REQUIRE(harness.eventually([&] { return harness.reactor.connection_count() == 2; }));
    std::atomic<int> empty{0};
    harness.on_thread([&] {
        harness.reactor.stop_accepting();
        harness.reactor.close_all(close_going_away, "the end", DisconnectReason::server_shutdown);
        harness.reactor.when_empty([&] { ++empty; });
    });
    CHECK(half.read_status() == 503);
    auto frame = open.read_frame();
    REQUIRE(frame);
    CHECK(frame->opcode == Opcode::close);
    CHECK(frame->close_code() == close_going_away);
    CHECK(empty == 0);
    open.send_close(close_going_away);
    CHECK(open.at_end());
    open.hang_up();
    half.hang_up();
    CHECK(harness.eventually([&] { return empty == 1; }));
    TestClient late(harness.port);
    CHECK_FALSE(late.connected());
    harness.on_thread([&] { harness.reactor.when_empty([&] { ++empty; }); });
    CHECK(harness.eventually([&] { return empty == 2; }));
}

TEST_CASE("connections over the limit are told so before the upgrade, and a place that comes free is given") {
    NetOptions options;
    options.max_connections = 2;
    ReactorHarness harness(options);
    TestClient first = harness.client();
    TestClient second = harness.client();
    TestClient third(harness.port);
    CHECK(third.handshake("/now") == 503);
    CHECK(third.head.find("Retry-After: ") != std::string::npos);
    third.read_all();
    third.hang_up();
    first.send_close(1000);
    REQUIRE(first.read_frame());
    first.hang_up();
    REQUIRE(harness.eventually([&] { return harness.limits.count() == 1; }));
    TestClient fourth = harness.client();
    const auto& rejected = harness.counters.net.rejected;
    CHECK(rejected[static_cast<size_t>(RejectReason::node_full)].get() == 1);
}

TEST_CASE("connections of one address are limited") {
    NetOptions options;
    options.max_connections_per_address = 1;
    ReactorHarness harness(options);
    TestClient first = harness.client();
    TestClient second(harness.port);
    CHECK(second.handshake("/now") == 503);
    CHECK(harness.counters.net.rejected[static_cast<size_t>(RejectReason::address_full)].get() == 1);
}

}  // namespace
}  // namespace gatewayd
