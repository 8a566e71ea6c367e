// A reactor whose chain is changed while its clients stay, with sockets as clients.
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "core/chain/deferrals.h"
#include "tests/unit/session/running.h"

namespace gatewayd {
namespace {

using testing::answers_ping;
using testing::FakePlugin;
using testing::Running;
using testing::shared_chain;
using testing::TestClient;
using testing::to;

// One generation: stamps its number into each message, says who is attached; puts aside what asks for it.
class Generation : public FakePlugin {
   public:
    Generation(int number, uint32_t kinds, const void* lineage)
        : FakePlugin("plugin", kinds), number_(number) {
        if (lineage) interceptor->lineage = lineage;
        attaches();
        defers();
        attach = [this](gw_ctx*, void** slot, uint32_t*) {
            *slot = this;
            ++attached;
            return GW_OK;
        };
        detach = [this](void* slot, gw_ctx*) {
            CHECK(slot == this);
            --attached;
        };
        intercept = [this](void* slot, gw_ctx*, gw_req* req, gw_next* next) {
            CHECK((from_abi(req)->kind == GW_KIND_HANDSHAKE || slot == this));
            const std::string content(from_abi(req)->payload());
            if (content.find("wait") == std::string::npos) return stamp(req);
            gw_token made{0, 0};
            CHECK(chain_defer(next, 0, nullptr, &made) == GW_OK);
            const std::lock_guard lock(mutex_);
            token_ = made;
            news_.notify_all();
            return GW_PENDING;
        };
        on_resume = [this](void* slot, gw_ctx*, gw_req* req, gw_next*, void*) {
            CHECK(slot == this);
            return stamp(req);
        };
        on_cancel = [this](void*, gw_ctx*, const gw_req*, void*, int32_t why) { cancelled = why; };
    }
    int32_t stamp(gw_req* req) const {
        CHECK(from_abi(req)->set_json("generation", std::to_string(number_)) == GW_OK);
        return GW_CONTINUE;
    }
    gw_token token() {
        std::unique_lock lock(mutex_);
        REQUIRE(news_.wait_for(lock, std::chrono::seconds(60), [&] { return token_.generation != 0; }));
        return token_;
    }

    std::atomic<int> attached{0};
    std::atomic<int> cancelled{0};

   private:
    const int number_;
    std::mutex mutex_;
    std::condition_variable news_;
    gw_token token_{0, 0};
};

// Returns when every connection that can has moved.
void enter(Running& running, const std::shared_ptr<const InterceptorChain>& chain) {
    std::promise<void> moved;
    std::shared_ptr<void> until(nullptr, [&](void*) { moved.set_value(); });
    running.reactor.post(
        [&, until = std::move(until)]() mutable { running.worker.enter(chain, std::move(until)); }, false);
    moved.get_future().wait();
}

bool stamped(const std::optional<std::string>& text, const std::string& content, int generation) {
    CAPTURE(text.value_or("nothing"));
    const bool is = text && text->find("\"content\":\"" + content + "\"") != std::string::npos &&
                    text->find("\"generation\":" + std::to_string(generation)) != std::string::npos;
    CHECK(is);
    return is;
}

TEST_CASE("connections move to the next chain between their requests, and messages with them") {
    Generation one(1, GW_KIND_MESSAGE, nullptr);
    Generation two(2, GW_KIND_MESSAGE, &one);
    Running running{&one};
    TestClient client = running.join("c");
    TestClient other = running.join("d");
    client.send_text(to("c", "a"));
    stamped(client.read_text(), "a", 1);
    const auto next = shared_chain({&two});
    enter(running, next);
    CHECK(one.attached == 0);
    CHECK(two.attached == 2);
    CHECK(next->connections == 2);
    client.send_text(to("c", "b"));
    stamped(client.read_text(), "b", 2);
    TestClient third = running.join("e");
    CHECK(two.attached == 3);
    other.hang_up();
    CHECK(answers_ping(client));
    running.stop();
    CHECK(two.attached == 0);
    CHECK(next->connections == 0);
}

TEST_CASE("a message that is put aside finishes in its chain; what waits behind it sees the next one") {
    Generation one(1, GW_KIND_MESSAGE, nullptr);
    Generation two(2, GW_KIND_MESSAGE, &one);
    Running running{&one};
    TestClient client = running.join("c");
    client.send_text(to("c", "wait"));
    client.send_text(to("c", "behind"));
    const gw_token token = one.token();
    enter(running, shared_chain({&two}));
    CHECK(one.attached == 1);
    CHECK(two.attached == 0);
    CHECK(running.node.resume(&one, token) == GW_OK);
    stamped(client.read_text(), "wait", 1);
    stamped(client.read_text(), "behind", 2);
    CHECK(one.attached == 0);
    CHECK(two.attached == 1);
}

TEST_CASE("a message that is still put aside when the time is over goes on in the next chain") {
    Generation one(1, GW_KIND_MESSAGE, nullptr);
    Generation two(2, GW_KIND_MESSAGE, &one);
    Running running{&one};
    TestClient client = running.join("c");
    client.send_text(to("c", "wait"));
    client.send_text(to("c", "behind"));
    const gw_token old = one.token();
    enter(running, shared_chain({&two}));
    running.reactor.post([&] { running.worker.drain({one.interceptor.get()}); }, false);
    const gw_token token = two.token();  // it waits there, too
    CHECK(one.cancelled == GW_WHY_DRAIN);
    CHECK(one.attached == 0);
    CHECK(running.node.resume(&one, old) == GW_E_STALE);
    CHECK(running.node.resume(&two, token) == GW_OK);
    stamped(client.read_text(), "wait", 2);
    stamped(client.read_text(), "behind", 2);
}

TEST_CASE("a handshake that is put aside finishes in its chain, and its connection begins in the next") {
    for (const bool drained : {false, true}) {
        CAPTURE(drained);
        Generation one(1, GW_KIND_HANDSHAKE, nullptr);
        Generation two(2, GW_KIND_HANDSHAKE | GW_KIND_MESSAGE, &one);
        std::promise<gw_token> token;
        one.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
            gw_token made{0, 0};
            CHECK(chain_defer(next, 0, nullptr, &made) == GW_OK);
            token.set_value(made);
            return GW_PENDING;
        };
        one.on_resume = [](void*, gw_ctx*, gw_req* req, gw_next*, void*) {
            CHECK(from_abi(req)->set_field("user_id", "of-one") == GW_OK);
            return GW_CONTINUE;
        };
        const auto stamp_message = two.intercept;
        two.intercept = [&](void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
            if (from_abi(req)->kind == GW_KIND_MESSAGE) return stamp_message(slot, ctx, req, next);
            CHECK(from_abi(req)->set_field("user_id", "of-two") == GW_OK);
            return GW_CONTINUE;
        };
        Running running{&one};
        TestClient client(running.port);
        client.send(TestClient::upgrade("/ws?client_id=c"));
        const gw_token made = token.get_future().get();
        enter(running, shared_chain({&two}));
        if (drained) {
            running.reactor.post([&] { running.worker.drain({one.interceptor.get()}); }, false);
        } else {
            CHECK(running.node.resume(&one, made) == GW_OK);
        }
        CHECK(client.read_status() == 101);
        const std::string greeting = client.read_text().value_or("");
        CHECK(greeting.find(drained ? "of-two" : "of-one") != std::string::npos);
        client.send_text(R"({"type":"text","to":")" + std::string(drained ? "of-two" : "of-one") +
                         R"(","content":"a"})");
        stamped(client.read_text(), "a", 2);
    }
}

