// A reactor on a thread of its own, with a service that does what the path and the messages say: for the
// tests of reactor and connections.
#ifndef GATEWAYD_TESTS_UNIT_NET_REACTOR_HARNESS_H
#define GATEWAYD_TESTS_UNIT_NET_REACTOR_HARNESS_H

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/net/connection.h"
#include "core/net/reactor.h"
#include "tests/support/test_client.h"

namespace gatewayd::testing {

inline Slice text_frame(std::string_view payload) {
    Slice slice{BufferRef::make(), 0, 0, 1};
    append_server_header(Opcode::text, payload.size(), &slice.buffer->bytes);
    slice.buffer->bytes += payload;
    slice.length = static_cast<uint32_t>(slice.buffer->bytes.size());
    return slice;
}

// Paths: /now is accepted at once, /later when accept_waiting() says so, /refuse is refused with 403.
// Messages: "doom" closes at the end of the turn, "close" at once, "pause" pauses reading until resume_all(),
// anything else is echoed.
class FakeService final : public ReactorService, public ConnectionHandler {
   public:
    struct Closed {
        DisconnectReason reason;
        uint16_t code;
        std::string text;
    };

    void on_handshake(Connection& connection, std::unique_ptr<HandshakeRequest> request) override {
        remotes.push_back(connection.remote_address().text());
        if (request->path() == "/refuse") {
            connection.refuse({403, RejectReason::plugin, error_body("forbidden", "no"), {}});
        } else if (request->path() == "/later") {
            waiting[&connection] = std::move(request);
        } else {
            accept(connection, *request);
        }
    }
    void accept(Connection& connection, const HandshakeRequest& request) {
        CHECK(connection.accept(this, request.accept_response("", {})));
        CHECK_FALSE(connection.accept(this, ""));  // a second answer does nothing
        open.push_back(&connection);
    }
    void accept_waiting() {
        for (auto& [connection, request] : std::exchange(waiting, {}))
            accept(*connection, *request);
    }
    void resume_all() {
        for (Connection* connection : open)
            connection->resume_reading();
    }
    void on_rejected(const Connection& connection, RejectReason reason, int status) override {
        waiting.erase(const_cast<Connection*>(&connection));
        rejected.emplace_back(reason, status);
    }
    void on_end_of_turn() override { ++ends_of_turn; }
    bool turn_is_full() const override { return false; }
    void on_turn_flushed() override {}

    void on_message(Connection& connection, bool binary, char* payload, size_t size) override {
        const std::string text(payload, size);
        if (text == "doom") {
            connection.close_later(close_policy, "doomed", DisconnectReason::plugin_close);
        } else if (text == "close") {
            connection.close(close_policy, "closed", DisconnectReason::kicked);
        } else if (text == "pause") {
            connection.pause_reading();
        } else if (!binary) {
            connection.enqueue(text_frame(text));
        }
        messages.push_back(text);
    }
    void on_closed(Connection& connection, DisconnectReason reason, uint16_t code,
                   std::string_view text) override {
        CHECK_FALSE(connection.open());
        CHECK_FALSE(connection.enqueue(text_frame("too late")));
        open.erase(std::find(open.begin(), open.end(), &connection));
        closed.push_back({reason, code, std::string(text)});
    }

    std::map<Connection*, std::unique_ptr<HandshakeRequest>> waiting;
    std::vector<Connection*> open;
    std::vector<std::pair<RejectReason, int>> rejected;
    std::vector<std::string> remotes;  // of whoever came with a whole request
    std::vector<std::string> messages;
    std::vector<Closed> closed;
    int ends_of_turn = 0;
};

class ReactorHarness {
   public:
    explicit ReactorHarness(NetOptions options = {}, const TlsSource* tls = nullptr)
        : limits(options.max_connections, options.max_connections_per_address),
          reactor(options, 0, &limits, &counters) {
        reactor.set_service(&service);
        if (tls) reactor.set_tls(tls);
        Listener listener = Listener::open("127.0.0.1", 0, 0);
        port = listener.port();
        reactor.listen(std::move(listener));
        thread = std::thread([this] { reactor.run(); });
    }
    ~ReactorHarness() { stop(); }

    // What is left behind must be nothing.
    void stop() {
        if (!thread.joinable()) return;
        reactor.post([this] { reactor.drop_all(DisconnectReason::server_shutdown); }, false);
        reactor.stop();
        thread.join();
        CHECK(limits.count() == 0);
        CHECK(limits.refusing.load() == 0);
        CHECK(limits.inbound_memory.load() == 0);
        CHECK(counters.net.open.get() == 0);
        CHECK(counters.net.queued_bytes.get() == 0);
        CHECK(service.open.empty());
        CHECK(service.waiting.empty());
    }
    // Runs the call on the reactor's thread, in a turn of its own, and waits for it.
    template <typename Call>
    auto on_thread(Call call) {
        std::packaged_task<decltype(call())()> task(call);
        auto result = task.get_future();
        REQUIRE(reactor.post([&task] { task(); }, false));
        return result.get();
    }
    // Turns go by until it is so; the deadline of 60 s is counted in the test's own waiting.
    bool eventually(const std::function<bool()>& is_so) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!on_thread(is_so)) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::yield();
        }
        return true;
    }
    TestClient client(const std::string& path = "/now") {
        TestClient made(port);
        REQUIRE(made.connected());
        REQUIRE(made.handshake(path) == 101);
        return made;
    }

    NodeLimits limits;
    ReactorCounters counters;
    FakeService service;
    Reactor reactor;
    uint16_t port = 0;
    std::thread thread;
};

}  // namespace gatewayd::testing

#endif
