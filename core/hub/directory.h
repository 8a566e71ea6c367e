// Directory: which reactors hold a client, a user, a topic. Sharded by id with short locks; touched at
// connect, disconnect, the first join and last leave of a topic in a reactor, and for look-ups that the own
// reactor cannot answer. Calls nobody while it holds a lock. Any thread.
#ifndef GATEWAYD_CORE_HUB_DIRECTORY_H
#define GATEWAYD_CORE_HUB_DIRECTORY_H

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/string_index.h"
#include "core/hub/identity.h"

namespace gatewayd {

// A set of reactors, a bit each.
using ReactorSet = uint64_t;
inline constexpr uint32_t max_reactors = 64;
inline constexpr ReactorSet reactor_bit(uint32_t index) {
    return ReactorSet{1} << index;
}

class Directory {
   public:
    enum class Claim : uint8_t {
        registered,  // the client_id was free
        replaced,    // the same user had it; *old is that connection, and must be closed
        conflict,    // another user has it; nothing was changed
        outdated,    // a later connection of the same user has it already; nothing was changed
    };

    // Registers a client and its user.
    Claim claim(const IdentityPtr& identity, IdentityPtr* old);
    // The user no longer has this connection; its client_id is kept for it, so that a successor on another
    // reactor waits for the end of its story.
    void leave_user(const IdentityPtr& identity);
    // Takes it out; the client_id stays with a connection that replaced it.
    void release(const IdentityPtr& identity);

    IdentityPtr find_client(std::string_view client_id);
    ReactorSet reactors_of_user(std::string_view user_id);
    // At most `limit` of this user's connections.
    std::vector<IdentityPtr> clients_of_user(std::string_view user_id, size_t limit);
    // At most `limit` of all, in an order that lasts. *cursor says where to go on: 0 begins, and is 0 again
    // after the last.
    std::vector<IdentityPtr> list_clients(uint64_t* cursor, size_t limit);
    size_t client_count();

    void topic_joined(std::string_view topic, uint32_t reactor);
    void topic_left(std::string_view topic, uint32_t reactor);
    // A join that was asked for is on its way to the reactor, which counts as one that holds the topic until
    // it ends: by then topic_joined was called, or the connection was gone. They are counted, so each begins
    // and ends once.
    void topic_join_begins(std::string_view topic, uint32_t reactor);
    void topic_join_ends(std::string_view topic, uint32_t reactor);
    // Who has members of it, or soon will.
    ReactorSet reactors_of_topic(std::string_view topic);

   private:
    static constexpr size_t shard_count = 64;

    struct TopicEntry {
        std::string name;
        ReactorSet joined = 0;        // have members
        ReactorSet expected = 0;      // have joins on their way
        std::vector<uint32_t> joins;  // on their way, by reactor; empty: none at all
    };
    struct ByClient {
        static std::string_view key(const IdentityPtr& entry) { return entry->client_id; }
    };
    struct ByUser {
        static std::string_view key(const Identity* entry) { return entry->user_id; }
    };
    struct ByTopic {
        static std::string_view key(const std::unique_ptr<TopicEntry>& entry) { return entry->name; }
    };
    struct ClientShard {
        std::mutex mutex;
        StringIndex<IdentityPtr, ByClient> clients;
    };
    struct UserShard {
        std::mutex mutex;
        // The head of the list of each user's connections; who is in it is owned by its session and released
        // before that ends.
        StringIndex<const Identity*, ByUser> users;
    };
    struct TopicShard {
        std::mutex mutex;
        StringIndex<std::unique_ptr<TopicEntry>, ByTopic> topics;
    };

    static TopicEntry& topic_entry(TopicShard& topics, std::string_view topic);

    template <typename Shard>
    static Shard& shard(std::array<Shard, shard_count>& shards, std::string_view key) {
        return shards[siphash(key) >> 58];  // the bits that StringIndex does not use
    }

    std::array<ClientShard, shard_count> client_shards_;
    std::array<UserShard, shard_count> user_shards_;
    std::array<TopicShard, shard_count> topic_shards_;
};

}  // namespace gatewayd

#endif
