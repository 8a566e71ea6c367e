#include "storage.h"

#include <chrono>
#include <future>

namespace storage {
namespace {

constexpr uint32_t page_entries = 5000;
constexpr std::chrono::seconds page_timeout{30};

// Frees `done` after its one call. The store's thread: what is thrown ends the process here, with a stack,
// rather than in the store.
void call_done(void* ud, const gw_store_result* result) noexcept {
    const std::unique_ptr<Done> done(static_cast<Done*>(ud));
    Answer answer;
    answer.status = result->status;
    answer.message = gateway::to_view(result->message);
    answer.more = result->more != 0;
    answer.entries.reserve(result->count);
    for (uint64_t i = 0; i < result->count; ++i) {
        answer.entries.emplace_back(gateway::to_view(result->entries[i].key),
                                    gateway::to_view(result->entries[i].value));
    }
    (*done)(answer);
}

// Who is not GW_OK has taken nothing.
int32_t submitted(int32_t code, std::unique_ptr<Done> done) {
    if (code == GW_OK) static_cast<void>(done.release());  // call_done() frees it
    return code;
}

}  // namespace

int32_t Space::commit(const Batch& batch, Done done) {
    const auto store = source_();
    if (!store) return GW_E_STATE;
    std::vector<gw_store_op> ops;
    ops.reserve(batch.ops_.size());
    for (const Batch::Op& op : batch.ops_)
        ops.push_back({op.kind, 0, gateway::to_gw(op.key), gateway::to_gw(op.value)});
    auto call = std::make_unique<Done>(std::move(done));
    const int32_t code =
        store->commit(store->head.self, gateway::to_gw(name_), ops.data(), ops.size(), call_done, call.get());
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
    auto call = std::make_unique<Done>(std::move(done));
    const int32_t code = store->scan(store->head.self, gateway::to_gw(name_), &range, call_done, call.get());
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
