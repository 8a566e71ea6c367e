// Trace: what one operator is shown of one client, as lines of JSON, each an object, from the client's
// reactor to the admin thread. The lines that wait are bounded: a reader that is slow loses the newest, and
// is told how many. Traces: those that go on now; a bounded number. [any]
#ifndef GATEWAYD_CORE_CHAIN_TRACE_H
#define GATEWAYD_CORE_CHAIN_TRACE_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

inline constexpr size_t max_traces = 16;  // at a time
inline constexpr size_t max_trace_lines = 1000;
inline constexpr size_t max_trace_bytes = 1024UL * 1024;
inline constexpr size_t max_traced_payload_bytes = 4096;  // of one message

struct TraceOrder {
    std::string client_id;
    bool payload = false;  // the messages' bytes are shown, too
    uint32_t seconds = 600;
    // There is something to take, where there was nothing. Called on any thread; must not block.
    std::function<void()> wake;
};

class Trace {
   public:
    explicit Trace(TraceOrder order) : order_(std::move(order)) {}
    Trace(const Trace&) = delete;
    Trace& operator=(const Trace&) = delete;

    const TraceOrder& order() const { return order_; }

    // A JSON object, without a line's end.
    void add(const std::string& line);
    // Nothing more is added; `why` is told in a last line.
    void end(std::string_view why);
    // Appends what there is, about 64 KB at most. False: that was all, and nothing comes any more.
    bool take(std::string* out);

   private:
    void push(std::string line);
    void tell_lost();

    const TraceOrder order_;
    std::mutex mutex_;
    // guarded by mutex_
    std::deque<std::string> lines_;
    size_t bytes_ = 0;
    uint64_t lost_ = 0;  // since the last line that was kept
    bool ended_ = false;
};
using TracePtr = std::shared_ptr<Trace>;

class Traces {
   public:
    // Null: there are max_traces.
    TracePtr begin(TraceOrder order);
    void end(const TracePtr& trace, std::string_view why);

    // One look at a word that is mostly 0.
    bool any() const { return count_.load(std::memory_order_relaxed) != 0; }
    // Those of this client.
    std::vector<TracePtr> of(std::string_view client_id) const;

   private:
    std::atomic<size_t> count_{0};
    mutable std::mutex mutex_;
    std::vector<TracePtr> all_;  // guarded by mutex_
};

}  // namespace gatewayd

#endif
