#include "core/session/node.h"

#include "core/base/siphash.h"
#include "core/base/utf8.h"
#include "core/message/envelope.h"
#include "core/session/worker.h"

namespace gatewayd {

Status Node::publish(PublishOrder order, PublishDone done) {
    if (!is_valid_utf8(order.message)) return {ErrorCode::invalid_message, "the message is not UTF-8"};
    if (order.message.size() > options.max_message_bytes) {
        return {ErrorCode::too_large, "the message is over wsc.security.max_message_size"};
    }
    Envelope envelope;
    Status status = decode(order.message, &envelope);
    if (!status.ok()) return status;
    if (order.hops > max_publish_hops) {
        return {ErrorCode::unavailable, "the message was published again by publish hooks more than 8 times"};
    }
    if (workers.empty()) return {ErrorCode::unavailable, "the WebSocket service does not run"};
    // One destination, one worker: messages to it keep their order.
    Worker* worker = workers[siphash(order.to.id) % workers.size()];
    const size_t bytes = order.message.size();
    const bool posted = worker->post(
        [worker, order = std::move(order), done = std::move(done)] { worker->run_publish(order, done); },
        bytes);
    if (!posted) return {ErrorCode::unavailable, "the gateway's queues are full; try again later"};
    return {};
}

}  // namespace gatewayd
