// A whole gateway with two reactors and plain sockets as clients: what crosses reactors, under ASan and TSan.
#include "core/gateway.h"

#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "tests/support/test_client.h"

namespace gatewayd {
namespace {

using testing::TestClient;

Settings settings_of_test() {
    Settings settings;
    settings.wsc.node_ip = "127.0.0.1";
    settings.wsc.node_port = 0;
    settings.wsc.performance.io_threads = 2;
    settings.wsc.performance.shutdown_timeout_s = 60;
    settings.wsc.message_buffer_size = 100'000;
    return settings;
}

class Running {
   public:
    explicit Running(Settings settings = settings_of_test())
        : gateway(std::make_unique<Gateway>(std::move(settings), control)) {
        gateway->start();
        const std::string url = gateway->stats().listening;
        port = static_cast<uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
    }
    // shutdown() to its end, on this thread, which is the control thread.
    void shut_down() {
        bool done = false;
        gateway->shutdown([&] { done = true; });
        auto work = boost::asio::make_work_guard(control);
        while (!done && control.run_one_for(std::chrono::seconds(60)) > 0)
            continue;
        CHECK(done);
        CHECK(gateway->stats().current_connections == 0);
        for (const ReactorCounters* counters : gateway->counters()) {
            CHECK(counters->net.open.get() == 0);
            CHECK(counters->net.queued_bytes.get() == 0);
        }
    }
    uint64_t publish(DestinationKind kind, const std::string& id, const std::string& message) {
        std::promise<PublishResult> promise;
        PublishOrder order;
        order.to = {kind, false, id};
        order.message = message;
        gateway->publish(std::move(order),
                         [&](PublishResult result) { promise.set_value(std::move(result)); });
        const PublishResult result = promise.get_future().get();
        CHECK(result.status.ok());
        return result.delivered;
    }
    bool eventually(const std::function<bool()>& is_so) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!is_so()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }

