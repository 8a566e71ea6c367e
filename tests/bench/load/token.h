// A JSON Web Token for one client of a gateway that asks for them: HS256 (RFC 7519), for an hour. Pure.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_TOKEN_H
#define GATEWAYD_TESTS_BENCH_LOAD_TOKEN_H

#include <string>
#include <string_view>

namespace load {

std::string make_token(std::string_view user_id, std::string_view user_type, std::string_view secret);

}  // namespace load

#endif
