// The hooks between the chain and the plugin under test: each gives the plugin handles instead of the chain's
// pointers, and looks at what the plugin made of them.
#include <exception>

#include "core/harness/engine.h"

namespace gatewayd::harness {
namespace {

Engine& engine_of(void* self) {
    return *static_cast<Engine*>(self);
}
Peer* peer_of(gw_ctx* ctx) {
    return static_cast<Peer*>(from_abi(ctx));
}

// Calls the plugin; what it throws is a problem and becomes GW_E_FAIL.
template <typename Call>
int32_t guarded(HookCall& call, Call&& plugin) {
    try {
        return plugin();
    } catch (const std::exception& failure) {
        call.engine->problem("an exception left " + call.name + ": " + failure.what());
    } catch (...) {
        call.engine->problem("an exception left " + call.name);
    }
    return GW_E_FAIL;
}

const char* name_of(int32_t verdict) {
    switch (verdict) {
        case GW_CONTINUE:
            return "GW_CONTINUE";
        case GW_DONE:
            return "GW_DONE";
        case GW_PENDING:
            return "GW_PENDING";
        case GW_DROP:
            return "GW_DROP";
        default:
            return verdict < 0 ? "an error" : "a value that is no verdict";
    }
}

// What the rules of the ABI say about a verdict; the chain does what they say it does.
void judge(const HookCall& call, int32_t verdict) {
    const std::string returned = call.name + " returned " + name_of(verdict);
    const auto problem = [&](const std::string& why) { call.engine->problem(returned + why); };
    if (verdict > GW_DROP) return problem(" (" + std::to_string(verdict) + ")");
    if (call.rest == HookCall::Rest::next) {
        if (verdict != call.next_verdict)
            problem(std::string(", but next() returned ") + name_of(call.next_verdict) +
                    ", which it must return");
        return;
    }
    if (verdict == GW_PENDING && call.rest != HookCall::Rest::defer) problem(" without defer() or next()");
    if (call.answered_by && verdict == GW_CONTINUE)
        problem(std::string(" after ") + call.answered_by + "(): GW_DONE says that the request ends here");
}

}  // namespace

struct Trampolines {
    static const gw_interceptor& plugin(void* self) {
        return *engine_of(self).instance_.library->interceptor();
    }

    static int32_t attach(void* self, gw_ctx* ctx, void** slot, uint32_t* kinds) {
        HookCall call(&engine_of(self), "attach", {ctx, nullptr, nullptr});
        const int32_t result =
            guarded(call, [&] { return plugin(self).attach(call.engine->self_, call.ctx(), slot, kinds); });
        Peer* const peer = peer_of(ctx);
        peer->attached = result == GW_OK;
        peer->slot = *slot;
        if (result > GW_SKIP) call.engine->problem("attach returned " + std::to_string(result));
        if (result != GW_OK && *slot)
            call.engine->problem("attach set a slot and did not return GW_OK: no detach follows");
        if (result == GW_OK && *slot && !plugin(self).detach)
            call.engine->problem("attach set a slot, but there is no detach to free it");
        return result;
    }
    static void detach(void* self, void* slot, gw_ctx* ctx) {
        HookCall call(&engine_of(self), "detach", {ctx, nullptr, nullptr});
        guarded(call, [&] { return plugin(self).detach(call.engine->self_, slot, call.ctx()), GW_OK; });
    }

    static int32_t intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
        Engine& engine = engine_of(self);
        Flight& flight = *engine.flights_.at(from_abi(req));
        flight.seen = true;
        HookCall call(&engine, "intercept", {ctx, req, next});
        const int32_t verdict = guarded(call, [&] {
            return plugin(self).intercept(engine.self_, slot, call.ctx(), call.req(), call.next());
        });
        judge(call, verdict);
        return verdict;
    }
    static int32_t on_resume(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud) {
        HookCall call(&engine_of(self), "on_resume", {ctx, req, next});
        const int32_t verdict = guarded(call, [&] {
            return plugin(self).on_resume(call.engine->self_, slot, call.ctx(), call.req(), call.next(), ud);
        });
        judge(call, verdict);
        return verdict;
    }
    static void on_cancel(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why) {
        HookCall call(&engine_of(self), "on_cancel", {ctx, const_cast<gw_req*>(req), nullptr});
        guarded(call, [&] {
            return plugin(self).on_cancel(call.engine->self_, slot, call.ctx(), call.req(), ud, why), GW_OK;
        });
    }
    static void on_event(void* self, void* slot, const gw_event* event) {
        HookCall call(&engine_of(self), "on_event", {event->ctx, const_cast<gw_req*>(event->req), nullptr});
        gw_event shown = *event;
        shown.ctx = call.ctx();
        shown.req = call.req();
        shown.reason = call.give(from_abi(event->reason));
        guarded(call, [&] { return plugin(self).on_event(call.engine->self_, slot, &shown), GW_OK; });
    }
};

gw_interceptor Engine::trampolines(const gw_interceptor& plugin) const {
    gw_interceptor table = plugin;
    table.intercept = plugin.intercept ? Trampolines::intercept : nullptr;
    table.attach = plugin.attach ? Trampolines::attach : nullptr;
    table.detach = plugin.detach ? Trampolines::detach : nullptr;
    table.on_resume = plugin.on_resume ? Trampolines::on_resume : nullptr;
    table.on_cancel = plugin.on_cancel ? Trampolines::on_cancel : nullptr;
    table.on_event = plugin.on_event ? Trampolines::on_event : nullptr;
    return table;
}

}  // namespace gatewayd::harness
