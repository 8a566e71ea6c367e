// Addresses and networks, for plugins that decide by them. Values; pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_ADDRESS_H
#define GATEWAYD_PLUGINS_COMMON_ADDRESS_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace address {

// 16 bytes; IPv4 is written as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so that both sides of a dual-stack
// listener name a host in the same way.
struct Address {
    std::array<uint8_t, 16> bytes{};

    bool is_v4() const;
    std::string text() const;  // "192.0.2.1", "2001:db8::1"
    // The same with all bits but the first cleared.
    Address masked(unsigned bits) const;
    bool bit(unsigned index) const { return bytes[index / 8] >> (7 - index % 8) & 1; }
    friend bool operator==(const Address& a, const Address& b) { return a.bytes == b.bytes; }
};

// "192.0.2.1", "2001:db8::1"; nothing: it is none.
std::optional<Address> parse_address(std::string_view text);
// As the gateway gives it: "192.0.2.1:52110", "[2001:db8::1]:52110".
std::optional<Address> parse_endpoint(std::string_view text);

struct Network {
    Address address;
    unsigned bits = 128;  // of the 16 bytes that count

    // "::/0" holds IPv6 alone, as operators mean it.
    bool contains(const Address& one) const { return one.is_v4() == is_v4() && one.masked(bits) == address; }
    bool is_v4() const { return bits >= 96 && address.is_v4(); }
    std::string text() const;  // "192.0.2.0/24"
};

// "192.0.2.0/24", "2001:db8::/32", or one address. Bits behind the prefix are an error: they are a mistake
// more often than not. *error: why it is none.
std::optional<Network> parse_network(std::string_view text, std::string* error);

}  // namespace address

#endif
