// What those who trace a client see of its connection, beside the requests: who it is, what is queued for it,
// its end. The reactor's thread.
#include <utility>

#include "core/chain/trace_tap.h"
#include "core/net/frame.h"
#include "core/session/session.h"
#include "core/session/worker.h"

namespace gatewayd {

void Session::retrace() {
    Traces& traces = worker_->node().traces;
    std::vector<TracePtr> found = traces.any() ? traces.of(identity_->client_id) : std::vector<TracePtr>();
    if (found.empty()) return tap.reset();
    if (!tap) tap.reset(new TraceTap);
    tap->set(std::move(found));
    if (in_hub_) return;
    TraceLine line("connected");
    line.field("user_id", identity_->user_id)
        .field("user_type", identity_->user_type)
        .number("connection_id", connection_->id());
    tap->connection(line);
}

void Session::trace_queued(const Slice* slices, int count, bool taken) {
    for (int i = 0; i < count; ++i) {
        std::string_view rest = slices[i].view();
        while (rest.size() >= 2) {
            const std::string_view frame = rest.substr(0, server_frame_size(rest));
            tap->queued(server_frame_payload(frame), server_frame_opcode(frame) == Opcode::binary, taken);
            rest.remove_prefix(frame.size());
        }
    }
}

void Session::trace_disconnected(DisconnectReason reason, uint16_t code, std::string_view text) {
    TraceLine line("disconnected");
    line.field("reason", name(reason)).number("code", code).field_if("text", text);
    tap->connection(line);
}

}  // namespace gatewayd