TEST_CASE("delivery hooks that come and go keep the order of what everybody gets") {
    Generation messages(1, GW_KIND_MESSAGE, nullptr);
    Generation deliveries(2, GW_KIND_DELIVERY, nullptr);
    std::atomic<int> seen{0};
    deliveries.intercept = [&](void*, gw_ctx*, gw_req*, gw_next*) { return ++seen, GW_CONTINUE; };
    const auto without = shared_chain({&messages});
    const auto with = shared_chain({&messages, &deliveries});
    Running running{&messages};
    TestClient agent = running.join("a", "agent");
    TestClient client = running.join("c");
    int sent = 0;
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 5; ++i) {
            agent.send_text(R"({"type":"text","content":")" + std::to_string(sent++) + "\"}");
            agent.send_text(to("c", std::to_string(sent++)));
        }
        // While those are on their way.
        running.reactor.post([&, round] { running.worker.enter(round % 2 == 0 ? with : without, nullptr); },
                             false);
    }
    for (int i = 0; i < sent; ++i) {
        if (!stamped(client.read_text(), std::to_string(i), 1)) break;
    }
    CHECK(seen <= sent);
    CHECK(running.counters.session.deliveries_dropped.get() == 0);
}

TEST_CASE("a plugin that fails to attach on the way closes that connection, and only that") {
    Generation one(1, GW_KIND_MESSAGE, nullptr);
    Generation two(2, GW_KIND_MESSAGE, &one);
    const auto attach = two.attach;
    two.attach = [&](gw_ctx* ctx, void** slot, uint32_t* kinds) {
        gw_client who{};
        CHECK(from_abi(ctx)->client(&who));
        return from_abi(who.client_id) == "bad" ? GW_E_FAIL : attach(ctx, slot, kinds);
    };
    Running running{&one};
    TestClient good = running.join("good");
    TestClient bad = running.join("bad");
    enter(running, shared_chain({&two}));
    const auto closed = bad.read_frame();
    REQUIRE(closed.has_value());
    CHECK(closed->opcode == Opcode::close);
    CHECK(closed->payload.substr(0, 2) == "\x03\xF3");  // 1011
    good.send_text(to("good", "a"));
    stamped(good.read_text(), "a", 2);
}

}  // namespace
}  // namespace gatewayd
