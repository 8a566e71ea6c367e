#include "core/session/node.h"

#include "core/base/siphash.h"
#include "core/base/utf8.h"
#include "core/message/envelope.h"
#include "core/session/worker.h"

namespace gatewayd {

void Node::publish(PublishOrder order, PublishDone done) {
    auto fail = [&](ErrorCode code, const char* why) {
        if (done) done({Status(code, why), {}, 0});
    };
    if (!is_valid_utf8(order.message)) return fail(ErrorCode::invalid_message, "the message is not UTF-8");
    if (order.message.size() > options.max_message_bytes) {
        return fail(ErrorCode::too_large, "the message is over wsc.security.max_message_size");
    }
    Envelope envelope;
    const Status status = decode(order.message, &envelope);
    if (!status.ok()) {
        if (done) done({status, {}, 0});
        return;
    }
    if (order.hops > max_publish_hops) {
        return fail(ErrorCode::unavailable, "the message was published again by publish hooks more than 8 times");
    }
    if (workers.empty()) return fail(ErrorCode::unavailable, "the WebSocket service does not run");
    // One destination, one worker: messages to it keep their order.
    Worker* worker = workers[siphash(order.to.id) % workers.size()];
    auto shared_done = std::make_shared<PublishDone>(std::move(done));
    const bool posted = worker->post([worker, order = std::move(order), shared_done] { worker->run_publish(order, *shared_done); });
    if (!posted && *shared_done) {
        (*shared_done)({Status(ErrorCode::unavailable, "the gateway's queues are full; try again later"), {}, 0});
    }
}

}  // namespace gatewayd
