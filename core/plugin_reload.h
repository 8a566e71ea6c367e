// What a reload of plugins was asked for, and what came of it. Values: any thread.
#ifndef GATEWAYD_CORE_PLUGIN_RELOAD_H
#define GATEWAYD_CORE_PLUGIN_RELOAD_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace gatewayd {

struct PluginReload {
    enum class Outcome : uint8_t {
        reloaded,   // the new set is in place
        unchanged,  // nothing differs
        not_found,  // there is no such plugin
        busy,       // another one is under way
        refused,    // the old set goes on: `why`
        ended,      // the gateway ends
    };
    struct One {
        std::string name;
        const char* action = "";  // "reloaded", "restarted", "added", "removed"
        uint32_t from_generation = 0;
        std::string from_version;  // empty: was not there
        uint32_t to_generation = 0;
        std::string to_version;  // empty: is no more
    };
    Outcome outcome = Outcome::reloaded;
    std::string why;                   // with file, line and key where there is one
    std::vector<std::string> restart;  // keys that differ and need a restart
    std::vector<One> plugins;
    double seconds = 0;
};
// Called once, on the control thread.
using PluginReloaded = std::function<void(const PluginReload&)>;

}  // namespace gatewayd

#endif
