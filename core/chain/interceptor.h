// Interceptor: one plugin instance's place in a chain: its table, what it wants, and what is counted of it.
// Constant but for the counters: any thread. When the last chain that has it is gone, no hook of it runs any
// more: the plugin host's deleter hears of it (core/plugins/host.h).
#ifndef GATEWAYD_CORE_CHAIN_INTERCEPTOR_H
#define GATEWAYD_CORE_CHAIN_INTERCEPTOR_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "gateway/host.h"

namespace gatewayd {

struct PluginTag;  // plugin_call.h

struct Interceptor {
    std::string name;        // the instance's, unique
    gw_interceptor table{};  // the host's copy
    void* self = nullptr;
    const void* instance = nullptr;  // whose tokens its deferrals give out
    const void* lineage = nullptr;   // the same for every generation of one configured plugin
    uint32_t kinds = 0;              // GW_KIND_ bits
    uint64_t events = 0;             // GW_EV_ bits
    bool fails_open = false;         // on_error: open
    // In the place of a plugin that is being restarted: wants on each connection what that one wanted there.
    bool stands_in = false;
    std::shared_ptr<const PluginTag> tag;  // its file, for blame; null: none

    mutable std::atomic<uint64_t> errors{0};  // hooks that failed
    mutable std::atomic<uint64_t> misuse{0};  // calls and verdicts against the rules
};

}  // namespace gatewayd

#endif
