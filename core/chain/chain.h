// InterceptorChain: the plugins' interceptors in their order, and how a request goes through them. The host's
// loop goes on at GW_CONTINUE, so the normal case does not recurse; next() runs the rest from inside a hook.
// Immutable; shared by all reactors. A connection is in one chain and moves to its successor between two of
// its requests (take_over). A chain lives while a connection or a deferred request is in it.
#ifndef GATEWAYD_CORE_CHAIN_CHAIN_H
#define GATEWAYD_CORE_CHAIN_CHAIN_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "core/chain/interceptor.h"
#include "core/chain/request.h"

namespace gatewayd {

inline constexpr uint32_t max_publish_hops = 8;

// Only compared with what is in a chain: they may be gone.
using LeavingPlugins = std::vector<const Interceptor*>;

struct NextLink;

class InterceptorChain : public std::enable_shared_from_this<InterceptorChain> {
   public:
    explicit InterceptorChain(std::vector<std::shared_ptr<const Interceptor>> interceptors);

    const std::vector<std::shared_ptr<const Interceptor>>& interceptors() const { return interceptors_; }
    bool has(const Interceptor* interceptor) const;
    bool has_stage(uint32_t stage) const;  // some plugin of this GW_STAGE_
    bool wants(uint32_t kind) const { return (kinds_ & kind) != 0; }
    bool wants_event(uint64_t event) const { return (events_ & event) != 0; }

    // Runs the request to its end: a GW_ST_ or an error; or until a plugin puts it aside: status_pending.
    // Then its owner moves it to the heap. [conn], or the reactor's for a publish.
    int32_t run(Request& request) const { return run_from(request, 0); }

    // Of a request that was put aside and waits no longer; request.ended() is called when that was the end.
    // Its token was claimed:
    static void resume(Deferral& deferral);
    // Its deadline came; on_error decides.
    static void expire(Deferral& deferral);
    // Its connection has ended: on_cancel with `why`, then done() of the outer plugins. ended() is not
    // called.
    static void abandon(Request& request, int32_t why);

    // After the accepted handshake. False: a plugin failed; the connection must be closed, detach follows.
    bool attach(Context& context) const;
    void detach(Context& context) const;
    // Moves a connection here from the chain that it is in, between two of its requests: detach of the
    // plugins that this chain does not have, in reverse order, then attach of the new ones, in order; the
    // others keep their slots. Its result is as attach()'s.
    bool take_over(Context& context, const InterceptorChain& from) const;
    // Takes over a request that is still put aside in an earlier chain, whose time is over: on_cancel with
    // GW_WHY_DRAIN, done() of the outer plugins that leave; then `move`, which moves its connection; then the
    // plugins of this chain that had no look at it yet see it, in order, from the one that held it on.
    void take_over(Request& request, const std::function<void()>& move) const;
    // What the attached plugins want of this connection: GW_KIND_ bits.
    uint32_t attached_kinds(const Context& context) const;
    // What an instance's hooks get for this connection. False: it is not in this chain.
    bool find_slot(const Context& context, const void* instance, void** slot) const;

    void emit(uint64_t type, Context* context, Request* request = nullptr, int32_t code = 0,
              std::string_view reason = {}) const;

    // [any] Connections that are in this chain now.
    mutable std::atomic<uint64_t> connections{0};

   private:
    struct Link {
        const Interceptor* interceptor;
        uint32_t place;  // in interceptors_
    };
    using Links = std::vector<Link>;

    const Links& links_of(uint32_t kind) const { return links_[static_cast<size_t>(__builtin_ctz(kind))]; }
    bool attach_one(Context& context, size_t place) const;
    void detach_one(Context& context, size_t place) const;
    int32_t run_from(Request& request, size_t index) const;
    template <bool traced>
    int32_t run_links(Request& request, size_t index) const;
    int32_t judge(const NextLink& next, int32_t verdict) const;
    int32_t failed(const Interceptor& interceptor, Request& request) const;
    int32_t run_resumed(Deferral& deferral) const;
    void cancel(Deferral& deferral, int32_t why) const;
    void* slot_value(const Deferral& deferral) const;
    static void finish(Deferral& deferral, int32_t status);

    friend int32_t chain_next(gw_next* next, gw_done_fn done, void* ud);
    friend int32_t chain_defer(gw_next* next, uint32_t timeout_ms, void* ud, gw_token* out);

    std::vector<std::shared_ptr<const Interceptor>> interceptors_;
    std::array<Links, 5> links_;  // by kind: those that want it
    Links event_links_;
    uint32_t kinds_ = 0;
    uint64_t events_ = 0;
    bool attaches_ = false;  // some plugin has attach, or stands in for one
};

// gw_host.next and defer
int32_t chain_next(gw_next* next, gw_done_fn done, void* ud);
int32_t chain_defer(gw_next* next, uint32_t timeout_ms, void* ud, gw_token* out);

// The publish hook that this thread is in: what it publishes counts one hop more. 0: none.
uint32_t current_publish_hops();
// The interceptor whose hook this thread is in; null: none. For host functions and for blame.
const Interceptor* current_interceptor();

}  // namespace gatewayd

#endif
