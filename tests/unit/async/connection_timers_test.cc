#include "core/async/connection_timers.h"

#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "tests/unit/async/parts.h"

namespace gatewayd {
namespace {

using testing::CallLog;
using testing::FakeConnection;
using testing::Letters;
using testing::Owner;
using Lines = std::vector<std::string>;

// What a timer's ud points to: it must be told of its end once, and of nothing after that.
struct Kept {
    CallLog* log;
    std::string name;
    int32_t last = GW_TIMER_AGAIN;
    std::function<void(gw_ctx*)> then = nullptr;

    static void call(void* ud, void*, gw_ctx* ctx, int32_t status) {
        auto* kept = static_cast<Kept*>(ud);
        CHECK(kept->last == GW_TIMER_AGAIN);
        CHECK((ctx != nullptr || status < 0));
        kept->last = status;
        kept->log->add(kept->name + " " + std::to_string(status) + (ctx ? "" : " gone"));
        if (kept->then) kept->then(ctx);
    }
};

struct Fixture {
    Fixture() {
        timers.set_home({[this](std::function<void()> letter, bool bounded) {
                             return letters.post(std::move(letter), bounded);
                         },
                         [this](gw_conn_id conn) -> Context* {
                             return conn.generation == 1 ? &alice : conn.generation == 2 ? &bob : nullptr;
                         }});
    }
    ~Fixture() {
        CHECK(timers.size() == 0);
        CHECK(owner.timers == 0);
        CHECK(other.timers == 0);
    }
    void end() {
        timers.forget(owner.instance);
        timers.forget(other.instance);
    }
    int32_t start(Kept* kept, FakeConnection& on, uint32_t after, uint32_t every, gw_token* token,
                  Owner* of = nullptr) {
        return timers.start({of ? of : &owner, on.conn_id(), after, every, Kept::call, kept}, token);
    }
    // As in a hook of this connection.
    gw_token start_in_hook(Kept* kept, FakeConnection& on, uint32_t after, uint32_t every = 0) {
        const RunningHook running(owner.blamed.get(), Hook::message, nullptr, &on);
        const HookScope scope(&running);
        gw_token token{0, 0};
        REQUIRE(start(kept, on, after, every, &token) == GW_OK);
        REQUIRE(token.generation != 0);
        return token;
    }
    void ticks(int count) {
        while (count-- > 0)
            timers.tick();
    }

    CallLog log;
    Letters letters;
    FakeConnection alice{1};
    FakeConnection bob{2};
    Owner owner{"owner"};
    Owner other{"other"};
    ConnectionTimers timers;
};

TEST_CASE("a timer expires once, not early, and its token is over then") {
    Fixture f;
    Kept kept{&f.log, "a"};
    const gw_token token = f.start_in_hook(&kept, f.alice, 250);
    f.ticks(3);  // less than 250 ms may have passed
    CHECK(f.log.lines().empty());
    f.ticks(1);
    CHECK(f.log.lines() == Lines{"a 1"});
    f.ticks(10);
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_E_STALE);
    f.letters.run();
    CHECK(f.log.lines() == Lines{"a 1"});
}

TEST_CASE("a repeating timer keeps its pace until it is cancelled, and ends once") {
    Fixture f;
    Kept kept{&f.log, "a"};
    const gw_token token = f.start_in_hook(&kept, f.alice, 100, 200);
    f.ticks(2 + 2 * 3);
    CHECK(f.log.lines() == Lines(4, "a 0"));
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_OK);
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_E_STALE);
    f.ticks(10);  // it is cancelled, although its end has not been told yet
    CHECK(f.log.lines() == Lines(4, "a 0"));
    f.letters.run();
    CHECK(f.log.lines(5).back() == "a -6");
    f.ticks(10);
    CHECK(f.log.lines().size() == 5);
}

TEST_CASE("a timer that cancels itself in its own call ends after it") {
    Fixture f;
    Kept kept{&f.log, "a"};
    const gw_token token = f.start_in_hook(&kept, f.alice, 100, 100);
    kept.then = [&](gw_ctx*) {
        if (kept.last == GW_TIMER_AGAIN) CHECK(f.timers.cancel(f.owner.instance, token) == GW_OK);
    };
    f.ticks(5);
    CHECK(f.log.lines() == Lines{"a 0"});
    f.letters.run();
    CHECK(f.log.lines() == Lines{"a 0", "a -6"});
}

