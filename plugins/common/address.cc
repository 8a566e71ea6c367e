#include "address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace address {
namespace {

constexpr std::array<uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned v4_offset = 96;

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
    if (text.empty() || text.size() > 3) return std::nullopt;
    unsigned number = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (number > most || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    return number;
}

}  // namespace

bool Address::is_v4() const {
    return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

std::string Address::text() const {
    char text[INET6_ADDRSTRLEN] = "";
    if (is_v4()) {
        ::inet_ntop(AF_INET, bytes.data() + v4_prefix.size(), text, sizeof text);
    } else {
        ::inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
    }
    return text;
}

Address Address::masked(unsigned bits) const {
    Address made = *this;
    for (unsigned i = 0; i < made.bytes.size(); ++i) {
        const unsigned kept = bits > i * 8 ? std::min(8U, bits - i * 8) : 0;
        made.bytes[i] = static_cast<uint8_t>(made.bytes[i] & (0xff00U >> kept));
    }
    return made;
}

std::optional<Address> parse_address(std::string_view text) {
    if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
    const std::string terminated(text);
    Address address;
    if (text.find(':') == std::string_view::npos) {
        std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
        if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + v4_prefix.size()) != 1)
            return std::nullopt;
    } else if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) {
        return std::nullopt;
    }
    return address;
}

std::optional<Address> parse_endpoint(std::string_view text) {
    if (text.substr(0, 1) == "[") {
        const size_t end = text.find(']');
        return end == std::string_view::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
    }
    return parse_address(text.substr(0, text.rfind(':')));
}

std::string Network::text() const {
    return address.text() + "/" + std::to_string(is_v4() ? bits - v4_offset : bits);
}

std::optional<Network> parse_network(std::string_view text, std::string* error) {
    const size_t slash = text.find('/');
    const std::optional<Address> address = parse_address(text.substr(0, slash));
    if (!address) {
        *error = "is no address or network such as 192.0.2.0/24 or 2001:db8::/32";
        return std::nullopt;
    }
    Network network{*address, 128};
    const bool v4 = text.find(':') == std::string_view::npos;
    if (slash != std::string_view::npos) {
        const unsigned most = v4 ? 32 : 128;
        const std::optional<unsigned> bits = parse_number(text.substr(slash + 1), most);
        if (!bits) {
            *error = "needs a number of bits from 0 to " + std::to_string(most) + " behind the slash";
            return std::nullopt;
        }
        network.bits = v4 ? v4_offset + *bits : *bits;
    }
    network.address = address->masked(network.bits);
    if (!(network.address == *address)) {
        *error = "has bits behind its prefix; did you mean " + network.text() + "?";
        return std::nullopt;
    }
    return network;
}

}  // namespace address
