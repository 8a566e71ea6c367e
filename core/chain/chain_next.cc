// What a hook does with the rest of the chain, next() and defer(), and how a request that was put aside goes
// on or ends.
#include <algorithm>
#include <utility>

#include "core/chain/deferrals.h"
#include "core/chain/hook_call.h"
#include "core/chain/next_link.h"

namespace gatewayd {
namespace {

void call_done(const Deferral::Outer& outer, Request& request, int32_t status) {
    const RunningHook hook(outer.interceptor, Hook::done, &request, request.context);
    call_and_tell(hook, "status", status,
                  [&] { outer.done(outer.ud, to_abi(request.context), to_abi(&request), status); });
}

// Whether the hook may still use its NextLink.
bool is_unused(const NextLink* next, const char* misuse) {
    if (!next) return false;
    if (next->use == NextLink::Use::none && !next->request->frozen) return true;
    count_misuse(*next->interceptor, misuse);
    return false;
}

}  // namespace

int32_t chain_next(gw_next* handle, gw_done_fn done, void* ud) {
    auto* next = reinterpret_cast<NextLink*>(handle);
    if (!is_unused(next, "next() a second time, after defer(), or in done()")) return GW_E_STATE;
    next->use = NextLink::Use::next;
    Request& request = *next->request;
    const uint64_t begin = next->timed ? ticks_now() : 0;
    next->status = next->chain->run_from(request, next->index + 1);
    request.frozen = true;  // for good, or until the plugin that put it aside goes on
    if (next->timed) next->rest_ticks = ticks_now() - begin;
    const Deferral::Outer outer{next->interceptor, done, ud};
    if (next->status == status_pending) {
        Deferral& deferral = *request.deferral;
        if (done) {
            const auto place = deferral.outer.begin() + static_cast<std::ptrdiff_t>(deferral.outer_before);
            deferral.outer.insert(place, outer);
        }
        return GW_PENDING;
    }
    if (done) call_done(outer, request, next->status);
    if (next->timed) next->rest_ticks = ticks_now() - begin;  // done() is counted on its own
    return GW_DONE;
}

int32_t chain_defer(gw_next* handle, uint32_t timeout_ms, void* ud, gw_token* out) {
    auto* next = reinterpret_cast<NextLink*>(handle);
    if (!is_unused(next, "defer() a second time, after next(), or in done()")) return GW_E_STATE;
    const Interceptor& interceptor = *next->interceptor;
    Request& request = *next->request;
    if (!out) return GW_E_ARG;
    if (!interceptor.table.on_resume || !interceptor.table.on_cancel) {
        count_misuse(interceptor, "defer() without on_resume and on_cancel");
        return GW_E_STATE;
    }
    const Request::DeferralTerms terms = request.deferral_terms();
    if (!terms.table) return GW_E_STATE;
    if (!request.deferral) request.deferral = std::make_unique<Deferral>(next->chain, &request);
    // The tick that runs now is over before its whole time has passed.
    const uint32_t ticks =
        timeout_ms == 0 ? terms.max_ticks : to_ticks(std::min(timeout_ms, max_deferral_ms)) + 1;
    Deferral& deferral = *request.deferral;
    const int32_t added = terms.table->add(&deferral, interceptor.instance, terms.reactor,
                                           std::clamp(ticks, 1U, std::max(terms.max_ticks, 1U)), out);
    if (added != GW_OK) return added;
    next->use = NextLink::Use::defer;
    interceptor.stats->lane().deferrals.begun.add();
    deferral.index = next->index;
    deferral.ud = ud;
    return GW_OK;
}

void InterceptorChain::resume(Deferral& deferral) {
    finish(deferral, deferral.chain->run_resumed(deferral));
}

int32_t InterceptorChain::run_resumed(Deferral& deferral) const {
    Request& request = *deferral.request;
    const Interceptor& interceptor = *links_of(request.kind)[deferral.index].interceptor;
    request.frozen = false;
    deferral.outer_before = deferral.outer.size();
    NextLink next(this, Hook::on_resume, &request);
    next.begin(&interceptor, deferral.index);
    interceptor.stats->lane().deferrals.resumed.add();
    const auto on_resume = [&] {
        return interceptor.table.on_resume(interceptor.self, slot_value(deferral), to_abi(request.context),
                                           to_abi(&request), reinterpret_cast<gw_next*>(&next), deferral.ud);
    };
    const int32_t status =
        judge(next, tap_of(request) ? call_traced(next, on_resume) : call_hook(next, on_resume, &next));
    if (status != goes_on) return status;
    // The hook may have closed the connection.
    if (request.context && !request.context->is_open()) return GW_E_CANCELLED;
    return run_from(request, next.index + 1);
}

void InterceptorChain::expire(Deferral& deferral) {
    const InterceptorChain& chain = *deferral.chain;
    Request& request = *deferral.request;
    const Interceptor& interceptor = *chain.links_of(request.kind)[deferral.index].interceptor;
    chain.cancel(deferral, GW_WHY_DEADLINE);
    count_error(interceptor, "defer", "the request was not resumed before its deadline");
    int32_t status = chain.failed(interceptor, request);
    if (status == GW_ST_PASSED) {
        request.frozen = false;
        deferral.outer_before = deferral.outer.size();
        status = request.context && !request.context->is_open() ? GW_E_CANCELLED
                                                                : chain.run_from(request, deferral.index + 1);
    } else {
        status = GW_E_TIMEOUT;
    }
    finish(deferral, status);
}

void InterceptorChain::abandon(Request& request, int32_t why) {
    Deferral& deferral = *request.deferral;
    deferral.table->remove(&deferral);
    deferral.chain->cancel(deferral, why);
    while (!deferral.outer.empty()) {
        const Deferral::Outer outer = deferral.outer.back();
        deferral.outer.pop_back();
        call_done(outer, request, GW_E_CANCELLED);
    }
}

void InterceptorChain::take_over(Request& request, const std::function<void()>& move) const {
    Deferral& deferral = *request.deferral;
    const InterceptorChain& from = *deferral.chain;
    const std::shared_ptr<const InterceptorChain> keeps_from = std::move(deferral.keeps_chain);
    const Links& links = from.links_of(request.kind);
    deferral.table->remove(&deferral);
    from.cancel(deferral, GW_WHY_DRAIN);
    count_error(*links[deferral.index].interceptor, "defer",
                "the request was not resumed before plugins.drain_timeout");
    // Those that leave hear of it now; the others when the request has ended.
    std::vector<Deferral::Outer> stay;
    while (!deferral.outer.empty()) {
        const Deferral::Outer outer = deferral.outer.back();
        deferral.outer.pop_back();
        if (has(outer.interceptor)) {
            stay.insert(stay.begin(), outer);
        } else {
            call_done(outer, request, GW_E_CANCELLED);
        }
    }
    deferral.outer = std::move(stay);
    for (size_t i = 0; i < deferral.index; ++i)
        deferral.seen.push_back(links[i].interceptor->lineage);
    request.sender = &already_seen;
    move();
    deferral.chain = this;
    deferral.keeps_chain = weak_from_this().lock();
    deferral.outer_before = deferral.outer.size();
    request.frozen = false;
    const bool open = !request.context || request.context->is_open();
    finish(deferral, open ? run_from(request, 0) : GW_E_CANCELLED);
}

bool Request::passes_over(const Interceptor& interceptor) const {
    if (sender != &already_seen) return sender == interceptor.lineage;
    const auto& seen = deferral->seen;
    return std::find(seen.begin(), seen.end(), interceptor.lineage) != seen.end();
}

void InterceptorChain::cancel(Deferral& deferral, int32_t why) const {
    Request& request = *deferral.request;
    const Interceptor& interceptor = *links_of(request.kind)[deferral.index].interceptor;
    request.frozen = true;
    DeferralCounts& counts = interceptor.stats->lane().deferrals;
    (why == GW_WHY_DEADLINE ? counts.deadline : counts.cancelled).add();
    const RunningHook hook(&interceptor, Hook::on_cancel, &request, request.context);
    call_and_tell(hook, "why", why, [&] {
        interceptor.table.on_cancel(interceptor.self, slot_value(deferral), to_abi(request.context),
                                    to_abi(&request), deferral.ud, why);
    });
}

void* InterceptorChain::slot_value(const Deferral& deferral) const {
    const Context* context = deferral.request->context;
    if (!context || !context->slots_) return nullptr;
    return context->slots_[links_of(deferral.request->kind)[deferral.index].place].value;
}

// The run that a deferral went on with is over: nothing when it was put aside again.
void InterceptorChain::finish(Deferral& deferral, int32_t status) {
    if (status == status_pending) return;
    Request& request = *deferral.request;
    request.frozen = true;
    while (!deferral.outer.empty()) {
        const Deferral::Outer outer = deferral.outer.back();
        deferral.outer.pop_back();
        call_done(outer, request, status);
    }
    request.ended(status);
}

}  // namespace gatewayd
