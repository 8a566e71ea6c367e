// What plugins cost a message: hooks that do nothing, next(), and a message that is put aside and resumed.
// Prints nanoseconds a message, the best of several rounds (the machine's other work only adds to the rest).
#include <algorithm>
#include <chrono>
#include <cstdio>
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

InterceptorChain chain_of(size_t count, decltype(&continues) intercept, bool with_budget = false) {
    std::vector<std::shared_ptr<const Interceptor>> interceptors;
    for (size_t i = 0; i < count; ++i) {
        auto interceptor = std::make_shared<Interceptor>();
        interceptor->name = "bench";
        interceptor->kinds = GW_KIND_MESSAGE;
        interceptor->instance = interceptor.get();
        interceptor->lineage = interceptor.get();
        interceptor->table.intercept = intercept;
        interceptor->table.on_resume = resumed;
        interceptor->table.on_cancel = cancelled;
        if (with_budget) interceptor->set_budget({5'000'000, OverrunAction::bypass, 10, 10'000'000'000});
        interceptors.push_back(interceptor);
    }
    return InterceptorChain(std::move(interceptors));
}

template <typename Work>
double best_ns(Work work) {
    using Clock = std::chrono::steady_clock;
    constexpr int rounds = 200;
    constexpr int calls = 2000;
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const Clock::time_point start = Clock::now();
        for (int i = 0; i < calls; ++i)
            work();
        const std::chrono::duration<double, std::nano> took = Clock::now() - start;
        best = std::min(best, took.count() / calls);
    }
    return best;
}

double measure(const InterceptorChain& chain) {
    Sink sink;
    Connection connection;
    Envelope envelope;
    if (!decode(text, &envelope).ok()) return 0;
    const Stamps stamps{"user-1001", "01JDHZ6T9K4X2V7Q8R5W3Y1ZAB", "2026-11-25T22:49:51.123Z"};
    return best_ns([&] {
        MessageRequest request(GW_KIND_MESSAGE, &connection, &envelope, stamps, &sink);
        if (chain.run(request) != status_pending) return;
        sink.heap = request.to_heap();
        sink.deferrals.resume(chain.interceptors().front()->instance, token);
        sink.deferrals.take_resumed(InterceptorChain::resume);
    });
}

}  // namespace

int main() {
    set_up_ticks();
    const double none = measure(chain_of(0, continues));
    std::printf("no plugin                 %7.1f ns\n", none);
    std::printf("one that does nothing     %+7.1f ns\n", measure(chain_of(1, continues)) - none);
    std::printf("five that do nothing      %+7.1f ns\n", measure(chain_of(5, continues)) - none);
    std::printf("five that call next()     %+7.1f ns\n", measure(chain_of(5, calls_next)) - none);
    std::printf("one with budget_ms        %+7.1f ns\n", measure(chain_of(1, continues, true)) - none);
    std::printf("five with budget_ms       %+7.1f ns\n", measure(chain_of(5, continues, true)) - none);
    std::printf("one that defers, resumed  %+7.1f ns\n", measure(chain_of(1, defers)) - none);
}
