// DeliveryRequest: a Hub message on its way to one recipient (GW_KIND_DELIVERY). Shares the broadcast's frame
// until a plugin changes something for this recipient. The reactor's thread.
#ifndef GATEWAYD_CORE_SESSION_DELIVERY_REQUEST_H
#define GATEWAYD_CORE_SESSION_DELIVERY_REQUEST_H

#include <string>
#include <string_view>

#include "core/chain/request.h"

namespace gatewayd {

class DeliveryRequest final : public Request {
   public:
    DeliveryRequest(Context* recipient, std::string_view message)
        : Request(GW_KIND_DELIVERY, recipient), message_(message) {}

    bool changed() const { return !texts_.empty(); }

    int32_t finish() override { return GW_ST_PASSED; }
    int32_t fail_closed(const Interceptor& failed) override;
    int32_t field(std::string_view name, std::string_view* out) override;
    std::string_view payload() override { return message_; }
    int32_t set_field(std::string_view name, std::string_view value) override;
    int32_t set_json(std::string_view name, std::string_view json) override;
    int32_t replace_payload(std::string_view payload) override;

   private:
    std::string_view message_;  // the whole JSON object, stamps included
    Texts texts_;               // of changes; message_ is the last
    Texts scratch_;             // fields that were handed out
};

}  // namespace gatewayd

#endif
