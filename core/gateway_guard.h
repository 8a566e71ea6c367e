// GatewayGuard: what watches over the plugins of one gateway: the watchdog, and the record of crashes. Made
// before the plugins and gone after them; the control thread, but for what is marked [any].
#ifndef GATEWAYD_CORE_GATEWAY_GUARD_H
#define GATEWAYD_CORE_GATEWAY_GUARD_H

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/chain/plugin_call.h"
#include "core/guard/watchdog.h"
#include "core/plugins/crash_record.h"

namespace gatewayd {

class GatewayGuard {
   public:
    explicit GatewayGuard(const PluginsSettings& settings) : settings_(settings) {}
    ~GatewayGuard();  // after the last plugin: who ran well until here has no crashes any more
    GatewayGuard(const GatewayGuard&) = delete;
    GatewayGuard& operator=(const GatewayGuard&) = delete;

    // Before the first call of a plugin.
    void watch_this_thread();
    // For a gateway that runs: crashes are counted from here on. What cannot be is added to the warnings.
    void open_record(std::vector<std::string>* warnings);
    // For one that only looks.
    void look_at_record(std::vector<std::string>* warnings);
    const CrashRecord* record() const { return record_.get(); }  // null: there is none
    // Files whose plugins ran long enough, or end well if nothing happens any more.
    void ran_well(const std::vector<std::string>& identities);
    void ends_well(std::vector<std::string> identities) { ending_well_ = std::move(identities); }

    // Around what this thread does for plugins and is no CallScope itself: hooks, timers, routes. May nest.
    CallScope turn() { return CallScope(nullptr, ""); }
    // [any] after watch_this_thread().
    Watchdog& watchdog() { return *watchdog_; }
    const Watchdog* watchdog() const { return watchdog_.get(); }  // null before

   private:
    const PluginsSettings& settings_;
    Pulse pulse_;
    std::unique_ptr<Watchdog> watchdog_;
    std::optional<Watchdog::Watch> watch_;
    std::unique_ptr<CrashRecord> record_;
    std::vector<std::string> ending_well_;
};

}  // namespace gatewayd

#endif
