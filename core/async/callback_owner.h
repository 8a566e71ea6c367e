// CallbackOwner: a plugin's instance as the host calls it outside of the chain: timers that expire, works
// that are done. Its instance's; the control thread opens and closes it, any thread reads it.
#ifndef GATEWAYD_CORE_ASYNC_CALLBACK_OWNER_H
#define GATEWAYD_CORE_ASYNC_CALLBACK_OWNER_H

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/chain/chain.h"
#include "core/chain/hook_call.h"

namespace gatewayd {

struct CallbackOwner {
    const void* instance = nullptr;             // as Request::sender
    std::shared_ptr<const Interceptor> blamed;  // what fails is counted there; never null
    bool intercepts = false;                    // it has a place in chains
    // From before start to before forget(): else nothing new is taken on. Read under the lock of the table
    // that would take it, which forget() locks too: so nothing slips in behind forget().
    std::atomic<bool> open{false};
    std::atomic<uint32_t> timers{0};
    std::atomic<uint32_t> works{0};
};

// A place for one more, of so many. False: there is none.
inline bool take_place(std::atomic<uint32_t>* taken, uint32_t places) {
    if (taken->fetch_add(1, std::memory_order_relaxed) < places) return true;
    taken->fetch_sub(1, std::memory_order_relaxed);
    return false;
}

// Whether the connection is one that this plugin has to do with; then *slot is what its hooks get.
inline bool is_theirs(const CallbackOwner& owner, const Context& context, void** slot) {
    if (!owner.intercepts) return true;
    const InterceptorChain* chain = context.current_chain();
    return chain && chain->find_slot(context, owner.instance, slot);
}

// Calls a plugin's call(slot, ctx) about this connection; null: about none. What is not the plugin's any more
// is null for it, too.
template <typename Call>
void call_back(const CallbackOwner& owner, Context* context, Hook what, Call&& call) {
    void* slot = nullptr;
    if (context && !is_theirs(owner, *context, &slot)) context = nullptr;
    call_hook(RunningHook(owner.blamed.get(), what, nullptr, context), [&] {
        call(slot, to_abi(context));
        return GW_OK;
    });
}

}  // namespace gatewayd

#endif
