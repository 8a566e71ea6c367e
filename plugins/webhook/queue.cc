#include "queue.h"

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
    if (event.json.size() > max_bytes_) return 1;
    const size_t gone = make_room(1, event.json.size());
    bytes_ += event.json.size();
    events_.push_back(std::move(event));
    return gone;
}

size_t Queue::push_older(std::vector<Event> events) {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
        bytes_ += event->json.size();
        events_.push_front(std::move(*event));
    }
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
