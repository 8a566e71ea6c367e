// Cidr: a network of IP addresses (RFC 4632, RFC 4291 section 2.3). A value: any thread.
#ifndef GATEWAYD_CORE_BASE_CIDR_H
#define GATEWAYD_CORE_BASE_CIDR_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/address.h"

namespace gatewayd {

struct Cidr {
    PeerAddress first;
    uint8_t bits = 128;  // that count, of the 16 bytes: an IPv4 network has 96 and its own

    // "10.0.0.0/8", "2001:db8::/32"; an address alone is a network of one. IPv4 written as IPv6
    // (::ffff:10.0.0.0/104) is IPv4. Nothing: *why says what is wrong with it.
    static std::optional<Cidr> parse(std::string_view text, std::string* why);

    // A network of IPv6 has no IPv4 in it, not even ::/0.
    bool contains(const PeerAddress& address) const;
};

using CidrList = std::vector<Cidr>;
bool contains(const CidrList& list, const PeerAddress& address);

}  // namespace gatewayd

#endif
