// A peer's IP address and port. A value: any thread.
#ifndef GATEWAYD_CORE_BASE_ADDRESS_H
#define GATEWAYD_CORE_BASE_ADDRESS_H

#include <netinet/in.h>

#include <array>
#include <cstdint>
#include <string>

namespace gatewayd {

struct PeerAddress {
    std::array<unsigned char, 16> ip{};  // IPv4 as ::ffff:a.b.c.d
    uint16_t port = 0;

    static PeerAddress from(const sockaddr_storage& address);
    std::string ip_text() const;
    std::string text() const;  // "192.0.2.1:52110", "[2001:db8::1]:52110"
};

}  // namespace gatewayd

#endif
