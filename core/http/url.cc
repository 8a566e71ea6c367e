#include "core/http/url.h"

#include <arpa/inet.h>

#include <algorithm>

namespace gatewayd {
namespace {

constexpr size_t max_host_bytes = 253;
constexpr size_t max_label_bytes = 63;
constexpr uint16_t http_port = 80;
constexpr uint16_t https_port = 443;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::string lower_case(std::string_view text) {
    std::string made(text);
    for (char& c : made) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return made;
}

// What is wrong with a host that is a name or an IPv4 address; empty: nothing.
std::string host_problem(std::string_view host, bool* is_address) {
    if (host.empty()) return "has no host";
    if (host.size() > max_host_bytes) return "has a host of more than 253 bytes";
    size_t begin = 0;
    std::string_view last;
    for (;;) {
        const size_t dot = std::min(host.find('.', begin), host.size());
        last = host.substr(begin, dot - begin);
        if (last.empty()) return "has an empty label in its host";
        if (last.size() > max_label_bytes) return "has a label of more than 63 bytes in its host";
        if (last.front() == '-' || last.back() == '-') return "has a label with - at its end in its host";
        for (const char c : last) {
            if (!is_letter(c) && !is_digit(c) && c != '-' && c != '_')
                return "has a character in its host that no host name has (IDN: write it as xn--...)";
        }
        if (dot == host.size()) break;
        begin = dot + 1;
    }
    // A last label of digits, or 0x..., is an address (WHATWG): in one spelling, with four numbers.
    const bool numeric = std::all_of(last.begin(), last.end(), is_digit) ||
                         (last.size() >= 2 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X'));
    if (!numeric) return {};
    in_addr ignored;
    if (::inet_pton(AF_INET, std::string(host).c_str(), &ignored) != 1)
        return "has a host that ends in a number and is no IPv4 address";
    *is_address = true;
    return {};
}

std::string read_port(std::string_view text, uint16_t* port) {
    uint32_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) return "has a port that is no number";
        value = value * 10 + static_cast<uint32_t>(c - '0');
        if (value > UINT16_MAX) return "has a port above 65535";
    }
    if (text.empty() || value == 0) return "has no port behind the colon";
    *port = static_cast<uint16_t>(value);
    return {};
}

std::string read_authority(std::string_view text, HttpUrl* url) {
    if (text.find('@') != std::string_view::npos)
        return "has a user before @; send credentials in a header (Authorization)";
    std::string_view port;
    bool has_port = false;
    if (!text.empty() && text.front() == '[') {
        const size_t end = text.find(']');
        if (end == std::string_view::npos) return "has a [ without ] in its host";
        url->host = lower_case(text.substr(1, end - 1));
        in6_addr ignored;
        if (::inet_pton(AF_INET6, url->host.c_str(), &ignored) != 1)
            return "has no IPv6 address in its brackets";
        url->is_address = true;
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && rest.front() != ':') return "has something else than a port behind its ]";
        has_port = !rest.empty();
        if (has_port) port = rest.substr(1);
    } else {
        const size_t colon = text.find(':');
        has_port = colon != std::string_view::npos;
        if (has_port) port = text.substr(colon + 1);
        url->host = lower_case(text.substr(0, colon));
        if (std::string why = host_problem(url->host, &url->is_address); !why.empty()) return why;
    }
    url->port = url->tls ? https_port : http_port;
    return has_port ? read_port(port, &url->port) : std::string();
}

std::string target_problem(std::string_view target) {
    static constexpr std::string_view allowed = "-._~!$&'()*+,;=:@/?";
    for (size_t i = 0; i < target.size(); ++i) {
        const char c = target[i];
        if (c == '#') return "has a fragment (#), which is never sent";
        if (c == '%') {
            if (i + 2 >= target.size() || !is_hex(target[i + 1]) || !is_hex(target[i + 2]))
                return "has a % without two hexadecimal digits";
        } else if (!is_letter(c) && !is_digit(c) && allowed.find(c) == std::string_view::npos) {
            return "has a character that must be written as %XX, at byte " + std::to_string(i + 1) +
                   " of its path and query";
        }
    }
    return {};
}

}  // namespace

std::string HttpUrl::authority() const {
    const bool v6 = host.find(':') != std::string::npos;
    const std::string name = v6 ? "[" + host + "]" : host;
    return port == (tls ? https_port : http_port) ? name : name + ":" + std::to_string(port);
}

std::string HttpUrl::origin() const {
    return (tls ? "https://" : "http://") + host + ":" + std::to_string(port);
}

std::string HttpUrl::for_log() const {
    return (tls ? "https://" : "http://") + authority() + target.substr(0, target.find('?'));
}

std::optional<HttpUrl> parse_http_url(std::string_view text, std::string* why) {
    HttpUrl url;
    const auto refuse = [&](std::string what) {
        *why = "the URL " + std::move(what);
        return std::nullopt;
    };
    if (text.empty()) return refuse("is empty");
    if (text.size() > max_url_bytes)
        return refuse("has more than " + std::to_string(max_url_bytes) + " bytes");
    const size_t scheme_end = text.find("://");
    const std::string scheme =
        scheme_end == std::string_view::npos ? std::string() : lower_case(text.substr(0, scheme_end));
    if (scheme != "http" && scheme != "https") return refuse("does not begin with http:// or https://");
    url.tls = scheme == "https";
    std::string_view rest = text.substr(scheme_end + 3);
    const size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
    if (std::string what = read_authority(rest.substr(0, authority_end), &url); !what.empty())
        return refuse(std::move(what));
    rest.remove_prefix(authority_end);
    if (std::string what = target_problem(rest); !what.empty()) return refuse(std::move(what));
    url.target = (rest.empty() || rest.front() != '/' ? "/" : "") + std::string(rest);
    return url;
}

}  // namespace gatewayd
