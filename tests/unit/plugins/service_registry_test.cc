#include "core/plugins/service_registry.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "gateway/ext/service.h"

namespace gatewayd {
namespace {

using Texts = std::vector<std::string>;

// Changes as "acme.crm/1 1".
Texts texts(const ServiceRegistry::Changes& changes) {
    Texts all;
    for (const ServiceRegistry::Change& change : changes)
        all.push_back(change.name + " " + std::to_string(change.code));
    return all;
}

struct Instance {
    explicit Instance(const char* plugin_name) : name(plugin_name) {}
    ServiceRegistry::Party party() const { return {this, name}; }
    const std::string name;
    const int table = 0;
};

struct Held {
    const void* table = nullptr;
    uint64_t pin = 0;
    int32_t code = 0;
};

Held acquire(ServiceRegistry& registry, const Instance& user, const char* name) {
    Held held;
    held.code = registry.acquire(user.party(), name, &held.table, &held.pin);
    return held;
}

TEST_CASE("what a provider offers is found when it is committed") {
    ServiceRegistry registry;
    const Instance crm("crm");
    const Instance greet("greet");
    REQUIRE(registry.offer(crm.party(), "acme.crm/1", &crm.table) == GW_OK);
    CHECK(acquire(registry, greet, "acme.crm/1").code == GW_E_NOTFOUND);
    CHECK_FALSE(registry.is_offered("acme.crm/1"));

    CHECK(texts(registry.commit(&crm, nullptr)) == Texts{"acme.crm/1 1"});
    const Held held = acquire(registry, greet, "acme.crm/1");
    CHECK(held.code == GW_OK);
    CHECK(held.table == &crm.table);
    CHECK(acquire(registry, greet, "acme.crm/2").code == GW_E_NOTFOUND);
    CHECK(registry.held_by(&greet) == Texts{"acme.crm/1"});
    CHECK(registry.holders(&crm) == Texts{"greet holds acme.crm/1"});

    CHECK(registry.release(&crm, held.pin) == GW_E_STALE);  // not its pin
    CHECK(registry.release(&greet, held.pin) == GW_OK);
    CHECK(registry.release(&greet, held.pin) == GW_E_STALE);
    CHECK_FALSE(registry.pinned(&crm));
}

TEST_CASE("a name is offered once, but by two generations of one plugin") {
    ServiceRegistry registry;
    const Instance crm("crm");
    const Instance other("other");
    const Instance next("crm");
    REQUIRE(registry.offer(crm.party(), "acme.crm/1", &crm.table) == GW_OK);
    CHECK(registry.offer(crm.party(), "acme.crm/1", &crm.table) == GW_E_STATE);
    static_cast<void>(registry.commit(&crm, nullptr));
    CHECK(registry.offer(other.party(), "acme.crm/1", &other.table) == GW_E_STATE);
    CHECK(registry.offer(next.party(), "acme.crm/1", &next.table) == GW_OK);
    for (size_t i = 1; i < max_services_per_plugin; ++i)
        REQUIRE(registry.offer(crm.party(), "a/" + std::to_string(i), &crm.table) == GW_OK);
    CHECK(registry.offer(crm.party(), "a/0", &crm.table) == GW_E_LIMIT);
}

TEST_CASE("a swap: the new table in the place of the old one, which stays pinned until it is released") {
    ServiceRegistry registry;
    const Instance g("crm");
    const Instance g1("crm");
    const Instance greet("greet");
    std::vector<const void*> released;
    registry.on_released([&](const void* provider) { released.push_back(provider); });
    REQUIRE(registry.offer(g.party(), "acme.crm/1", &g.table) == GW_OK);
    REQUIRE(registry.offer(g.party(), "acme.old/1", &g.table) == GW_OK);
    static_cast<void>(registry.commit(&g, nullptr));
    const Held old = acquire(registry, greet, "acme.crm/1");
    const Held twice = acquire(registry, greet, "acme.crm/1");

    REQUIRE(registry.offer(g1.party(), "acme.crm/1", &g1.table) == GW_OK);
    const Held third = acquire(registry, greet, "acme.crm/1");
    CHECK(third.table == &g.table);
    CHECK(registry.release(&greet, third.pin) == GW_OK);
    CHECK(texts(registry.commit(&g1, &g)) == Texts{"acme.crm/1 1", "acme.old/1 2"});
    CHECK(acquire(registry, greet, "acme.crm/1").table == &g1.table);
    CHECK(acquire(registry, greet, "acme.old/1").code == GW_E_NOTFOUND);

    CHECK(texts(registry.withdraw(&g)) == Texts{});  // it offers nothing any more
    CHECK(registry.pinned(&g));
    CHECK_FALSE(registry.await_released(&g, 1));
    CHECK(registry.release(&greet, old.pin) == GW_OK);
    CHECK(registry.pinned(&g));
    CHECK(released.empty());
    CHECK(registry.release(&greet, twice.pin) == GW_OK);
    CHECK(registry.await_released(&g, 0));
    CHECK(released == std::vector<const void*>{&g});
}

TEST_CASE("a new generation that fails to start leaves the old one's services") {
    ServiceRegistry registry;
    const Instance g("crm");
    const Instance g1("crm");
    REQUIRE(registry.offer(g.party(), "acme.crm/1", &g.table) == GW_OK);
    static_cast<void>(registry.commit(&g, nullptr));
    REQUIRE(registry.offer(g1.party(), "acme.crm/1", &g1.table) == GW_OK);
    CHECK(texts(registry.withdraw(&g1)) == Texts{});
    CHECK(acquire(registry, g1, "acme.crm/1").table == &g.table);
}

TEST_CASE("a provider that goes: its services are gone, and its users are asked to release") {
    ServiceRegistry registry;
    const Instance crm("crm");
    const Instance greet("greet");
    REQUIRE(registry.offer(crm.party(), "acme.crm/1", &crm.table) == GW_OK);
    static_cast<void>(registry.commit(&crm, nullptr));
    REQUIRE(acquire(registry, greet, "acme.crm/1").code == GW_OK);
    CHECK(texts(registry.withdraw(&crm)) == Texts{"acme.crm/1 2"});
    CHECK(registry.pinned(&crm));

    // A user that was destroyed keeps nobody, and is known to have been careless.
    const void* free = nullptr;
    registry.on_released([&](const void* provider) { free = provider; });
    CHECK(registry.destroyed(&greet) == Texts{"acme.crm/1"});
    CHECK(free == &crm);
    CHECK_FALSE(registry.pinned(&crm));
}

TEST_CASE("pins have a limit for each user") {
    ServiceRegistry registry;
    const Instance crm("crm");
    const Instance greedy("greedy");
    const Instance other("other");
    REQUIRE(registry.offer(crm.party(), "acme.crm/1", &crm.table) == GW_OK);
    static_cast<void>(registry.commit(&crm, nullptr));
    for (size_t i = 0; i < max_service_pins_per_plugin; ++i)
        REQUIRE(acquire(registry, greedy, "acme.crm/1").code == GW_OK);
    CHECK(acquire(registry, greedy, "acme.crm/1").code == GW_E_LIMIT);
    CHECK(acquire(registry, other, "acme.crm/1").code == GW_OK);
    CHECK(registry.destroyed(&greedy).size() == 1);
}

TEST_CASE("threads acquire, call and release while the provider is swapped again and again") {
    struct Provider {
        ServiceRegistry::Party party() const { return {this, "crm"}; }
        int alive = 1;
    };
    ServiceRegistry registry;
    const Instance greet("greet");
    auto now = std::make_unique<Provider>();
    REQUIRE(registry.offer(now->party(), "acme.crm/1", &now->alive) == GW_OK);
    static_cast<void>(registry.commit(now.get(), nullptr));
    std::atomic<bool> ends{false};
    std::atomic<int> calls{0};
    std::atomic<int> failed{0};
    std::vector<std::thread> users;
    for (int i = 0; i < 3; ++i) {
        users.emplace_back([&] {
            while (!ends) {
                const Held held = acquire(registry, greet, "acme.crm/1");
                if (held.code != GW_OK || *static_cast<const int*>(held.table) != 1) ++failed;
                ++calls;
                if (registry.release(&greet, held.pin) != GW_OK) ++failed;
            }
        });
    }
    for (int swap = 0; swap < 200; ++swap) {
        auto next = std::make_unique<Provider>();
        REQUIRE(registry.offer(next->party(), "acme.crm/1", &next->alive) == GW_OK);
        static_cast<void>(registry.commit(next.get(), now.get()));
        CHECK(registry.await_released(now.get(), 60'000));
        now->alive = 0;
        now = std::move(next);
    }
    while (calls < 1000)
        std::this_thread::yield();
    ends = true;
    for (std::thread& user : users)
        user.join();
    CHECK(failed == 0);
}

}  // namespace
}  // namespace gatewayd
