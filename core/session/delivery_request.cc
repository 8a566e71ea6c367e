#include "core/session/delivery_request.h"

#include "core/base/utf8.h"
#include "core/chain/interceptor.h"
#include "core/chain/message_request.h"
#include "core/message/codec.h"

namespace gatewayd {

int32_t DeliveryRequest::fail_closed(const Interceptor&) {
    return GW_E_FAIL;  // dropped; the session counts it
}

int32_t DeliveryRequest::field(std::string_view name, std::string_view* out) {
    return message_field(message_, name, &scratch_, out);
}

int32_t DeliveryRequest::set_field(std::string_view name, std::string_view value) {
    if (!is_valid_utf8(value)) return GW_E_ARG;
    std::string json;
    append_json_string(value, &json);
    return set_json(name, json);
}

int32_t DeliveryRequest::set_json(std::string_view name, std::string_view json) {
    if (frozen) return GW_E_STATE;
    if (name.empty() || !is_valid_utf8(name)) return GW_E_ARG;
    if (name == "from" || name == "msg_id" || name == "create_at") return GW_E_ARG;
    if (!json.empty() && (!is_valid_utf8(json) || !is_valid_json(json))) return GW_E_ARG;
    texts_.push_back(with_field(message_, name, json));
    message_ = texts_.back();
    return GW_OK;
}

int32_t DeliveryRequest::replace_payload(std::string_view payload) {
    if (frozen) return GW_E_STATE;
    if (!is_valid_utf8(payload) || !is_valid_json(payload) || payload.front() != '{') return GW_E_ARG;
    texts_.emplace_back(payload);
    message_ = texts_.back();
    return GW_OK;
}

}  // namespace gatewayd
