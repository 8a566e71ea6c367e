// What proxies say of their clients: core/net/proxy_protocol.h and forwarded.h, core/base/cidr.h. A PROXY
// header cut anywhere is the same header, and what a plain reading of its specification gives; nothing that a
// client writes in front of what trusted proxies wrote changes whom they name; addresses and networks mean
// what their bits say. Input: for the PROXY protocol all of it; for the lists, the client's line, the
// proxies' line and a network's line.
#include <arpa/inet.h>

#include "core/net/forwarded.h"
#include "core/net/proxy_protocol.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using Result = ProxyProtocolResult;

bool same(const PeerAddress& a, const PeerAddress& b) {
    return a.ip == b.ip && a.port == b.port;
}

// --- the PROXY protocol ---

struct Parsed {
    Result result;
    ProxyProtocolHeader header;

    bool operator==(const Parsed& other) const {
        if (result != other.result) return false;
        if (result != Result::header) return true;
        if (header.size != other.header.size || !header.client != !other.header.client) return false;
        return !header.client || same(*header.client, *other.header.client);
    }
};

Parsed parsed(std::string_view bytes) {
    const Exact copy(bytes);
    Parsed out{};
    const char* why = nullptr;
    out.result = parse_proxy_protocol(copy.view(), &out.header, &why);
    must((out.result == Result::error) == (why != nullptr), "an error, and only an error, has its words",
         bytes);
    return out;
}

std::optional<uint16_t> number_of(const std::string& text) {
    if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string::npos)
        return std::nullopt;
    if (text.size() > 1 && text[0] == '0') return std::nullopt;
    const unsigned long number = std::strtoul(text.c_str(), nullptr, 10);
    if (number > 65535) return std::nullopt;
    return static_cast<uint16_t>(number);
}

// Version 1, a whole line without its CRLF. False: it is none.
bool read_line(const std::string& line, std::optional<PeerAddress>* client) {
    std::vector<std::string> words(1);
    for (const char c : line) {
        if (c == ' ') {
            words.emplace_back();
        } else {
            words.back().push_back(c);
        }
    }
    if (words.size() >= 2 && words[1] == "UNKNOWN") return true;
    if (words.size() != 6) return false;
    const int family = words[1] == "TCP4" ? AF_INET : words[1] == "TCP6" ? AF_INET6 : 0;
    if (family == 0) return false;
    unsigned char source[16];
    unsigned char destination[16];
    const auto port = number_of(words[4]);
    if (inet_pton(family, words[2].c_str(), source) != 1 ||
        inet_pton(family, words[3].c_str(), destination) != 1)
        return false;
    if (!port || !number_of(words[5])) return false;
    *client = family == AF_INET ? PeerAddress::from_v4(source, *port) : PeerAddress::from_v6(source, *port);
    return true;
}

// Nothing: not a whole good header.
std::optional<ProxyProtocolHeader> reference(std::string_view bytes) {
    static constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
    ProxyProtocolHeader header;
    if (bytes.substr(0, 6) == "PROXY ") {
        const size_t end = bytes.find("\r\n");
        if (end == std::string_view::npos || end > 105) return std::nullopt;
        const std::string line(bytes.substr(0, end));
        if (line.find_first_of(std::string("\n\r\0", 3)) != std::string::npos) return std::nullopt;
        header.size = end + 2;
        if (!read_line(line, &header.client)) return std::nullopt;
        return header;
    }
    if (bytes.size() < 16 || bytes.substr(0, 12) != signature) return std::nullopt;
    const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
    const size_t length = p[14] * 256U + p[15];
    header.size = 16 + length;
    if (bytes.size() < header.size || header.size > 4096) return std::nullopt;
    if (p[12] == 0x20) return header;
    if (p[12] != 0x21 || p[13] >> 4 > 3 || (p[13] & 15) > 2) return std::nullopt;
    if (p[13] == 0x11) {
        if (length < 12) return std::nullopt;
        header.client = PeerAddress::from_v4(p + 16, static_cast<uint16_t>(p[24] * 256 + p[25]));
    } else if (p[13] == 0x21) {
        if (length < 36) return std::nullopt;
        header.client = PeerAddress::from_v6(p + 16, static_cast<uint16_t>(p[48] * 256 + p[49]));
    }
    return header;
}

void check_proxy_protocol(std::string_view input) {
    const Parsed whole = parsed(input);
    const auto expected = reference(input);
    must((whole.result == Result::header) == expected.has_value(), "the same headers are good", input);
    if (expected) must(whole == Parsed{Result::header, *expected}, "a header says what it says", input);
    // Once it is decided, more bytes change nothing; until then, fewer bytes decide nothing.
    const size_t longest = std::min<size_t>(input.size(), 200);
    Parsed before{Result::need_more, {}};
    for (size_t size = 1; size <= longest; ++size) {
        const Parsed now = parsed(input.substr(0, size));
        must(before.result == Result::need_more || now == before, "what is decided stays so", input);
        before = now;
    }
    must(before.result == Result::need_more || before == whole, "a part decides what the whole says", input);
    if (whole.result == Result::header) {
        must(whole.header.size <= std::min(input.size(), max_proxy_protocol_bytes), "a header has a limit",
             input);
        must(parsed(input.substr(0, whole.header.size)) == whole, "a header needs no byte behind it", input);
        must(parsed(input.substr(0, whole.header.size - 1)).result == Result::need_more, "and each before it",
             input);
        must(looks_like_proxy_protocol(input), "a header looks like one", input);
    }
    must(input.size() < 4096 || whole.result != Result::need_more, "4096 bytes decide", input);
}

