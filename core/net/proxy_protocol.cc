#include "core/net/proxy_protocol.h"

#include <algorithm>
#include <charconv>

namespace gatewayd {
namespace {

using Result = ProxyProtocolResult;

constexpr std::string_view text_signature = "PROXY ";
constexpr std::string_view binary_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t max_text_bytes = 107;  // the line, with its CRLF
constexpr size_t binary_head_bytes = 16;
constexpr size_t v4_block_bytes = 12;
constexpr size_t v6_block_bytes = 36;

bool is_begun(std::string_view bytes, std::string_view signature) {
    const size_t size = std::min(bytes.size(), signature.size());
    return bytes.substr(0, size) == signature.substr(0, size);
}

uint8_t byte_at(std::string_view bytes, size_t at) {
    return static_cast<uint8_t>(bytes[at]);
}

uint16_t number_at(std::string_view bytes, size_t at) {
    return static_cast<uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

// --- version 1: "PROXY TCP4 192.0.2.1 192.0.2.9 52110 8081\r\n" ---

bool parse_port(std::string_view text, uint16_t* port) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
    return error == std::errc() && end == text.data() + text.size();
}

// Takes the text up to the next space, and the space.
std::string_view take_word(std::string_view* rest) {
    const size_t end = std::min(rest->find(' '), rest->size());
    const std::string_view word = rest->substr(0, end);
    rest->remove_prefix(std::min(end + 1, rest->size()));
    return word;
}

bool parse_line(std::string_view line, std::optional<PeerAddress>* client) {
    const std::string_view protocol = take_word(&line);
    if (protocol == "UNKNOWN") return true;  // whatever else the line says does not count
    if (protocol != "TCP4" && protocol != "TCP6") return false;
    const bool v4 = protocol == "TCP4";
    auto take_address = [&] {
        const std::string_view word = take_word(&line);
        const bool dotted = word.find(':') == std::string_view::npos;
        return dotted == v4 ? PeerAddress::from_ip(word) : std::nullopt;
    };
    std::optional<PeerAddress> source = take_address();
    const std::optional<PeerAddress> destination = take_address();
    if (!source || !destination) return false;
    uint16_t destination_port;
    if (!parse_port(take_word(&line), &source->port)) return false;
    if (!parse_port(line, &destination_port)) return false;
    *client = source;
    return true;
}

Result parse_text(std::string_view bytes, ProxyProtocolHeader* out, const char** why) {
    if (bytes.size() < text_signature.size()) return Result::need_more;
    const std::string_view head = bytes.substr(0, max_text_bytes);
    const size_t end = head.find_first_of(std::string_view("\r\n\0", 3));
    if (end == std::string_view::npos || (head[end] == '\r' && end + 1 == head.size())) {
        if (bytes.size() < max_text_bytes) return Result::need_more;
        *why = "the PROXY line is longer than 107 bytes";
        return Result::error;
    }
    if (head.substr(end, 2) != "\r\n") {
        *why = "the PROXY line does not end with CR LF within 107 bytes";
        return Result::error;
    }
    if (!parse_line(head.substr(text_signature.size(), end - text_signature.size()), &out->client)) {
        *why = "the PROXY line is not \"PROXY TCP4|TCP6 address address port port\" or \"PROXY UNKNOWN\"";
        return Result::error;
    }
    out->size = end + 2;
    return Result::header;
}

// --- version 2: signature, version and command, family and protocol, length, addresses, TLVs ---

Result parse_binary(std::string_view bytes, ProxyProtocolHeader* out, const char** why) {
    auto fail = [why](const char* text) {
        *why = text;
        return Result::error;
    };
    if (bytes.size() <= 12) return Result::need_more;
    const unsigned version = byte_at(bytes, 12) >> 4;
    const unsigned command = byte_at(bytes, 12) & 0x0FU;
    if (version != 2) return fail("the PROXY header has another version than 2");
    if (command > 1) return fail("the PROXY header has a command that is neither LOCAL nor PROXY");
    if (bytes.size() < binary_head_bytes) return Result::need_more;
    const bool local = command == 0;
    const unsigned family = byte_at(bytes, 13) >> 4;
    const unsigned protocol = byte_at(bytes, 13) & 0x0FU;
    if (!local && (family > 3 || protocol > 2)) {
        return fail("the PROXY header has an unknown address family or protocol");
    }
    // Datagrams and Unix sockets are no address of ours: as good as not said.
    const bool v4 = !local && family == 1 && protocol == 1;
    const bool v6 = !local && family == 2 && protocol == 1;
    const size_t length = number_at(bytes, 14);
    if (length < (v4 ? v4_block_bytes : v6 ? v6_block_bytes : 0)) {
        return fail("the PROXY header is too short for its addresses");
    }
    if (binary_head_bytes + length > max_proxy_protocol_bytes) {
        return fail("the PROXY header is longer than 4096 bytes");
    }
    if (bytes.size() < binary_head_bytes + length) return Result::need_more;
    out->size = binary_head_bytes + length;
    const auto* block = reinterpret_cast<const unsigned char*>(bytes.data()) + binary_head_bytes;
    if (v4) out->client = PeerAddress::from_v4(block, number_at(bytes, binary_head_bytes + 8));
    if (v6) out->client = PeerAddress::from_v6(block, number_at(bytes, binary_head_bytes + 32));
    return Result::header;
}

}  // namespace

ProxyProtocolResult parse_proxy_protocol(std::string_view bytes, ProxyProtocolHeader* out, const char** why) {
    *out = {};
    if (is_begun(bytes, text_signature)) return parse_text(bytes, out, why);
    if (is_begun(bytes, binary_signature)) return parse_binary(bytes, out, why);
    *why = "there is no PROXY header";
    return Result::error;
}

bool looks_like_proxy_protocol(std::string_view bytes) {
    return bytes.substr(0, text_signature.size()) == text_signature ||
           bytes.substr(0, binary_signature.size()) == binary_signature;
}

}  // namespace gatewayd
