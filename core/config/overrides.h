// --set wsc.node_port=9000 on top of the file's tree. Used by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_OVERRIDES_H
#define GATEWAYD_CORE_CONFIG_OVERRIDES_H

#include <string>
#include <vector>

#include "core/config/expand.h"
#include "core/config/node.h"
#include "core/config/problems.h"

namespace gatewayd::config {

// The tree with the overrides in it; later ones win. Values are YAML, `${NAME}` included; maps on the way are
// made; a map given as a value takes the place of the whole section. The result is never null.
ConfigNodePtr apply_overrides(ConfigNodePtr root, const std::vector<std::string>& sets,
                              const std::string& base_folder, const Environment& environment,
                              Problems& problems);

}  // namespace gatewayd::config

#endif
