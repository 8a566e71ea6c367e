// RunningHook: whose hook runs on a thread now, and for what; for host functions, for the log, for blame. On
// the stack of the call.
#ifndef GATEWAYD_CORE_CHAIN_RUNNING_HOOK_H
#define GATEWAYD_CORE_CHAIN_RUNNING_HOOK_H

#include "core/chain/plugin_stats.h"

namespace gatewayd {

class Context;
class Request;
struct Interceptor;
struct RunningHook;

// This thread's innermost; null: none. Signal handlers of this thread read it.
inline thread_local const RunningHook* running_hook = nullptr;

struct RunningHook {
    RunningHook(const Interceptor* whose, Hook which, Request* its_request, Context* its_context)
        : interceptor(whose), request(its_request), context(its_context), hook(which) {}

    const Interceptor* interceptor;
    Request* const request;                         // null: none
    Context* const context;                         // null: none
    const RunningHook* const outer = running_hook;  // the hook that it runs inside of; null: none
    const Hook hook;
};

}  // namespace gatewayd

#endif
