#include "store_queue.h"

#include <string_view>
#include <utility>

#include "gateway/plugin.hpp"

namespace store {
namespace {

std::string_view view(gw_str text) {
    return text.ptr == nullptr ? std::string_view() : std::string_view(text.ptr, text.len);
}

bool is_space(std::string_view name) {
    if (name.empty() || name.size() > 64) return false;
    for (const char c : name) {
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '-') return false;
    }
    return true;
}

// What is wrong with one operation of a commit: GW_OK, GW_E_ARG or GW_E_LIMIT.
int32_t check(const gw_store_op& op) {
    if (op.kind < GW_STORE_PUT || op.kind > GW_STORE_EXPECT_NONE || op.reserved != 0) return GW_E_ARG;
    if ((op.key.ptr == nullptr && op.key.len != 0) || (op.value.ptr == nullptr && op.value.len != 0))
        return GW_E_ARG;
    // An empty prefix is the whole space; an appended key has 8 bytes more.
    if (op.key.len == 0 && op.kind != GW_STORE_DELETE_PREFIX) return GW_E_ARG;
    const bool has_value =
        op.kind == GW_STORE_PUT || op.kind == GW_STORE_APPEND || op.kind == GW_STORE_EXPECT;
    if (!has_value && op.value.len != 0) return GW_E_ARG;
    const uint64_t longest = op.kind == GW_STORE_APPEND ? GW_STORE_MAX_KEY - 8 : GW_STORE_MAX_KEY;
    return op.key.len > longest || op.value.len > GW_STORE_MAX_VALUE ? GW_E_LIMIT : GW_OK;
}

}  // namespace

StoreQueue::StoreQueue()
    : table_{{static_cast<uint32_t>(sizeof(gw_store_v1)), 0, this},
             gateway::service_function<&StoreQueue::get>,
             gateway::service_function<&StoreQueue::scan>,
             gateway::service_function<&StoreQueue::commit>,
             gateway::service_function<&StoreQueue::recover>} {}

// --- [control] ---

void StoreQueue::start(std::unique_ptr<Engine> engine, Observer observer) {
    engine_ = std::move(engine);
    observer_ = std::move(observer);
    open_ = true;
    thread_ = std::thread([this] { run(); });
}

void StoreQueue::stop() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        open_ = false;
    }
    news_.notify_one();
    if (thread_.joinable()) thread_.join();
    engine_.reset();
}

// --- [any] ---

int32_t StoreQueue::get(gw_str space, gw_str key, gw_store_done_fn done, void* ud) {
    if (done == nullptr || key.ptr == nullptr || key.len == 0) return GW_E_ARG;
    if (key.len > GW_STORE_MAX_KEY) return GW_E_LIMIT;
    Call call{What::get, std::string(view(space)), {}, {}, done, ud, key.len, {}};
    call.range.from = view(key);
    return submit(std::move(call));
}

int32_t StoreQueue::scan(gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud) {
    if (done == nullptr || range == nullptr || range->struct_size < sizeof(gw_store_range)) return GW_E_ARG;
    if (range->limit < 1 || range->limit > GW_STORE_MAX_SCAN || range->reverse > 1) return GW_E_ARG;
    if (range->from.len > GW_STORE_MAX_KEY || range->to.len > GW_STORE_MAX_KEY) return GW_E_LIMIT;
    Call call{What::scan, std::string(view(space)), {}, {}, done, ud, range->from.len + range->to.len, {}};
    call.range = {std::string(view(range->from)), std::string(view(range->to)), range->limit,
                  range->reverse == 1};
    return submit(std::move(call));
}

int32_t StoreQueue::commit(gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done,
                           void* ud) {
    if (ops == nullptr || count == 0) return GW_E_ARG;
    if (count > GW_STORE_MAX_OPS) return GW_E_LIMIT;
    Call call{What::commit, std::string(view(space)), {}, {}, done, ud, 0, {}};
    for (uint64_t i = 0; i < count; ++i) {
        if (const int32_t wrong = check(ops[i]); wrong != GW_OK) return wrong;
        call.bytes += ops[i].key.len + ops[i].value.len;
    }
    if (call.bytes > GW_STORE_MAX_COMMIT) return GW_E_LIMIT;
    for (uint64_t i = 0; i < count; ++i)
        call.ops.push_back({ops[i].kind, std::string(view(ops[i].key)), std::string(view(ops[i].value))});
    return submit(std::move(call));
}

