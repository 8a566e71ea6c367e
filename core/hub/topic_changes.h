// TopicChanges: subscribes and unsubscribes that were asked for, and whose letters are on their way to one
// reactor. A subscribe counts from its call on: the directory names the reactor at once, and a message to
// the topic that is routed there before the letter makes the join first. An unsubscribe comes with its
// letter, behind what was posted before it. One lock, held for a look-up; as many entries as letters.
#ifndef GATEWAYD_CORE_HUB_TOPIC_CHANGES_H
#define GATEWAYD_CORE_HUB_TOPIC_CHANGES_H

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/hub/directory.h"

namespace gatewayd {

class TopicChanges {
   public:
    // Makes one change in the hub. On the reactor's thread; the connection may be gone.
    using Make = std::function<void(const std::string& topic, ConnectionHandle connection, bool join)>;

    TopicChanges(uint32_t reactor, Directory* directory, Make make)
        : reactor_(reactor), directory_(directory), make_(std::move(make)) {}

    // [any] Before its letter is posted. Returns its number.
    uint64_t announce(const std::string& topic, ConnectionHandle connection, bool join);
    // [any] Its letter could not be posted: nothing happens.
    void withdraw(const std::string& topic, uint64_t number);

    // --- the reactor's thread ---
    // Its letter is here: makes it, if it was not made early.
    void arrive(const std::string& topic, uint64_t number);
    // Before a message goes to the topic's members here: makes the joins that were asked for. Costs a look
    // at a counter when there is none.
    void make_joins(const std::string& topic) {
        if (joins_.load(std::memory_order_relaxed) > 0) make_joins_now(topic);
    }

   private:
    struct Change {
        ConnectionHandle connection;
        uint64_t number;
        bool join;
    };

    std::optional<Change> take(const std::string& topic, uint64_t number);
    std::vector<Change> take_joins(const std::string& topic);
    void make_joins_now(const std::string& topic);

    const uint32_t reactor_;
    Directory* const directory_;
    const Make make_;
    std::atomic<uint32_t> joins_{0};  // in changes_; counted up before announce() returns
    std::mutex mutex_;
    uint64_t last_number_ = 0;
    std::unordered_map<std::string, std::deque<Change>> changes_;  // by topic, in the order of the calls
};

}  // namespace gatewayd

#endif
