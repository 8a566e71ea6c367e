#include "origin.h"

#include "../common/ascii.h"

namespace cors {
namespace {

constexpr size_t max_origin_size = 512;  // bytes; a host name has at most 253

bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_scheme(std::string_view text) {
    if (text.empty() || !is_alpha(text[0])) return false;
    for (const char c : text) {
        if (!is_alpha(c) && !is_digit(c) && c != '+' && c != '-' && c != '.') return false;
    }
    return true;
}

bool is_host_name(std::string_view text) {
    if (text.empty() || text.size() > 253 || text[0] == '.') return false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (!is_alpha(c) && !is_digit(c) && c != '-' && c != '_' && c != '.') return false;
        if (c == '.' && i > 0 && text[i - 1] == '.') return false;
    }
    return true;
}

bool is_bracketed_address(std::string_view text) {
    if (text.size() < 4 || text.front() != '[' || text.back() != ']') return false;
    for (const char c : text.substr(1, text.size() - 2)) {
        const bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':' && c != '.') return false;
    }
    return true;
}

std::optional<uint16_t> parse_port(std::string_view text) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    uint32_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return std::nullopt;
        value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    if (value == 0 || value > 65535) return std::nullopt;
    return static_cast<uint16_t>(value);
}

uint16_t default_port(std::string_view scheme) {
    if (scheme == "https" || scheme == "wss") return 443;
    if (scheme == "http" || scheme == "ws") return 80;
    return 0;
}

// The parts of scheme://host[:port]; the host is not yet checked.
std::optional<Origin> split(std::string_view text, std::string* error) {
    if (text.size() > max_origin_size) {
        *error = "is too long for an origin";
        return std::nullopt;
    }
    const size_t colon = text.find("://");
    if (colon == std::string_view::npos || !is_scheme(text.substr(0, colon))) {
        *error = "must begin with a scheme, as in https://app.example.com";
        return std::nullopt;
    }
    Origin origin;
    origin.scheme = ascii::lower(text.substr(0, colon));
    std::string_view host = text.substr(colon + 3);
    if (host.find_first_of("/?#") != std::string_view::npos) {
        *error = "an origin has no path: remove what follows the host, even a single \"/\"";
        return std::nullopt;
    }
    if (host.find('@') != std::string_view::npos) {
        *error = "an origin has no user name";
        return std::nullopt;
    }
    const size_t bracket = host.rfind(']');
    const size_t port_at = host.find(':', bracket == std::string_view::npos ? 0 : bracket);
    origin.port = default_port(origin.scheme);
    if (port_at != std::string_view::npos) {
        const auto port = parse_port(host.substr(port_at + 1));
        if (!port) {
            *error = "the port must be a number from 1 to 65535";
            return std::nullopt;
        }
        origin.port = *port;
        host = host.substr(0, port_at);
    }
    origin.host = ascii::lower(host);  // hosts of other letters come in their xn-- form
    return origin;
}

}  // namespace

std::optional<Origin> Origin::parse(std::string_view text, std::string* error) {
    auto origin = split(text, error);
    if (!origin) return std::nullopt;
    if (!is_host_name(origin->host) && !is_bracketed_address(origin->host)) {
        *error = "has no valid host name";
        return std::nullopt;
    }
    return origin;
}

std::optional<OriginPattern> OriginPattern::parse(std::string_view text, std::string* error) {
    OriginPattern pattern;
    if (text == "*") return pattern;
    if (text == "null") {
        pattern.kind_ = Kind::null;
        return pattern;
    }
    if (text.find('*') == std::string_view::npos) {
        pattern.kind_ = Kind::exact;
        auto origin = Origin::parse(text, error);
        if (!origin) return std::nullopt;
        pattern.origin_ = std::move(*origin);
        return pattern;
    }
    pattern.kind_ = Kind::subdomains;
    auto origin = split(text, error);
    if (!origin) return std::nullopt;
    const std::string_view host = origin->host;
    if (host.substr(0, 2) != "*." || !is_host_name(host.substr(2))) {
        *error = "a \"*\" stands alone or for the subdomains of a host, as in https://*.example.com";
        return std::nullopt;
    }
    if (host.find('.', 2) == std::string_view::npos && host != "*.localhost") {
        *error = "would allow every host under \"" + std::string(host.substr(1)) +
                 "\": name at least one more label";
        return std::nullopt;
    }
    origin->host = origin->host.substr(1);  // ".example.com": the dot keeps evil-example.com out
    pattern.origin_ = std::move(*origin);
    return pattern;
}

bool OriginPattern::matches(std::string_view header) const {
    if (kind_ == Kind::any) return true;
    if (kind_ == Kind::null) return header == "null";
    std::string error;
    const auto origin = Origin::parse(header, &error);
    if (!origin || origin->scheme != origin_.scheme || origin->port != origin_.port) return false;
    if (kind_ == Kind::exact) return origin->host == origin_.host;
    const std::string& suffix = origin_.host;
    return origin->host.size() > suffix.size() &&
           origin->host.compare(origin->host.size() - suffix.size(), suffix.size(), suffix) == 0;
}

}  // namespace cors
