// A request's target, "/api/v1/users/u%201/messages?limit=5", in decoded parts. Pure functions: any thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_TARGET_H
#define GATEWAYD_GATEWAYD_ADMIN_TARGET_H

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatewayd::admin {

struct Target {
    // "/api/v1/users/u 1/messages" is api, v1, users, "u 1", messages. A slash inside an id is %2F. An empty
    // part is kept: "/livez/" is livez and "".
    std::vector<std::string> parts;
    std::vector<std::pair<std::string, std::string>> query;

    // Null when the query has no such parameter; of several the first.
    const std::string* parameter(std::string_view name) const;
};

// Nothing when it is not a path, or a % is not followed by two hexadecimal digits.
std::optional<Target> parse_target(std::string_view text);

}  // namespace gatewayd::admin

#endif