TEST_CASE("another instance, and a token of nobody, cancel nothing") {
    Fixture f;
    Kept kept{&f.log, "a"};
    const gw_token token = f.start_in_hook(&kept, f.alice, 100);
    CHECK(f.timers.cancel(f.other.instance, token) == GW_E_STALE);
    CHECK(f.timers.cancel(f.owner.instance, {token.slot, token.generation + 1}) == GW_E_STALE);
    CHECK(f.timers.cancel(f.owner.instance, {0, 0}) == GW_E_STALE);
    f.ticks(3);
    CHECK(f.log.lines() == Lines{"a 1"});
}

TEST_CASE("timers end with their connection, which they still see; others go on") {
    Fixture f;
    Kept first{&f.log, "first"};
    Kept again{&f.log, "again"};
    Kept others{&f.log, "bob's"};
    f.start_in_hook(&first, f.alice, 1000);
    f.start_in_hook(&again, f.alice, 1000, 1000);
    f.start_in_hook(&others, f.bob, 1000);
    f.alice.open = false;
    // It may not start anew what ends.
    again.then = [&](gw_ctx* ctx) {
        CHECK(from_abi(ctx) == &f.alice);
        const RunningHook running(f.owner.blamed.get(), Hook::message, nullptr, &f.alice);
        const HookScope scope(&running);
        gw_token token{0, 0};
        CHECK(f.start(&again, f.alice, 100, 0, &token) == GW_E_STALE);
    };
    f.timers.end_connection(f.alice, nullptr);
    CHECK(f.log.lines() == Lines{"again -6", "first -6"});
    f.ticks(12);
    CHECK(f.log.lines().back() == "bob's 1");
}

TEST_CASE("a connection that closes is called no more before its timers end") {
    Fixture f;
    Kept kept{&f.log, "a"};
    f.start_in_hook(&kept, f.alice, 100, 100);
    f.ticks(2);
    f.alice.open = false;
    f.ticks(10);
    CHECK(f.log.lines() == Lines{"a 0"});
    f.timers.end_connection(f.alice, nullptr);
    CHECK(f.log.lines() == Lines{"a 0", "a -6"});
}

TEST_CASE("started on another thread it is taken on by a letter, or ended when the connection is gone") {
    Fixture f;
    gw_token token{0, 0};
    Kept kept{&f.log, "a"};
    REQUIRE(f.start(&kept, f.alice, 100, 0, &token) == GW_OK);
    f.ticks(10);
    CHECK(f.log.lines().empty());
    f.letters.run();
    f.ticks(3);
    CHECK(f.log.lines() == Lines{"a 1"});

    FakeConnection gone(3);
    Kept late{&f.log, "late"};
    REQUIRE(f.start(&late, gone, 100, 0, &token) == GW_OK);
    f.letters.run();
    CHECK(f.log.lines().back() == "late -6 gone");

    Kept cancelled{&f.log, "cancelled"};
    REQUIRE(f.start(&cancelled, f.alice, 100, 0, &token) == GW_OK);
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_OK);
    f.letters.run();
    f.ticks(3);
    CHECK(f.log.lines().back() == "cancelled -6");

    f.letters.full = true;
    Kept refused{&f.log, "refused"};
    CHECK(f.start(&refused, f.alice, 100, 0, &token) == GW_E_LIMIT);
    f.timers.set_home({});
    CHECK(f.start(&refused, f.alice, 100, 0, &token) == GW_E_STALE);
    CHECK(f.log.lines().back() == "cancelled -6");
}

TEST_CASE("one connection has so many timers of an instance, wherever they are started") {
    Fixture f;
    std::vector<Kept> kept(GW_TIMER_MAX_PER_CONN + 2, Kept{&f.log, "a"});
    for (uint32_t i = 0; i < GW_TIMER_MAX_PER_CONN; ++i)
        f.start_in_hook(&kept[i], f.alice, 1000);
    {
        const RunningHook running(f.owner.blamed.get(), Hook::message, nullptr, &f.alice);
        const HookScope scope(&running);
        gw_token token{0, 0};
        CHECK(f.start(&kept[16], f.alice, 1000, 0, &token) == GW_E_LIMIT);
        CHECK(f.start(&kept[16], f.alice, 1000, 0, &token, &f.other) == GW_OK);
    }
    gw_token token{0, 0};
    CHECK(f.start(&kept[17], f.alice, 1000, 0, &token) == GW_OK);
    f.letters.run();
    CHECK(f.log.lines() == Lines{"a -9"});
    f.end();
}

