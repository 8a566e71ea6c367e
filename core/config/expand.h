// ${NAME}, ${NAME:-default} and $$ in configuration values. Pure functions: any thread.
#ifndef GATEWAYD_CORE_CONFIG_EXPAND_H
#define GATEWAYD_CORE_CONFIG_EXPAND_H

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatewayd::config {

using Environment = std::function<std::optional<std::string>(std::string_view name)>;

struct Expansion {
    std::string text;
    std::string error;    // empty: fine
    std::string warning;  // what is probably a mistake, "$HOME is not expanded; ..."
};

// A value that is one ${NAME} or ${NAME:-default} and nothing else.
bool is_one_reference(std::string_view text);

// The text that takes the place of ${NAME} is taken as it is: never expanded again, never read as YAML.
// As in a shell, the default stands for a name that is unset or empty.
Expansion expand_environment(std::string_view text, const Environment& environment);

}  // namespace gatewayd::config

#endif
