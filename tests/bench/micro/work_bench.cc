// What a message costs that is put aside, waits for a work on the pool (gw.work/1) and goes on: the CPU of
// all threads, kernel included, a round trip, beside a message that no plugin looks at. One reactor, one
// thread in the pool; `depth` connections have a message under way at a time. The best of several rounds.
// Prints a line of JSON for each depth.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/async/work_pool.h"
#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "core/chain/message_request.h"
#include "core/net/reactor.h"

namespace {

using namespace gatewayd;

const std::string text =
    R"({"type":"text","to":"user-1002","id":"c-17","content":"Good morning, how can I help you today?"})";

constexpr int messages = 20000;
constexpr int rounds = 5;

class NoService final : public ReactorService {
   public:
    void on_handshake(Connection&, std::unique_ptr<HandshakeRequest>) override {}
    void on_rejected(const Connection&, RejectReason, int) override {}
    void on_end_of_turn() override {}
    bool turn_is_full() const override { return false; }
    void on_turn_flushed() override {}
};

// What the plugin keeps of a request that waits.
struct Asked {
    gw_token token{0, 0};
};

struct Bench;
Bench* bench = nullptr;

// One connection, which sends its next message when the last one has ended.
class Client final : public MessageSink, public Context {
   public:
    gw_conn_id conn_id() const override { return {1, 1}; }
    bool client(gw_client*) const override { return false; }
    bool is_open() const override { return true; }
    int32_t send(std::string_view) override { return GW_OK; }
    int32_t close(uint16_t, std::string_view) override { return GW_OK; }
    int32_t route(MessageRequest&) override { return GW_ST_PASSED; }
    void refuse(MessageRequest&, std::string_view, std::string_view) override {}
    int32_t answer(MessageRequest&, std::string_view) override { return GW_OK; }
    Request::DeferralTerms deferral_terms() override;
    void ended(MessageRequest&, int32_t) override;
    void send_message();

    Envelope envelope;
    std::unique_ptr<MessageRequest> heap;
};

struct Bench {
    explicit Bench(size_t depth) : clients(depth) {
        bench = this;
        auto interceptor = std::make_shared<Interceptor>();
        interceptor->name = "bench";
        interceptor->kinds = GW_KIND_MESSAGE;
        interceptor->instance = this;
        interceptor->table.intercept = defers;
        interceptor->table.on_resume = [](void*, void*, gw_ctx*, gw_req*, gw_next*, void* ud) -> int32_t {
            delete static_cast<Asked*>(ud);
            return GW_CONTINUE;
        };
        interceptor->table.on_cancel = [](void*, void*, gw_ctx*, const gw_req*, void*, int32_t) {};
        owner.instance = this;
        owner.blamed = interceptor;
        owner.open = true;
        chain = std::make_unique<InterceptorChain>(
            std::vector<std::shared_ptr<const Interceptor>>{std::move(interceptor)});
        reactor.set_service(&service);
        deferrals.set_wake(
            [this] { reactor.post([this] { deferrals.take_resumed(InterceptorChain::resume); }, false); });
        pool.set_threads(1);
        thread = std::thread([this] { reactor.run(); });
    }
    ~Bench() {
        reactor.stop();
        thread.join();
        owner.open = false;
        pool.forget(this);
    }

    static int32_t defers(void*, void*, gw_ctx*, gw_req*, gw_next* next) {
        auto asked = std::make_unique<Asked>();
        if (chain_defer(next, 1000, asked.get(), &asked->token) != GW_OK) return GW_E_FAIL;
        gw_token ignored{0, 0};
        const WorkOrder order{&bench->owner, GW_WORK_ANYWHERE, {0, 0}, works, worked, asked.get()};
        if (bench->pool.start(order, &ignored) != GW_OK) return GW_E_FAIL;
        static_cast<void>(asked.release());
        return GW_PENDING;
    }
    static void works(void*) {}
    static void worked(void* ud, void*, gw_ctx*, int32_t) {
        bench->deferrals.resume(bench, static_cast<Asked*>(ud)->token);
    }

    void run() {
        left = messages;
        running = clients.size();
        over = std::promise<void>();
        reactor.post(
            [this] {
                for (Client& client : clients)
                    client.send_message();
            },
            false);
        over.get_future().wait();
    }

    NodeLimits limits{1, 0};
    ReactorCounters counters;
    NoService service;
    NetOptions options;
    Reactor reactor{options, 0, &limits, &counters};
    Deferrals deferrals;
    WorkPool pool;
    CallbackOwner owner;
    std::unique_ptr<InterceptorChain> chain;
    std::vector<Client> clients;
    int left = 0;
    size_t running = 0;
    std::promise<void> over;
    std::thread thread;
};

Request::DeferralTerms Client::deferral_terms() {
    return {&bench->deferrals, 0, 300};
}
void Client::ended(MessageRequest&, int32_t) {
    heap.reset();
    send_message();
}
void Client::send_message() {
    if (bench->left-- <= 0) {
        if (--bench->running == 0) bench->over.set_value();
        return;
    }
    if (!decode(text, &envelope).ok()) std::abort();
    const Stamps stamps{"user-1001", "01JDHZ6T9K4X2V7Q8R5W3Y1ZAB", "2026-11-25T22:49:51.123Z"};
    MessageRequest request(GW_KIND_MESSAGE, this, &envelope, stamps, this);
    if (bench->chain->run(request) != status_pending) std::abort();
    heap = request.to_heap();
}

double cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace

int main() {
    for (const size_t depth : {1, 4, 16, 64}) {
        Bench one(depth);
        one.run();  // threads are made, memory is there
        double best = 1e9;
        for (int round = 0; round < rounds; ++round) {
            const double before = cpu_seconds();
            one.run();
            best = std::min(best, cpu_seconds() - before);
        }
        std::printf(
            R"({"name":"work-%zu","title":"deferred, through the work pool, %zu under way: CPU","unit":"us",)"
            R"("value":%.2f,"wanted":"at most 15 us"})"
            "\n",
            depth, depth, best / messages * 1e6);
    }
}
