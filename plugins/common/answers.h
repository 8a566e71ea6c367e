// What clients are told, as texts. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_ANSWERS_H
#define GATEWAYD_PLUGINS_COMMON_ANSWERS_H

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/plugin.hpp"

namespace auth {

// WWW-Authenticate of a 401 (RFC 6750 section 3).
std::string challenge_of(std::string_view code, std::string_view why);
// To an auth_refresh that was taken, with its `id`.
std::string refreshed_answer(const gateway::Request& request, bool expires, int64_t left_s);
std::string expiring_notice(int64_t left_s);

}  // namespace auth

#endif
