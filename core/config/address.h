// Addresses as they are written in a configuration: IP literals, host:port, origins. Pure functions: any
// thread.
#ifndef GATEWAYD_CORE_CONFIG_ADDRESS_H
#define GATEWAYD_CORE_CONFIG_ADDRESS_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatewayd {

struct ListenAddress {
    std::string ip;  // without brackets
    uint16_t port = 0;
};

// "127.0.0.1:8082" or "[::1]:8082"; port 0 is any free one.
std::optional<ListenAddress> parse_listen_address(std::string_view text);

// "127.0.0.1", "::1"; no brackets, no zone.
bool is_ip_literal(std::string_view text);
// 127.0.0.0/8, ::1 and ::ffff:127.0.0.0/104.
bool is_loopback_ip(std::string_view ip);
// 0.0.0.0 and ::.
bool is_unspecified_ip(std::string_view ip);

// "*", "https://app.example.com", "https://app.example.com:8443" or "https://*.example.com".
// Empty: it is one; else what is wrong with it.
std::string what_is_wrong_with_origin(std::string_view text);

}  // namespace gatewayd

#endif
