#include "core/harness/requests.h"

#include <algorithm>

#include "core/base/http_text.h"
#include "core/base/utf8.h"

namespace gatewayd::harness {
namespace {

constexpr size_t max_response_headers = 32;
constexpr size_t max_response_header_bytes = 4096;

bool is_header_text(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 0x20 && c != 0x7F) || c == '\t' || c < 0; });
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > 0x20 && c < 0x7F &&
               std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string_view::npos;
    });
}

bool is_reserved_header(std::string_view name) {
    static constexpr std::string_view reserved[] = {"Upgrade",
                                                    "Connection",
                                                    "Sec-WebSocket-Accept",
                                                    "Sec-WebSocket-Protocol",
                                                    "Sec-WebSocket-Extensions",
                                                    "Content-Length",
                                                    "Transfer-Encoding",
                                                    "Content-Type"};
    return std::any_of(std::begin(reserved), std::end(reserved),
                       [&](std::string_view item) { return equal_ignoring_case(item, name); });
}

bool is_rejection(std::string_view word, std::string_view why) {
    return !word.empty() && is_valid_utf8(word) && is_valid_utf8(why);
}

}  // namespace

// --- frames ---

int32_t FrameRequest::replace_payload(std::string_view payload) {
    if (frozen) return GW_E_STATE;
    if (!is_binary() && !is_valid_utf8(payload)) return GW_E_ARG;
    bytes_ = changed_.emplace_back(payload);
    return GW_OK;
}

int32_t FrameRequest::answer(std::string_view bytes) {
    if (frozen) return GW_E_STATE;
    if (!is_binary() && !is_valid_utf8(bytes)) return GW_E_ARG;
    flight_->answers.emplace_back(bytes);
    return GW_OK;
}

int32_t FrameRequest::reject(int32_t, std::string_view word, std::string_view why) {
    if (frozen) return GW_E_STATE;
    if (!is_rejection(word, why)) return GW_E_ARG;
    flight_->rejection = {403, std::string(word), std::string(why)};
    return GW_OK;
}

// --- handshakes ---

std::string HandshakeRequest::claimed(const std::string& name, const char* header_name) const {
    const auto set = set_.find(name);
    if (set != set_.end()) return set->second;
    const auto query = http_.query.find(name);
    if (query != http_.query.end() && !query->second.empty()) return query->second;
    for (const auto& [key, value] : http_.headers) {
        if (equal_ignoring_case(key, header_name)) return value;
    }
    return {};
}

int32_t HandshakeRequest::field(std::string_view name, std::string_view* out) {
    std::string value;
    if (name == "method") {
        value = "GET";
    } else if (name == "path") {
        value = http_.path;
    } else if (name == "client_id") {
        value = claimed("client_id", "X-Client-ID");
    } else if (name == "user_id") {
        value = claimed("user_id", "X-User-ID");
    } else if (name == "user_type") {
        value = claimed("user_type", "X-User-Type");
    } else if (name == "ticket_id" || name == "group_id") {
        std::string_view text;
        if (query(name, &text) == GW_OK) value = text;
    } else if (name == "subprotocol") {
        const auto set = set_.find(name);
        value = set != set_.end()         ? set->second
                : http_.protocols.empty() ? std::string()
                                          : http_.protocols.front();
    } else if (name == "remote_address") {
        value = http_.remote_address;
    }
    if (value.empty()) return GW_E_NOTFOUND;
    *out = texts_.emplace_back(std::move(value));
    return GW_OK;
}

int32_t HandshakeRequest::header(std::string_view name, std::string_view* out) {
    for (const auto& [key, value] : http_.headers) {
        if (equal_ignoring_case(key, name)) return *out = value, GW_OK;
    }
    return GW_E_NOTFOUND;
}

int32_t HandshakeRequest::query(std::string_view name, std::string_view* out) {
    const auto found = http_.query.find(std::string(name));
    if (found == http_.query.end()) return GW_E_NOTFOUND;
    *out = found->second;
    return GW_OK;
}

int32_t HandshakeRequest::set_field(std::string_view name, std::string_view value) {
    if (frozen) return GW_E_STATE;
    if (name == "subprotocol") {
        if (std::find(http_.protocols.begin(), http_.protocols.end(), value) == http_.protocols.end())
            return GW_E_ARG;
    } else if (name != "client_id" && name != "user_id" && name != "user_type") {
        return GW_E_ARG;
    } else if (!is_valid_utf8(value) || !is_valid_id(value)) {
        return GW_E_ARG;
    }
    set_[std::string(name)] = value;
    return GW_OK;
}

int32_t HandshakeRequest::set_response_header(std::string_view name, std::string_view value) {
    if (!is_token(name) || !is_header_text(value) || is_reserved_header(name)) return GW_E_ARG;
    if (value.size() > max_response_header_bytes) return GW_E_LIMIT;
    for (auto& [key, text] : flight_->response_headers) {
        if (equal_ignoring_case(key, name)) return text = value, GW_OK;
    }
    if (flight_->response_headers.size() >= max_response_headers) return GW_E_LIMIT;
    flight_->response_headers.emplace(name, value);
    return GW_OK;
}

int32_t HandshakeRequest::reject(int32_t status, std::string_view word, std::string_view why) {
    if (frozen) return GW_E_STATE;
    if (status < 400 || status > 599 || !is_rejection(word, why)) return GW_E_ARG;
    flight_->rejection = {status, std::string(word), std::string(why)};
    return GW_OK;
}

void HandshakeRequest::identify(gateway::harness::Client* client) const {
    const bool verified = set_.count("user_id") != 0;
    const auto own = [&](const char* name, const char* header_name) {
        const auto set = set_.find(name);
        if (set != set_.end()) return set->second;
        return verified ? std::string() : claimed(name, header_name);
    };
    const std::string client_id = claimed("client_id", "X-Client-ID");
    const std::string user_id = own("user_id", "X-User-ID");
    const std::string user_type = own("user_type", "X-User-Type");
    if (!client_id.empty()) client->client_id = client_id;
    client->user_id = user_id.empty() ? client->client_id : user_id;
    client->user_type = user_type.empty() ? "customer" : user_type;
    client->remote_address = http_.remote_address;
}

}  // namespace gatewayd::harness