// --- lists ---

const CidrList& trusted() {
    static const CidrList list = [] {
        CidrList made;
        std::string why;
        for (const char* text : {"10.0.0.0/8", "127.0.0.1", "2001:db8::/33"})
            made.push_back(*Cidr::parse(text, &why));
        return made;
    }();
    return list;
}

void check_address(const PeerAddress& address) {
    const auto again = PeerAddress::from_ip(address.ip_text());
    must(again && again->ip == address.ip, "an address is what it is written as", address.ip_text());
    const auto node = parse_forwarded_node(address.text());
    must(node && same(*node, address), "an address with its port, too", address.text());
}

// As a proxy writes it: quotes begin behind a '=' and are closed, and nothing else is escaped.
bool is_well_quoted(std::string_view text) {
    bool quoted = false;
    for (size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') {
            const std::string_view behind = text.substr(at + 1, 1);
            if (!quoted && (at == 0 || text[at - 1] != '=')) return false;
            if (quoted && !behind.empty() &&
                std::string_view(" ;,").find(behind[0]) == std::string_view::npos)
                return false;
            quoted = !quoted;
        } else if (text[at] == '\\') {
            if (!quoted || ++at == text.size()) return false;
        }
    }
    return !quoted;
}

using ClientOf = ForwardedClient (*)(std::string_view, const PeerAddress&, const CidrList&);

void check_list(ClientOf client_of, std::string_view written_by_client, std::string_view written_by_proxies) {
    const PeerAddress peer = *PeerAddress::from_ip("10.0.0.1");
    const Exact copy(written_by_proxies);
    const ForwardedClient client = client_of(copy.view(), peer, trusted());
    check_address(client.address);
    const std::string all = std::string(written_by_client) + ", " + std::string(written_by_proxies);
    const ForwardedClient with_lie = client_of(all, peer, trusted());
    const bool decided = client.unclear || !contains(trusted(), client.address);
    must(!decided || (same(client.address, with_lie.address) && client.unclear == with_lie.unclear),
         "what stands left of the first address that is not trusted changes nothing", all);
    // Whom nobody but the client named is never behind an address that was decided.
    if (client.unclear) must(contains(trusted(), client.address), "an unclear list stops at a proxy", all);
}

// X-Forwarded-For from a list of its entries.
void check_x_forwarded_for(std::string_view value) {
    PeerAddress last = *PeerAddress::from_ip("10.0.0.1");
    bool unclear = true;
    size_t hops = 0;
    std::string_view rest = value;
    for (bool more = true; more && hops < 64; ++hops) {
        const size_t comma = rest.rfind(',');
        more = comma != std::string_view::npos;
        std::string entry(more ? rest.substr(comma + 1) : rest);
        if (more) rest = rest.substr(0, comma);
        entry.erase(0, std::min(entry.find_first_not_of(" \t"), entry.size()));
        entry.erase(entry.find_last_not_of(" \t") + 1);
        const auto node = parse_forwarded_node(entry);
        if (!node) break;
        last = *node;
        unclear = more && contains(trusted(), last);
        if (!unclear) break;
    }
    const ForwardedClient client =
        client_of_x_forwarded_for(value, *PeerAddress::from_ip("10.0.0.1"), trusted());
    must(same(client.address, last) && client.unclear == unclear, "X-Forwarded-For is read from the right",
         value);
}

void check_network(std::string_view text) {
    std::string why;
    const Exact copy(text);
    const auto network = Cidr::parse(copy.view(), &why);
    must(network.has_value() == why.empty(), "a network or a reason", text);
    if (!network) return;
    must(network->contains(network->first), "a network contains its first address", text);
    for (unsigned bit = 0; bit < 128; ++bit) {
        PeerAddress other = network->first;
        other.ip[bit / 8] = static_cast<unsigned char>(other.ip[bit / 8] ^ (0x80U >> bit % 8));
        const bool v4_in_v6 = other.is_v4() && network->bits < 96;
        must(network->contains(other) == (bit >= network->bits && !v4_in_v6), "a network is its first bits",
             text);
    }
}

std::string_view take_line(std::string_view* text) {
    const std::string_view line = text->substr(0, text->find('\n'));
    text->remove_prefix(std::min(line.size() + 1, text->size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::string_view input = as_text(data, size);
    check_proxy_protocol(input);
    const std::string_view by_client = take_line(&input);
    const std::string_view by_proxies = take_line(&input);
    check_list(client_of_x_forwarded_for, by_client, by_proxies);
    if (is_well_quoted(by_proxies)) check_list(client_of_forwarded, by_client, by_proxies);
    check_x_forwarded_for(by_proxies);
    check_network(take_line(&input));
    return 0;
}
