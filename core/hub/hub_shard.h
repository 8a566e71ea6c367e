// HubShard: one reactor's part of the Hub: its clients by id, by user, by topic; and the fan-out.
//
// A fan-out is not queued entry by entry: messages to one topic are collected for the turn, and at its end
// each member gets one write of them all. Order between a fan-out and messages to one client is kept by
// giving a recipient what it is still owed before anything else is queued for it. Only one topic collects at
// a time; a message to another one queues what was collected. The reactor's thread.
#ifndef GATEWAYD_CORE_HUB_HUB_SHARD_H
#define GATEWAYD_CORE_HUB_HUB_SHARD_H

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/string_index.h"
#include "core/hub/directory.h"
#include "core/hub/recipient.h"

namespace gatewayd {

inline constexpr size_t max_topics_per_connection = 1024;

// The members of a topic in one reactor.
struct Topic {
    std::string name;                // empty: everyone
    std::vector<Recipient*> plain;   // share the fan-out
    std::vector<Recipient*> hooked;  // each through its delivery hooks
};

class HubShard {
   public:
    // How many recipients took a message. Called on this thread.
    using Counted = std::function<void(uint64_t delivered)>;

    HubShard(uint32_t reactor, Directory* directory) : reactor_(reactor), directory_(directory) {}

    // A place for a new connection, which its handle names.
    ConnectionHandle reserve(uint64_t connection_id);
    void cancel(ConnectionHandle handle);  // of a reserved place that is not used
    void add(Recipient* recipient);        // its identity is registered in the directory
    void remove(Recipient* recipient);

    Recipient* find_client(std::string_view client_id);
    Recipient* find(ConnectionHandle handle);  // null: gone
    // For a walk over who is here; what comes and goes meanwhile moves nobody. Null: nobody is at this place.
    size_t places() const { return places_.size(); }
    Recipient* at_place(size_t place) const { return places_[place].recipient; }
    // Plugins that want to see what is delivered to it have come or gone.
    void set_hooked(Recipient* recipient, bool hooked);
    size_t size() const { return everyone_.plain.size() + everyone_.hooked.size(); }

    // One framed message. `not_to` is a recipient to leave out, or null. Returns how many took it.
    uint64_t to_client(std::string_view client_id, const Slice& frame, const Recipient* not_to);
    uint64_t to_user(std::string_view user_id, const Slice& frame, const Recipient* not_to);
    bool has_user(std::string_view user_id) { return users_.find(user_id) != nullptr; }
    // To a topic's members here, or to everyone here: at the end of the turn. `counted` may be empty.
    void to_topic(std::string_view topic, const Slice& frame, Recipient* not_to, Counted counted);
    void to_everyone(const Slice& frame, Recipient* not_to, Counted counted);
    // Queues one message for this recipient alone, in order.
    bool to_recipient(Recipient* recipient, const Slice& frame);

    // Queues for it what the pending fan-out owes it: before anything that goes past this hub.
    void settle(Recipient* recipient);

    enum class Join : uint8_t { joined, already, limit };
    Join subscribe(Recipient* recipient, std::string_view topic);
    bool unsubscribe(Recipient* recipient, std::string_view topic);

    // Writes what was collected. At the end of each turn.
    void flush_fanout();

    template <typename Each>
    void for_each(Each&& each) {
        for (Recipient* recipient : everyone_.plain)
            each(recipient);
        for (Recipient* recipient : everyone_.hooked)
            each(recipient);
    }

   private:
    struct ByClient {
        static std::string_view key(const Recipient* entry) { return entry->identity()->client_id; }
    };
    struct ByUser {
        static std::string_view key(const Recipient* entry) { return entry->identity()->user_id; }
    };
    struct ByName {
        static std::string_view key(const std::unique_ptr<Topic>& entry) { return entry->name; }
    };
    struct Entry {
        Slice frame;
        uint64_t not_to;  // a connection id; 0: none
        Counted counted;
        uint64_t taken = 0;  // by recipients that did not get the whole batch at once
    };

    void fan_out(Topic* topic, const Slice& frame, Recipient* not_to, Counted counted);
    bool is_owed(const Recipient* recipient) const;
    void mark(Recipient* recipient, size_t from);
    void give(Recipient* recipient);
    void queue_fanout();  // the same for every member
    void finish_fanout(uint64_t took_all);
    void add_to(Topic* topic, Recipient* recipient);
    void remove_from(Topic* topic, Recipient* recipient);
    uint32_t* index_in(Recipient* recipient, const Topic* topic);

    const uint32_t reactor_;
    Directory* const directory_;

    StringIndex<Recipient*, ByClient> clients_;
    StringIndex<Recipient*, ByUser> users_;  // the head of each user's list
    StringIndex<std::unique_ptr<Topic>, ByName> topics_;
    Topic everyone_;
    struct Place {
        Recipient* recipient = nullptr;  // null: free, or reserved
        uint64_t generation = 0;         // 0: free
    };
    std::vector<Place> places_;
    std::vector<uint32_t> free_places_;

    // The pending fan-out.
    Topic* pending_topic_ = nullptr;
    uint64_t epoch_ = 1;
    std::vector<Entry> pending_;
};

}  // namespace gatewayd

#endif
