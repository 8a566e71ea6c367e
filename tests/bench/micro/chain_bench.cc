// What plugins cost a message: hooks that do nothing, next(), budgets, and a message that is put aside and
// resumed. Prints a line of JSON for each: nanoseconds that they add to a message, the best of several rounds
// (the machine's other work only adds to the rest), which are interleaved with those of a chain without
// plugins.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "core/base/ticks.h"
#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "core/chain/message_request.h"

namespace {

using namespace gatewayd;

const std::string text =
    R"({"type":"text","to":"user-1002","id":"c-17","content":"Good morning, how can I help you today?"})";

class Sink final : public MessageSink {
   public:
    int32_t route(MessageRequest&) override { return ++routed, GW_ST_PASSED; }
    void refuse(MessageRequest&, std::string_view, std::string_view) override {}
    int32_t answer(MessageRequest&, std::string_view) override { return GW_OK; }
    Request::DeferralTerms deferral_terms() override { return {&deferrals, 0, 300}; }
    void ended(MessageRequest&, int32_t) override { heap.reset(); }

    Deferrals deferrals;
    std::unique_ptr<MessageRequest> heap;
    uint64_t routed = 0;
};

class Connection final : public Context {
   public:
    gw_conn_id conn_id() const override { return {1, 1}; }
    bool client(gw_client*) const override { return false; }
    bool is_open() const override { return true; }
    int32_t send(std::string_view) override { return GW_OK; }
    int32_t close(uint16_t, std::string_view) override { return GW_OK; }
};

gw_token token;

int32_t continues(void*, void*, gw_ctx*, gw_req*, gw_next*) {
    return GW_CONTINUE;
}
int32_t calls_next(void*, void*, gw_ctx*, gw_req*, gw_next* next) {
    return chain_next(next, nullptr, nullptr);
}
int32_t defers(void*, void*, gw_ctx*, gw_req*, gw_next* next) {
    return chain_defer(next, 1000, nullptr, &token) == GW_OK ? GW_PENDING : GW_E_FAIL;
}
int32_t resumed(void*, void*, gw_ctx*, gw_req*, gw_next*, void*) {
    return GW_CONTINUE;
}
void cancelled(void*, void*, gw_ctx*, const gw_req*, void*, int32_t) {}

struct Case {
    const char* name;
    const char* title;
    const char* wanted;  // "" : nothing is promised
    size_t count;
    decltype(&continues) intercept;
    uint32_t kinds = GW_KIND_MESSAGE;
    bool with_budget = false;
};

InterceptorChain chain_of(const Case& of) {
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (size_t i = 0; i < of.count; ++i) {
        auto interceptor = std::make_shared<Interceptor>();
        interceptor->name = "bench";
        interceptor->kinds = of.kinds;
        interceptor->instance = interceptor.get();
        interceptor->lineage = interceptor.get();
        interceptor->table.intercept = of.intercept;
        interceptor->table.on_resume = resumed;
        interceptor->table.on_cancel = cancelled;
        if (of.with_budget) interceptor->set_budget({5'000'000, OverrunAction::bypass, 10, 10'000'000'000});
        interceptors.push_back(interceptor);
    }
    return InterceptorChain(std::move(interceptors));
}

// One chain, measured again and again.
class Measure {
   public:
    explicit Measure(const Case& of) : chain_(chain_of(of)) {
        if (!decode(text, &envelope_).ok()) std::abort();
    }

    void round() {
        using Clock = std::chrono::steady_clock;
        constexpr int calls = 2000;
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < calls; ++i)
            one_message();
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        best_ns_ = std::min(best_ns_, took.count() / calls);
    }
    double best_ns() const { return best_ns_; }

   private:
    void one_message() {
        MessageRequest request(GW_KIND_MESSAGE, &connection_, &envelope_, stamps_, &sink_);
        if (chain_.run(request) != status_pending) return;
        sink_.heap = request.to_heap();
        sink_.deferrals.resume(chain_.interceptors().front()->instance, token);
        sink_.deferrals.take_resumed(InterceptorChain::resume);
    }

    const InterceptorChain chain_;
    const Stamps stamps_{"user-1001", "01JDHZ6T9K4X2V7Q8R5W3Y1ZAB", "2026-11-25T22:49:51.123Z"};
    Sink sink_;
    Connection connection_;
    Envelope envelope_;
    double best_ns_ = 1e9;
};

}  // namespace

int main() {
    set_up_ticks();
    const Case none{"none", "no plugin", "", 0, continues};
    const Case cases[] = {
        {"handshake-only", "a plugin that wants only handshakes", "0 ns", 1, continues, GW_KIND_HANDSHAKE},
        {"no-op", "a plugin that does nothing", "at most 10 ns", 1, continues},
        {"no-op-5", "five that do nothing", "at most 40 ns", 5, continues},
        {"next-5", "five that call next()", "", 5, calls_next},
        {"budget", "one with budget_ms", "at most 40 ns", 1, continues, GW_KIND_MESSAGE, true},
        {"budget-5", "five with budget_ms", "at most 200 ns", 5, continues, GW_KIND_MESSAGE, true},
        {"defer", "one that defers and is resumed at once", "", 1, defers},
    };
    Measure nothing(none);
    std::vector<std::unique_ptr<Measure>> measures;
    for (const Case& of : cases)
        measures.push_back(std::make_unique<Measure>(of));
    for (int round = 0; round < 300; ++round) {
        nothing.round();
        for (const auto& measure : measures)
            measure->round();
    }
    for (size_t i = 0; i < measures.size(); ++i) {
        std::printf(R"({"name":"%s","title":"%s, adds to a message","unit":"ns","value":%.1f,"wanted":"%s"})"
                    "\n",
                    cases[i].name, cases[i].title, measures[i]->best_ns() - nothing.best_ns(),
                    cases[i].wanted);
    }
}
