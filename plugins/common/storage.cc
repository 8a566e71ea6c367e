#include "storage.h"

#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>

namespace storage {
namespace {

constexpr uint32_t page_entries = 5000;
constexpr std::chrono::seconds page_timeout{30};

}  // namespace

class Space::Calls {
   public:
    void begin() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++count_;
    }
    void end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (--count_ == 0) none_.notify_all();
    }
    void wait_for_none() {
        std::unique_lock<std::mutex> lock(mutex_);
        none_.wait_for(lock, page_timeout, [this] { return count_ == 0; });
    }

   private:
    std::mutex mutex_;
    std::condition_variable none_;
    size_t count_ = 0;
};

struct Space::Call {
    Done done;
    std::shared_ptr<Calls> calls;

    // Frees the call after its one answer. The store's thread: what is thrown ends the process here, with a
    // stack, rather than in the store.
    static void answered(void* ud, const gw_store_result* result) noexcept {
        std::unique_ptr<Call> call(static_cast<Call*>(ud));
        Answer answer;
        answer.status = result->status;
        answer.message = gateway::to_view(result->message);
        answer.more = result->more != 0;
        answer.entries.reserve(result->count);
        for (uint64_t i = 0; i < result->count; ++i) {
            answer.entries.emplace_back(gateway::to_view(result->entries[i].key),
                                        gateway::to_view(result->entries[i].value));
        }
        call->done(answer);
        const std::shared_ptr<Calls> calls = call->calls;
        call.reset();  // with all that `done` has captured
        calls->end();
    }
};

Space::Space(Source source, std::string name)
    : source_(std::move(source)), name_(std::move(name)), calls_(std::make_shared<Calls>()) {}

Space::~Space() {
    calls_->wait_for_none();
}

int32_t Space::submitted(int32_t code, std::unique_ptr<Call> call) {
    if (code == GW_OK) {
        static_cast<void>(call.release());  // answered() frees it
    } else {
        calls_->end();
    }
    return code;
}

int32_t Space::commit(const Batch& batch, Done done) {
    const auto store = source_();
    if (!store) return GW_E_STATE;
    std::vector<gw_store_op> ops;
    ops.reserve(batch.ops_.size());
    for (const Batch::Op& op : batch.ops_)
        ops.push_back({op.kind, 0, gateway::to_gw(op.key), gateway::to_gw(op.value)});
    auto call = std::make_unique<Call>(Call{std::move(done), calls_});
    calls_->begin();
    const int32_t code = store->commit(store->head.self, gateway::to_gw(name_), ops.data(), ops.size(),
                                       Call::answered, call.get());
    return submitted(code, std::move(call));
}

int32_t Space::scan(std::string_view from, std::string_view to, uint32_t limit, bool reverse, Done done) {
    const auto store = source_();
    if (!store) return GW_E_STATE;
    gw_store_range range{};
    range.struct_size = sizeof range;
    range.limit = limit;
    range.from = gateway::to_gw(from);
    range.to = gateway::to_gw(to);
    range.reverse = reverse ? 1 : 0;
    auto call = std::make_unique<Call>(Call{std::move(done), calls_});
    calls_->begin();
    const int32_t code =
        store->scan(store->head.self, gateway::to_gw(name_), &range, Call::answered, call.get());
    return submitted(code, std::move(call));
}

int32_t Space::recover() {
    const auto store = source_();
    return store ? store->recover(store->head.self, gateway::to_gw(name_)) : GW_E_STATE;
}

void Space::load(std::string_view from, std::string_view to, const std::function<void(const Entry&)>& each) {
    std::string next(from);
    for (bool more = true; more;) {
        const auto page = std::make_shared<std::promise<Answer>>();
        const int32_t code =
            scan(next, to, page_entries, false, [page](const Answer& answer) { page->set_value(answer); });
        if (code != GW_OK) throw gateway::Error("the store does not answer", code);
        std::future<Answer> read = page->get_future();
        if (read.wait_for(page_timeout) != std::future_status::ready)
            throw gateway::Error("the store has not answered for 30 s", GW_E_TIMEOUT);
        const Answer answer = read.get();
        if (!answer.ok()) throw gateway::Error("the store cannot be read: " + answer.message, answer.status);
        for (const Entry& entry : answer.entries)
            each(entry);
        more = answer.more && !answer.entries.empty();
        if (more) next = answer.entries.back().first + '\0';
    }
}

}  // namespace storage
