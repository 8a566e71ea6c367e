#include "core/net/forwarded.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/base/http_text.h"

namespace gatewayd {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// A port, or one that the proxy hides.
bool parse_node_port(std::string_view text, uint16_t* port) {
    if (text.size() > 1 && text.front() == '_') {
        return std::all_of(text.begin() + 1, text.end(),
                           [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
    }
    if (text.empty() || text.size() > 5) return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
    return error == std::errc() && end == text.data() + text.size();
}

// Where the last entry of the list begins. Quotes are matched from the right, so that a quote which a client
// left open cannot swallow what proxies wrote behind it.
size_t begin_of_last(std::string_view list, bool quotes) {
    bool quoted = false;
    for (size_t i = list.size(); i > 0; --i) {
        const char c = list[i - 1];
        if (quotes && c == '"') {
            size_t backslashes = 0;
            while (quoted && i - 1 > backslashes && list[i - 2 - backslashes] == '\\')
                ++backslashes;
            if (backslashes % 2 == 0) quoted = !quoted;
        } else if (c == ',' && !quoted) {
            return i;
        }
    }
    return 0;
}

// Nothing: not a quoted-string (RFC 9110 section 5.6.4).
std::optional<std::string> unquoted(std::string_view text) {
    if (text.size() < 2 || text.back() != '"') return std::nullopt;
    std::string content;
    for (size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '"') return std::nullopt;
        if (text[i] == '\\' && ++i + 1 == text.size()) return std::nullopt;
        content.push_back(text[i]);
    }
    return content;
}

// The end of a parameter: the ';' behind it, outside of quotes.
size_t end_of_parameter(std::string_view element) {
    bool quoted = false;
    for (size_t i = 0; i < element.size(); ++i) {
        if (element[i] == '"') {
            quoted = !quoted;
        } else if (quoted && element[i] == '\\') {
            ++i;
        } else if (element[i] == ';' && !quoted) {
            return i;
        }
    }
    return element.size();
}

// `for` of one element: 'for="[2001:db8::1]:80";proto=https'.
std::optional<PeerAddress> node_of_element(std::string_view element) {
    std::optional<PeerAddress> node;
    while (!element.empty()) {
        const size_t end = end_of_parameter(element);
        const std::string_view parameter = trimmed(element.substr(0, end));
        element.remove_prefix(std::min(end + 1, element.size()));
        const size_t equals = parameter.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        if (!equal_ignoring_case(parameter.substr(0, equals), "for")) continue;
        if (node) return std::nullopt;  // two of them
        const std::string_view value = parameter.substr(equals + 1);
        if (!value.empty() && value.front() == '"') {
            const std::optional<std::string> content = unquoted(value);
            if (content) node = parse_forwarded_node(*content);
        } else {
            node = parse_forwarded_node(value);
        }
        if (!node) return std::nullopt;
    }
    return node;
}

template <typename NodeOf>
ForwardedClient walk(std::string_view list, const PeerAddress& peer, const CidrList& trusted, bool quotes,
                     NodeOf node_of) {
    ForwardedClient client{peer};
    for (size_t hop = 0; hop < max_forwarded_hops; ++hop) {
        const size_t begin = begin_of_last(list, quotes);
        const std::optional<PeerAddress> node = node_of(trimmed(list.substr(begin)));
        if (!node) break;
        client.address = *node;
        if (begin == 0 || !contains(trusted, *node)) return client;
        list = list.substr(0, begin - 1);
    }
    client.unclear = true;
    return client;
}

}  // namespace

std::optional<PeerAddress> parse_forwarded_node(std::string_view text) {
    std::string_view host = text;
    std::optional<std::string_view> port;
    if (!text.empty() && text.front() == '[') {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        host = text.substr(1, end - 1);
        if (host.find(':') == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return std::nullopt;
        if (!rest.empty()) port = rest.substr(1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {  // more: IPv6 without brackets
        const size_t colon = text.find(':');
        host = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    std::optional<PeerAddress> node = PeerAddress::from_ip(host);
    if (node && port && !parse_node_port(*port, &node->port)) return std::nullopt;
    return node;
}

ForwardedClient client_of_x_forwarded_for(std::string_view value, const PeerAddress& peer,
                                          const CidrList& trusted) {
    return walk(value, peer, trusted, false, parse_forwarded_node);
}

ForwardedClient client_of_forwarded(std::string_view value, const PeerAddress& peer,
                                    const CidrList& trusted) {
    return walk(value, peer, trusted, true, node_of_element);
}

}  // namespace gatewayd
