#include "core/chain/chain.h"

#include <string>

#include "core/base/log.h"
#include "core/chain/deferrals.h"
#include "core/chain/hook_call.h"
#include "core/chain/next_link.h"

namespace gatewayd {
namespace {

const char* what_is_wrong(int32_t verdict) {
    return verdict == GW_PENDING ? "GW_PENDING without defer or next"
           : verdict > 0         ? "a value that is no verdict"
                                 : "returned an error";
}

}  // namespace

InterceptorChain::InterceptorChain(std::vector<std::shared_ptr<const Interceptor>> interceptors)
    : interceptors_(std::move(interceptors)) {
    for (uint32_t place = 0; place < interceptors_.size(); ++place) {
        const Interceptor& interceptor = *interceptors_[place];
        kinds_ |= interceptor.kinds;
        events_ |= interceptor.events;
        attaches_ |= interceptor.table.attach != nullptr || interceptor.stands_in;
        for (size_t kind = 0; kind < links_.size(); ++kind) {
            if (interceptor.kinds >> kind & 1) links_[kind].push_back({&interceptor, place});
        }
        if (interceptor.events != 0) event_links_.push_back({&interceptor, place});
    }
}

int32_t InterceptorChain::run_from(Request& request, size_t index) const {
    return __builtin_expect(tap_of(request) != nullptr, 0) ? run_links<true>(request, index)
                                                           : run_links<false>(request, index);
}

template <bool traced>
int32_t InterceptorChain::run_links(Request& request, size_t index) const {
    const Links& links = links_of(request.kind);
    const Context::Slot* slots = request.context ? request.context->slots_.get() : nullptr;
    NextLink next(this, intercept_of(request.kind), &request);
    for (; index < links.size(); ++index) {
        const Interceptor& interceptor = *links[index].interceptor;
        const Context::Slot* slot = slots ? &slots[links[index].place] : nullptr;
        if (slot && !(slot->kinds & request.kind)) continue;
        if (request.sender && request.passes_over(interceptor)) continue;
        next.begin(&interceptor, index);
        if (interceptor.breaker && is_held_off(&next)) {
            if (traced) tap_of(request)->held_off(next);
            if (interceptor.breaker->budget().action == OverrunAction::bypass) continue;
            return request.fail_closed(interceptor);
        }
        const auto intercept = [&] {
            return interceptor.table.intercept(interceptor.self, slot ? slot->value : nullptr,
                                               to_abi(request.context), to_abi(&request),
                                               reinterpret_cast<gw_next*>(&next));
        };
        const int32_t verdict = traced ? call_traced(next, intercept) : call_hook(next, intercept, &next);
        if (verdict != GW_CONTINUE || next.use != NextLink::Use::none) {
            const int32_t status = judge(next, verdict);
            if (status != goes_on) return status;
        }
        // The hook may have closed the connection.
        if (request.context && !request.context->is_open()) return GW_E_CANCELLED;
    }
    return request.finish();
}

// What a hook's verdict makes of the request: how it ended, status_pending, or goes_on.
int32_t InterceptorChain::judge(const NextLink& next, int32_t verdict) const {
    const Interceptor& interceptor = *next.interceptor;
    Request& request = *next.request;
    if (next.use == NextLink::Use::next) {
        if (verdict != (next.status == status_pending ? GW_PENDING : GW_DONE) && !next.threw)
            count_misuse(interceptor, "a hook returned another verdict than next()");
        return next.status;
    }
    if (next.use == NextLink::Use::defer) {
        if (verdict == GW_PENDING) {
            request.frozen = true;
            return status_pending;
        }
        request.deferral->table->remove(request.deferral.get());
        interceptor.stats->lane().deferrals.withdrawn.add();
    }
    if (verdict == GW_CONTINUE) return goes_on;
    if (verdict == GW_DONE) return GW_ST_ANSWERED;
    if (verdict == GW_DROP) return GW_ST_DROPPED;
    if (!next.threw) count_error(interceptor, name(next.hook), what_is_wrong(verdict));
    const int32_t status = failed(interceptor, request);
    if (status == GW_ST_PASSED) return goes_on;
    return verdict > 0 ? GW_E_VERDICT : status;
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

uint32_t InterceptorChain::attached_kinds(const Context& context) const {
    if (!context.slots_) return kinds_;
    uint32_t kinds = 0;
    for (size_t place = 0; place < interceptors_.size(); ++place)
        kinds |= context.slots_[place].kinds;
    return kinds;
}

bool InterceptorChain::find_slot(const Context& context, const void* instance, void** slot) const {
    for (size_t place = 0; place < interceptors_.size(); ++place) {
        if (interceptors_[place]->instance != instance) continue;
        *slot = context.slots_ ? context.slots_[place].value : nullptr;
        return true;
    }
    return false;
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
        call_hook(RunningHook(&interceptor, Hook::on_event, request, context), [&] {
            interceptor.table.on_event(interceptor.self, slot ? slot->value : nullptr, &event);
            return GW_OK;
        });
    }
    if (request) request->frozen = was_frozen;
}

uint32_t current_publish_hops() {
    const Request* request = running_hook ? running_hook->request : nullptr;
    return request && request->kind == GW_KIND_PUBLISH ? request->hops + 1 : 0;
}

const Interceptor* current_interceptor() {
    return running_hook ? running_hook->interceptor : nullptr;
}

}  // namespace gatewayd