TEST_CASE("an instance has so many timers in all; one that does not run has none") {
    Fixture f;
    Kept kept{&f.log, "a"};
    gw_token token{0, 0};
    const RunningHook running(f.owner.blamed.get(), Hook::message, nullptr, &f.alice);
    const HookScope scope(&running);
    f.owner.timers = GW_TIMER_MAX_PER_INSTANCE;
    CHECK(f.start(&kept, f.alice, 100, 0, &token) == GW_E_LIMIT);
    CHECK(f.owner.timers == GW_TIMER_MAX_PER_INSTANCE);
    f.owner.timers = 0;
    f.owner.open = false;
    CHECK(f.start(&kept, f.alice, 100, 0, &token) == GW_E_STATE);
    CHECK(f.timers.size() == 0);
}

TEST_CASE("forget() ends all of one instance, whatever they wait for, and none of another") {
    Fixture f;
    Kept armed{&f.log, "armed"};
    Kept posted{&f.log, "posted"};
    Kept cancelled{&f.log, "cancelled"};
    Kept others{&f.log, "other"};
    gw_token token{0, 0};
    f.start_in_hook(&armed, f.alice, 100, 100);
    const gw_token given = f.start_in_hook(&cancelled, f.alice, 100);
    CHECK(f.timers.cancel(f.owner.instance, given) == GW_OK);
    REQUIRE(f.start(&posted, f.bob, 100, 0, &token) == GW_OK);
    REQUIRE(f.start(&others, f.bob, 100, 0, &token, &f.other) == GW_OK);
    f.owner.open = false;
    f.timers.forget(f.owner.instance);
    CHECK(f.log.lines().size() == 3);
    CHECK(armed.last == GW_E_CANCELLED);
    CHECK(posted.last == GW_E_CANCELLED);
    CHECK(cancelled.last == GW_E_CANCELLED);
    f.letters.run();
    f.ticks(3);
    CHECK(f.log.lines().size() == 4);
    CHECK(others.last == GW_TIMER_LAST);
}

TEST_CASE("an instance that has left the connection's chain is not called about it") {
    Fixture f;
    f.owner.intercepts = true;
    const InterceptorChain with = testing::chain_of({&f.owner.plugin});
    const InterceptorChain without = testing::chain_of({});
    f.alice.chain = &with;
    Kept stays{&f.log, "stays"};
    Kept leaves{&f.log, "leaves"};
    f.start_in_hook(&stays, f.alice, 100);
    f.start_in_hook(&leaves, f.alice, 200, 100);
    f.ticks(2);
    CHECK(f.log.lines() == Lines{"stays 1"});
    f.alice.chain = &without;
    f.ticks(3);
    CHECK(f.log.lines() == Lines{"stays 1", "leaves -6 gone"});
}

TEST_CASE("what a timer throws is counted and ends nothing") {
    Fixture f;
    Kept kept{&f.log, "a"};
    kept.then = [&](gw_ctx*) { throw std::runtime_error("no"); };
    f.start_in_hook(&kept, f.alice, 100, 100);
    f.ticks(4);
    CHECK(f.log.lines() == Lines(3, "a 0"));
    CHECK(f.owner.plugin.errors() == 3);
    kept.then = nullptr;
    f.end();
}

TEST_CASE("started and cancelled by threads while the reactor works: each ends once") {
    Fixture f;
    constexpr int threads = 3;
    constexpr int each = 400;
    std::vector<std::unique_ptr<Kept>> kept;
    for (int i = 0; i < threads * each; ++i)
        kept.push_back(std::make_unique<Kept>(Kept{&f.log, "x"}));
    std::atomic<int> running{threads};
    std::vector<std::thread> starters;
    for (int t = 0; t < threads; ++t) {
        starters.emplace_back([&, t] {
            std::mt19937 random(static_cast<unsigned>(t));
            for (int i = 0; i < each; ++i) {
                FakeConnection& on = random() % 2 ? f.alice : f.bob;
                gw_token token{0, 0};
                Kept* one = kept[static_cast<size_t>(t * each + i)].get();
                if (f.start(one, on, 10, random() % 2 ? 10 : 0, &token) != GW_OK) one->last = GW_OK + 7;
                if (random() % 2) f.timers.cancel(f.owner.instance, token);
            }
            --running;
        });
    }
    while (running > 0) {
        f.letters.run();
        f.timers.tick();
    }
    for (std::thread& thread : starters)
        thread.join();
    f.timers.end_connection(f.alice, nullptr);
    f.end();
    f.letters.run();
    for (const auto& one : kept)
        CHECK(one->last != GW_TIMER_AGAIN);
}

}  // namespace
}  // namespace gatewayd
