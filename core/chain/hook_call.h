// How a plugin's hook is called: whose it is, known to this thread while it runs; no exception leaves it; its
// calls, time, failures and misuse are counted, the bad ones logged with its name.
#ifndef GATEWAYD_CORE_CHAIN_HOOK_CALL_H
#define GATEWAYD_CORE_CHAIN_HOOK_CALL_H

#include <exception>
#include <string>
#include <string_view>

#include "core/base/ticks.h"
#include "core/chain/interceptor.h"
#include "core/chain/next_link.h"
#include "core/chain/request.h"
#include "core/chain/running_hook.h"
#include "core/chain/trace_tap.h"

namespace gatewayd {

class HookScope {
   public:
    explicit HookScope(const RunningHook* hook) : hook_(hook) { running_hook = hook; }
    ~HookScope() {
        Context* const context = hook_->context;
        if (context && context->attributes.has_replaced() && is_outermost())
            context->attributes.forget_replaced();
        running_hook = hook_->outer;
    }
    HookScope(const HookScope&) = delete;
    HookScope& operator=(const HookScope&) = delete;

   private:
    // No other hook of this connection goes on when this one has returned.
    bool is_outermost() const {
        for (const RunningHook* at = hook_->outer; at; at = at->outer) {
            if (at->context == hook_->context) return false;
        }
        return true;
    }

    const RunningHook* const hook_;
};

void count_misuse(const Interceptor& interceptor, const char* what);
void count_error(const Interceptor& interceptor, const char* hook, std::string_view what);

// Whether the breaker of this plugin keeps the call from being made; counts it then.
bool is_held_off(NextLink* next);
// What a timed call means: for the histogram, the budget, the breaker.
void account_time(const RunningHook& hook, uint64_t ns, const NextLink* next);

// A plugin's exception must not cross into us; the SDK stops them, but a plugin need not use the SDK. What
// was thrown is counted here.
template <typename Call>
[[gnu::always_inline]] inline int32_t guarded(const RunningHook& hook, Call&& call, NextLink* next) {
    try {
        const HookScope scope(&hook);
        return call();
    } catch (const std::exception& error) {
        count_error(*hook.interceptor, name(hook.hook),
                    std::string("an exception left the hook: ") + error.what());
    } catch (...) {
        count_error(*hook.interceptor, name(hook.hook), "an exception left the hook");
    }
    if (next) next->threw = true;
    return GW_E_FAIL;
}

template <typename Call>
[[gnu::noinline]] int32_t call_timed(const RunningHook& hook, Call&& call, NextLink* next) {
    if (next) {
        next->timed = true;
        next->rest_ticks = 0;
    }
    const uint64_t begin = ticks_now();
    const int32_t result = guarded(hook, call, next);
    const uint64_t ns = ticks_to_ns(ticks_now() - begin - (next ? next->rest_ticks : 0));
    if (next) next->took_ns = ns;
    account_time(hook, ns, next);
    return result;
}

// Calls one hook. `next`: of those that judge a request, and may go on with it; it is `hook` itself then.
template <typename Call>
[[gnu::always_inline]] inline int32_t call_hook(const RunningHook& hook, Call&& call,
                                                NextLink* next = nullptr) {
    const Interceptor& interceptor = *hook.interceptor;
    Counter& calls = interceptor.stats->lane().hooks[static_cast<size_t>(hook.hook)].calls;
    const bool timed = (calls.next() & interceptor.untimed_bits) == 0;
    return __builtin_expect(timed, 0) ? call_timed(hook, call, next) : guarded(hook, call, next);
}

// The same for a client that somebody traces: timed, and told.
template <typename Call>
int32_t call_traced(NextLink& next, Call&& call) {
    next.interceptor->stats->lane().hooks[static_cast<size_t>(next.hook)].calls.add();
    const int32_t verdict = call_timed(next, call, &next);
    if (next.context->tap) next.context->tap->hook(next, verdict);
    return verdict;
}

inline TraceTap* tap_of(const Request& request) {
    return request.context ? request.context->tap.get() : nullptr;
}

// Calls a hook that is told what became of a request and judges nothing; those who trace the client are told
// `what` it heard: `code`.
template <typename Call>
void call_and_tell(const RunningHook& hook, std::string_view what, int32_t code, Call&& call) {
    TraceTap* const tap = tap_of(*hook.request);
    const uint64_t begin = tap ? ticks_now() : 0;
    call_hook(hook, [&] {
        call();
        return GW_OK;
    });
    if (tap) tap->told(hook, what, code, ticks_to_ns(ticks_now() - begin));
}

}  // namespace gatewayd

#endif
