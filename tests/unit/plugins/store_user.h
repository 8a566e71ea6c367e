// A user of a gw.store/1 in tests: asks through its table and waits for the answer.
#ifndef GATEWAYD_TESTS_UNIT_PLUGINS_STORE_USER_H
#define GATEWAYD_TESTS_UNIT_PLUGINS_STORE_USER_H

#include <future>
#include <string>
#include <utility>
#include <vector>

#include "gateway/plugin.hpp"
#include "plugins/common/store_queue.h"

namespace gatewayd::testing {

using Entries = std::vector<std::pair<std::string, std::string>>;

struct StoreAnswer {
    int32_t taken = GW_OK;  // what the call itself returned
    int32_t status = GW_OK;
    Entries entries;
    bool more = false;
    std::string message;
};

class StoreUser {
   public:
    StoreUser(const gw_store_v1* table, std::string space) : table_(table), space_(std::move(space)) {}

    // The answer that comes later; one of a call that was refused is there at once.
    std::future<StoreAnswer> commit(const store::Ops& ops) {
        std::vector<gw_store_op> raw;
        for (const store::Op& op : ops)
            raw.push_back({op.kind, 0, gateway::to_gw(op.key), gateway::to_gw(op.value)});
        return ask([&](void* ud) {
            return table_->commit(self(), gateway::to_gw(space_), raw.data(), raw.size(), take, ud);
        });
    }
    std::future<StoreAnswer> get(const std::string& key) {
        return ask([&](void* ud) {
            return table_->get(self(), gateway::to_gw(space_), gateway::to_gw(key), take, ud);
        });
    }
    std::future<StoreAnswer> scan(const std::string& from = {}, const std::string& to = {},
                                  uint32_t limit = GW_STORE_MAX_SCAN, bool reverse = false) {
        const gw_store_range range{static_cast<uint32_t>(sizeof(range)),
                                   limit,
                                   gateway::to_gw(from),
                                   gateway::to_gw(to),
                                   reverse ? 1U : 0U,
                                   0};
        return ask([&](void* ud) { return table_->scan(self(), gateway::to_gw(space_), &range, take, ud); });
    }
    int32_t recover() { return table_->recover(self(), gateway::to_gw(space_)); }

    int32_t put(const std::string& key, const std::string& value) {
        return commit({{GW_STORE_PUT, key, value}}).get().status;
    }
    Entries all() { return scan().get().entries; }

   private:
    void* self() const { return table_->head.self; }
    static void take(void* ud, const gw_store_result* result) {
        const std::unique_ptr<std::promise<StoreAnswer>> promise(static_cast<std::promise<StoreAnswer>*>(ud));
        StoreAnswer answer;
        answer.status = result->status;
        answer.more = result->more == 1;
        answer.message.assign(result->message.ptr, result->message.len);
        for (uint64_t i = 0; i < result->count; ++i) {
            const gw_store_entry& entry = result->entries[i];
            answer.entries.emplace_back(std::string(entry.key.ptr, entry.key.len),
                                        std::string(entry.value.ptr, entry.value.len));
        }
        promise->set_value(std::move(answer));
    }
    template <typename Call>
    static std::future<StoreAnswer> ask(Call call) {
        auto promise = std::make_unique<std::promise<StoreAnswer>>();
        std::future<StoreAnswer> future = promise->get_future();
        const int32_t taken = call(promise.get());
        if (taken == GW_OK) {
            static_cast<void>(promise.release());
        } else {
            StoreAnswer refused;
            refused.taken = refused.status = taken;
            promise->set_value(std::move(refused));
        }
        return future;
    }

    const gw_store_v1* table_;
    const std::string space_;
};

}  // namespace gatewayd::testing

#endif
