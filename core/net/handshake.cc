#include "core/net/handshake.h"

#include <algorithm>
#include <websocketpp/base64/base64.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/processors/base.hpp>
#include <websocketpp/processors/processor.hpp>
#include <websocketpp/sha1/sha1.hpp>

#include "core/base/http_text.h"
#include "core/base/utf8.h"

namespace gatewayd {
namespace {

const char* reason_phrase(int status) {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 426:
            return "Upgrade Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Refused";
    }
}

Refusal refusal(int status, RejectReason reason, std::string_view word, std::string_view text,
                HttpHeaders headers = {}) {
    return {status, reason, error_body(word, text), std::move(headers)};
}

bool decode_text(std::string_view text, bool plus_is_space, std::string* out) {
    std::optional<std::string> decoded = percent_decoded(text, plus_is_space);
    if (!decoded || !is_valid_utf8(*decoded)) return false;
    *out = std::move(*decoded);
    return true;
}

// What websocketpp's parser lets pass and RFC 9112 does not: control characters, a space before the colon,
// folded lines.
bool is_clean_head(std::string_view head) {
    size_t line_begin = 0;
    bool first = true;
    while (line_begin < head.size()) {
        const size_t line_end = head.find("\r\n", line_begin);
        if (line_end == std::string_view::npos) return false;
        const std::string_view line = head.substr(line_begin, line_end - line_begin);
        for (const char c : line) {
            const auto byte = static_cast<unsigned char>(c);
            if ((byte < 0x20 && byte != '\t') || byte == 0x7F) return false;
        }
        if (!first && !line.empty()) {
            const size_t colon = line.find(':');
            if (colon == 0 || colon == std::string_view::npos) return false;
            if (line.substr(0, colon).find_first_of(" \t") != std::string_view::npos) return false;
        }
        first = false;
        line_begin = line_end + 2;
    }
    return true;
}

bool is_valid_key(std::string_view key) {
    if (key.size() != 24 || key.substr(22) != "==") return false;
    return std::all_of(key.begin(), key.begin() + 22, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
               c == '/';
    });
}

// The items of a list that are not empty (RFC 9110 section 5.6.1).
std::vector<std::string_view> items_of(std::string_view list) {
    std::vector<std::string_view> items;
    while (!list.empty()) {
        const size_t comma = std::min(list.find(','), list.size());
        std::string_view item = list.substr(0, comma);
        while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
            item.remove_prefix(1);
        while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
            item.remove_suffix(1);
        if (!item.empty()) items.push_back(item);
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return items;
}

bool has_item(std::string_view list, std::string_view wanted) {
    const auto items = items_of(list);
    return std::any_of(items.begin(), items.end(),
                       [wanted](std::string_view item) { return equal_ignoring_case(item, wanted); });
}

// HTTP/1.1, and what a later 1.x would be: it must be understood as 1.1 (RFC 9110 section 2.5).
bool is_known_version(std::string_view version) {
    return version.size() == 8 && version.substr(0, 7) == "HTTP/1." && version[7] >= '1' && version[7] <= '9';
}

void append_headers(const HttpHeaders& headers, std::string* out) {
    for (const auto& [key, value] : headers) {
        out->append(key).append(": ").append(value).append("\r\n");
    }
}

}  // namespace

struct HandshakeRequest::Parsed {
    websocketpp::http::parser::request http;
};

HandshakeRequest::HandshakeRequest() : parsed_(std::make_unique<Parsed>()) {}
HandshakeRequest::~HandshakeRequest() = default;

std::string error_body(std::string_view word, std::string_view text) {
    std::string body = R"({"error":{"code":")";
    body.append(word).append(R"(","message":")").append(text).append(R"("}})");
    return body;
}

bool HandshakeRequest::parse(std::string_view head, Refusal* out) {
    auto& http = parsed_->http;
    auto fail = [&](int status, std::string_view text) {
        *out = refusal(status, RejectReason::bad_request, "bad_request", text);
        return false;
    };
    if (!is_clean_head(head)) return fail(400, "the request head is not valid HTTP/1.1");
    // A body would be buffered by the parser; an upgrade has none.
    try {
        http.consume(head.data(), head.size());
    } catch (const websocketpp::http::exception& e) {
        if (e.m_error_code == websocketpp::http::status_code::request_entity_too_large) {
            return fail(413, "a WebSocket handshake has no body");
        }
        if (e.m_error_code == websocketpp::http::status_code::request_header_fields_too_large) {
            *out =
                refusal(431, RejectReason::head_too_big, "too_large", "the request head is over 16000 bytes");
            return false;
        }
        return fail(400, "the request head is not valid HTTP/1.1, or has no Host");
    }
    const std::string& length = http.get_header("Content-Length");
    if ((!length.empty() && length != "0") || !http.get_header("Transfer-Encoding").empty()) {
        return fail(413, "a WebSocket handshake has no body");
    }
    if (!is_known_version(http.get_version())) return fail(505, "HTTP/1.1 is needed");
    // The parser joins repeated headers with a comma, which no host has.
    if (http.get_header("Host").find_first_of(", \t") != std::string::npos) {
        return fail(400, "Host must be one host");
    }
    if (!parse_target(http.get_uri())) return fail(400, "the request target is not a valid path and query");
    for (const std::string_view item : items_of(http.get_header("Sec-WebSocket-Protocol")))
        protocols_.emplace_back(item);
    return true;
}