    boost::asio::io_context control;
    std::unique_ptr<Gateway> gateway;
    uint16_t port = 0;
};

// Connected and greeted.
TestClient join(const Running& running, const std::string& client, const std::string& user,
                const std::string& type = "customer") {
    TestClient made(running.port);
    REQUIRE(made.handshake("/ws?client_id=" + client + "&user_id=" + user + "&user_type=" + type) == 101);
    const auto greeting = made.read_text();
    REQUIRE(greeting);
    REQUIRE(greeting->find(R"({"type":"connected","client_id":")" + client) == 0);
    return made;
}

std::string content_of(const std::string& message) {
    const size_t at = message.find(R"("content":")");
    if (at == std::string::npos) return {};
    return message.substr(at + 11, message.find('"', at + 11) - at - 11);
}

TEST_CASE("users on two reactors send to each other: everything arrives, in each sender's order") {
    Running running;
    constexpr int users = 4;
    constexpr int per_user = 3;  // clients
    constexpr int messages = 40;
    std::vector<TestClient> clients;
    for (int i = 0; i < users * per_user; ++i) {
        clients.push_back(join(running, "c" + std::to_string(i), "u" + std::to_string(i % users)));
    }
    std::vector<std::thread> threads;
    std::atomic<int> faults{0};
    for (int i = 0; i < users * per_user; ++i) {
        threads.emplace_back([&, i] {
            TestClient& client = clients[static_cast<size_t>(i)];
            for (int n = 0; n < messages; ++n) {
                for (int user = 0; user < users; ++user) {
                    client.send_text(R"({"type":"text","to":"u)" + std::to_string(user) +
                                     R"(","content":"c)" + std::to_string(i) + ":" + std::to_string(n) +
                                     "\"}");
                }
            }
            std::map<std::string, int> next;  // by sender
            for (int n = 0; n < messages * users * per_user; ++n) {
                const auto text = client.read_text();
                if (!text) {
                    ++faults;
                    return;
                }
                const std::string content = content_of(*text);
                const std::string sender = content.substr(0, content.find(':'));
                if (std::atoi(content.c_str() + sender.size() + 1) != next[sender]++) ++faults;
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(faults == 0);
    const GatewayStats stats = running.gateway->stats();
    CHECK(stats.current_connections == users * per_user);
    CHECK(stats.total_messages_received == users * per_user * messages * users);
    uint64_t used = 0;
    for (const ReactorCounters* counters : running.gateway->counters())
        used += counters->session.opened.get() > 0;
    MESSAGE("reactors that had connections: " << used);
}

TEST_CASE("broadcasts and publishes reach everyone once, and the counts are right") {
    Running running;
    constexpr int count = 10;
    std::vector<TestClient> clients;
    for (int i = 0; i < count; ++i) {
        clients.push_back(join(running, "c" + std::to_string(i), "u" + std::to_string(i % 3),
                               i == 0 ? "agent" : "customer"));
    }
    clients[0].send_text(R"({"type":"text","content":"to all"})");
    clients[0].send_text(R"({"type":"ping"})");
    CHECK(clients[0].read_text() == R"({"type":"pong"})");  // and not its own broadcast
    for (int i = 1; i < count; ++i) {
        const auto text = clients[static_cast<size_t>(i)].read_text();
        REQUIRE(text);
        CHECK(text->find(R"({"from":"u0",)") == 0);
        CHECK(content_of(*text) == "to all");
    }
    CHECK(running.publish(DestinationKind::all, "", R"({"type":"news","content":"1"})") == count);
    CHECK(running.publish(DestinationKind::user, "u1", R"({"type":"news","content":"2"})") == 3);
    CHECK(running.publish(DestinationKind::client, "c4", R"({"type":"news","content":"3"})") == 1);
    CHECK(running.publish(DestinationKind::client, "nobody", R"({"type":"news"})") == 0);
    CHECK(running.publish(DestinationKind::topic, "nothing", R"({"type":"news"})") == 0);
    for (const char* content : {"1", "2", "3"})
        CHECK(content_of(clients[4].read_text().value_or("")) == content);
    CHECK(content_of(clients[2].read_text().value_or("")) == "1");
    clients[2].send_text(R"({"type":"text","content":"customers may not"})");
    CHECK(clients[2].read_text().value_or("").find(R"("code":"forbidden")") != std::string::npos);
}

TEST_CASE("the same client connecting again and again, on any reactor, ends with one connection") {
    Running running;
    constexpr int threads_count = 4;
    constexpr int rounds = 25;
    std::vector<std::thread> threads;
    std::atomic<int> faults{0};
    std::vector<std::vector<TestClient>> kept(threads_count);
    for (size_t i = 0; i < threads_count; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < rounds; ++round) {
                TestClient client(running.port);
                const int status = client.handshake("/ws?client_id=same&user_id=u");
                // 409: replaced while it waited for the one that it replaces.
                if (status != 101 && status != 409) ++faults;
                if (status == 101) kept[i].push_back(std::move(client));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(faults == 0);
    CHECK(running.eventually([&] { return running.gateway->stats().current_connections == 1; }));
    CHECK(running.gateway->clients_of_user("u", 100).size() == 1);
    CHECK(running.publish(DestinationKind::user, "u", R"({"type":"text","content":"last"})") == 1);
    int open = 0;
    for (auto& list : kept) {
        for (TestClient& client : list) {
            const auto greeting = client.read_text();
            const auto next = client.read_frame();
            if (next && next->opcode == Opcode::text) {
                ++open;
                CHECK(content_of(next->payload) == "last");
            } else {
                // Its greeting may have been cut off by the replacement in the same turn, its close frame
                // not.
                CHECK(greeting.has_value());
                CHECK((next && next->close_code() == close_policy));
            }
        }
    }
    CHECK(open == 1);
    const auto counters = running.gateway->counters();
    uint64_t replaced = 0;
    for (const auto* each : counters)
        replaced += each->session.disconnected[static_cast<size_t>(DisconnectReason::replaced)].get();
    CHECK(replaced + 1 == running.gateway->stats().total_connections);
    running.shut_down();
}

TEST_CASE("connects, messages, kicks and hang-ups at once leave nothing behind") {
    Running running;
    std::atomic<bool> stop{false};
    std::thread back_end([&] {
        while (!stop) {
            uint64_t cursor = 0;
            do {
                for (const IdentityPtr& client : running.gateway->list_clients(&cursor, 3)) {
                    if (client->connected_at_ms % 2)
                        running.gateway->kick(client->client_id, "test", [](bool) {});
                }
            } while (cursor != 0);
            running.publish(DestinationKind::all, "", R"({"type":"text","content":"x"})");
        }
    });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 40; ++round) {
                TestClient client(running.port);
                const std::string id = std::to_string(i * 1000 + round % 5);
                if (client.handshake("/ws?client_id=c" + id + "&user_id=u" + std::to_string(i)) != 101)
                    continue;
                client.send_text(R"({"type":"text","to":"u)" + std::to_string((i + 1) % 4) +
                                 R"(","content":"hello"})");
                if (round % 3 == 0) client.send_close(1000);
                if (round % 3 == 1) client.read_frame();
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    stop = true;
    back_end.join();
    CHECK(running.eventually([&] { return running.gateway->stats().current_connections == 0; }));
    // A client_id is free a moment after its connection is counted no more.
    CHECK(running.eventually([&] {
        uint64_t cursor = 0;
        return running.gateway->list_clients(&cursor, 100).empty();
    }));
    running.shut_down();
}

TEST_CASE("kick closes with 1008 and says whether the client was there") {
    Running running;
    TestClient client = join(running, "c1", "u1");
    auto kick = [&](const std::string& id) {
        std::promise<bool> found;
        running.gateway->kick(id, "spam", [&](bool was_there) { found.set_value(was_there); });
        return found.get_future().get();
    };
    CHECK_FALSE(kick("nobody"));
    CHECK(kick("c1"));
    const auto frame = client.read_frame();
    REQUIRE(frame);
    CHECK(frame->close_code() == close_policy);
    CHECK(frame->payload.substr(2) == "kicked: spam");
    CHECK_FALSE(kick("c1"));
}

TEST_CASE("shutdown says 1001 to everyone and ends when they are gone") {
    Running running;
    std::vector<TestClient> clients;
    for (int i = 0; i < 6; ++i)
        clients.push_back(join(running, "c" + std::to_string(i), "u"));
    std::thread peers([&] {
        for (TestClient& client : clients) {
            const auto frame = client.read_frame();
            CHECK((frame && frame->opcode == Opcode::close));
            CHECK((frame && frame->close_code() == close_going_away));
            client.send_close(close_going_away);
            CHECK(client.at_end());
            client.hang_up();
        }
    });
    running.shut_down();
    peers.join();
    CHECK_FALSE(running.gateway->ready());
    TestClient late(running.port);
    CHECK_FALSE(late.connected());
    std::promise<PublishResult> promise;
    running.gateway->publish({{}, R"({"type":"text","content":"late"})"},
                             [&](PublishResult result) { promise.set_value(std::move(result)); });
    CHECK_FALSE(promise.get_future().get().status.ok());
}

// What was posted to the control thread during the end ran after the gateway was gone.
TEST_CASE("a gateway that goes at once leaves no session, and no call on the control thread") {
    auto running = std::make_unique<Running>();
    std::vector<TestClient> clients;
    for (int i = 0; i < 4; ++i)
        clients.push_back(join(*running, "c" + std::to_string(i), "u"));
    bool done = false;
    running->gateway->shutdown([&] { done = true; });
    for (TestClient& client : clients)
        client.hang_up();
    running->gateway.reset();
    running->control.run();
    CHECK_FALSE(done);
    Running never_shut_down;
    TestClient last = join(never_shut_down, "c", "u");
    never_shut_down.gateway.reset();
    CHECK(last.at_end());
}

TEST_CASE("publishes that were taken are answered, also those that a shutdown overtakes") {
    for (int round = 0; round < 5; ++round) {
        auto running = std::make_unique<Running>();
        std::atomic<int> answers{0};
        int asked = 0;
        for (; asked < 200; ++asked) {
            PublishOrder order;
            order.to = {DestinationKind::user, false, "u" + std::to_string(asked)};
            order.message = R"({"type":"text","content":"x"})";
            running->gateway->publish(std::move(order), [&](PublishResult) { ++answers; });
        }
        running.reset();
        CHECK(answers == asked);
    }
}

TEST_CASE("a port in use is refused with the keys to change") {
    Running running;
    Settings settings = settings_of_test();
    settings.wsc.node_port = running.port;
    boost::asio::io_context control;
    Gateway second(settings, control);
    CHECK_THROWS_WITH_AS(second.start(), doctest::Contains("wsc.node_port"), StartError);
}

}  // namespace
}  // namespace gatewayd
