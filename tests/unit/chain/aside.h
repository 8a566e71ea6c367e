// A message that plugins may put aside, one that does, and one that has something to do afterwards: for the
// tests of deferral.
#ifndef GATEWAYD_TESTS_UNIT_CHAIN_ASIDE_H
#define GATEWAYD_TESTS_UNIT_CHAIN_ASIDE_H

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "tests/unit/chain/fake_plugins.h"

namespace gatewayd::testing {

inline constexpr const char* hello = R"({"type":"text","to":"u2"})";

// A message that plugins may put aside, and what its owner does then.
struct Aside {
    explicit Aside(const std::string& json = hello) : message(std::make_unique<Message>(json)) {
        message->sink.deferrals = &table;
    }
    int32_t run(const InterceptorChain& chain) {
        const int32_t status = chain.run(*message->request);
        if (status != status_pending) return status;
        heap = message->request->to_heap();
        message->request.reset();
        message->text.assign(message->text.size(), '!');  // the reactor's buffer is used again
        message->envelope.clear();
        return status;
    }
    void go_on() { table.take_resumed(InterceptorChain::resume); }
    void tick(int times = 1) {
        while (times-- > 0)
            table.tick(InterceptorChain::expire);
    }
    void disconnect(int32_t why = GW_WHY_DISCONNECT) {
        message->context.open = false;
        InterceptorChain::abandon(*heap, why);
        heap.reset();
    }
    std::vector<std::string>& log() { return message->sink.log; }

    Deferrals table;
    std::unique_ptr<Message> message;
    std::unique_ptr<MessageRequest> heap;
};

// A plugin that puts everything aside and writes down what comes of it.
struct Deferrer : FakePlugin {
    explicit Deferrer(std::string name, std::vector<std::string>* its_log, uint32_t timeout_ms = 1000)
        : FakePlugin(name), log(its_log), timeout(timeout_ms) {
        defers();
        intercept = [this](void*, gw_ctx*, gw_req*, gw_next* next) { return put_aside(next); };
        on_resume = [this](void*, gw_ctx*, gw_req*, gw_next*, void* ud) {
            CHECK(ud == this);
            log->push_back("resume " + interceptor->name);
            return then;
        };
        on_cancel = [this](void*, gw_ctx*, const gw_req*, void* ud, int32_t why) {
            CHECK(ud == this);
            log->push_back("cancel " + interceptor->name + " " + std::to_string(why));
        };
    }
    int32_t put_aside(gw_next* next) {
        CHECK(chain_defer(next, timeout, this, &token) == GW_OK);
        return GW_PENDING;
    }
    int32_t resume(Aside& aside) const { return aside.table.resume(interceptor->instance, token); }

    std::vector<std::string>* log;
    uint32_t timeout;
    gw_token token{0, 0};
    int32_t then = GW_CONTINUE;
};

// A plugin that has something to do after the rest of the chain.
struct Outer : FakePlugin {
    explicit Outer(std::string name, std::vector<std::string>* its_log) : FakePlugin(name), log(its_log) {
        intercept = [this](void*, gw_ctx*, gw_req*, gw_next* next) {
            inner = chain_next(next, done, this);
            return inner;
        };
    }
    static void done(void* ud, gw_ctx*, gw_req* req, int32_t status) {
        auto* self = static_cast<Outer*>(ud);
        self->log->push_back("done " + self->interceptor->name + " " + std::to_string(status));
        Request& request = *from_abi(req);
        std::string_view text;
        CHECK(request.field("to", &text) == GW_OK);
        CHECK(text == "u2");
        CHECK(request.set_field("content", "x") == GW_E_STATE);
        CHECK(request.answer("{}") == GW_E_STATE);
    }
    std::vector<std::string>* log;
    int32_t inner = 99;
};

}  // namespace gatewayd::testing

#endif
