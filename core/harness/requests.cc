#include "core/harness/requests.h"

#include <algorithm>

#include "core/base/http_text.h"
#include "core/base/utf8.h"
#include "core/chain/request_rules.h"

namespace gatewayd::harness {
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
    if (http_.protocols.empty() || !equal_ignoring_case(name, "Sec-WebSocket-Protocol")) return GW_E_NOTFOUND;
    std::string list;
    for (const std::string& protocol : http_.protocols)
        list += (list.empty() ? "" : ", ") + protocol;
    *out = texts_.emplace_back(std::move(list));
    return GW_OK;
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
    if (const int32_t wrong = check_response_header(name, value)) return wrong;
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
