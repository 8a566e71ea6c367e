// `gatewayd check`: would this configuration start? And the loading of a configuration that `run` shares.
// Start-up only.
#ifndef GATEWAYD_GATEWAYD_CHECK_H
#define GATEWAYD_GATEWAYD_CHECK_H

#include <optional>
#include <string>
#include <vector>

#include "core/config/loader.h"
#include "core/config/settings.h"
#include "gatewayd/command_line.h"

namespace gatewayd {

LoadOptions load_options(const CommandLine& line);

// Nothing when the file was refused: why stands on standard error then, a line each, as file:line:column.
std::optional<Settings> load_or_say_why(const CommandLine& line, std::vector<std::string>* warnings);

// Loads the configuration and every plugin, creates them, binds nothing, and prints what is in force.
int check(const CommandLine& line);

}  // namespace gatewayd

#endif
