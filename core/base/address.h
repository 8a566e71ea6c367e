// An IP address and port: a peer's, or what a proxy says of its client. A value: any thread.
#ifndef GATEWAYD_CORE_BASE_ADDRESS_H
#define GATEWAYD_CORE_BASE_ADDRESS_H

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatewayd {

struct PeerAddress {
    std::array<unsigned char, 16> ip{};  // IPv4 as ::ffff:a.b.c.d
    uint16_t port = 0;                   // 0: not known

    static PeerAddress from(const sockaddr_storage& address);
    // "192.0.2.1" or "2001:db8::1": a literal without port, brackets or zone. Nothing: it is none.
    static std::optional<PeerAddress> from_ip(std::string_view text);
    // As in network order: 4 bytes, 16 bytes.
    static PeerAddress from_v4(const unsigned char* bytes, uint16_t port);
    static PeerAddress from_v6(const unsigned char* bytes, uint16_t port);

    bool is_v4() const;
    std::string ip_text() const;
    std::string text() const;  // "192.0.2.1:52110", "[2001:db8::1]:52110"
};

}  // namespace gatewayd

#endif
