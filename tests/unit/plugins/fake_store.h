// A gw.store/1 in memory for tests of plugins in the harness: a thread that answers in order, and fails when
// it is told to.
#ifndef GATEWAYD_TESTS_UNIT_PLUGINS_FAKE_STORE_H
#define GATEWAYD_TESTS_UNIT_PLUGINS_FAKE_STORE_H

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/chain/context.h"
#include "gateway/ext/store.h"

namespace gatewayd::testing {

class FakeStore {
   public:
    FakeStore() : thread_([this] { run(); }) {}
    ~FakeStore() {
        submit([this] { over_ = true; });
        thread_.join();
    }
    const gw_store_v1* table() const { return &table_; }

    std::atomic<bool> fails{false};       // commits: GW_E_FAIL, then GW_E_STATE until recover()
    std::atomic<bool> unreadable{false};  // scans: GW_E_FAIL
    std::atomic<int32_t> refuses{GW_OK};  // what is submitted is answered so at once
    std::atomic<int> commits{0};

    // Answers nothing until it is let go.
    void hold(bool held) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            held_ = held;
        }
        ready_.notify_one();
    }

   private:
    using Map = std::map<std::string, std::string>;

    static FakeStore& at(void* self) { return *static_cast<FakeStore*>(self); }
    static std::string text(gw_str from) { return std::string(from_abi(from)); }

    int32_t submit(std::function<void()> work) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            work_.push_back(std::move(work));
        }
        ready_.notify_one();
        return GW_OK;
    }
    void run() {
        std::unique_lock<std::mutex> lock(mutex_);
        while (!over_) {
            ready_.wait(lock, [&] { return !work_.empty() && !held_; });
            const auto work = std::move(work_.front());
            work_.pop_front();
            lock.unlock();
            work();
            lock.lock();
        }
    }

    static void tell(gw_store_done_fn done, void* ud, int32_t status,
                     const std::vector<Map::value_type>& found, bool more) {
        std::vector<gw_store_entry> entries;
        for (const auto& [key, value] : found)
            entries.push_back({to_abi(std::string_view(key)), to_abi(std::string_view(value))});
        gw_store_result result{};
        result.struct_size = sizeof result;
        result.status = status;
        result.entries = entries.data();
        result.count = entries.size();
        result.more = more ? 1 : 0;
        if (status != GW_OK) result.message = to_abi(std::string_view("the disk is full"));
        done(ud, &result);
    }

    static int32_t get(void*, gw_str, gw_str, gw_store_done_fn, void*) { return GW_E_ARG; }
    static int32_t scan(void* self, gw_str, const gw_store_range* range, gw_store_done_fn done, void* ud) {
        if (at(self).refuses != GW_OK) return at(self).refuses;
        return at(self).submit([self, from = text(range->from), limit = range->limit, done, ud] {
            FakeStore& own = at(self);
            if (own.unreadable) return tell(done, ud, GW_E_FAIL, {}, false);
            std::vector<Map::value_type> found;
            auto each = own.map_.lower_bound(from);
            for (; each != own.map_.end() && found.size() < limit; ++each)
                found.emplace_back(*each);
            tell(done, ud, GW_OK, found, each != own.map_.end());
        });
    }
    static int32_t commit(void* self, gw_str, const gw_store_op* ops, uint64_t count, gw_store_done_fn done,
                          void* ud) {
        if (at(self).refuses != GW_OK) return at(self).refuses;
        struct Op {
            uint32_t kind;
            std::string key;
            std::string value;
        };
        std::vector<Op> copy;
        for (uint64_t i = 0; i < count; ++i)
            copy.push_back({ops[i].kind, text(ops[i].key), text(ops[i].value)});
        return at(self).submit([self, copy, done, ud] {
            FakeStore& own = at(self);
            if (own.failed_) return tell(done, ud, GW_E_STATE, {}, false);
            if (own.fails) {
                own.failed_ = true;
                return tell(done, ud, GW_E_FAIL, {}, false);
            }
            for (const Op& op : copy) {
                if (op.kind == GW_STORE_PUT) own.map_[op.key] = op.value;
                if (op.kind == GW_STORE_DELETE) own.map_.erase(op.key);
                if (op.kind != GW_STORE_DELETE_PREFIX) continue;
                auto each = own.map_.lower_bound(op.key);
                while (each != own.map_.end() && each->first.compare(0, op.key.size(), op.key) == 0)
                    each = own.map_.erase(each);
            }
            ++own.commits;
            tell(done, ud, GW_OK, {}, false);
        });
    }
    static int32_t recover(void* self, gw_str) {
        return at(self).submit([self] { at(self).failed_ = false; });
    }

    const gw_store_v1 table_{{sizeof(gw_store_v1), 0, this}, get, scan, commit, recover};
    Map map_;              // the thread's
    bool failed_ = false;  // the thread's
    std::mutex mutex_;
    std::condition_variable ready_;
    std::deque<std::function<void()>> work_;
    bool held_ = false;
    bool over_ = false;
    std::thread thread_;
};

}  // namespace gatewayd::testing

#endif
