#include "core/hub/directory.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace gatewayd {
namespace {

std::shared_ptr<Identity> identity(const std::string& client, const std::string& user, uint64_t connection,
                                   uint32_t reactor = 0) {
    auto made = std::make_shared<Identity>();
    made->client_id = client;
    made->user_id = user;
    made->handle = {static_cast<uint64_t>(reactor) << 32, connection};
    return made;
}

Directory::Claim claim(Directory& directory, const IdentityPtr& who, IdentityPtr* old = nullptr) {
    IdentityPtr none;
    return directory.claim(who, old ? old : &none);
}

TEST_CASE("a client_id belongs to one user at a time") {
    Directory directory;
    const auto first = identity("c", "u", 1, 2);
    CHECK(claim(directory, first) == Directory::Claim::registered);
    CHECK((directory.find_client("c") == first));
    CHECK(claim(directory, identity("c", "other", 2)) == Directory::Claim::conflict);
    CHECK(directory.reactors_of_user("other") == 0);
    IdentityPtr old;
    const auto second = identity("c", "u", 3, 1);
    CHECK(claim(directory, second, &old) == Directory::Claim::replaced);
    CHECK((old == first));
    CHECK((directory.find_client("c") == second));
    CHECK(directory.reactors_of_user("u") == (reactor_bit(1) | reactor_bit(2)));
    directory.release(first);  // late: the id stays with its successor
    CHECK((directory.find_client("c") == second));
    CHECK(directory.reactors_of_user("u") == reactor_bit(1));
    directory.release(second);
    CHECK((directory.find_client("c") == nullptr));
    CHECK(directory.reactors_of_user("u") == 0);
    CHECK(directory.client_count() == 0);
    CHECK(claim(directory, identity("c", "other", 4)) == Directory::Claim::registered);
}

TEST_CASE("a client_id is kept until the end of its connection's story") {
    Directory directory;
    const auto leaving = identity("c", "u", 1, 2);
    CHECK(claim(directory, leaving) == Directory::Claim::registered);
    directory.leave_user(leaving);
    CHECK(directory.reactors_of_user("u") == 0);
    CHECK(directory.clients_of_user("u", 8).empty());
    // A successor on another reactor has to wait for it, as for one that is closed on its account.
    IdentityPtr old;
    const auto next = identity("c", "u", 2, 1);
    CHECK(claim(directory, next, &old) == Directory::Claim::replaced);
    CHECK((old == leaving));
    directory.release(leaving);
    CHECK((directory.find_client("c") == next));
    CHECK(directory.reactors_of_user("u") == reactor_bit(1));
    directory.release(next);
    CHECK(directory.client_count() == 0);
}

TEST_CASE("a handshake that was put aside does not replace who came after it") {
    Directory directory;
    const auto later = identity("c", "u", 8);
    CHECK(claim(directory, later) == Directory::Claim::registered);
    IdentityPtr old;
    CHECK(claim(directory, identity("c", "u", 7), &old) == Directory::Claim::outdated);
    CHECK((old == nullptr));
    CHECK((directory.find_client("c") == later));
    CHECK(directory.clients_of_user("u", 8).size() == 1);
    directory.release(later);
    CHECK(directory.client_count() == 0);
    CHECK(directory.reactors_of_user("u") == 0);
}

TEST_CASE("a user's connections, in whatever order they go") {
    std::vector<int> order{0, 1, 2, 3};
    do {
        Directory directory;
        std::vector<IdentityPtr> all;
        for (uint32_t i = 0; i < 4; ++i) {
            all.push_back(identity("c" + std::to_string(i), "u", i + 1, i));
            claim(directory, all.back());
        }
        ReactorSet expected = 15;
        CHECK(directory.reactors_of_user("u") == expected);
        CHECK(directory.clients_of_user("u", 10).size() == 4);
        CHECK(directory.clients_of_user("u", 3).size() == 3);
        for (const int leaving : order) {
            directory.release(all[static_cast<size_t>(leaving)]);
            expected &= ~reactor_bit(static_cast<uint32_t>(leaving));
            REQUIRE(directory.reactors_of_user("u") == expected);
        }
        CHECK(directory.clients_of_user("u", 10).empty());
    } while (std::next_permutation(order.begin(), order.end()));
}

// The replaced connection was listed as its successor, which then stood there twice.
TEST_CASE("a replaced connection that still closes is not listed in its successor's place") {
    Directory directory;
    const auto first = identity("c", "u", 1, 0);
    const auto second = identity("c", "u", 2, 1);
    claim(directory, first);
    claim(directory, second);
    const auto clients = directory.clients_of_user("u", 10);
    REQUIRE(clients.size() == 1);
    CHECK((clients[0] == second));
}

TEST_CASE("pages show each client exactly once, whatever their size, while others come and go") {
    Directory directory;
    std::vector<IdentityPtr> stay;
    std::vector<IdentityPtr> go;
    uint64_t connection = 0;
    for (int i = 0; i < 500; ++i) {
        for (auto* list : {&stay, &go}) {
            ++connection;
            list->push_back(identity("c" + std::to_string(connection), "u", connection));
            claim(directory, list->back());
        }
    }
    CHECK(directory.client_count() == 1000);
    for (const size_t limit : {1, 7, 100, 999, 1000, 1001}) {
        CAPTURE(limit);
        std::multiset<uint64_t> seen;
        uint64_t cursor = 0;
        do {
            const auto page = directory.list_clients(&cursor, limit);
            REQUIRE(page.size() <= limit);
            REQUIRE((cursor == 0 || page.size() == limit));
            for (const auto& entry : page)
                seen.insert(entry->handle.generation);
            if (!go.empty()) {
                directory.release(go.back());
                go.pop_back();
                ++connection;
                claim(directory, identity("new" + std::to_string(connection), "v", connection));
            }
        } while (cursor != 0);
        for (const auto& entry : stay)
            REQUIRE(seen.count(entry->handle.generation) == 1);
        for (const uint64_t id : seen)
            REQUIRE(seen.count(id) == 1);
    }
}

TEST_CASE("a topic is where its first join was and its last leave was not") {
    Directory directory;
    CHECK(directory.reactors_of_topic("t") == 0);
    directory.topic_joined("t", 0);
    directory.topic_joined("t", 63);
    directory.topic_joined("other", 5);
    CHECK(directory.reactors_of_topic("t") == (reactor_bit(0) | reactor_bit(63)));
    directory.topic_left("t", 0);
    directory.topic_left("t", 7);  // was not there
    CHECK(directory.reactors_of_topic("t") == reactor_bit(63));
    directory.topic_left("t", 63);
    CHECK(directory.reactors_of_topic("t") == 0);
    directory.topic_left("nowhere", 1);
    CHECK(directory.reactors_of_topic("other") == reactor_bit(5));
}

TEST_CASE("threads claim, look up, list and release at once, and nothing is left behind") {
    Directory directory;
    std::atomic<uint64_t> connection{0};
    std::vector<std::thread> threads;
    for (uint32_t reactor = 0; reactor < 4; ++reactor) {
        threads.emplace_back([&, reactor] {
            for (int i = 0; i < 600; ++i) {
                // Own client ids: a connection is released by its own reactor's thread. The users are shared.
                const auto mine = identity("c" + std::to_string(reactor) + "-" + std::to_string(i % 50),
                                           "u" + std::to_string(i % 3), ++connection, reactor);
                IdentityPtr old;
                directory.claim(mine, &old);
                directory.topic_joined("t", reactor);
                CHECK((directory.reactors_of_user(mine->user_id) & reactor_bit(reactor)) != 0);
                CHECK((directory.reactors_of_topic("t") & reactor_bit(reactor)) != 0);
                for (const auto& client : directory.clients_of_user(mine->user_id, 5)) {
                    CHECK(client->user_id == mine->user_id);
                }
                uint64_t cursor = 0;
                directory.list_clients(&cursor, 3);
                directory.topic_left("t", reactor);
                directory.release(mine);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(directory.client_count() == 0);
    for (int user = 0; user < 3; ++user)
        CHECK(directory.reactors_of_user("u" + std::to_string(user)) == 0);
    CHECK(directory.reactors_of_topic("t") == 0);
}

}  // namespace
}  // namespace gatewayd
