// NextLink: the rest of the chain, as one hook call may use it once (gw_next of the ABI), and what is known
// of that call. On the stack of the run; begun anew for each link.
#ifndef GATEWAYD_CORE_CHAIN_NEXT_LINK_H
#define GATEWAYD_CORE_CHAIN_NEXT_LINK_H

#include "core/chain/breaker.h"
#include "core/chain/chain.h"
#include "core/chain/running_hook.h"

namespace gatewayd {

struct NextLink : RunningHook {
    enum class Use : uint8_t { none, next, defer };

    NextLink(const InterceptorChain* of, Hook which, Request* its_request)
        : RunningHook(nullptr, which, its_request, its_request->context), chain(of) {}

    void begin(const Interceptor* whose, size_t at) {
        interceptor = whose;
        index = at;
        use = Use::none;
        threw = timed = false;
        pass = Breaker::Pass::normal;
        status = 0;
    }

    const InterceptorChain* const chain;
    size_t index = 0;  // of that interceptor's link
    Use use = Use::none;
    bool threw = false;
    bool timed = false;
    Breaker::Pass pass = Breaker::Pass::normal;
    int32_t status = 0;  // of the rest, once next() ran it
    // Only when timed: how long the rest of the chain took, and the hook itself, without that.
    uint64_t rest_ticks = 0;
    uint64_t took_ns = 0;
};

// A status for the chain's own use: the next link sees the request.
inline constexpr int32_t goes_on = status_pending + 1;

}  // namespace gatewayd

#endif
