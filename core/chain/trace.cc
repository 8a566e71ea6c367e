#include "core/chain/trace.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/chain/trace_line.h"

namespace gatewayd {
namespace {

constexpr size_t max_taken_bytes = 64UL * 1024;

}  // namespace

void Trace::push(std::string line) {
    bytes_ += line.size();
    lines_.push_back(std::move(line));
}

void Trace::tell_lost() {
    if (lost_ == 0) return;
    push(TraceLine("lost").number("lines", std::exchange(lost_, 0)).text());
}

void Trace::add(const std::string& line) {
    bool wakes = false;
    {
        const std::lock_guard lock(mutex_);
        if (ended_) return;
        if (lines_.size() >= max_trace_lines || bytes_ + line.size() > max_trace_bytes) {
            ++lost_;
            return;
        }
        wakes = lines_.empty();
        tell_lost();
        push(line);
    }
    if (wakes && order_.wake) order_.wake();
}

void Trace::end(std::string_view why) {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(ended_, true)) return;
        tell_lost();
        push(TraceLine("trace_ended").field("why", why).text());
    }
    if (order_.wake) order_.wake();
}

bool Trace::take(std::string* out) {
    const std::lock_guard lock(mutex_);
    size_t taken = 0;
    while (!lines_.empty() && taken < max_taken_bytes) {
        taken += lines_.front().size();
        out->append(lines_.front()).append("\n");
        bytes_ -= lines_.front().size();
        lines_.pop_front();
    }
    if (lines_.empty() && lost_ != 0) {
        tell_lost();
        out->append(lines_.front()).append("\n");
        lines_.clear();
        bytes_ = 0;
    }
    return !ended_ || !lines_.empty();
}

TracePtr Traces::begin(TraceOrder order) {
    const std::lock_guard lock(mutex_);
    if (all_.size() >= max_traces) return nullptr;
    all_.push_back(std::make_shared<Trace>(std::move(order)));
    count_.store(all_.size(), std::memory_order_relaxed);
    return all_.back();
}

void Traces::end(const TracePtr& trace, std::string_view why) {
    {
        const std::lock_guard lock(mutex_);
        all_.erase(std::remove(all_.begin(), all_.end(), trace), all_.end());
        count_.store(all_.size(), std::memory_order_relaxed);
    }
    trace->end(why);
}

std::vector<TracePtr> Traces::of(std::string_view client_id) const {
    std::vector<TracePtr> found;
    const std::lock_guard lock(mutex_);
    std::copy_if(all_.begin(), all_.end(), std::back_inserter(found),
                 [&](const TracePtr& trace) { return trace->order().client_id == client_id; });
    return found;
}

}  // namespace gatewayd
