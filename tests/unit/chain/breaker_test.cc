#include "core/chain/breaker.h"

#include <doctest/doctest.h>

#include "core/base/ticks.h"
#include "tests/unit/chain/aside.h"
#include "tests/unit/chain/fake_plugins.h"

using namespace gatewayd;
using namespace gatewayd::testing;

namespace {

using Pass = Breaker::Pass;
using Change = Breaker::Change;

constexpr size_t message_kind = 2;
constexpr size_t delivery_kind = 4;
constexpr uint64_t ms = 1'000'000;

Budget budget(OverrunAction action, uint32_t limit = 3) {
    return {5 * ms, action, limit, 1000 * ms};
}

// Ticks that only the test moves; the real ones again at its end.
struct FakeTicks {
    FakeTicks() {
        internal::fake_ticks = 1;
        fake_the_ticks(true);
    }
    ~FakeTicks() { fake_the_ticks(false); }
    static void pass(uint64_t ns) { internal::fake_ticks += ns; }
};

// A plugin whose calls take as long as the test says.
struct Slow : FakePlugin {
    explicit Slow(OverrunAction action, uint32_t kinds = GW_KIND_MESSAGE) : FakePlugin("slow", kinds) {
        interceptor->set_budget(budget(action));
        intercept = [this](void*, gw_ctx*, gw_req*, gw_next*) {
            ++calls;
            FakeTicks::pass(takes);
            return GW_CONTINUE;
        };
    }
    PluginTotals totals() const { return interceptor->stats->totals(); }
    BreakerState state() const { return interceptor->breaker->state(); }

    uint64_t takes = 0;
    int calls = 0;
};

constexpr const char* hello_text = R"({"type":"text","to":"u2"})";

std::vector<std::string> send(const InterceptorChain& chain, int32_t* status) {
    Message message(hello_text);
    *status = chain.run(*message.request);
    return message.sink.log;
}

}  // namespace

TEST_CASE("so many overruns of one kind in a row open it") {
    Breaker breaker(budget(OverrunAction::bypass));
    CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::none);
    CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::none);
    CHECK(breaker.ended(Pass::normal, message_kind, false, 0) == Change::none);
    CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::none);
    CHECK(breaker.ended(Pass::normal, delivery_kind, true, 1) == Change::none);
    // Fast deliveries do not hide slow messages.
    CHECK(breaker.ended(Pass::normal, delivery_kind, false, 1) == Change::none);
    CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::none);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.ask(1) == Pass::normal);
    CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::opened);
    CHECK(breaker.state() == BreakerState::open);
    CHECK(breaker.times_opened() == 1);
    // One that began before.
    CHECK(breaker.ended(Pass::normal, message_kind, true, 2) == Change::none);
    CHECK(breaker.ended(Pass::normal, message_kind, false, 2) == Change::none);
    CHECK(breaker.state() == BreakerState::open);
}

TEST_CASE("after a while one call is tried, and decides") {
    Breaker breaker(budget(OverrunAction::reject, 1));
    CHECK(breaker.ended(Pass::normal, message_kind, true, 100) == Change::opened);
    CHECK(breaker.ask(100) == Pass::held_off);
    CHECK(breaker.ask(100 + 1000 * ms - 1) == Pass::held_off);
    CHECK(breaker.ask(100 + 1000 * ms) == Pass::probe);
    CHECK(breaker.state() == BreakerState::half_open);
    CHECK(breaker.ask(100 + 5000 * ms) == Pass::held_off);  // one at a time
    CHECK(breaker.ended(Pass::probe, message_kind, true, 6000 * ms) == Change::opened_again);
    CHECK(breaker.times_opened() == 1);
    CHECK(breaker.ask(6999 * ms) == Pass::held_off);
    CHECK(breaker.ask(7000 * ms) == Pass::probe);
    CHECK(breaker.ended(Pass::probe, message_kind, false, 7000 * ms) == Change::closed);
    CHECK(breaker.state() == BreakerState::closed);
    CHECK(breaker.ask(7000 * ms) == Pass::normal);
    CHECK(breaker.ended(Pass::normal, message_kind, true, 7001 * ms) == Change::opened);
    CHECK(breaker.times_opened() == 2);
}

TEST_CASE("with on_overrun: log it never opens") {
    Breaker breaker(budget(OverrunAction::log, 1));
    for (int i = 0; i < 100; ++i)
        CHECK(breaker.ended(Pass::normal, message_kind, true, 1) == Change::none);
    CHECK(breaker.state() == BreakerState::closed);
}

