// How a plugin's hook is called: whose it is, known to this thread while it runs; no exception leaves it; its
// failures and misuse are counted and logged with its name.
#ifndef GATEWAYD_CORE_CHAIN_HOOK_CALL_H
#define GATEWAYD_CORE_CHAIN_HOOK_CALL_H

#include <exception>
#include <string>
#include <string_view>

#include "core/chain/request.h"

namespace gatewayd {

struct Interceptor;

// The hook that runs on this thread now. Signal handlers of this thread read it.
struct RunningHook {
    const Interceptor* interceptor = nullptr;
    const char* hook = nullptr;  // "intercept"
    const Request* request = nullptr;
    Context* context = nullptr;
    const RunningHook* outer = nullptr;  // the hook that it runs inside of
};
inline thread_local RunningHook running_hook;

class HookScope {
   public:
    HookScope(const Interceptor* interceptor, const char* hook, const Request* request, Context* context)
        : before_(running_hook) {
        running_hook = {interceptor, hook, request, context, &before_};
    }
    ~HookScope() {
        if (running_hook.context && running_hook.context->attributes.has_replaced() && is_outermost()) {
            running_hook.context->attributes.forget_replaced();
        }
        running_hook = before_;
    }
    HookScope(const HookScope&) = delete;
    HookScope& operator=(const HookScope&) = delete;

   private:
    // No other hook of this connection goes on when this one has returned.
    bool is_outermost() const {
        for (const RunningHook* at = &before_; at; at = at->outer) {
            if (at->context == running_hook.context) return false;
        }
        return true;
    }

    const RunningHook before_;
};

void count_misuse(const Interceptor& interceptor, const char* what);
void count_error(const Interceptor& interceptor, const char* hook, std::string_view what);

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

}  // namespace gatewayd

#endif
