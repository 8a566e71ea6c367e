#include "queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace webhook {

size_t Queue::make_room(size_t events, size_t bytes) {
    size_t gone = 0;
    while (!events_.empty() && (events_.size() + events > max_events_ || bytes_ + bytes > max_bytes_)) {
        bytes_ -= events_.front().json.size();
        events_.pop_front();
        ++gone;
    }
    return gone;
}

size_t Queue::push(Event event) {
    if (!fits(event.json.size())) return 1;
    const size_t gone = make_room(1, event.json.size());
    bytes_ += event.json.size();
    events_.push_back(std::move(event));
    return gone;
}

size_t Queue::merge(std::vector<Event> events) {
    for (const Event& event : events)
        bytes_ += event.json.size();
    std::deque<Event> all;
    std::merge(std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()),
               std::make_move_iterator(events_.begin()), std::make_move_iterator(events_.end()),
               std::back_inserter(all), [](const Event& a, const Event& b) { return a.at_ns < b.at_ns; });
    events_ = std::move(all);
    return make_room(0, 0);
}

std::vector<Event> Queue::take(size_t most_events, size_t most_bytes) {
    std::vector<Event> taken;
    size_t bytes = 0;
    while (!events_.empty() && taken.size() < most_events) {
        const size_t size = events_.front().json.size();
        if (!taken.empty() && bytes + size > most_bytes) break;
        bytes += size;
        bytes_ -= size;
        taken.push_back(std::move(events_.front()));
        events_.pop_front();
    }
    return taken;
}

}  // namespace webhook
