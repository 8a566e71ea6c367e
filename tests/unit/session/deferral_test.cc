// What plugins put aside, on one reactor with sockets as clients: handshakes, frames, messages; order, the
// end.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/chain/deferrals.h"
#include "tests/unit/session/running.h"

namespace gatewayd {
namespace {

using testing::answers_ping;
using testing::client_frame;
using testing::FakePlugin;
using testing::Running;
using testing::TestClient;
using testing::to;
using Log = std::vector<std::string>;

// Puts aside what the test says, and tells the test's thread of each.
class Deferrer : public FakePlugin {
   public:
    explicit Deferrer(uint32_t kinds, uint32_t timeout_ms = 0) : FakePlugin("deferrer", kinds) {
        defers();
        intercept = [this, timeout_ms](void*, gw_ctx*, gw_req* req, gw_next* next) {
            const std::string what(from_abi(req)->payload());
            if (what.find("pass") != std::string::npos) return GW_CONTINUE;
            return put_aside(next, timeout_ms);
        };
        on_resume = [this](void*, gw_ctx*, gw_req*, gw_next*, void*) { return then; };
        on_cancel = [this](void*, gw_ctx*, const gw_req*, void*, int32_t why) {
            note("cancel " + std::to_string(why));
        };
    }
    int32_t put_aside(gw_next* next, uint32_t timeout_ms = 0) {
        gw_token token{0, 0};
        const int32_t result = chain_defer(next, timeout_ms, this, &token);
        if (result != GW_OK) return result;
        const std::lock_guard lock(mutex_);
        tokens_.push_back(token);
        news_.notify_all();
        return GW_PENDING;
    }
    // The oldest token that was not asked for; waits for it.
    gw_token token() {
        std::unique_lock lock(mutex_);
        REQUIRE(news_.wait_for(lock, std::chrono::seconds(60), [&] { return !tokens_.empty(); }));
        const gw_token first = tokens_.front();
        tokens_.erase(tokens_.begin());
        return first;
    }
    int32_t resume(Running& running, gw_token token) const {
        return running.node.resume(interceptor->instance, token);
    }
    void resume_next(Running& running) { CHECK(resume(running, token()) == GW_OK); }
    void note(const std::string& line) {
        const std::lock_guard lock(mutex_);
        log_.push_back(line);
        news_.notify_all();
    }
    // Waits until so much was noted.
    Log log(size_t lines) {
        std::unique_lock lock(mutex_);
        REQUIRE(news_.wait_for(lock, std::chrono::seconds(60), [&] { return log_.size() >= lines; }));
        return log_;
    }

    int32_t then = GW_CONTINUE;