int32_t StoreQueue::recover(gw_str space) {
    return submit({What::recover, std::string(view(space)), {}, {}, nullptr, nullptr, 0, {}});
}

int32_t StoreQueue::submit(Call call) {
    if (!is_space(call.space)) return GW_E_ARG;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!open_) return GW_E_STATE;
        // A recover has no place of its own to take: it is what ends a failure.
        if (call.what != What::recover &&
            (queue_.size() >= GW_STORE_MAX_WAITING || queued_bytes_ + call.bytes > max_waiting_bytes))
            return GW_E_LIMIT;
        queued_bytes_ += call.bytes;
        queue_.push_back(std::move(call));
        waiting_.store(queue_.size(), std::memory_order_relaxed);
    }
    news_.notify_one();
    return GW_OK;
}

// --- its thread ---

void StoreQueue::run() {
    Calls calls;
    while (take(&calls)) {
        const auto begin = std::chrono::steady_clock::now();
        if (run_group(calls)) {
            observer_.committed(calls.size(), std::chrono::steady_clock::now() - begin);
        } else {
            for (Call& call : calls)
                run_alone(call);
        }
        for (const Call& call : calls)
            tell(call);
        calls.clear();
    }
}

// What waits, up to a group; false: it was stopped, and nothing is left.
bool StoreQueue::take(Calls* calls) {
    std::unique_lock<std::mutex> lock(mutex_);
    news_.wait(lock, [this] { return !open_ || !queue_.empty(); });
    uint64_t bytes = 0;
    while (!queue_.empty() && calls->size() < max_group_calls && bytes < max_group_bytes) {
        bytes += queue_.front().bytes;
        queued_bytes_ -= queue_.front().bytes;
        calls->push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    waiting_.store(queue_.size(), std::memory_order_relaxed);
    return !calls->empty();
}

bool StoreQueue::run_group(Calls& calls) {
    const std::set<std::string> failed_before = failed_spaces_;
    if (engine_->begin().status != GW_OK) return false;
    for (Call& call : calls) {
        execute(call);
        if (call.what == What::commit && call.result.status == GW_E_FAIL) {
            failed_spaces_ = failed_before;
            return false;
        }
    }
    if (engine_->end().status == GW_OK) return true;
    failed_spaces_ = failed_before;
    return false;
}

// After a group that failed: each by itself, so that the fault of one is not another's.
void StoreQueue::run_alone(Call& call) {
    call.result = engine_->begin();
    if (call.result.status == GW_OK) {
        execute(call);
        if (call.result.status != GW_E_FAIL || call.what != What::commit) {
            Result ended = engine_->end();
            if (ended.status != GW_OK && call.what == What::commit) call.result = std::move(ended);
        }
    }
    if (call.what == What::recover) failed_spaces_.erase(call.space);
    if (call.what != What::commit || call.result.status != GW_E_FAIL) return;
    failed_spaces_.insert(call.space);
    observer_.failed(call.result.message);
}

void StoreQueue::execute(Call& call) {
    switch (call.what) {
        case What::get:
            call.result = engine_->get(call.space, call.range.from);
            return;
        case What::scan:
            call.result = engine_->scan(call.space, call.range);
            return;
        case What::recover:
            failed_spaces_.erase(call.space);
            return;
        case What::commit:
            call.result = failed_spaces_.count(call.space) == 0
                              ? engine_->commit(call.space, call.ops)
                              : Result::failure(GW_E_STATE, "an earlier commit of this space failed");
            return;
    }
}

void StoreQueue::tell(const Call& call) const {
    if (call.done == nullptr) return;
    std::vector<gw_store_entry> entries;
    entries.reserve(call.result.entries.size());
    for (const auto& [key, value] : call.result.entries)
        entries.push_back({gateway::to_gw(key), gateway::to_gw(value)});
    const gw_store_result result{static_cast<uint32_t>(sizeof(gw_store_result)),
                                 call.result.status,
                                 entries.empty() ? nullptr : entries.data(),
                                 entries.size(),
                                 call.result.more ? 1U : 0U,
                                 0,
                                 gateway::to_gw(call.result.message)};
    call.done(call.ud, &result);
}

}  // namespace store
