// Probe: drives a plugin through its life and one request of each kind that it wants, and says what came of
// each step. In the child process of `gatewayd plugin check`, because the plugin may do anything.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_PROBE_H
#define GATEWAYD_GATEWAYD_PLUGIN_PROBE_H

#include <functional>
#include <string>

#include "core/config/settings.h"

namespace gatewayd {

struct ProbeWatcher {
    std::function<void(const std::string& step)> begins;
    std::function<void(const std::string& hook)> hook_begins;
    // bad: the step failed. what: in words, maybe empty.
    std::function<void(bool bad, const std::string& what)> ends;
    std::function<void(const std::string& line)> says;  // the plugin's log, and problems
};

// False: a step failed.
bool probe_plugin(const PluginSettings& entry, bool starts, const ProbeWatcher& watcher);

}  // namespace gatewayd

#endif
