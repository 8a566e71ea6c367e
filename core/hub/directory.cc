#include "core/hub/directory.h"

#include <algorithm>

namespace gatewayd {

Directory::Claim Directory::claim(const IdentityPtr& identity, IdentityPtr* old) {
    {
        ClientShard& clients = shard(client_shards_, identity->client_id);
        const std::lock_guard lock(clients.mutex);
        if (IdentityPtr* found = clients.clients.find(identity->client_id)) {
            if ((*found)->user_id != identity->user_id) return Claim::conflict;
            // A handshake that was put aside comes late: the client has given up on it.
            if ((*found)->handle.generation > identity->handle.generation) return Claim::outdated;
            *old = std::move(*found);
            *found = identity;
        } else {
            clients.clients.insert(identity);
        }
    }
    UserShard& users = shard(user_shards_, identity->user_id);
    const std::lock_guard lock(users.mutex);
    if (const Identity** head = users.users.find(identity->user_id)) {
        identity->next_of_user = *head;
        *head = identity.get();  // the key is the same text
    } else {
        users.users.insert(identity.get());
    }
    return *old ? Claim::replaced : Claim::registered;
}

void Directory::leave_user(const IdentityPtr& identity) {
    UserShard& users = shard(user_shards_, identity->user_id);
    const std::lock_guard lock(users.mutex);
    const Identity** head = users.users.find(identity->user_id);
    if (head && *head == identity.get()) {
        if (identity->next_of_user) {
            *head = identity->next_of_user;
        } else {
            users.users.erase(identity->user_id);
        }
    } else if (head) {
        const Identity* before = *head;
        while (before->next_of_user && before->next_of_user != identity.get())
            before = before->next_of_user;
        if (before->next_of_user) before->next_of_user = identity->next_of_user;
    }
    identity->next_of_user = nullptr;
}

void Directory::release(const IdentityPtr& identity) {
    leave_user(identity);
    ClientShard& clients = shard(client_shards_, identity->client_id);
    const std::lock_guard lock(clients.mutex);
    const IdentityPtr* found = clients.clients.find(identity->client_id);
    if (found && *found == identity) clients.clients.erase(identity->client_id);
}

IdentityPtr Directory::find_client(std::string_view client_id) {
    ClientShard& clients = shard(client_shards_, client_id);
    const std::lock_guard lock(clients.mutex);
    const IdentityPtr* found = clients.clients.find(client_id);
    return found ? *found : nullptr;
}

ReactorSet Directory::reactors_of_user(std::string_view user_id) {
    UserShard& users = shard(user_shards_, user_id);
    const std::lock_guard lock(users.mutex);
    const Identity** head = users.users.find(user_id);
    ReactorSet reactors = 0;
    for (const Identity* at = head ? *head : nullptr; at; at = at->next_of_user)
        reactors |= reactor_bit(at->handle.reactor());
    return reactors;
}

std::vector<IdentityPtr> Directory::clients_of_user(std::string_view user_id, size_t limit) {
    std::vector<std::pair<std::string, uint64_t>> found;  // with the connection id
    {
        UserShard& users = shard(user_shards_, user_id);
        const std::lock_guard lock(users.mutex);
        const Identity** head = users.users.find(user_id);
        for (const Identity* at = head ? *head : nullptr; at && found.size() < limit; at = at->next_of_user) {
            found.emplace_back(at->client_id, at->handle.generation);
        }
    }
    std::vector<IdentityPtr> clients;
    for (const auto& [client_id, connection_id] : found) {
        IdentityPtr client = find_client(client_id);
        // One that was replaced meanwhile is not listed in its successor's place.
        if (client && client->handle.generation == connection_id) clients.push_back(std::move(client));
    }
    return clients;
}

// The order is by shard, and by connection id within a shard; a cursor is the shard above the connection id.
std::vector<IdentityPtr> Directory::list_clients(uint64_t* cursor, size_t limit) {
    static constexpr int id_bits = 58;
    static constexpr uint64_t id_mask = (uint64_t{1} << id_bits) - 1;
    std::vector<IdentityPtr> page;
    uint64_t after = *cursor & id_mask;
    for (size_t i = *cursor >> id_bits; i < shard_count; ++i, after = 0) {
        std::vector<IdentityPtr> found;
        {
            const std::lock_guard lock(client_shards_[i].mutex);
            client_shards_[i].clients.for_each([&](const IdentityPtr& entry) {
                if (entry->handle.generation > after) found.push_back(entry);
            });
        }
        std::sort(found.begin(), found.end(), [](const IdentityPtr& a, const IdentityPtr& b) {
            return a->handle.generation < b->handle.generation;
        });
        for (IdentityPtr& entry : found) {
            if (page.size() == limit) {
                const uint64_t last = page.empty() ? 0 : page.back()->handle.generation;
                const bool same_shard =
                    !page.empty() && &shard(client_shards_, page.back()->client_id) == &client_shards_[i];
                *cursor = static_cast<uint64_t>(i) << id_bits | (same_shard ? last : 0);
                return page;
            }
            page.push_back(std::move(entry));
        }
    }
    *cursor = 0;
    return page;
}

size_t Directory::client_count() {
    size_t count = 0;
    for (ClientShard& clients : client_shards_) {
        const std::lock_guard lock(clients.mutex);
        count += clients.clients.size();
    }
    return count;
}

// Of a topic that may be new. Under the shard's lock.
Directory::TopicEntry& Directory::topic_entry(TopicShard& topics, std::string_view topic) {
    if (auto* found = topics.topics.find(topic)) return **found;
    auto made = std::make_unique<TopicEntry>();
    made->name = topic;
    TopicEntry& entry = *made;
    topics.topics.insert(std::move(made));
    return entry;
}

void Directory::topic_joined(std::string_view topic, uint32_t reactor) {
    TopicShard& topics = shard(topic_shards_, topic);
    const std::lock_guard lock(topics.mutex);
    topic_entry(topics, topic).joined |= reactor_bit(reactor);
}

void Directory::topic_left(std::string_view topic, uint32_t reactor) {
    TopicShard& topics = shard(topic_shards_, topic);
    const std::lock_guard lock(topics.mutex);
    auto* found = topics.topics.find(topic);
    if (!found) return;
    TopicEntry& entry = **found;
    entry.joined &= ~reactor_bit(reactor);
    if ((entry.joined | entry.expected) == 0) topics.topics.erase(topic);
}

void Directory::topic_join_begins(std::string_view topic, uint32_t reactor) {
    TopicShard& topics = shard(topic_shards_, topic);
    const std::lock_guard lock(topics.mutex);
    TopicEntry& entry = topic_entry(topics, topic);
    entry.expected |= reactor_bit(reactor);
    if (entry.joins.size() <= reactor) entry.joins.resize(reactor + 1);
    ++entry.joins[reactor];
}

void Directory::topic_join_ends(std::string_view topic, uint32_t reactor) {
    TopicShard& topics = shard(topic_shards_, topic);
    const std::lock_guard lock(topics.mutex);
    TopicEntry& entry = **topics.topics.find(topic);  // expected
    if (--entry.joins[reactor] > 0) return;
    entry.expected &= ~reactor_bit(reactor);
    if (entry.expected == 0) entry.joins = {};
    if ((entry.joined | entry.expected) == 0) topics.topics.erase(topic);
}

ReactorSet Directory::reactors_of_topic(std::string_view topic) {
    TopicShard& topics = shard(topic_shards_, topic);
    const std::lock_guard lock(topics.mutex);
    const auto* found = topics.topics.find(topic);
    return found ? (*found)->joined | (*found)->expected : 0;
}

}  // namespace gatewayd
