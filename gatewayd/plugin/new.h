// `gatewayd plugin new NAME`: a folder with a plugin that builds, tests and loads, to begin from. Start-up
// only.
#ifndef GATEWAYD_GATEWAYD_PLUGIN_NEW_H
#define GATEWAYD_GATEWAYD_PLUGIN_NEW_H

#include <string>

namespace gatewayd {

// Why a plugin cannot have this name; empty: it can.
std::string plugin_name_problem(const std::string& name);

// Writes ./NAME/; says on standard output what is next, on standard error why not. The exit status.
int new_plugin(const std::string& name, bool in_c);

}  // namespace gatewayd

#endif