   private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::vector<gw_token> tokens_;
    Log log_;
};

bool has(const std::optional<std::string>& text, const char* part) {
    return text.value_or("").find(part) != std::string::npos;
}

TEST_CASE("a handshake that is put aside is accepted later, and what came behind it is read then") {
    Deferrer gate(GW_KIND_HANDSHAKE);
    gate.on_resume = [](void* slot, gw_ctx* ctx, gw_req* req, gw_next*, void*) {
        CHECK(slot == nullptr);
        CHECK(from_abi(ctx)->is_open());
        CHECK(from_abi(req)->set_field("user_id", "checked") == GW_OK);
        CHECK(from_abi(req)->set_response_header("X-Checked", "yes") == GW_OK);
        return GW_CONTINUE;
    };
    Running running{&gate};
    TestClient client(running.port);
    client.send(TestClient::upgrade("/ws?client_id=c") + client_frame(Opcode::text, R"({"type":"ping"})"));
    gate.resume_next(running);
    CHECK(client.read_status() == 101);
    CHECK(client.head.find("X-Checked: yes\r\n") != std::string::npos);
    CHECK(has(client.read_text(), R"("user_id":"checked")"));
    CHECK(client.read_text() == R"({"type":"pong"})");
}

TEST_CASE("a handshake that is put aside may be refused, dropped or fail later") {
    struct Case {
        int32_t verdict;
        bool rejects;
        int status;
    };
    for (const Case& each : {Case{GW_DONE, true, 401}, Case{GW_CONTINUE, true, 401}, Case{GW_DROP, false, 0},
                             Case{GW_DONE, false, 503}, Case{GW_E_FAIL, false, 503}}) {
        Deferrer gate(GW_KIND_HANDSHAKE);
        gate.on_resume = [&](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
            if (each.rejects) CHECK(from_abi(req)->reject(401, "unauthorized", "no token") == GW_OK);
            return each.verdict;
        };
        Running running{&gate};
        TestClient client(running.port);
        client.send(TestClient::upgrade("/ws?client_id=c"));
        gate.resume_next(running);
        CHECK(client.read_status() == each.status);
        CHECK(client.read_all().find("no token") != (each.rejects ? std::string::npos : 0));
        running.stop();
        CHECK(running.counters.session.opened.get() == 0);
    }
}

// Rule 3: of a handshake the response headers may still change in done.
TEST_CASE("rule 3: headers of a handshake change until the outermost done") {
    FakePlugin outer("outer", GW_KIND_HANDSHAKE);
    outer.intercept = [](void*, gw_ctx*, gw_req*, gw_next* next) {
        return chain_next(
            next,
            [](void*, gw_ctx*, gw_req* req, int32_t status) {
                CHECK(from_abi(req)->set_response_header("X-Status", std::to_string(status)) == GW_OK);
                CHECK(from_abi(req)->set_field("user_id", "x") == GW_E_STATE);
            },
            nullptr);
    };
    Deferrer gate(GW_KIND_HANDSHAKE);
    Running running{&outer, &gate};
    TestClient client(running.port);
    client.send(TestClient::upgrade("/ws?client_id=c"));
    gate.resume_next(running);
    CHECK(client.read_status() == 101);
    CHECK(client.head.find("X-Status: 0\r\n") != std::string::npos);
}

TEST_CASE("a handshake waits for what is left of its time; then on_error decides") {
    for (const bool open : {false, true}) {
        NetOptions options;
        options.handshake_timeout_ms = 300;
        Deferrer gate(GW_KIND_HANDSHAKE, 60'000);
        gate.interceptor->fails_open = open;
        Running running({&gate}, options);
        TestClient client(running.port);
        CHECK(client.handshake("/ws?client_id=c") == (open ? 101 : 503));
        CHECK(gate.log(1) == Log{"cancel 2"});
        CHECK(gate.resume(running, gate.token()) == GW_E_STALE);
        CHECK(gate.errors() == 1);
    }
}

TEST_CASE("a client that goes while its handshake is put aside cancels it") {
    Deferrer gate(GW_KIND_HANDSHAKE);
    Running running{&gate};
    TestClient client(running.port);
    client.send(TestClient::upgrade("/ws?client_id=c"));
    const gw_token token = gate.token();
    client.hang_up();
    CHECK(gate.log(1) == Log{"cancel 1"});
    CHECK(gate.resume(running, token) == GW_E_STALE);
    CHECK(gate.errors() == 0);
}

TEST_CASE("of two handshakes of one client that wait the one that began last stays") {
    Deferrer gate(GW_KIND_HANDSHAKE);
    Running running{&gate};
    TestClient first(running.port);
    first.send(TestClient::upgrade("/ws?client_id=c&user_id=u"));
    const gw_token first_token = gate.token();
    TestClient second(running.port);
    second.send(TestClient::upgrade("/ws?client_id=c&user_id=u"));
    gate.resume_next(running);
    CHECK(second.read_status() == 101);
    CHECK(second.read_text());
    CHECK(gate.resume(running, first_token) == GW_OK);
    CHECK(first.read_status() == 409);
    CHECK(answers_ping(second));
}

TEST_CASE("rule 7: messages behind one that is put aside keep their order; others go on") {
    Deferrer gate(GW_KIND_MESSAGE);
    Running running{&gate};
    TestClient a = running.join("a");
    TestClient b = running.join("b");
    a.send(client_frame(Opcode::text, to("b", "first")) + client_frame(Opcode::text, to("b", "pass 2")) +
           client_frame(Opcode::text, to("b", "third")));
    const gw_token first = gate.token();
    a.send_text(to("b", "pass 4"));
    b.send_text(to("a", "pass to a"));
    CHECK(has(a.read_text(), "pass to a"));  // deliveries to the one that waits go on
    CHECK(answers_ping(b));                  // and nothing of a's has come
    CHECK(gate.resume(running, first) == GW_OK);
    CHECK(has(b.read_text(), "first"));
    CHECK(has(b.read_text(), "pass 2"));
    gate.resume_next(running);
    CHECK(has(b.read_text(), "third"));
    CHECK(has(b.read_text(), "pass 4"));
    CHECK(answers_ping(a));
}

TEST_CASE("a message that is put aside is answered, rejected or dropped later; on_error counts") {
    Deferrer gate(GW_KIND_MESSAGE, 100);
    gate.on_resume = [](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
        std::string_view content;
        from_abi(req)->field("content", &content);
        if (content == "answer")
            return from_abi(req)->answer(R"({"type":"yes"})") == GW_OK ? GW_DONE : GW_E_FAIL;
        if (content == "reject")
            return from_abi(req)->reject(0, "forbidden", "no") == GW_OK ? GW_DONE : GW_E_FAIL;
        return content == "drop" ? GW_DROP : GW_E_FAIL;
    };
    Running running{&gate};
    TestClient a = running.join("a");
    for (const char* content : {"answer", "reject", "drop", "fail"}) {
        a.send_text(to("a", content));
        gate.resume_next(running);
    }
    a.send_text(to("a", "never"));
    CHECK(has(a.read_text(), R"({"type":"yes"})"));
    CHECK(has(a.read_text(), R"("code":"forbidden")"));
    CHECK(has(a.read_text(), R"("code":"plugin_error")"));
    CHECK(has(a.read_text(), R"("code":"plugin_error")"));  // of the deadline
    CHECK(gate.log(1) == Log{"cancel 2"});
    CHECK(gate.errors() == 2);
    CHECK(answers_ping(a));
}

TEST_CASE("a frame that is put aside is decoded later, and its message may be put aside as well") {
    Deferrer gate(GW_KIND_FRAME | GW_KIND_MESSAGE);
    gate.on_resume = [](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
        Request& request = *from_abi(req);
        if (request.kind == GW_KIND_FRAME && request.payload() == "swap")
            CHECK(request.replace_payload(R"({"type":"text","to":"u-a","content":"swapped"})") == GW_OK);
        return request.payload() == "claim" ? GW_DONE : GW_CONTINUE;
    };
    Running running{&gate};
    TestClient a = running.join("a");
    a.send(client_frame(Opcode::text, "swap") + client_frame(Opcode::text, "claim") +
           client_frame(Opcode::binary, "binary") + client_frame(Opcode::text, to("a", "plain")));
    gate.resume_next(running);
    CHECK(running.node.deferrals[0].resume(nullptr, {0, 0}) == GW_E_STALE);
    gate.resume_next(running);  // its message
    gate.resume_next(running);  // claim
    gate.resume_next(running);  // binary
    gate.resume_next(running);  // plain
    gate.resume_next(running);  // its message
    CHECK(has(a.read_text(), "swapped"));
    CHECK(has(a.read_text(), R"("code":"invalid_message")"));
    CHECK(has(a.read_text(), "plain"));
    running.stop();
    CHECK(running.counters.session.received[static_cast<size_t>(TypeClass::binary)].get() == 1);
}

TEST_CASE("rule 5: the end of a connection: on_cancel, done innermost first, disconnected, detach") {
    struct Case {
        const char* how;
        int32_t why;
    };
    for (const Case& each :
         {Case{"lost", GW_WHY_DISCONNECT}, Case{"kicked", GW_WHY_DISCONNECT},
          Case{"replaced", GW_WHY_DISCONNECT}, Case{"closed by the plugin", GW_WHY_DISCONNECT},
          Case{"shutdown", GW_WHY_DRAIN}, Case{"cut off", GW_WHY_DRAIN}}) {
        const std::string how = each.how;
        CAPTURE(how);
        Deferrer gate(GW_KIND_MESSAGE);
        gate.interceptor->events = GW_EV_DISCONNECTED;
        gate.on_event = [&](void*, const gw_event*) { gate.note("disconnected"); };
        gate.attaches();
        gate.attach = [](gw_ctx*, void**, uint32_t*) { return GW_OK; };
        gate.detach = [&](void*, gw_ctx*) { gate.note("detach"); };
        if (how == "closed by the plugin") {
            gate.intercept = [&](void*, gw_ctx* ctx, gw_req*, gw_next* next) {
                CHECK(from_abi(ctx)->close(4000, "enough") == GW_OK);
                return gate.put_aside(next);
            };
        }
        FakePlugin outer("outer");
        FakePlugin inner("inner");
        for (FakePlugin* plugin : {&outer, &inner}) {
            plugin->intercept = [&gate, plugin](void*, gw_ctx*, gw_req*, gw_next* next) {
                struct Ud {
                    Deferrer* gate;
                    std::string name;
                };
                auto* ud = new Ud{&gate, plugin->interceptor->name};
                return chain_next(
                    next,
                    [](void* given, gw_ctx* ctx, gw_req* req, int32_t status) {
                        const std::unique_ptr<Ud> own(static_cast<Ud*>(given));
                        CHECK_FALSE(from_abi(ctx)->is_open());
                        CHECK(from_abi(req)->payload().find("hello") != std::string_view::npos);
                        own->gate->note("done " + own->name + " " + std::to_string(status));
                    },
                    ud);
            };
        }
        Running running{&outer, &inner, &gate};
        TestClient client = running.join("c");
        client.send_text(to("c", "hello"));
        const gw_token token = gate.token();
        if (how == "lost") client.hang_up();
        TestClient other(running.port);
        if (how == "replaced") CHECK(other.handshake("/ws?client_id=c&user_id=u-c") == 101);
        running.reactor.post([&] {
            if (how == "kicked")
                running.worker.kick(running.node.directory.find_client("c")->handle, "kicked");
            if (how == "shutdown")
                running.reactor.close_all(close_going_away, "the end", DisconnectReason::server_shutdown);
            if (how == "cut off") running.reactor.drop_all(DisconnectReason::server_shutdown);
        });
        CHECK(gate.log(5) == Log{"cancel " + std::to_string(each.why), "done inner -6", "done outer -6",
                                 "disconnected", "detach"});
        CHECK(gate.resume(running, token) == GW_E_STALE);
        CHECK(gate.errors() == 0);
    }
}

TEST_CASE("a token outlives its worker: stale, and nothing is touched") {
    Deferrer gate(GW_KIND_MESSAGE);
    Node node;
    gw_token token{0, 0};
    {
        NodeLimits limits(10, 0);
        ReactorCounters counters;
        Reactor reactor(NetOptions(), 0, &limits, &counters);
        const Worker worker(&node, &reactor, testing::shared_chain({&gate}));
        Deferral left(nullptr, nullptr);
        REQUIRE(node.deferrals[0].add(&left, gate.interceptor->instance, 0, 10, &token) == GW_OK);
        CHECK(node.resume(gate.interceptor->instance, token) == GW_OK);  // posted, and never read
    }
    CHECK(node.resume(gate.interceptor->instance, token) == GW_E_STALE);
    CHECK(node.resume(gate.interceptor->instance, {uint64_t{63} << 32, 1}) == GW_E_STALE);
    CHECK(node.resume(gate.interceptor->instance, {UINT64_MAX, 1}) == GW_E_STALE);
}

TEST_CASE("publishes and deliveries cannot be put aside") {
    Deferrer gate(GW_KIND_PUBLISH | GW_KIND_DELIVERY);
    gate.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
        gw_token token{0, 0};
        gate.note(std::to_string(chain_defer(next, 0, nullptr, &token)));
        return GW_CONTINUE;
    };
    Running running{&gate};
    TestClient client = running.join("c");
    PublishOrder order;
    order.to.kind = DestinationKind::all;
    order.message = R"({"type":"news"})";
    REQUIRE(running.node.publish(std::move(order), nullptr).ok());
    CHECK(has(client.read_text(), "news"));
    CHECK(gate.log(2) == Log{"-3", "-3"});
}

}  // namespace
}  // namespace gatewayd
