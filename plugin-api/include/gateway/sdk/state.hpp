// gateway/sdk/state.hpp - gw.state/1 for classes: what a plugin takes along when it is reloaded while
// connections stay. Part of gateway/plugin.hpp; gateway/ext/state.h has the rules.
#ifndef GATEWAY_SDK_STATE_HPP
#define GATEWAY_SDK_STATE_HPP

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/ext/state.h"
#include "gateway/sdk/base.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// whole: all there is, while hooks run on; rest: what has changed since, when no hook runs any more.
enum class StatePart : uint32_t { whole = GW_STATE_WHOLE, rest = GW_STATE_REST };

// What a new generation gets.
struct State {
    StatePart part;
    uint32_t version;  // Plugin::state_version of the one that saved it
    std::string_view bytes;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
