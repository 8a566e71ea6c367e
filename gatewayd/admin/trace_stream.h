// TraceStream: a trace of one client as the body of an answer. Its connection's; the admin thread.
#ifndef GATEWAYD_GATEWAYD_ADMIN_TRACE_STREAM_H
#define GATEWAYD_GATEWAYD_ADMIN_TRACE_STREAM_H

#include <utility>

#include "core/gateway.h"
#include "gatewayd/admin/stream.h"

namespace gatewayd::admin {

class TraceStream final : public BodyStream {
   public:
    TraceStream(Gateway& gateway, TraceOrder order) : gateway_(gateway), order_(std::move(order)) {}
    ~TraceStream() override {
        if (trace_) gateway_.end_trace(trace_, "the reader has gone");
    }
    TraceStream(const TraceStream&) = delete;
    TraceStream& operator=(const TraceStream&) = delete;

    bool start(std::function<void()> wake, std::string* why) override {
        order_.wake = std::move(wake);
        trace_ = gateway_.begin_trace(order_);
        if (trace_) return true;
        *why = std::to_string(max_traces) + " traces go on already, which is the most; end one of them";
        return false;
    }
    bool take(std::string* out) override { return trace_->take(out); }
    void expire() override { gateway_.end_trace(trace_, "its time is over"); }
    std::chrono::seconds time_limit() const override { return std::chrono::seconds(order_.seconds); }
    const char* heartbeat() const override { return "\n"; }  // readers of JSON Lines skip empty ones

   private:
    Gateway& gateway_;
    TraceOrder order_;
    TracePtr trace_;
};

}  // namespace gatewayd::admin

#endif
