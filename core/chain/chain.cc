#include "core/chain/chain.h"

#include <exception>
#include <string>

#include "core/base/log.h"

namespace gatewayd {
namespace {

// The hook that runs on this thread now.
struct Running {
    const Interceptor* interceptor = nullptr;
    const Request* request = nullptr;
    Context* context = nullptr;
    const Running* outer = nullptr;  // the hook that it runs inside of
};
thread_local Running running;

class HookScope {
   public:
    HookScope(const Interceptor* interceptor, const Request* request, Context* context) : before_(running) {
        running = {interceptor, request, context, &before_};
    }
    ~HookScope() {
        if (running.context && running.context->attributes.has_replaced() && is_outermost()) {
            running.context->attributes.forget_replaced();
        }
        running = before_;
    }
    HookScope(const HookScope&) = delete;
    HookScope& operator=(const HookScope&) = delete;

   private:
    // No other hook of this connection goes on when this one has returned.
    bool is_outermost() const {
        for (const Running* at = &before_; at; at = at->outer) {
            if (at->context == running.context) return false;
        }
        return true;
    }

    const Running before_;
};

void count_misuse(const Interceptor& interceptor, const char* what) {
    interceptor.misuse.fetch_add(1, std::memory_order_relaxed);
    log::write_limited(LogLevel::warn, "plugin_misuse." + interceptor.name, "plugin broke a rule of the ABI",
                       {{"plugin", interceptor.name}, {"what", what}});
}

void count_error(const Interceptor& interceptor, const char* hook, std::string_view what) {
    interceptor.errors.fetch_add(1, std::memory_order_relaxed);
    log::write_limited(LogLevel::error, "plugin_error." + interceptor.name, "plugin failed",
                       {{"plugin", interceptor.name}, {"hook", hook}, {"what", what}});
}

// A plugin's exception must not cross into us; the SDK stops them, but a plugin need not use the SDK. What
// was thrown is counted here; *threw says so.
template <typename Call>
int32_t guarded(const Interceptor& interceptor, const char* hook, Call&& call, bool* threw = nullptr) {
    try {
        return call();
    } catch (const std::exception& error) {
        count_error(interceptor, hook, std::string("an exception left the hook: ") + error.what());
    } catch (...) {
        count_error(interceptor, hook, "an exception left the hook");
    }
    if (threw) *threw = true;
    return GW_E_FAIL;
}

const char* what_is_wrong(int32_t verdict) {
    return verdict == GW_PENDING ? "GW_PENDING without defer or next"
           : verdict > 0         ? "a value that is no verdict"
                                 : "returned an error";
}

}  // namespace

// The rest of the chain, as one hook call may use it once.
struct NextLink {
    const InterceptorChain* chain;
    const Interceptor* interceptor;  // whose hook it is
    Request* request;
    size_t index;  // where the rest begins
    bool used = false;
    int32_t status = 0;  // of the rest, once used
};

InterceptorChain::InterceptorChain(std::vector<std::shared_ptr<const Interceptor>> interceptors)
    : interceptors_(std::move(interceptors)) {
    for (uint32_t place = 0; place < interceptors_.size(); ++place) {
        const Interceptor& interceptor = *interceptors_[place];
        kinds_ |= interceptor.kinds;
        events_ |= interceptor.events;
        attaches_ |= interceptor.table.attach != nullptr;
        for (size_t kind = 0; kind < links_.size(); ++kind) {
            if (interceptor.kinds >> kind & 1) links_[kind].push_back({&interceptor, place});
        }
        if (interceptor.events != 0) event_links_.push_back({&interceptor, place});
    }
}

int32_t InterceptorChain::run_from(Request& request, size_t index) const {
    const Links& links = links_of(request.kind);
    const Context::Slot* slots = request.context ? request.context->slots_.get() : nullptr;
    for (; index < links.size(); ++index) {
        const Interceptor& interceptor = *links[index].interceptor;
        const Context::Slot* slot = slots ? &slots[links[index].place] : nullptr;
        if (slot && !(slot->kinds & request.kind)) continue;
        if (request.sender && request.sender == interceptor.instance) continue;
        NextLink next{this, &interceptor, &request, index + 1};
        bool threw = false;
        const auto intercept = [&] {
            const HookScope scope(&interceptor, &request, request.context);
            return interceptor.table.intercept(interceptor.self, slot ? slot->value : nullptr,
                                               to_abi(request.context), to_abi(&request),
                                               reinterpret_cast<gw_next*>(&next));
        };
        const int32_t verdict = guarded(interceptor, "intercept", intercept, &threw);
        if (next.used) {
            if (verdict != GW_DONE && !threw)
                count_misuse(interceptor, "intercept returned another verdict than next()");
            return next.status;
        }
        if (verdict == GW_DONE) return GW_ST_ANSWERED;
        if (verdict == GW_DROP) return GW_ST_DROPPED;
        if (verdict != GW_CONTINUE) {
            if (!threw) count_error(interceptor, "intercept", what_is_wrong(verdict));
            const int32_t status = failed(interceptor, request);
            if (status != GW_ST_PASSED) return verdict > 0 ? GW_E_VERDICT : status;
        }
        // The hook may have closed the connection.
        if (request.context && !request.context->is_open()) return GW_E_CANCELLED;
    }
    return request.finish();
}

// GW_ST_PASSED: on_error is open, the next link sees the request.
int32_t InterceptorChain::failed(const Interceptor& interceptor, Request& request) const {
    // Not of a handshake, where nobody is attached yet, nor of a publish, which has no connection.
    if (request.context && request.kind != GW_KIND_HANDSHAKE) {
        emit(GW_EV_ERROR, request.context, nullptr, GW_SEVERITY_WARNING,
             "plugin " + interceptor.name + " failed");
    }
    if (interceptor.fails_open) return GW_ST_PASSED;
    return request.fail_closed(interceptor);
}

int32_t chain_next(gw_next* handle, gw_done_fn done, void* ud) {
    auto* next = reinterpret_cast<NextLink*>(handle);
    if (!next || next->used || next->request->frozen) {
        if (next) count_misuse(*next->interceptor, "next() a second time, or in done()");
        return GW_E_STATE;
    }
    next->used = true;
    Request& request = *next->request;
    next->status = next->chain->run_from(request, next->index);
    request.frozen = true;  // for good: what became of it is settled
    if (done) {
        guarded(*next->interceptor, "done", [&] {
            const HookScope scope(next->interceptor, &request, request.context);
            done(ud, to_abi(request.context), to_abi(&request), next->status);
            return GW_OK;
        });
    }
    return GW_DONE;
}

bool InterceptorChain::attach(Context& context) const {
    if (!attaches_) return true;
    context.slots_ = std::make_unique<Context::Slot[]>(interceptors_.size());
    for (size_t place = 0; place < interceptors_.size(); ++place) {
        const Interceptor& interceptor = *interceptors_[place];
        Context::Slot& slot = context.slots_[place];
        slot.kinds = interceptor.kinds;
        if (!interceptor.table.attach) {
            slot.attached = true;
            continue;
        }
        const int32_t result = guarded(interceptor, "attach", [&] {
            const HookScope scope(&interceptor, nullptr, &context);
            return interceptor.table.attach(interceptor.self, to_abi(&context), &slot.value, &slot.kinds);
        });
        slot.kinds &= interceptor.kinds;
        slot.attached = result == GW_OK;
        if (result == GW_OK) continue;
        slot.kinds = 0;
        slot.value = nullptr;
        if (result == GW_SKIP) continue;
        if (result > 0) count_misuse(interceptor, "attach returned neither GW_OK nor GW_SKIP");
        count_error(interceptor, "attach", "returned an error");
        return false;
    }
    return true;
}

void InterceptorChain::detach(Context& context) const {
    if (!context.slots_) return;
    for (size_t place = interceptors_.size(); place-- > 0;) {
        const Interceptor& interceptor = *interceptors_[place];
        const Context::Slot& slot = context.slots_[place];
        if (!slot.attached || !interceptor.table.attach || !interceptor.table.detach) continue;
        guarded(interceptor, "detach", [&] {
            const HookScope scope(&interceptor, nullptr, &context);
            interceptor.table.detach(interceptor.self, slot.value, to_abi(&context));
            return GW_OK;
        });
    }
    context.slots_.reset();
}

uint32_t InterceptorChain::attached_kinds(const Context& context) const {
    if (!context.slots_) return kinds_;
    uint32_t kinds = 0;
    for (size_t place = 0; place < interceptors_.size(); ++place)
        kinds |= context.slots_[place].kinds;
    return kinds;
}

void InterceptorChain::emit(uint64_t type, Context* context, Request* request, int32_t code,
                            std::string_view reason) const {
    if (!wants_event(type)) return;
    gw_event event{};
    event.struct_size = sizeof event;
    event.code = code;
    event.type = type;
    event.ctx = to_abi(context);
    event.req = to_abi(request);
    event.reason = to_abi(reason);
    const bool was_frozen = request && request->frozen;
    if (request) request->frozen = true;  // events look, they do not change
    for (const Link& link : event_links_) {
        const Interceptor& interceptor = *link.interceptor;
        if (!(interceptor.events & type)) continue;
        const Context::Slot* slot = context && context->slots_ ? &context->slots_[link.place] : nullptr;
        if (slot && !slot->attached) continue;
        guarded(interceptor, "on_event", [&] {
            const HookScope scope(&interceptor, request, context);
            interceptor.table.on_event(interceptor.self, slot ? slot->value : nullptr, &event);
            return GW_OK;
        });
    }
    if (request) request->frozen = was_frozen;
}

uint32_t current_publish_hops() {
    return running.request && running.request->kind == GW_KIND_PUBLISH ? running.request->hops + 1 : 0;
}

const Interceptor* current_interceptor() {
    return running.interceptor;
}

}  // namespace gatewayd
