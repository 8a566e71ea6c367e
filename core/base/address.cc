#include "core/base/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace gatewayd {

PeerAddress PeerAddress::from(const sockaddr_storage& address) {
    PeerAddress peer;
    if (address.ss_family == AF_INET6) {
        sockaddr_in6 v6;
        std::memcpy(&v6, &address, sizeof v6);
        std::memcpy(peer.ip.data(), &v6.sin6_addr, 16);
        peer.port = ntohs(v6.sin6_port);
    } else {
        sockaddr_in v4;
        std::memcpy(&v4, &address, sizeof v4);
        peer.ip[10] = peer.ip[11] = 0xFF;
        std::memcpy(peer.ip.data() + 12, &v4.sin_addr, 4);
        peer.port = ntohs(v4.sin_port);
    }
    return peer;
}

std::string PeerAddress::ip_text() const {
    static constexpr unsigned char v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    char buffer[INET6_ADDRSTRLEN];
    const bool v4 = std::equal(std::begin(v4_prefix), std::end(v4_prefix), ip.begin());
    return v4 ? inet_ntop(AF_INET, ip.data() + 12, buffer, sizeof buffer)
              : inet_ntop(AF_INET6, ip.data(), buffer, sizeof buffer);
}

std::string PeerAddress::text() const {
    const std::string host = ip_text();
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace gatewayd
