// A gw.store/1 in memory for tests of plugins in the harness: the bundled queue and engine, which fail,
// refuse and wait when they are told to.
#ifndef GATEWAYD_TESTS_UNIT_PLUGINS_FAKE_STORE_H
#define GATEWAYD_TESTS_UNIT_PLUGINS_FAKE_STORE_H

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/plugin.hpp"
#include "plugins/common/store_queue.h"
#include "plugins/store-memory/memory_engine.h"

namespace gatewayd::testing {

class FakeStore {
   public:
    FakeStore() { queue_.start(std::make_unique<FakeEngine>(this), {}); }
    const gw_store_v1* table() const { return &table_; }

    std::atomic<bool> fails{false};       // commits: GW_E_FAIL, then GW_E_STATE until recover()
    std::atomic<bool> unreadable{false};  // scans: GW_E_FAIL
    std::atomic<int32_t> refuses{GW_OK};  // what is submitted is answered so at once

    // Answers nothing until it is let go.
    void hold(bool held) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            held_ = held;
        }
        news_.notify_one();
    }

   private:
    class FakeEngine : public store::MemoryEngine {
       public:
        explicit FakeEngine(FakeStore* store) : MemoryEngine(64UL << 20), store_(*store) {}

        store::Result begin() override {
            std::unique_lock<std::mutex> lock(store_.mutex_);
            store_.news_.wait(lock, [this] { return !store_.held_; });
            return MemoryEngine::begin();
        }
        store::Result end() override {
            if (!store_.fails) return MemoryEngine::end();
            roll_back();
            return full();
        }
        store::Result scan(const std::string& space, const store::Range& range) override {
            return store_.unreadable ? full() : MemoryEngine::scan(space, range);
        }

       private:
        static store::Result full() { return store::Result::failure(GW_E_FAIL, "the disk is full"); }

        FakeStore& store_;
    };

    const gw_store_v1& real() const { return *queue_.table(); }
    int32_t get(gw_str space, gw_str key, gw_store_done_fn done, void* ud) {
        return real().get(&queue_, space, key, done, ud);
    }
    int32_t scan(gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud) {
        return refuses == GW_OK ? real().scan(&queue_, space, range, done, ud) : refuses.load();
    }
    int32_t commit(gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done, void* ud) {
        return refuses == GW_OK ? real().commit(&queue_, space, ops, count, done, ud) : refuses.load();
    }
    int32_t recover(gw_str space) { return real().recover(&queue_, space); }

    const gw_store_v1 table_{{sizeof(gw_store_v1), 0, this},
                             gateway::service_function<&FakeStore::get>,
                             gateway::service_function<&FakeStore::scan>,
                             gateway::service_function<&FakeStore::commit>,
                             gateway::service_function<&FakeStore::recover>};
    std::mutex mutex_;
    std::condition_variable news_;
    bool held_ = false;
    store::StoreQueue queue_;  // the last: its thread uses the others
};

}  // namespace gatewayd::testing

#endif
