// WorkPool: gw.work/1 of a node: a few threads that run plugins' functions, and the way back from there. No
// thread is made before the first work. Instances take turns, each in the order of its works. Owned by the
// Node; any thread, but what is marked. The lock is never held while a plugin or a reactor is called.
#ifndef GATEWAYD_CORE_ASYNC_WORK_POOL_H
#define GATEWAYD_CORE_ASYNC_WORK_POOL_H

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/async/work_returns.h"
#include "core/hub/directory.h"

namespace gatewayd {

class WorkPool final : public WorkService {
   public:
    WorkPool() = default;
    ~WorkPool() override;
    WorkPool(const WorkPool&) = delete;
    WorkPool& operator=(const WorkPool&) = delete;

    // Before the first work. 0: none is taken on.
    void set_threads(uint32_t threads) { max_threads_ = threads; }
    // Before the first work. Each thread is all in frame(its loop): what the loop needs around it.
    void set_frame(std::function<void(const std::function<void()>& loop)> frame) {
        frame_ = std::move(frame);
    }
    // Before the first work: no threads at all, somebody calls run_next() (the test harness).
    void run_by_hand() { by_hand_ = true; }

    // --- WorkService ---
    int32_t start(const WorkOrder& order, gw_token* out) override;
    int32_t cancel(const void* instance, gw_token token) override;

    // Runs one work on this thread. False: none waits.
    bool run_next();

    // --- the way back ---
    WorkReturns& returns_of(uint32_t reactor) { return returns_[reactor]; }
    WorkReturns& control_returns() { return returns_[max_reactors]; }
    // The thread of these returns: tells the plugins. find: the connection of that thread; null: it is gone.
    void tell(WorkReturns& returns, const std::function<Context*(gw_conn_id)>& find);
    // [conn] The connection ends, or an instance leaves it (null: all): the works that wait will not run;
    // tells so.
    void end_connection(Context& context, const void* instance);
    // [control] Works of this instance that wait are returned, and those that run are waited for: then all
    // of them are in the returns or told.
    void forget(const void* instance);

    struct Numbers {
        uint32_t threads = 0;
        uint64_t waiting = 0;
        uint64_t running = 0;
        uint64_t total = 0;  // that were taken on
    };
    Numbers numbers() const;

   private:
    // The works of one instance that wait, and how many of it run.
    struct Queue {
        Work* first = nullptr;
        Work* last = nullptr;
        uint32_t running = 0;
        bool in_turns = false;
    };

    // --- under mutex_ ---
    void append(Work* work);
    WorkPtr take_out(Work* work);
    WorkPtr take_next();
    std::string grow();

    void run_works();
    void run(WorkPtr work);
    void give_back(WorkPtr work);
    static void finish(WorkPtr work, Context* context);

    uint32_t max_threads_ = 0;
    bool by_hand_ = false;
    std::function<void(const std::function<void()>& loop)> frame_ = [](const std::function<void()>& loop) {
        loop();
    };
    std::array<WorkReturns, max_reactors + 1> returns_;  // by reactor, then the control thread's

    mutable std::mutex mutex_;  // guards the rest
    std::condition_variable news_;
    std::condition_variable done_;  // a work has ended
    std::vector<std::thread> threads_;
    uint32_t idle_ = 0;
    bool ending_ = false;
    std::unordered_map<const CallbackOwner*, Queue> queues_;
    std::deque<const CallbackOwner*> turns_;           // whose queue is not empty, in turn
    std::unordered_map<uint64_t, WorkPtr> works_;      // that wait, by generation
    std::unordered_map<uint64_t, Work*> connections_;  // by the connection's generation: its works that wait
    std::atomic<uint64_t> on_connections_{0};          // their number
    uint64_t last_generation_ = uint64_t{1} << 61;     // apart from the tokens of timers and deferrals
    uint64_t running_ = 0;
    uint64_t total_ = 0;
};

}  // namespace gatewayd

#endif
