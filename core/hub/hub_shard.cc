#include "core/hub/hub_shard.h"

#include <algorithm>
#include <utility>

namespace gatewayd {

// --- who is here ---

ConnectionHandle HubShard::reserve(uint64_t connection_id) {
    uint32_t place;
    if (free_places_.empty()) {
        place = static_cast<uint32_t>(places_.size());
        places_.emplace_back();
    } else {
        place = free_places_.back();
        free_places_.pop_back();
    }
    places_[place].generation = connection_id;
    return {static_cast<uint64_t>(reactor_) << 32 | place, connection_id};
}

void HubShard::cancel(ConnectionHandle handle) {
    places_[handle.place()] = Place();
    free_places_.push_back(handle.place());
}

void HubShard::add(Recipient* recipient) {
    const Identity& identity = *recipient->identity();
    places_[identity.handle.place()].recipient = recipient;
    clients_.insert(recipient);
    if (Recipient** head = users_.find(identity.user_id)) {
        recipient->next_of_user_ = *head;
        (*head)->previous_of_user_ = recipient;
        *head = recipient;
    } else {
        users_.insert(recipient);
    }
    add_to(&everyone_, recipient);
}

void HubShard::remove(Recipient* recipient) {
    const Identity& identity = *recipient->identity();
    settle(recipient);
    while (!recipient->topics_.empty())
        unsubscribe(recipient, std::string(recipient->topics_.back().topic->name));
    remove_from(&everyone_, recipient);
    clients_.erase(identity.client_id);
    if (recipient->previous_of_user_) {
        recipient->previous_of_user_->next_of_user_ = recipient->next_of_user_;
    } else if (recipient->next_of_user_) {
        *users_.find(identity.user_id) = recipient->next_of_user_;
    } else {
        users_.erase(identity.user_id);
    }
    if (recipient->next_of_user_) recipient->next_of_user_->previous_of_user_ = recipient->previous_of_user_;
    cancel(identity.handle);
}

Recipient* HubShard::find_client(std::string_view client_id) {
    Recipient** found = clients_.find(client_id);
    return found ? *found : nullptr;
}

Recipient* HubShard::find(ConnectionHandle handle) {
    if (handle.place() >= places_.size()) return nullptr;
    const Place& place = places_[handle.place()];
    return place.generation == handle.generation ? place.recipient : nullptr;
}

void HubShard::set_hooked(Recipient* recipient, bool hooked) {
    if (recipient->hooked_ == hooked) return;
    settle(recipient);
    std::vector<Topic*> topics{&everyone_};
    for (const Recipient::Membership& membership : recipient->topics_)
        topics.push_back(membership.topic);
    for (Topic* topic : topics)
        remove_from(topic, recipient);
    recipient->hooked_ = hooked;
    for (Topic* topic : topics)
        add_to(topic, recipient);
}

// --- topics ---

// Where the recipient stands in the topic's list; null: it is no member.
uint32_t* HubShard::index_in(Recipient* recipient, const Topic* topic) {
    if (topic == &everyone_) return &recipient->everyone_index_;
    for (Recipient::Membership& membership : recipient->topics_) {
        if (membership.topic == topic) return &membership.index;
    }
    return nullptr;
}

void HubShard::add_to(Topic* topic, Recipient* recipient) {
    auto& list = recipient->hooked() ? topic->hooked : topic->plain;
    const auto index = static_cast<uint32_t>(list.size());
    if (topic == &everyone_) {
        recipient->everyone_index_ = index;
    } else {
        recipient->topics_.push_back({topic, index});
    }
    list.push_back(recipient);
    // What was collected before it came is not for it.
    if (topic == pending_topic_) mark(recipient, pending_.size());
}

void HubShard::remove_from(Topic* topic, Recipient* recipient) {
    auto& list = recipient->hooked() ? topic->hooked : topic->plain;
    const uint32_t index = *index_in(recipient, topic);
    Recipient* last = list.back();
    list[index] = last;
    *index_in(last, topic) = index;
    list.pop_back();
    auto& topics = recipient->topics_;
    topics.erase(
        std::remove_if(topics.begin(), topics.end(), [&](const auto& m) { return m.topic == topic; }),
        topics.end());
}

HubShard::Join HubShard::subscribe(Recipient* recipient, std::string_view name) {
    Topic* topic;
    if (auto* found = topics_.find(name)) {
        topic = found->get();
        if (index_in(recipient, topic)) return Join::already;
        if (recipient->topics_.size() >= max_topics_per_connection) return Join::limit;
    } else {
        if (recipient->topics_.size() >= max_topics_per_connection) return Join::limit;
        auto made = std::make_unique<Topic>();
        made->name = name;
        topic = made.get();
        topics_.insert(std::move(made));
        directory_->topic_joined(name, reactor_);
    }
    add_to(topic, recipient);
    return Join::joined;
}

bool HubShard::unsubscribe(Recipient* recipient, std::string_view name) {
    auto* found = topics_.find(name);
    if (!found) return false;
    Topic* topic = found->get();
    if (!index_in(recipient, topic)) return false;
    if (topic == pending_topic_) settle(recipient);
    remove_from(topic, recipient);
    if (topic->plain.empty() && topic->hooked.empty()) {
        if (topic == pending_topic_) finish_fanout(0);
        directory_->topic_left(name, reactor_);
        topics_.erase(name);
    }
    return true;
}

// --- one recipient ---

bool HubShard::to_recipient(Recipient* recipient, const Slice& frame) {
    if (recipient->hooked()) return recipient->deliver(frame);
    settle(recipient);
    return recipient->enqueue(frame);
}

uint64_t HubShard::to_client(std::string_view client_id, const Slice& frame, const Recipient* not_to) {
    Recipient* recipient = find_client(client_id);
    return recipient && recipient != not_to && to_recipient(recipient, frame) ? 1 : 0;
}

uint64_t HubShard::to_user(std::string_view user_id, const Slice& frame, const Recipient* not_to) {
    Recipient** head = users_.find(user_id);
    uint64_t taken = 0;
    for (Recipient* at = head ? *head : nullptr; at; at = at->next_of_user_) {
        if (at != not_to && to_recipient(at, frame)) ++taken;
    }
    return taken;
}

// --- fan-out ---

void HubShard::to_everyone(const Slice& frame, Recipient* not_to, Counted counted) {
    fan_out(&everyone_, frame, not_to, std::move(counted));
}

void HubShard::to_topic(std::string_view name, const Slice& frame, Recipient* not_to, Counted counted) {
    if (auto* found = topics_.find(name)) {
        fan_out(found->get(), frame, not_to, std::move(counted));
    } else if (counted) {
        counted(0);
    }
}

void HubShard::fan_out(Topic* topic, const Slice& frame, Recipient* not_to, Counted counted) {
    // Delivery hooks may not change the hub (what they ask for is done later), so the lists stay as they are.
    uint64_t hooked_taken = 0;
    for (Recipient* recipient : topic->hooked) {
        if (recipient != not_to && recipient->deliver(frame)) ++hooked_taken;
    }
    if (topic->plain.empty()) {
        if (counted) counted(hooked_taken);
        return;
    }
    if (pending_topic_ && pending_topic_ != topic) queue_fanout();
    pending_topic_ = topic;
    pending_.push_back({frame, not_to ? not_to->connection_id() : 0, std::move(counted), hooked_taken});
    if (not_to && !not_to->hooked() && not_to->fanout_epoch_ != epoch_ && index_in(not_to, topic))
        mark(not_to, 0);
}

// From here on this recipient's share is not the whole batch: it is given entry by entry.
void HubShard::mark(Recipient* recipient, size_t from) {
    recipient->fanout_epoch_ = epoch_;
    recipient->fanout_from_ = static_cast<uint32_t>(from);
}

bool HubShard::is_owed(const Recipient* recipient) const {
    if (!pending_topic_ || recipient->hooked()) return false;
    if (pending_topic_ == &everyone_) return true;
    const auto& topics = recipient->topics_;
    return std::any_of(topics.begin(), topics.end(),
                       [&](const auto& m) { return m.topic == pending_topic_; });
}

void HubShard::settle(Recipient* recipient) {
    if (!is_owed(recipient)) return;
    give(recipient);
    mark(recipient, pending_.size());
}

void HubShard::give(Recipient* recipient) {
    const size_t from = recipient->fanout_epoch_ == epoch_ ? recipient->fanout_from_ : 0;
    for (size_t i = from; i < pending_.size(); ++i) {
        Entry& entry = pending_[i];
        if (entry.not_to == recipient->connection_id()) continue;
        if (recipient->enqueue(entry.frame)) ++entry.taken;
    }
}

void HubShard::queue_fanout() {
    for (Recipient* recipient : pending_topic_->plain)
        give(recipient);
    finish_fanout(0);
}

void HubShard::flush_fanout() {
    if (!pending_topic_) return;
    // Neighbours in one buffer are one slice: mostly the whole batch is one.
    std::vector<Slice> batch;
    size_t bytes = 0;
    uint32_t messages = 0;
    for (const Entry& entry : pending_) {
        const Slice& frame = entry.frame;
        bytes += frame.length;
        messages += frame.messages;
        if (!batch.empty() && batch.back().buffer == frame.buffer &&
            batch.back().offset + batch.back().length == frame.offset) {
            batch.back().length += frame.length;
            batch.back().messages += frame.messages;
        } else {
            batch.push_back(frame);
        }
    }
    uint64_t took_all = 0;
    for (Recipient* recipient : pending_topic_->plain) {
        if (recipient->fanout_epoch_ == epoch_) {
            give(recipient);
        } else if (recipient->enqueue_now(batch.data(), static_cast<int>(batch.size()), bytes, messages)) {
            ++took_all;
        }
    }
    finish_fanout(took_all);
}

void HubShard::finish_fanout(uint64_t took_all) {
    pending_topic_ = nullptr;
    ++epoch_;
    std::vector<Entry> done;
    done.swap(pending_);
    for (Entry& entry : done) {
        if (entry.counted) entry.counted(entry.taken + took_all);
    }
    done.clear();
    if (pending_.empty()) pending_.swap(done);  // keeps its capacity
}

}  // namespace gatewayd
