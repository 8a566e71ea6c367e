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
    return set_text_field(this, name, value);
}

int32_t DeliveryRequest::set_json(std::string_view name, std::string_view json) {
    const int32_t checked = check_field_change(*this, name, json);
    if (checked != GW_OK) return checked;
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
