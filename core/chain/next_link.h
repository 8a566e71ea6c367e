// NextLink: the rest of the chain, as one hook call may use it once (gw_next of the ABI). On the stack of
// that call.
#ifndef GATEWAYD_CORE_CHAIN_NEXT_LINK_H
#define GATEWAYD_CORE_CHAIN_NEXT_LINK_H

#include "core/chain/chain.h"

namespace gatewayd {

struct NextLink {
    enum class Use : uint8_t { none, next, defer };

    const InterceptorChain* chain;
    const Interceptor* interceptor;  // whose hook it is
    Request* request;
    size_t index;  // of that interceptor's link
    Use use = Use::none;
    int32_t status = 0;  // of the rest, once next() ran it
};

// A status for the chain's own use: the next link sees the request.
inline constexpr int32_t goes_on = status_pending + 1;

}  // namespace gatewayd

#endif
