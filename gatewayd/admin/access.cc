#include "gatewayd/admin/access.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "core/base/http_text.h"

namespace gatewayd::admin {
namespace {

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return false;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
    }
    return true;
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    if (!host.empty() && host.front() == '[') {
        const size_t end = host.find(']');
        if (end == std::string_view::npos) return false;
        const std::string_view rest = host.substr(end + 1);
        if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return false;
        in6_addr address{};
        const std::string literal(host.substr(1, end - 1));
        return ::inet_pton(AF_INET6, literal.c_str(), &address) == 1 && IN6_IS_ADDR_LOOPBACK(&address);
    }
    const size_t colon = host.find(':');
    if (colon != std::string_view::npos && !is_port(host.substr(colon + 1))) return false;
    const std::string name(host.substr(0, colon));
    if (equal_ignoring_case(name, "localhost")) return true;
    in_addr address{};
    return ::inet_pton(AF_INET, name.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool is_own_origin(std::string_view origin, std::string_view host) {
    const size_t scheme_end = origin.find("://");
    if (scheme_end == std::string_view::npos || host.empty()) return false;
    return equal_ignoring_case(origin.substr(scheme_end + 3), host);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        difference = static_cast<unsigned char>(difference | (a[i] ^ b[i]));
    }
    return difference == 0;
}

bool Access::has_key(std::string_view authorization) const {
    constexpr std::string_view scheme = "Bearer ";
    if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return false;
    std::string_view key = authorization.substr(scheme.size());
    while (!key.empty() && key.front() == ' ')
        key.remove_prefix(1);
    bool found = false;
    for (const std::string& known : api_keys_)
        found |= equal_in_constant_time(key, known);
    return found;
}

std::optional<Response> Access::refusal(const RequestHead& head, bool open) const {
    if (!needs_key() && !is_loopback_host(head.host)) {
        return error_response(
            403, "forbidden",
            "without admin.api_keys this listener answers to localhost, 127.0.0.1 and [::1] "
            "only, and the Host header names another");
    }
    if (head.has_origin && !is_own_origin(head.origin, head.host)) {
        return error_response(403, "forbidden", "pages of other origins may not use this listener");
    }
    if (open || !needs_key() || has_key(head.authorization)) return std::nullopt;
    Response response =
        error_response(401, "unauthorized",
                       head.authorization.empty() ? "send one of admin.api_keys as Authorization: Bearer KEY"
                                                  : "the Authorization header holds none of admin.api_keys");
    response.wants_bearer_key = true;
    return response;
}

}  // namespace gatewayd::admin
