#include "core/config/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace gatewayd {

namespace {

struct Ip {
    bool v6 = false;
    in_addr four{};
    in6_addr six{};
};

std::optional<Ip> parse_ip(std::string_view text) {
    if (text.empty() || text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
        return std::nullopt;
    const std::string terminated(text);
    Ip ip;
    if (inet_pton(AF_INET, terminated.c_str(), &ip.four) == 1) return ip;
    ip.v6 = true;
    if (inet_pton(AF_INET6, terminated.c_str(), &ip.six) == 1) return ip;
    return std::nullopt;
}

std::optional<uint16_t> parse_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    uint16_t port = 0;
    const char* end = text.data() + text.size();
    auto [stop, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc() || stop != end) return std::nullopt;
    return port;
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Letters, digits, '-' and '_' in parts between dots.
bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253) return false;
    char before = '.';
    for (char c : host) {
        if (c == '.' && before == '.') return false;
        if (c != '.' && !is_letter(c) && !is_digit(c) && c != '-' && c != '_') return false;
        before = c;
    }
    return before != '.';
}

bool is_scheme(std::string_view scheme) {
    if (scheme.empty() || !is_letter(scheme.front())) return false;
    for (char c : scheme) {
        if (!is_letter(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
    }
    return true;
}

}  // namespace

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
    std::string_view host;
    std::string_view port_text;
    if (!text.empty() && text.front() == '[') {
        const size_t end = text.find("]:");
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        port_text = text.substr(end + 2);
        if (host.find(':') == std::string_view::npos) return std::nullopt;
    } else {
        const size_t colon = text.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        host = text.substr(0, colon);
        port_text = text.substr(colon + 1);
    }
    const std::optional<uint16_t> port = parse_port(port_text);
    if (!port || !is_ip_literal(host)) return std::nullopt;
    return ListenAddress{std::string(host), *port};
}

bool is_ip_literal(std::string_view text) {
    return parse_ip(text).has_value();
}

bool is_loopback_ip(std::string_view text) {
    const std::optional<Ip> ip = parse_ip(text);
    if (!ip) return false;
    if (!ip->v6) return (ntohl(ip->four.s_addr) >> 24) == 127;
    if (IN6_IS_ADDR_V4MAPPED(&ip->six)) return ip->six.s6_addr[12] == 127;
    return IN6_IS_ADDR_LOOPBACK(&ip->six);
}

bool is_unspecified_ip(std::string_view text) {
    const std::optional<Ip> ip = parse_ip(text);
    if (!ip) return false;
    return ip->v6 ? static_cast<bool>(IN6_IS_ADDR_UNSPECIFIED(&ip->six)) : ip->four.s_addr == INADDR_ANY;
}

std::string what_is_wrong_with_origin(std::string_view text) {
    if (text == "*") return {};
    std::string forms = "expected \"*\", scheme://host, scheme://host:port or scheme://*.domain";
    const size_t scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos) return forms;
    std::string_view rest = text.substr(scheme_end + 3);
    if (rest.find_first_of("/?#") != std::string_view::npos)
        return "an origin ends with its host or port, without a path or a '/'";
    if (!is_scheme(text.substr(0, scheme_end))) return forms;
    const bool wildcard = rest.substr(0, 2) == "*.";
    if (wildcard) rest.remove_prefix(2);
    const size_t bracket = rest.find(']');
    const bool v6 = !wildcard && !rest.empty() && rest.front() == '[' && bracket != std::string_view::npos;
    const size_t colon = rest.find(':', v6 ? bracket : 0);
    if (colon != std::string_view::npos) {
        const std::optional<uint16_t> port = parse_port(rest.substr(colon + 1));
        if (!port || *port == 0) return "the port must be a number from 1 to 65535";
        rest = rest.substr(0, colon);
    }
    if (v6) {
        return rest.back() == ']' && is_ip_literal(rest.substr(1, rest.size() - 2)) ? std::string() : forms;
    }
    if (!is_host_name(rest)) return forms;
    return {};
}

}  // namespace gatewayd
