// The text of `gatewayd plugin inspect FILE`: what a plugin's file says about itself and whether this
// gatewayd would load it. Runs nothing of the file, which may be hostile. Any thread.
#ifndef GATEWAYD_CORE_PLUGINS_INSPECT_H
#define GATEWAYD_CORE_PLUGINS_INSPECT_H

#include <string>

#include "core/plugins/library.h"

namespace gatewayd {

struct PluginInspection {
    std::string text;       // lines, the last one with its line feed
    bool loadable = false;  // the exit status: 0 when true, else 1
};

PluginInspection inspect_plugin(const std::string& path,
                                const HostCapabilities& capabilities = host_capabilities());

}  // namespace gatewayd

#endif
