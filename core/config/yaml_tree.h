// YAML text -> a ConfigNode tree with places, within limits, ${NAME} expanded. The one file that sees the
// YAML library (docs/configuration.md lists what of YAML is taken). Used by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_YAML_TREE_H
#define GATEWAYD_CORE_CONFIG_YAML_TREE_H

#include <string>
#include <string_view>

#include "core/config/expand.h"
#include "core/config/node.h"
#include "core/config/problems.h"

namespace gatewayd::config {

constexpr size_t max_file_size_bytes = size_t{1024} * 1024;
constexpr size_t max_expanded_size_bytes = size_t{1024} * 1024;  // of all values together
constexpr size_t max_key_size_bytes = 256;
constexpr size_t max_depth = 32;      // maps and lists within each other
constexpr size_t max_nodes = 100000;  // with what aliases repeat counted each time

struct YamlSource {
    std::string_view text;
    std::string name;         // "gateway.yaml": locations are name:line:column
    bool has_lines = true;    // false: locations are the name alone, as for "--set wsc.node_port"
    std::string path;         // of the root, for messages; empty for a file
    std::string base_folder;  // absolute
};

// Null when the text is no YAML that is taken at all; what else is wrong is in `problems` too, and the tree
// goes without it. An empty text is a node of type null.
ConfigNodePtr parse_yaml(const YamlSource& source, const Environment& environment, Problems& problems);

}  // namespace gatewayd::config

#endif
