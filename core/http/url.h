// HttpUrl: an absolute http or https URL, taken apart, as the HTTP client for plugins needs it. Strict: what
// RFC 3986 does not allow is refused with words, not repaired. A value: any thread.
#ifndef GATEWAYD_CORE_HTTP_URL_H
#define GATEWAYD_CORE_HTTP_URL_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatewayd {

inline constexpr size_t max_url_bytes = 8192;

struct HttpUrl {
    bool tls = false;
    bool is_address = false;  // host is an IP address
    std::string host;         // in lower case; an IPv6 address without its brackets
    uint16_t port = 0;
    std::string target;  // "/path?query", never empty

    // "api.example.com:8443", "[::1]"; the port only when it is not the scheme's own.
    std::string authority() const;
    // "https://api.example.com:443": what connections are shared by.
    std::string origin() const;
    // Without the query, which may hold secrets.
    std::string for_log() const;
};

// Nothing: *why says what is wrong, without repeating the URL.
std::optional<HttpUrl> parse_http_url(std::string_view text, std::string* why);

}  // namespace gatewayd

#endif
