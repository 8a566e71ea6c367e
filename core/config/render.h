// Settings as YAML text: the reference file and the effective configuration. Pure functions: any thread.
#ifndef GATEWAYD_CORE_CONFIG_RENDER_H
#define GATEWAYD_CORE_CONFIG_RENDER_H

#include <string>

#include "core/config/schema.h"
#include "core/config/settings.h"

namespace gatewayd {

// The whole text of config/reference.yaml: every key with its default, unit, range and meaning.
std::string render_reference();

// Every key with the value that is in force. Secrets are "***": API keys, auth keys, and of a plugin's
// configuration what its key calls a key, secret, password, token, credential or authorization. Plugins that
// a wsc section brings are named in comments.
std::string render_effective(const Settings& settings);

namespace config {

// The default of a key as a node for a plugin's configuration; null for keys without a plain default.
ConfigNodePtr default_node(const Key& key, const std::string& base_folder);

}  // namespace config

}  // namespace gatewayd

#endif
