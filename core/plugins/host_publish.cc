// gw.publish/1: checks arguments, and publishes with the whole answer.
#include <utility>

#include "core/base/status.h"
#include "core/plugins/extensions.h"
#include "core/plugins/host_table.h"
#include "core/plugins/instance.h"
#include "gateway/ext/publish.h"

namespace gatewayd {
namespace {

int32_t publish(gw_inst* inst, const gw_destination* to, gw_str message, gw_publish_done_fn done, void* ud,
                gw_error* err) {
    PublishOrder order;
    if (const int32_t wrong = make_publish_order(inst, to, message, &order)) return wrong;
    PublishDone completion;
    if (done) {
        completion = [done, ud, owed = from_abi(inst)->calls](const PublishResult& result) {
            gw_published published{};
            published.struct_size = sizeof published;
            published.status = result.status.ok() ? GW_OK : GW_E_FAIL;
            published.delivered = result.delivered;
            published.msg_id = to_abi(std::string_view(result.msg_id));
            if (!result.status.ok()) {
                published.code = to_abi(std::string_view(wire_name(result.status.code())));
                published.message = to_abi(std::string_view(result.status.message()));
            }
            done(ud, &published);
        };
    }
    const Status status = from_abi(inst)->services->publish(std::move(order), std::move(completion));
    if (status.ok()) return GW_OK;
    const int32_t code = status.code() == ErrorCode::unavailable ? GW_E_LIMIT : GW_E_ARG;
    return refuse(err, code, status.message());
}

}  // namespace

const void* publish_table() {
    static const gw_publish_v1 table = {sizeof(gw_publish_v1), 0, publish};
    return &table;
}

}  // namespace gatewayd
