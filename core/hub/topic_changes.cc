#include "core/hub/topic_changes.h"

#include <algorithm>

namespace gatewayd {

uint64_t TopicChanges::announce(const std::string& topic, ConnectionHandle connection, bool join) {
    if (join) directory_->topic_join_begins(topic, reactor_);
    const std::lock_guard lock(mutex_);
    changes_[topic].push_back({connection, ++last_number_, join});
    if (join) joins_.fetch_add(1, std::memory_order_relaxed);
    return last_number_;
}

void TopicChanges::withdraw(const std::string& topic, uint64_t number) {
    const std::optional<Change> change = take(topic, number);
    if (change && change->join) directory_->topic_join_ends(topic, reactor_);
}

void TopicChanges::arrive(const std::string& topic, uint64_t number) {
    const std::optional<Change> change = take(topic, number);
    if (!change) return;
    make_(topic, change->connection, change->join);
    if (change->join) directory_->topic_join_ends(topic, reactor_);
}

// Empty: it was made early.
std::optional<TopicChanges::Change> TopicChanges::take(const std::string& topic, uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = changes_.find(topic);
    if (found == changes_.end()) return {};
    std::deque<Change>& changes = found->second;
    const auto at = std::find_if(changes.begin(), changes.end(),
                                 [&](const Change& change) { return change.number == number; });
    if (at == changes.end()) return {};
    const Change change = *at;
    changes.erase(at);
    if (changes.empty()) changes_.erase(found);
    if (change.join) joins_.fetch_sub(1, std::memory_order_relaxed);
    return change;
}

// All joins of the topic but those behind an unsubscribe of the same connection, which is a member until that
// comes.
std::vector<TopicChanges::Change> TopicChanges::take_joins(const std::string& topic) {
    std::vector<Change> taken;
    const std::lock_guard lock(mutex_);
    const auto found = changes_.find(topic);
    if (found == changes_.end()) return taken;
    std::deque<Change> left;
    for (const Change& change : found->second) {
        const bool behind = !change.join || std::any_of(left.begin(), left.end(), [&](const Change& earlier) {
            return earlier.connection.generation == change.connection.generation;
        });
        if (behind) {
            left.push_back(change);
        } else {
            taken.push_back(change);
        }
    }
    if (left.empty()) {
        changes_.erase(found);
    } else {
        found->second = std::move(left);
    }
    joins_.fetch_sub(static_cast<uint32_t>(taken.size()), std::memory_order_relaxed);
    return taken;
}

void TopicChanges::make_joins_now(const std::string& topic) {
    for (const Change& join : take_joins(topic)) {
        make_(topic, join.connection, true);
        directory_->topic_join_ends(topic, reactor_);
    }
}

}  // namespace gatewayd
