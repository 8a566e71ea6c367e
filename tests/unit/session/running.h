// A worker on a thread of its own, with plugins of functions, and clients that join it: for the tests of
// sessions.
#ifndef GATEWAYD_TESTS_UNIT_SESSION_RUNNING_H
#define GATEWAYD_TESTS_UNIT_SESSION_RUNNING_H

#include <doctest/doctest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <thread>

#include "core/net/reactor.h"
#include "core/session/node.h"
#include "core/session/session.h"
#include "core/session/worker.h"
#include "tests/support/test_client.h"
#include "tests/unit/chain/fake_plugins.h"

namespace gatewayd::testing {

class Running {
   public:
    explicit Running(std::initializer_list<FakePlugin*> plugins = {}, const NetOptions& options = {})
        : limits(100, 0),
          reactor(options, 0, &limits, &counters),
          worker(&node, &reactor, shared_chain(plugins)) {
        node.options.node_id = "node";
        node.options.allowed_user_types = {"customer", "agent"};
        node.permissions.set_user_types(node.options.allowed_user_types);
        define_core_rules(&node.permissions, false, {"agent"});
        node.options.trust_identity = true;
        node.workers.push_back(&worker);
        reactor.set_service(&worker);
        Listener listener = Listener::open("127.0.0.1", 0, 0);
        port = listener.port();
        reactor.listen(std::move(listener));
        thread = std::thread([this] { reactor.run(); });
    }
    ~Running() { stop(); }
    void stop() {
        if (!thread.joinable()) return;
        reactor.post([this] { reactor.drop_all(DisconnectReason::server_shutdown); }, false);
        reactor.stop();
        thread.join();
        CHECK(worker.hub().size() == 0);
        CHECK(node.directory.client_count() == 0);
        CHECK(counters.net.queued_bytes.get() == 0);
        CHECK(limits.inbound_memory.load() == 0);
        CHECK(node.deferrals[0].size() == 0);
        for (const Counter& counter : counters.session.connected_by_type)
            CHECK(counter.get() == 0);
    }
    TestClient join(const std::string& client, const std::string& type = "customer") {
        TestClient made(port);
        REQUIRE(made.handshake("/ws?client_id=" + client + "&user_id=u-" + client + "&user_type=" + type) ==
                101);
        REQUIRE(made.read_text().value_or("").find(R"({"type":"connected",)") == 0);
        return made;
    }

    Node node;
    NodeLimits limits;
    ReactorCounters counters;
    Reactor reactor;
    Worker worker;
    uint16_t port = 0;
    std::thread thread;
};

inline std::string to(const std::string& client, const std::string& content) {
    return R"({"type":"text","to":"u-)" + client + R"(","content":")" + content + "\"}";
}

// Everything before the ping was handled when this is true.
inline bool answers_ping(TestClient& client) {
    client.send_text(R"({"type":"ping"})");
    return client.read_text() == R"({"type":"pong"})";
}

}  // namespace gatewayd::testing

#endif
