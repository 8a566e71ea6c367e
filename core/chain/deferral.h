// Deferral: what a request keeps while a plugin has put it aside: the link that did, the plugins whose next()
// waits for the end, the token. Its request's, from the first defer() to the end of the chain; the reactor's
// thread.
#ifndef GATEWAYD_CORE_CHAIN_DEFERRAL_H
#define GATEWAYD_CORE_CHAIN_DEFERRAL_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/timer_wheel.h"
#include "gateway/host.h"

namespace gatewayd {

class Deferrals;
class InterceptorChain;
class Request;
struct DeferralSlot;
struct Interceptor;

struct Deferral : TimerWheel::Node {
    Deferral(const InterceptorChain* of, Request* its);
    ~Deferral();
    Deferral(const Deferral&) = delete;
    Deferral& operator=(const Deferral&) = delete;

    // A next() that returned GW_PENDING.
    struct Outer {
        const Interceptor* interceptor;
        gw_done_fn done;
        void* ud;
    };

    // The chain that it goes on in, which stays until then (a chain that nobody shares outlives it anyway).
    const InterceptorChain* chain;
    std::shared_ptr<const InterceptorChain> keeps_chain;
    Request* request;  // changes when the request moves to the heap
    size_t index = 0;  // of the link that put it aside, among those of the request's kind
    void* ud = nullptr;
    std::vector<Outer> outer;  // outermost first
    size_t outer_before = 0;   // of those, from before the run that goes on now
    // Taken over from an earlier chain: the plugins (their lineage) that had their look at it there.
    std::vector<const void*> seen;

    // --- of Deferrals ---
    Deferrals* table = nullptr;
    DeferralSlot* slot = nullptr;  // null: not waiting, its token is over
    uint64_t generation = 0;
};

}  // namespace gatewayd

#endif
