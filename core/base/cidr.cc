#include "core/base/cidr.h"

#include <algorithm>
#include <charconv>

namespace gatewayd {
namespace {

constexpr uint8_t v4_offset_bits = 96;

// Keeps the first bits of an address.
PeerAddress masked(PeerAddress address, unsigned bits) {
    for (unsigned i = 0; i < address.ip.size(); ++i) {
        const unsigned kept = bits > i * 8 ? std::min(bits - i * 8, 8U) : 0;
        address.ip[i] = static_cast<unsigned char>(address.ip[i] & (0xFF00U >> kept));
    }
    return address;
}

std::optional<unsigned> parse_bits(std::string_view text) {
    if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return bits;
}

}  // namespace

std::optional<Cidr> Cidr::parse(std::string_view text, std::string* why) {
    const size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const std::optional<PeerAddress> address = PeerAddress::from_ip(host);
    if (!address) {
        *why = "expected an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32";
        return std::nullopt;
    }
    if (slash == std::string_view::npos) return Cidr{*address, 128};
    const bool dotted = host.find(':') == std::string_view::npos;
    const unsigned max_bits = dotted ? 32 : 128;
    const std::optional<unsigned> bits = parse_bits(text.substr(slash + 1));
    if (!bits || *bits > max_bits) {
        *why = "the number behind the '/' must be 0 to " + std::to_string(max_bits);
        return std::nullopt;
    }
    Cidr cidr{*address, static_cast<uint8_t>(dotted ? *bits + v4_offset_bits : *bits)};
    const PeerAddress first = masked(*address, cidr.bits);
    if (first.ip != address->ip) {
        *why = "the address has bits behind the first " + std::to_string(*bits) + "; write " +
               first.ip_text() + "/" + std::to_string(first.is_v4() ? cidr.bits - v4_offset_bits : cidr.bits);
        return std::nullopt;
    }
    return cidr;
}

bool Cidr::contains(const PeerAddress& address) const {
    if (bits < v4_offset_bits && address.is_v4()) return false;
    return masked(address, bits).ip == first.ip;
}

bool contains(const CidrList& list, const PeerAddress& address) {
    return std::any_of(list.begin(), list.end(), [&](const Cidr& cidr) { return cidr.contains(address); });
}

}  // namespace gatewayd
