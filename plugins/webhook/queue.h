// Queue: the events that wait for the back end, the oldest first. Bounded in number and bytes: what is new
// takes the place of what is oldest, because the back end wants to know how things are now. One thread at a
// time: its owner's lock.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_QUEUE_H
#define GATEWAYD_PLUGINS_WEBHOOK_QUEUE_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace webhook {

// One event: a request with it alone must be one that gw.http/1 sends.
inline constexpr size_t max_event_bytes = size_t{8} * 1024 * 1024;

struct Event {
    std::string json;
    uint64_t at_ns = 0;  // of the gateway's monotonic clock
};

class Queue {
   public:
    Queue(size_t max_events, size_t max_bytes) : max_events_(max_events), max_bytes_(max_bytes) {}

    // Whether it can be taken at all.
    bool fits(size_t event_bytes) const {
        return event_bytes <= max_bytes_ && event_bytes <= max_event_bytes;
    }
    // How many had to go for it; itself, when it does not fit.
    size_t push(Event event);
    // Those of another generation, each at its time among those that are here. When there is no room for all
    // the oldest go: how many.
    size_t merge(std::vector<Event> events);
    // The oldest, as many as fit; one at least, if there is any.
    std::vector<Event> take(size_t most_events, size_t most_bytes);

    bool empty() const { return events_.empty(); }
    size_t size() const { return events_.size(); }
    size_t bytes() const { return bytes_; }
    uint64_t oldest_ns() const { return events_.empty() ? 0 : events_.front().at_ns; }

   private:
    size_t make_room(size_t events, size_t bytes);

    const size_t max_events_;
    const size_t max_bytes_;
    std::deque<Event> events_;
    size_t bytes_ = 0;
};

}  // namespace webhook

#endif
