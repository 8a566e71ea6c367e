#include "core/chain/trace.h"

#include <doctest/doctest.h>

#include <string>

#include "core/chain/trace_tap.h"
#include "tests/unit/chain/fake_plugins.h"

using namespace gatewayd;
using namespace gatewayd::testing;

namespace {

std::string taken(Trace& trace) {
    std::string out;
    trace.take(&out);
    return out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a slow reader loses the newest lines and is told how many") {
    int wakes = 0;
    Trace trace({"c1", false, 600, [&] { ++wakes; }});
    for (size_t i = 0; i < max_trace_lines + 7; ++i)
        trace.add(R"({"n":)" + std::to_string(i) + "}");
    CHECK(wakes == 1);
    std::string all;
    while (!contains(all, "lost"))
        CHECK(trace.take(&all));
    CHECK(contains(all, R"({"n":999})"
                        "\n"));
    CHECK_FALSE(contains(all, R"({"n":1000})"));
    CHECK(contains(all, R"({"event":"lost","lines":7})"
                        "\n"));
    CHECK(taken(trace).empty());
    trace.add("{}");
    CHECK(wakes == 2);
    CHECK(taken(trace) == "{}\n");
}

TEST_CASE("lines are bounded in bytes, too") {
    Trace trace({"c1", false, 600, nullptr});
    const std::string line(max_trace_bytes / 3 + 1, 'x');
    for (int i = 0; i < 3; ++i)
        trace.add(line);
    std::string all;
    while (!contains(all, "lost"))
        trace.take(&all);
    CHECK(contains(all, R"("lines":1})"));
}

TEST_CASE("after the end nothing comes any more") {
    Trace trace({"c1", false, 600, nullptr});
    trace.add("{}");
    trace.end("why not");
    trace.add("{}");
    trace.end("again");
    std::string all;
    CHECK_FALSE(trace.take(&all));
    CHECK(all == "{}\n{\"event\":\"trace_ended\",\"why\":\"why not\"}\n");
}

TEST_CASE("so many traces at a time, found by client") {
    Traces traces;
    CHECK_FALSE(traces.any());
    std::vector<TracePtr> all;
    for (size_t i = 0; i < max_traces; ++i)
        all.push_back(traces.begin({i % 2 ? "odd" : "even", false, 600, nullptr}));
    CHECK((traces.begin({"odd", false, 600, nullptr}) == nullptr));
    CHECK(traces.of("odd").size() == max_traces / 2);
    CHECK(traces.of("c1").empty());
    for (const TracePtr& trace : all)
        traces.end(trace, "enough");
    CHECK_FALSE(traces.any());
}

TEST_CASE("the hooks of a traced client are told, with what they did; of others nothing") {
    FakePlugin outer("outer");
    FakePlugin inner("inner");
    outer.intercept = [](void*, gw_ctx* ctx, gw_req*, gw_next* next) {
        from_abi(ctx)->tap->did("something");
        return chain_next(next, nullptr, nullptr);
    };
    inner.intercept = [](void*, gw_ctx* ctx, gw_req*, gw_next*) {
        from_abi(ctx)->tap->changed("content");
        return GW_DROP;
    };
    const InterceptorChain chain = chain_of({&outer, &inner});
    Message message(R"({"type":"text","to":"u2","content":"private"})");
    const auto trace = std::make_shared<Trace>(TraceOrder{"c1", false, 600, nullptr});
    message.context.tap.reset(new TraceTap);
    TraceTap& tap = *message.context.tap;
    tap.begin(*message.request);  // nobody is known yet: kept back
    CHECK(taken(*trace).empty());
    tap.set({trace});
    CHECK(chain.run(*message.request) == GW_ST_DROPPED);
    tap.end(*message.request, GW_ST_DROPPED);
    const std::string lines = taken(*trace);
    CAPTURE(lines);
    CHECK(contains(lines, R"({"event":"message","request":1,)"));
    CHECK(contains(lines, R"("to_kind":"user","to":"u2")"));
    CHECK_FALSE(contains(lines, "private"));
    CHECK(contains(lines, R"("plugin":"inner","hook":"intercept_message","verdict":"drop","us":)"));
    CHECK(contains(lines, R"("changed":["content"])"));
    CHECK(contains(lines, R"("plugin":"outer","hook":"intercept_message","verdict":"next","us":)"));
    CHECK(contains(lines, R"("did":["something"])"));
    CHECK(contains(lines, R"({"event":"end","request":1,"outcome":"dropped")"));
    CHECK(lines.find("\"inner\"") < lines.find("\"outer\""));
    CHECK(outer.interceptor->stats->totals().hooks[2].calls == 1);
}

TEST_CASE("payloads are shown to who asked for them, shortened") {
    const auto plain = std::make_shared<Trace>(TraceOrder{"c1", false, 600, nullptr});
    const auto full = std::make_shared<Trace>(TraceOrder{"c1", true, 600, nullptr});
    TraceTap tap;
    tap.set({plain, full});
    tap.queued(R"({"type":"text","from":"u2","content":")" + std::string(5000, 'x') + "\"}", false, false);
    CHECK_FALSE(contains(taken(*plain), "xxx"));
    const std::string shown = taken(*full);
    CHECK(contains(shown, std::string(4000, 'x')));
    CHECK_FALSE(contains(shown, std::string(4097, 'x')));
    CHECK(contains(shown, R"("payload_cut":true)"));
    CHECK(contains(shown, R"("taken":false)"));
    CHECK(contains(shown, R"("from":"u2")"));
}
