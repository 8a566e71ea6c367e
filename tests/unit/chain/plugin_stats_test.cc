#include "core/chain/plugin_stats.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

#include "tests/unit/chain/aside.h"
#include "tests/unit/chain/fake_plugins.h"

using namespace gatewayd;
using namespace gatewayd::testing;

namespace {

PluginTotals totals(const FakePlugin& plugin) {
    return plugin.interceptor->stats->totals();
}
const HookTotals& hook(const PluginTotals& totals, Hook which) {
    return totals.hooks[static_cast<size_t>(which)];
}

}  // namespace

TEST_CASE("a timed call is counted where it belongs, bounds included") {
    HookCounts counts;
    for (const uint64_t ns : {uint64_t{0}, call_bounds_ns[0], call_bounds_ns[0] + 1, call_bounds_ns.back(),
                              call_bounds_ns.back() + 1, uint64_t{1} << 40})
        add_timed_call(&counts, ns);
    CHECK(counts.timed[0].get() == 2);
    CHECK(counts.timed[1].get() == 1);
    CHECK(counts.timed[call_bounds_ns.size() - 1].get() == 1);
    CHECK(counts.timed[call_bounds_ns.size()].get() == 2);
    CHECK(counts.timed_ns.get() ==
          2 * call_bounds_ns[0] + 1 + 2 * call_bounds_ns.back() + 1 + (uint64_t{1} << 40));
}

TEST_CASE("each thread counts in its lane, and the sum has them all") {
    PluginStats stats;
    std::vector<std::thread> threads;
    for (uint32_t lane = 0; lane < 4; ++lane) {
        threads.emplace_back([&stats, lane] {
            current_lane = lane;
            for (int i = 0; i < 10'000; ++i)
                stats.lane().hooks[static_cast<size_t>(Hook::frame)].calls.add();
            stats.lane().overruns.add(lane);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    CHECK(hook(stats.totals(), Hook::frame).calls == 40'000);
    CHECK(stats.totals().overruns == 6);
    CHECK(stats.totals().calls() == 40'000);
}

TEST_CASE("every call is counted, one in 64 is timed") {
    FakePlugin plugin("a", GW_KIND_MESSAGE, GW_EV_CONNECTED);
    plugin.returns(GW_CONTINUE);
    plugin.attaches();
    plugin.attach = [](gw_ctx*, void**, uint32_t*) { return GW_OK; };
    plugin.detach = [](void*, gw_ctx*) {};
    plugin.on_event = [](void*, const gw_event*) {};
    const InterceptorChain chain = chain_of({&plugin});
    FakeContext context;
    chain.attach(context);
    chain.emit(GW_EV_CONNECTED, &context);
    for (int i = 0; i < 129; ++i) {
        Message message(R"({"type":"text","to":"u2"})");
        chain.run(*message.request);
    }
    chain.detach(context);
    const PluginTotals sum = totals(plugin);
    CHECK(hook(sum, Hook::message).calls == 129);
    CHECK(hook(sum, Hook::message).timed_calls == 3);
    CHECK(hook(sum, Hook::attach).calls == 1);
    CHECK(hook(sum, Hook::detach).calls == 1);
    CHECK(hook(sum, Hook::on_event).calls == 1);
    CHECK(hook(sum, Hook::on_event).timed_calls == 1);
    CHECK(hook(sum, Hook::publish).calls == 0);
}

TEST_CASE("deferrals are counted from their begin to each of their ends") {
    std::vector<std::string> log;
    Deferrer plugin("a", &log);
    const InterceptorChain chain = chain_of({&plugin});
    {
        Aside aside;
        REQUIRE(aside.run(chain) == status_pending);
        CHECK(totals(plugin).in_flight() == 1);
        aside.tick(20);
        CHECK(totals(plugin).deadlines == 1);
        CHECK(totals(plugin).errors == 1);
    }
    {
        Aside aside;
        REQUIRE(aside.run(chain) == status_pending);
        aside.disconnect();
        CHECK(totals(plugin).cancelled == 1);
    }
    {
        Aside aside;
        plugin.intercept = [&](void*, gw_ctx*, gw_req*, gw_next* next) {
            plugin.put_aside(next);
            return GW_DROP;
        };
        CHECK(aside.run(chain) == GW_ST_DROPPED);
        CHECK(totals(plugin).withdrawn == 1);
    }
    CHECK(totals(plugin).deferred == 3);
    CHECK(totals(plugin).in_flight() == 0);
    CHECK(hook(totals(plugin), Hook::on_cancel).calls == 2);
}
