#include "core/session/publish_sink.h"

#include <memory>
#include <string>

#include "core/session/router.h"

namespace gatewayd {

int32_t PublishSink::route(MessageRequest& request) {
    const Destination& to = request.destination();
    if (request.envelope().require_ack) {
        refuse(request, "unavailable", "require_ack needs a delivery plugin, and none is loaded");
        return GW_ST_ANSWERED;
    }
    if (to.kind == DestinationKind::none) {
        refuse(request, "unavailable", "no loaded plugin serves tickets or groups");
        return GW_ST_ANSWERED;
    }
    told_ = true;
    auto tally = std::make_shared<DeliveryTally>(
        [done = done_, id = std::string(request.stamps().msg_id)](uint64_t delivered) {
            if (done) done({Status(), id, delivered});
        });
    router_->send(to, request.body(), request.stamps(), nullptr, std::move(tally));
    return GW_ST_PASSED;
}

void PublishSink::refuse(MessageRequest&, std::string_view code, std::string_view why) {
    if (told_) return;
    told_ = true;
    const std::optional<ErrorCode> known = error_code_of(code);
    const ErrorCode error = known && *known != ErrorCode::ok ? *known : ErrorCode::forbidden;
    if (done_) done_({Status(error, std::string(why)), {}, 0});
}

void PublishSink::finish(const MessageRequest& request) {
    if (!told_ && done_) done_({Status(), std::string(request.stamps().msg_id), 0});
}

}  // namespace gatewayd
