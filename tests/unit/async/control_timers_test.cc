#include "core/async/control_timers.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/async/timers.h"
#include "tests/unit/async/parts.h"

namespace gatewayd {
namespace {

using testing::CallLog;
using testing::Owner;
using Lines = std::vector<std::string>;

constexpr uint64_t ms = 1'000'000;
uint64_t now = 0;

struct Kept {
    CallLog* log;
    std::string name;
    int32_t last = GW_TIMER_AGAIN;
    std::function<void()> then = nullptr;

    static void call(void* ud, void* slot, gw_ctx* ctx, int32_t status) {
        auto* kept = static_cast<Kept*>(ud);
        CHECK(slot == nullptr);
        CHECK(ctx == nullptr);
        CHECK(kept->last == GW_TIMER_AGAIN);
        kept->last = status;
        kept->log->add(kept->name + " " + std::to_string(status));
        if (kept->then) kept->then();
    }
};

struct Fixture {
    Fixture() {
        now = 1000 * ms;
        timers.set_home([] { return now; }, [this] { ++wakes; });
    }
    ~Fixture() {
        timers.forget(owner.instance);
        CHECK(timers.size() == 0);
        CHECK(timers.next_due_ns() == 0);
    }
    gw_token start(Kept* kept, uint32_t after, uint32_t every = 0) {
        gw_token token{0, 0};
        REQUIRE(timers.start({&owner, {0, 0}, after, every, Kept::call, kept}, &token) == GW_OK);
        return token;
    }
    void advance(uint64_t milliseconds) {
        now += milliseconds * ms;
        timers.run();
    }

    CallLog log;
    Owner owner{"owner"};
    ControlTimers timers;
    int wakes = 0;
};

TEST_CASE("timers expire in their order, and who has the clock is told of the next") {
    Fixture f;
    Kept late{&f.log, "late"};
    Kept early{&f.log, "early"};
    f.start(&late, 30);
    CHECK(f.wakes == 1);
    f.start(&early, 20);
    CHECK(f.wakes == 2);
    CHECK(f.timers.run() == now + 20 * ms);
    Kept last{&f.log, "last"};
    f.start(&last, 40);
    CHECK(f.wakes == 2);  // an earlier one is waited for already
    f.advance(19);
    CHECK(f.log.lines().empty());
    f.advance(11);
    CHECK(f.log.lines() == Lines{"early 1", "late 1"});
    f.advance(10);
    CHECK(f.log.lines().back() == "last 1");
    CHECK(f.timers.run() == 0);
}

TEST_CASE("a repeating timer keeps its pace, and makes up for nothing") {
    Fixture f;
    Kept kept{&f.log, "a"};
    const gw_token token = f.start(&kept, 10, 20);
    f.advance(11);
    f.advance(18);
    CHECK(f.log.lines().size() == 1);
    f.advance(1);
    CHECK(f.log.lines().size() == 2);
    f.advance(1000);  // a pause of the process
    CHECK(f.log.lines().size() == 3);
    f.advance(19);
    CHECK(f.log.lines().size() == 3);
    f.advance(1);
    CHECK(f.log.lines().size() == 4);
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_OK);
    CHECK(f.timers.cancel(f.owner.instance, token) == GW_E_STALE);
    f.timers.run();
    CHECK(f.log.lines(5).back() == "a -6");
}

TEST_CASE("a cancelled timer does not expire, even when it is due already") {
    Fixture f;
    Kept first{&f.log, "first"};
    Kept second{&f.log, "second"};
    f.start(&first, 10);
    const gw_token token = f.start(&second, 10);
    first.then = [&] { CHECK(f.timers.cancel(f.owner.instance, token) == GW_OK); };
    f.advance(10);
    CHECK(f.log.lines() == Lines{"first 1"});
    f.timers.run();
    CHECK(f.log.lines() == Lines{"first 1", "second -6"});
}

TEST_CASE("timers that are due at the same time expire in the order of their start") {
    Fixture f;
    for (int round = 0; round < 3; ++round) {  // later ones use the memory of earlier ones, in another order
        std::vector<std::unique_ptr<Kept>> kept;
        Lines expected;
        for (int i = 0; i < 50; ++i) {
            kept.push_back(std::make_unique<Kept>(Kept{&f.log, std::to_string(i)}));
            expected.push_back(kept.back()->name + " 1");
            f.start(kept.back().get(), 10);
        }
        f.advance(10);
        const Lines all = f.log.lines(expected.size() * (round + 1));
        CHECK(Lines(all.end() - 50, all.end()) == expected);
    }
}

TEST_CASE("a timer may start others, and itself again") {
    Fixture f;
    Kept kept{&f.log, "a"};
    Kept other{&f.log, "b"};
    kept.then = [&] { f.start(&other, 10); };
    f.start(&kept, 10);
    f.advance(10);
    CHECK(f.timers.next_due_ns() == now + 10 * ms);
    f.advance(10);
    CHECK(f.log.lines() == Lines{"a 1", "b 1"});
}

TEST_CASE("forget() ends them all; then none is taken on") {
    Fixture f;
    Kept one{&f.log, "one"};
    Kept two{&f.log, "two"};
    f.start(&one, 10);
    f.timers.cancel(f.owner.instance, f.start(&two, 10, 10));
    f.owner.open = false;
    f.timers.forget(f.owner.instance);
    CHECK(one.last == GW_E_CANCELLED);
    CHECK(two.last == GW_E_CANCELLED);
    gw_token token{0, 0};
    CHECK(f.timers.start({&f.owner, {0, 0}, 10, 0, Kept::call, &one}, &token) == GW_E_STATE);
    f.advance(100);
    CHECK(f.log.lines().size() == 2);
}

TEST_CASE("a token goes to the home that it is of") {
    now = 0;
    CallLog log;
    Owner owner("owner");
    Timers timers;
    timers.control.set_home([] { return now; }, [] {});
    Kept kept{&log, "control"};
    gw_token token{0, 0};
    REQUIRE(timers.start({&owner, {0, 0}, 10, 0, Kept::call, &kept}, &token) == GW_OK);
    CHECK(timers.size() == 1);
    CHECK(timers.cancel(owner.instance, {0, token.generation}) == GW_E_STALE);
    CHECK(timers.cancel(owner.instance, {uint64_t{max_reactors} << 32, token.generation}) == GW_E_STALE);
    CHECK(timers.cancel(owner.instance, token) == GW_OK);
    timers.control.run();
    CHECK(log.lines() == Lines{"control -6"});
    const gw_conn_id nowhere{uint64_t{max_reactors} << 32, 5};
    CHECK(timers.start({&owner, nowhere, 10, 0, Kept::call, &kept}, &token) == GW_E_STALE);
    const gw_conn_id no_reactor{uint64_t{7} << 32, 5};
    CHECK(timers.start({&owner, no_reactor, 10, 0, Kept::call, &kept}, &token) == GW_E_STALE);
    CHECK(timers.size() == 0);
}

}  // namespace
}  // namespace gatewayd
