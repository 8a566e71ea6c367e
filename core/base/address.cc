#include "core/base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace gatewayd {

PeerAddress PeerAddress::from(const sockaddr_storage& address) {
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof v6);
        return from_v6(v6.sin6_addr.s6_addr, ntohs(v6.sin6_port));
    }
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    unsigned char bytes[4];
    std::memcpy(bytes, &v4.sin_addr, sizeof bytes);
    return from_v4(bytes, ntohs(v4.sin_port));
}

PeerAddress PeerAddress::from_v4(const unsigned char* bytes, uint16_t port) {
    PeerAddress peer;
    peer.ip[10] = peer.ip[11] = 0xFF;
    std::memcpy(peer.ip.data() + 12, bytes, 4);
    peer.port = port;
    return peer;
}

PeerAddress PeerAddress::from_v6(const unsigned char* bytes, uint16_t port) {
    PeerAddress peer;
    std::memcpy(peer.ip.data(), bytes, 16);
    peer.port = port;
    return peer;
}

std::optional<PeerAddress> PeerAddress::from_ip(std::string_view text) {
    char terminated[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof terminated) return std::nullopt;
    if (text.find('\0') != std::string_view::npos) return std::nullopt;
    terminated[text.copy(terminated, sizeof terminated - 1)] = '\0';
    unsigned char bytes[16];
    if (inet_pton(AF_INET, terminated, bytes) == 1) return from_v4(bytes, 0);
    if (inet_pton(AF_INET6, terminated, bytes) == 1) return from_v6(bytes, 0);
    return std::nullopt;
}

bool PeerAddress::is_v4() const {
    static constexpr unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    return std::equal(std::begin(v4_prefix), std::end(v4_prefix), ip.begin());
}

std::string PeerAddress::ip_text() const {
    char buffer[INET6_ADDRSTRLEN];
    return is_v4() ? inet_ntop(AF_INET, ip.data() + 12, buffer, sizeof buffer)
                   : inet_ntop(AF_INET6, ip.data(), buffer, sizeof buffer);
}

std::string PeerAddress::text() const {
    const std::string host = ip_text();
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace gatewayd
