#include "core/hub/topic_changes.h"

#include <doctest/doctest.h>

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gatewayd {
namespace {

constexpr uint32_t reactor = 3;

ConnectionHandle connection(uint64_t id) {
    return {static_cast<uint64_t>(reactor) << 32, id};
}

// A reactor's hub as far as topics go: who is in "t".
struct World {
    Directory directory;
    std::vector<uint64_t> members;
    std::vector<std::string> made;  // in order
    TopicChanges changes{reactor, &directory,
                         [this](const std::string& topic, ConnectionHandle who, bool join) {
                             made.push_back((join ? "+" : "-") + std::to_string(who.generation));
                             if (join && members.empty()) directory.topic_joined(topic, reactor);
                             if (join) {
                                 members.push_back(who.generation);
                             } else {
                                 members.pop_back();
                                 if (members.empty()) directory.topic_left(topic, reactor);
                             }
                         }};
    bool is_known() { return directory.reactors_of_topic("t") == reactor_bit(reactor); }
};

TEST_CASE("a subscribe counts before its letter has come") {
    World world;
    const uint64_t number = world.changes.announce("t", connection(1), true);
    CHECK(world.is_known());
    CHECK(world.made.empty());
    world.changes.make_joins("other");
    CHECK(world.made.empty());
    world.changes.make_joins("t");
    CHECK(world.made == std::vector<std::string>{"+1"});
    world.changes.arrive("t", number);  // made already
    CHECK(world.made == std::vector<std::string>{"+1"});
    CHECK(world.is_known());
    world.changes.arrive("t", world.changes.announce("t", connection(1), false));
    CHECK(world.directory.reactors_of_topic("t") == 0);
}

TEST_CASE("the leave of the last member does not hide a join that is on its way") {
    World world;
    world.changes.arrive("t", world.changes.announce("t", connection(1), true));
    const uint64_t leave = world.changes.announce("t", connection(1), false);
    const uint64_t join = world.changes.announce("t", connection(2), true);
    world.changes.arrive("t", leave);
    CHECK(world.members.empty());
    CHECK(world.is_known());
    world.changes.arrive("t", join);
    CHECK(world.is_known());
    CHECK(world.made == std::vector<std::string>{"+1", "-1", "+2"});
}

TEST_CASE("a join is not made before an unsubscribe of the same connection that was asked for first") {
    World world;
    const uint64_t first = world.changes.announce("t", connection(1), true);
    const uint64_t leave = world.changes.announce("t", connection(1), false);
    const uint64_t again = world.changes.announce("t", connection(1), true);
    world.changes.make_joins("t");
    CHECK(world.made == std::vector<std::string>{"+1"});
    world.changes.arrive("t", first);
    world.changes.arrive("t", leave);
    CHECK(world.is_known());
    world.changes.arrive("t", again);
    CHECK(world.made == std::vector<std::string>{"+1", "-1", "+1"});
    world.changes.make_joins("t");
    CHECK(world.made.size() == 3);
}

TEST_CASE("what could not be posted leaves nothing behind") {
    World world;
    world.changes.withdraw("t", world.changes.announce("t", connection(1), true));
    world.changes.withdraw("t", world.changes.announce("t", connection(1), false));
    CHECK(world.directory.reactors_of_topic("t") == 0);
    world.changes.make_joins("t");
    CHECK(world.made.empty());
}

TEST_CASE("joins from many threads: after each call the topic is known and no join is lost") {
    World world;
    constexpr uint64_t threads = 4;
    constexpr uint64_t each = 500;
    std::atomic<uint64_t> hidden{0};
    std::mutex mutex;
    std::vector<uint64_t> letters;
    std::vector<std::thread> callers;
    for (uint64_t t = 0; t < threads; ++t) {
        callers.emplace_back([&, t] {
            for (uint64_t i = 0; i < each; ++i) {
                const uint64_t number = world.changes.announce("t", connection(1 + t * each + i), true);
                if (!world.is_known()) ++hidden;
                const std::lock_guard lock(mutex);
                letters.push_back(number);
            }
        });
    }
    size_t read = 0;
    while (read < threads * each) {  // the reactor
        uint64_t number = 0;
        {
            const std::lock_guard lock(mutex);
            if (read == letters.size()) continue;
            number = letters[read++];
        }
        if (read % 3 == 0) world.changes.make_joins("t");
        world.changes.arrive("t", number);
    }
    for (std::thread& caller : callers)
        caller.join();
    CHECK(hidden == 0);
    CHECK(world.members.size() == threads * each);
    CHECK(world.is_known());
}

}  // namespace
}  // namespace gatewayd
