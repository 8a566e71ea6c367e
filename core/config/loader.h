// From a YAML file to Settings: YAML -> tree with places, ${NAME} expanded -> --set -> schema -> plugins ->
// cross checks. Collects as many errors as one pass finds. Call at start and for `gatewayd check`, any
// thread.
#ifndef GATEWAYD_CORE_CONFIG_LOADER_H
#define GATEWAYD_CORE_CONFIG_LOADER_H

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/settings.h"

namespace gatewayd {

struct LoadOptions {
    std::string file;               // messages name it as it is given here
    std::vector<std::string> sets;  // "wsc.node_port=9000"; later ones win
    // The environment for ${NAME}; empty: that of the process.
    std::function<std::optional<std::string>(std::string_view name)> env;
};

struct LoadResult {
    std::optional<Settings> settings;  // nothing exactly when there are errors
    std::vector<std::string>
        errors;  // "gateway.yaml:3:5: wsc.node_prt: unknown key; did you mean node_port?"
    std::vector<std::string> warnings;  // the same form; also beside errors

    bool ok() const { return settings.has_value(); }
};

[[nodiscard]] LoadResult load_settings(const LoadOptions& options);

}  // namespace gatewayd

#endif