TEST_CASE("bypass: messages go on without the plugin until it is fast again") {
    const FakeTicks ticks;
    Slow slow(OverrunAction::bypass);
    const InterceptorChain chain = chain_of({&slow});
    const std::vector<std::string> routed{std::string("route ") + hello_text};
    int32_t status = 0;
    slow.takes = 5 * ms;  // just within
    for (int i = 0; i < 5; ++i)
        CHECK(send(chain, &status) == routed);
    CHECK(slow.totals().overruns == 0);
    slow.takes = 6 * ms;
    for (int i = 0; i < 5; ++i) {
        CHECK(send(chain, &status) == routed);
        CHECK(status == GW_ST_PASSED);
    }
    CHECK(slow.calls == 8);
    CHECK(slow.totals().overruns == 3);
    CHECK(slow.totals().bypassed == 2);
    CHECK(slow.totals().errors == 0);
    CHECK(slow.state() == BreakerState::open);
    FakeTicks::pass(1000 * ms);
    slow.takes = 0;
    for (int i = 0; i < 3; ++i)
        CHECK(send(chain, &status) == routed);
    CHECK(slow.calls == 11);
    CHECK(slow.state() == BreakerState::closed);
}

TEST_CASE("reject: messages are refused as if the plugin had failed") {
    const FakeTicks ticks;
    Slow slow(OverrunAction::reject);
    slow.interceptor->fails_open = true;  // of failures; being slow is told apart
    const InterceptorChain chain = chain_of({&slow});
    int32_t status = 0;
    slow.takes = 6 * ms;
    for (int i = 0; i < 3; ++i)
        send(chain, &status);
    CHECK(status == GW_ST_PASSED);
    CHECK(send(chain, &status) == std::vector<std::string>{"refuse plugin_error plugin slow failed"});
    CHECK(status == GW_E_FAIL);
    CHECK(slow.calls == 3);
    CHECK(slow.totals().refused == 1);
    CHECK(slow.totals().errors == 0);
    FakeTicks::pass(1000 * ms);
    send(chain, &status);  // the probe, too slow again
    CHECK(status == GW_ST_PASSED);
    CHECK(slow.calls == 4);
    send(chain, &status);
    CHECK(status == GW_E_FAIL);
    CHECK(slow.calls == 4);
}

TEST_CASE("the rest of the chain behind next() is not the time of the plugin that calls it") {
    const FakeTicks ticks;
    FakePlugin outer("outer");
    outer.interceptor->set_budget(budget(OverrunAction::bypass));
    outer.intercept = [](void*, gw_ctx*, gw_req*, gw_next* next) {
        FakeTicks::pass(1 * ms);
        const int32_t verdict = chain_next(next, nullptr, nullptr);
        FakeTicks::pass(2 * ms);
        return verdict;
    };
    Slow inner(OverrunAction::log);
    inner.takes = 100 * ms;
    const InterceptorChain chain = chain_of({&outer, &inner});
    int32_t status = 0;
    send(chain, &status);
    const auto timed = [](const FakePlugin& plugin) {
        return plugin.interceptor->stats->totals().hooks[message_kind].timed_ns;
    };
    CHECK(timed(outer) == 3 * ms);
    CHECK(timed(inner) == 100 * ms);
    CHECK(outer.interceptor->stats->totals().overruns == 0);
    CHECK(inner.totals().overruns == 1);
}

TEST_CASE("waiting is not the plugin's time, and on_resume is held to the budget too") {
    const FakeTicks ticks;
    Aside aside;
    std::vector<std::string> log;
    Deferrer plugin("a", &log);
    plugin.interceptor->set_budget(budget(OverrunAction::bypass, 1));
    plugin.on_resume = [](void*, gw_ctx*, gw_req*, gw_next*, void*) {
        FakeTicks::pass(6 * ms);
        return GW_CONTINUE;
    };
    const InterceptorChain chain = chain_of({&plugin});
    REQUIRE(aside.run(chain) == status_pending);
    FakeTicks::pass(5000 * ms);
    CHECK(plugin.interceptor->stats->totals().overruns == 0);
    CHECK(plugin.interceptor->stats->totals().in_flight() == 1);
    REQUIRE(plugin.resume(aside) == GW_OK);
    aside.go_on();
    const PluginTotals totals = plugin.interceptor->stats->totals();
    CHECK(totals.overruns == 1);
    CHECK(totals.in_flight() == 0);
    CHECK(totals.resumed == 1);
    CHECK(plugin.interceptor->breaker->state() == BreakerState::open);
}
