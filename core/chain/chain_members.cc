// Which plugins a connection is attached to: its way into a chain, from one chain to the next, and out.
#include <algorithm>
#include <utility>

#include "core/chain/chain.h"
#include "core/chain/hook_call.h"

namespace gatewayd {

bool InterceptorChain::has(const Interceptor* interceptor) const {
    return std::any_of(interceptors_.begin(), interceptors_.end(),
                       [&](const auto& own) { return own.get() == interceptor; });
}

bool InterceptorChain::has_stage(uint32_t stage) const {
    return std::any_of(interceptors_.begin(), interceptors_.end(),
                       [&](const auto& own) { return own->stage == stage; });
}

bool InterceptorChain::attach(Context& context) const {
    if (!attaches_) return true;
    context.slots_ = std::make_unique<Context::Slot[]>(interceptors_.size());
    for (size_t place = 0; place < interceptors_.size(); ++place) {
        if (!attach_one(context, place)) return false;
    }
    return true;
}

// False: it failed.
bool InterceptorChain::attach_one(Context& context, size_t place) const {
    const Interceptor& interceptor = *interceptors_[place];
    Context::Slot& slot = context.slots_[place];
    slot.kinds = interceptor.kinds;
    if (!interceptor.table.attach) {
        slot.attached = true;
        return true;
    }
    const int32_t result = call_hook(RunningHook(&interceptor, Hook::attach, nullptr, &context), [&] {
        return interceptor.table.attach(interceptor.self, to_abi(&context), &slot.value, &slot.kinds);
    });
    slot.kinds &= interceptor.kinds;
    slot.attached = result == GW_OK;
    if (result == GW_OK) return true;
    slot.kinds = 0;
    slot.value = nullptr;
    if (result == GW_SKIP) return true;
    if (result > 0) count_misuse(interceptor, "attach returned neither GW_OK nor GW_SKIP");
    count_error(interceptor, "attach", "returned an error");
    return false;
}

void InterceptorChain::detach(Context& context) const {
    if (!context.slots_) return;
    for (size_t place = interceptors_.size(); place-- > 0;)
        detach_one(context, place);
    context.slots_.reset();
}

void InterceptorChain::detach_one(Context& context, size_t place) const {
    const Interceptor& interceptor = *interceptors_[place];
    const Context::Slot& slot = context.slots_[place];
    if (!slot.attached || !interceptor.table.attach || !interceptor.table.detach) return;
    call_hook(RunningHook(&interceptor, Hook::detach, nullptr, &context), [&] {
        interceptor.table.detach(interceptor.self, slot.value, to_abi(&context));
        return GW_OK;
    });
}

bool InterceptorChain::take_over(Context& context, const InterceptorChain& from) const {
    if (context.slots_) {
        for (size_t place = from.interceptors_.size(); place-- > 0;) {
            if (!has(from.interceptors_[place].get())) from.detach_one(context, place);
        }
    }
    const std::unique_ptr<Context::Slot[]> before = std::move(context.slots_);
    if (!attaches_) return true;
    // Where it stood there: itself, or what it stands in for; null: nowhere.
    const auto slot_before = [&](const Interceptor& interceptor) -> const Context::Slot* {
        for (size_t place = 0; before && place < from.interceptors_.size(); ++place) {
            const Interceptor& other = *from.interceptors_[place];
            if (&other == &interceptor || (interceptor.stands_in && other.lineage == interceptor.lineage))
                return &before[place];
        }
        return nullptr;
    };
    context.slots_ = std::make_unique<Context::Slot[]>(interceptors_.size());
    // Those that stay first: should one of the new ones fail, the others are attached, and detach follows.
    for (size_t place = 0; place < interceptors_.size(); ++place) {
        const Context::Slot* slot = slot_before(*interceptors_[place]);
        if (!slot) continue;
        context.slots_[place] = *slot;
        if (interceptors_[place]->stands_in) context.slots_[place].value = nullptr;
    }
    for (size_t place = 0; place < interceptors_.size(); ++place) {
        if (slot_before(*interceptors_[place])) continue;
        if (!attach_one(context, place)) return false;
    }
    return true;
}

}  // namespace gatewayd
