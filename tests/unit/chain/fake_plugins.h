// Plugins of functions, a connection and a sink that write down what happens to them: for the tests of the
// chain.
#ifndef GATEWAYD_TESTS_UNIT_CHAIN_FAKE_PLUGINS_H
#define GATEWAYD_TESTS_UNIT_CHAIN_FAKE_PLUGINS_H

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/chain/chain.h"
#include "core/chain/context.h"
#include "core/chain/deferrals.h"
#include "core/chain/message_request.h"

namespace gatewayd::testing {

struct FakePlugin {
    std::function<int32_t(gw_ctx*, void** slot, uint32_t* kinds)> attach;
    std::function<void(void* slot, gw_ctx*)> detach;
    std::function<int32_t(void* slot, gw_ctx*, gw_req*, gw_next*)> intercept;
    std::function<int32_t(void* slot, gw_ctx*, gw_req*, gw_next*, void* ud)> on_resume;
    std::function<void(void* slot, gw_ctx*, const gw_req*, void* ud, int32_t why)> on_cancel;
    std::function<void(void* slot, const gw_event*)> on_event;
    std::shared_ptr<Interceptor> interceptor = std::make_shared<Interceptor>();

    explicit FakePlugin(std::string name, uint32_t kinds = GW_KIND_MESSAGE, uint64_t events = 0) {
        interceptor->name = std::move(name);
        interceptor->self = this;
        interceptor->instance = this;
        interceptor->lineage = this;
        interceptor->kinds = kinds;
        interceptor->events = events;
        interceptor->table.intercept = [](void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
            return static_cast<FakePlugin*>(self)->intercept(slot, ctx, req, next);
        };
        interceptor->table.on_event = [](void* self, void* slot, const gw_event* event) {
            static_cast<FakePlugin*>(self)->on_event(slot, event);
        };
    }
    FakePlugin(const FakePlugin&) = delete;
    FakePlugin& operator=(const FakePlugin&) = delete;

    // With attach and detach hooks.
    void attaches() {
        interceptor->table.attach = [](void* self, gw_ctx* ctx, void** slot, uint32_t* kinds) {
            return static_cast<FakePlugin*>(self)->attach(ctx, slot, kinds);
        };
        interceptor->table.detach = [](void* self, void* slot, gw_ctx* ctx) {
            static_cast<FakePlugin*>(self)->detach(slot, ctx);
        };
    }
    // With on_resume and on_cancel hooks.
    void defers() {
        interceptor->table.on_resume = [](void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next,
                                          void* ud) {
            return static_cast<FakePlugin*>(self)->on_resume(slot, ctx, req, next, ud);
        };
        interceptor->table.on_cancel = [](void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud,
                                          int32_t why) {
            static_cast<FakePlugin*>(self)->on_cancel(slot, ctx, req, ud, why);
        };
    }
    void returns(int32_t verdict) {
        intercept = [verdict](void*, gw_ctx*, gw_req*, gw_next*) { return verdict; };
    }
    uint64_t errors() const { return interceptor->stats->errors; }
    uint64_t misuse() const { return interceptor->stats->misuse; }
};

inline std::vector<std::shared_ptr<const Interceptor>> interceptors_of(
    std::initializer_list<FakePlugin*> plugins) {
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (FakePlugin* plugin : plugins)
        interceptors.push_back(plugin->interceptor);
    return interceptors;
}
inline InterceptorChain chain_of(std::initializer_list<FakePlugin*> plugins) {
    return InterceptorChain(interceptors_of(plugins));
}
inline std::shared_ptr<const InterceptorChain> shared_chain(std::initializer_list<FakePlugin*> plugins) {
    return std::make_shared<InterceptorChain>(interceptors_of(plugins));
}

class FakeContext final : public Context {
   public:
    gw_conn_id conn_id() const override { return {1, 2}; }
    bool client(gw_client*) const override { return false; }
    bool is_open() const override { return open; }
    int32_t send(std::string_view) override { return GW_OK; }
    int32_t close(uint16_t, std::string_view) override {
        open = false;
        return GW_OK;
    }
    bool open = true;
};

class FakeSink final : public MessageSink {
   public:
    int32_t route(MessageRequest& request) override {
        log.push_back("route " + std::string(request.body()));
        return route_result;
    }
    void refuse(MessageRequest&, std::string_view code, std::string_view why) override {
        log.push_back("refuse " + std::string(code) + " " + std::string(why));
    }
    int32_t answer(MessageRequest&, std::string_view message) override {
        log.push_back("answer " + std::string(message));
        return GW_OK;
    }
    Request::DeferralTerms deferral_terms() override { return {deferrals, 0, max_ticks}; }
    void ended(MessageRequest&, int32_t status) override { log.push_back("ended " + std::to_string(status)); }
    Deferrals* deferrals = nullptr;  // null: nothing can be put aside
    uint32_t max_ticks = 300;
    int32_t route_result = GW_ST_PASSED;
    std::vector<std::string> log;
};

// A message with what it needs around it.
struct Message {
    std::string text;
    Envelope envelope;
    FakeSink sink;
    FakeContext context;
    std::unique_ptr<MessageRequest> request;

    explicit Message(std::string json, uint32_t kind = GW_KIND_MESSAGE) : text(std::move(json)) {
        REQUIRE(decode(text, &envelope).ok());
        request =
            std::make_unique<MessageRequest>(kind, kind == GW_KIND_MESSAGE ? &context : nullptr, &envelope,
                                             Stamps{"u1", "01ID", "2026-01-01T00:00:00.000Z"}, &sink);
    }
};

}  // namespace gatewayd::testing

#endif
