#include "admission.h"

#include <algorithm>

namespace limits {

int64_t Admission::enter(int64_t now_ns) {
    if (!terms_.rate.limits()) return 0;
    const int64_t cost = terms_.rate.cost_ns(1);
    const std::lock_guard<std::mutex> lock(mutex_);
    const int64_t from = std::max(full_at_ns_, now_ns);
    const int64_t wait_ns = std::max<int64_t>(0, from + cost - now_ns - terms_.rate.depth_ns());
    if (wait_ns > 0 && (wait_ns > terms_.max_wait_ns || queue_.size() + promised_ >= terms_.max_waiting))
        return -1;
    full_at_ns_ = from + cost;
    if (wait_ns > 0) ++promised_;
    return wait_ns;
}

bool Admission::wait(gw_token token, int64_t due_ns) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (promised_ > 0) --promised_;
    // Two threads may come in another order than their times: at most by a few places.
    auto place = queue_.end();
    while (place != queue_.begin() && std::prev(place)->due_ns > due_ns)
        --place;
    queue_.insert(place, {token, due_ns});
    return queue_.size() == 1;
}

std::vector<gw_token> Admission::due(int64_t now_ns, size_t* waiting) {
    std::vector<gw_token> tokens;
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!queue_.empty() && queue_.front().due_ns <= now_ns) {
        tokens.push_back(queue_.front().token);
        queue_.pop_front();
    }
    *waiting = queue_.size();
    return tokens;
}

size_t Admission::waiting() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return queue_.size();
}

}  // namespace limits
