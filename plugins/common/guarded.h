// guarded: a function of a service that other plugins call. No exception goes there: what is thrown becomes a
// code. Any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_GUARDED_H
#define GATEWAYD_PLUGINS_COMMON_GUARDED_H

#include "gateway/plugin.hpp"

namespace services {

template <typename Call>
auto guarded(Call&& call) noexcept -> decltype(call()) {
    try {
        return call();
    } catch (const gateway::Error& failure) {
        return failure.code();
    } catch (...) {
        return GW_E_FAIL;
    }
}

}  // namespace services

#endif
