// Interceptor: one plugin instance's place in a chain: its table, what it wants, and what is counted of it.
// Constant but for the counters and the breaker: any thread. When the last chain that has it is gone, no hook
// of it runs any more: the plugin host's deleter hears of it (core/plugins/host.h).
#ifndef GATEWAYD_CORE_CHAIN_INTERCEPTOR_H
#define GATEWAYD_CORE_CHAIN_INTERCEPTOR_H

#include <cstdint>
#include <memory>
#include <string>

#include "core/chain/breaker.h"
#include "core/chain/plugin_stats.h"
#include "gateway/host.h"

namespace gatewayd {

struct PluginTag;  // plugin_call.h

struct Interceptor {
    std::string name;        // the instance's, unique
    gw_interceptor table{};  // the host's copy
    void* self = nullptr;
    const void* instance = nullptr;  // whose tokens its deferrals give out
    const void* lineage = nullptr;   // the same for every generation of one configured plugin
    uint32_t stage = GW_STAGE_MESSAGE;
    uint32_t kinds = 0;       // GW_KIND_ bits
    uint64_t events = 0;      // GW_EV_ bits
    bool fails_open = false;  // on_error: open
    // In the place of a plugin that is being restarted: wants on each connection what that one wanted there.
    bool stands_in = false;
    std::shared_ptr<const PluginTag> tag;  // its file, for blame; null: none

    // Later generations of the plugin count on where this one was.
    std::shared_ptr<PluginStats> stats = std::make_shared<PluginStats>();
    // Those calls are timed whose number has none of these bits: one in 64, or each.
    uint64_t untimed_bits = timed_call_interval - 1;
    std::unique_ptr<Breaker> breaker;  // null: no budget

    // What it may be called for: a bit for each Hook, but for done, which any intercept may bring.
    uint32_t hooks() const {
        const auto bit = [](Hook hook, bool has) { return has ? 1U << static_cast<uint32_t>(hook) : 0; };
        return kinds | bit(Hook::on_resume, table.on_resume) | bit(Hook::on_cancel, table.on_cancel) |
               bit(Hook::on_event, events != 0) | bit(Hook::attach, table.attach) |
               bit(Hook::detach, table.detach);
    }

    void set_budget(const Budget& budget) {
        breaker = std::make_unique<Breaker>(budget);
        untimed_bits = 0;
    }
};

}  // namespace gatewayd

#endif
