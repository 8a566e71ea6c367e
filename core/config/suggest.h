// "Did you mean ...?": the nearest of some valid words. Pure functions: any thread.
#ifndef GATEWAYD_CORE_CONFIG_SUGGEST_H
#define GATEWAYD_CORE_CONFIG_SUGGEST_H

#include <string>
#include <string_view>
#include <vector>

namespace gatewayd::config {

// Insertions, deletions, replacements and swaps of neighbours that turn one into the other, without regard to
// case and with '-' the same as '_'. Words longer than 64 bytes are compared by their first 64.
size_t edit_distance(std::string_view left, std::string_view right);

// The nearest of `valid`, or nothing (empty) when none is near enough to be what was meant.
std::string nearest(std::string_view word, const std::vector<std::string>& valid);

}  // namespace gatewayd::config

#endif
