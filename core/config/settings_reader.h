// Walks a tree along the schema and fills Settings: unknown keys, types, ranges and the checks of single
// values. plugins.load and what depends on two keys come afterwards (plugin_entries.h, cross_checks.h). Used
// by load_settings(), one thread.
#ifndef GATEWAYD_CORE_CONFIG_SETTINGS_READER_H
#define GATEWAYD_CORE_CONFIG_SETTINGS_READER_H

#include <string>
#include <string_view>
#include <vector>

#include "core/config/node.h"
#include "core/config/problems.h"
#include "core/config/schema.h"
#include "core/config/settings.h"

namespace gatewayd::config {

constexpr size_t max_list_items = 10000;

void read_settings(const ConfigNode& root, Settings& settings, Problems& problems);

// "unknown key; did you mean node_port?", or the valid keys when none is near. `elsewhere`: where a key of
// that name does exist ("wsc.performance.io_threads"); empty: nowhere.
std::string unknown_key_message(std::string_view key, const std::vector<std::string>& valid,
                                std::string_view elsewhere);

// "the list", "text", ... of what was found instead of what was expected.
std::string what_it_is(const ConfigNode& node);

// The node of a dotted path, or null.
const ConfigNode* find_node(const ConfigNode& root, std::string_view path);

}  // namespace gatewayd::config

#endif