bool HandshakeRequest::parse_target(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {  // RFC 9112 section 3.2.2: so may it come
        if (!equal_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
        target.remove_prefix(std::min(target.find('/', scheme.size()), target.size()));
        break;
    }
    if (target.empty() || target.front() != '/') return false;
    if (target.find('#') != std::string_view::npos) return false;
    const size_t mark = std::min(target.find('?'), target.size());
    if (!decode_text(target.substr(0, mark), false, &path_)) return false;
    std::string_view rest = target.substr(std::min(mark + 1, target.size()));
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        const size_t equals = std::min(pair.find('='), pair.size());
        std::string key;
        std::string value;
        if (!decode_text(pair.substr(0, equals), true, &key)) return false;
        if (!decode_text(pair.substr(std::min(equals + 1, pair.size())), true, &value)) return false;
        query_.emplace_back(std::move(key), std::move(value));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
}

bool HandshakeRequest::check_upgrade(Refusal* out) {
    auto& http = parsed_->http;
    if (http.get_method() != "GET") {
        *out = refusal(405, RejectReason::bad_request, "method_not_allowed", "a WebSocket handshake is a GET",
                       {{"Allow", "GET"}});
        return false;
    }
    if (!has_item(http.get_header("Upgrade"), "websocket") ||
        !has_item(http.get_header("Connection"), "Upgrade")) {
        *out = refusal(426, RejectReason::no_upgrade, "upgrade_required",
                       "this is a WebSocket endpoint: send Upgrade: websocket and Connection: Upgrade",
                       {{"Upgrade", "websocket"}});
        return false;
    }
    if (http.get_header("Sec-WebSocket-Version") != "13") {
        *out = refusal(426, RejectReason::no_upgrade, "upgrade_required", "Sec-WebSocket-Version must be 13",
                       {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
        return false;
    }
    if (!is_valid_key(http.get_header("Sec-WebSocket-Key"))) {
        *out = refusal(400, RejectReason::bad_request, "bad_request",
                       "Sec-WebSocket-Key must be 16 bytes in base64");
        return false;
    }
    const bool tokens = std::all_of(protocols_.begin(), protocols_.end(),
                                    [](const std::string& item) { return is_token(item); });
    if (!tokens || (protocols_.empty() && header("Sec-WebSocket-Protocol"))) {
        *out = refusal(400, RejectReason::bad_request, "bad_request",
                       "Sec-WebSocket-Protocol is not a list of tokens");
        return false;
    }
    if (!parse_extension_offers(http.get_header("Sec-WebSocket-Extensions"), &extensions_)) {
        *out = refusal(400, RejectReason::bad_request, "bad_request",
                       "Sec-WebSocket-Extensions is not a list of extensions");
        return false;
    }
    return true;
}

std::string_view HandshakeRequest::method() const {
    return parsed_->http.get_method();
}

std::optional<std::string_view> HandshakeRequest::header(std::string_view name) const {
    const auto& headers = parsed_->http.get_headers();
    const auto found = headers.find(std::string(name));
    if (found == headers.end()) return std::nullopt;
    return std::string_view(found->second);
}

std::optional<std::string_view> HandshakeRequest::query(std::string_view name) const {
    for (const auto& [key, value] : query_) {
        if (key == name) return std::string_view(value);
    }
    return std::nullopt;
}

std::string HandshakeRequest::accept_response(std::string_view protocol, const HttpHeaders& headers) const {
    std::string key = parsed_->http.get_header("Sec-WebSocket-Key");
    key.append(websocketpp::processor::constants::handshake_guid);
    unsigned char digest[20];
    websocketpp::sha1::calc(key.data(), key.size(), digest);
    std::string response =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
        "Upgrade\r\nSec-WebSocket-Accept: ";
    response.append(websocketpp::base64_encode(digest, sizeof digest)).append("\r\n");
    if (!protocol.empty()) response.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
    append_headers(headers, &response);
    response.append("\r\n");
    return response;
}

std::string refusal_response(const Refusal& refused) {
    // RFC 9110 section 7.8: who sends Upgrade names it in Connection.
    const bool upgrade = std::any_of(refused.headers.begin(), refused.headers.end(),
                                     [](const auto& header) { return header.first == "Upgrade"; });
    std::string response =
        "HTTP/1.1 " + std::to_string(refused.status) + " " + reason_phrase(refused.status) +
        "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(refused.body.size()) +
        "\r\nConnection: " + (upgrade ? "close, Upgrade" : "close") + "\r\n";
    append_headers(refused.headers, &response);
    response.append("\r\n").append(refused.body);
    return response;
}

}  // namespace gatewayd
