// StoreQueue: the functions of gw.store/1 (gateway/ext/store.h) in front of an Engine: checks what it is
// given, copies it, and does it in order on one thread; what waits becomes durable together (group commit). A
// provider publishes table(), which works from start() until stop() has begun. Any thread, but for start()
// and stop().
#ifndef GATEWAYD_PLUGINS_COMMON_STORE_QUEUE_H
#define GATEWAYD_PLUGINS_COMMON_STORE_QUEUE_H

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "store_engine.h"

namespace store {

inline constexpr uint64_t max_waiting_bytes = 64UL * 1024 * 1024;  // keys and values of calls that wait
inline constexpr size_t max_group_calls = 1000;                    // that become durable together
inline constexpr uint64_t max_group_bytes = 8UL * 1024 * 1024;

// For metrics and the log. Called on the queue's thread.
struct Observer {
    std::function<void(size_t calls, std::chrono::duration<double>)> committed =
        [](size_t, std::chrono::duration<double>) {};
    std::function<void(const std::string& message)> failed = [](const std::string&) {};
};

class StoreQueue {
   public:
    StoreQueue();
    ~StoreQueue() { stop(); }
    StoreQueue(const StoreQueue&) = delete;
    StoreQueue& operator=(const StoreQueue&) = delete;

    const gw_store_v1* table() const { return &table_; }
    void start(std::unique_ptr<Engine> engine, Observer observer);
    // Does all that was submitted, then ends the thread and drops the engine.
    void stop();
    size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

   private:
    enum class What : uint8_t { get, scan, commit, recover };
    struct Call {
        What what;
        std::string space;
        Ops ops;      // commit
        Range range;  // scan; get: from is the key
        gw_store_done_fn done = nullptr;
        void* ud = nullptr;
        uint64_t bytes = 0;
        Result result;
    };
    using Calls = std::vector<Call>;

    int32_t get(gw_str space, gw_str key, gw_store_done_fn done, void* ud);
    int32_t scan(gw_str space, const gw_store_range* range, gw_store_done_fn done, void* ud);
    int32_t commit(gw_str space, const gw_store_op* ops, uint64_t count, gw_store_done_fn done, void* ud);
    int32_t recover(gw_str space);
    int32_t submit(Call call);

    void run();
    bool take(Calls* calls);
    // True: it is done and durable. False: nothing of it happened.
    bool run_group(Calls& calls);
    void run_alone(Call& call);
    void execute(Call& call);
    void tell(const Call& call) const;

    gw_store_v1 table_;
    std::unique_ptr<Engine> engine_;
    Observer observer_;
    std::set<std::string> failed_spaces_;  // the thread's
    std::atomic<size_t> waiting_{0};
    std::mutex mutex_;
    std::condition_variable news_;
    // guarded by mutex_
    std::deque<Call> queue_;
    uint64_t queued_bytes_ = 0;
    bool open_ = false;

    std::thread thread_;
};

}  // namespace store

#endif
