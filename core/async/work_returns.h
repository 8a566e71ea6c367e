// WorkReturns: works that are over, on their way to the thread that tells their plugins: a reactor's, or the
// control thread. Any thread puts, that one takes. Bounded by what each instance may have at work.
#ifndef GATEWAYD_CORE_ASYNC_WORK_RETURNS_H
#define GATEWAYD_CORE_ASYNC_WORK_RETURNS_H

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/async/services.h"

namespace gatewayd {

struct Work {
    WorkOrder order;
    uint64_t generation = 0;
    int32_t status = GW_E_CANCELLED;  // for done
    // --- of the WorkPool, under its lock, while it waits ---
    Work* previous = nullptr;  // of the same instance
    Work* next = nullptr;
    Work* next_of_connection = nullptr;
};
using WorkPtr = std::unique_ptr<Work>;

class WorkReturns {
   public:
    // [any] How the thread is told that take() has something; empty: it is gone.
    void set_wake(std::function<void()> wake) {
        const std::lock_guard lock(wake_mutex_);
        wake_ = std::move(wake);
    }
    // [any]
    void put(WorkPtr work) {
        {
            const std::lock_guard lock(mutex_);
            returned_.push_back(std::move(work));
            if (returned_.size() > 1) return;  // somebody has called already
        }
        const std::lock_guard lock(wake_mutex_);  // held, so that the thread does not go meanwhile
        if (wake_) wake_();
    }
    std::vector<WorkPtr> take() {
        const std::lock_guard lock(mutex_);
        return std::exchange(returned_, {});
    }

   private:
    std::mutex mutex_;
    std::vector<WorkPtr> returned_;  // guarded by mutex_
    std::mutex wake_mutex_;
    std::function<void()> wake_;  // guarded by wake_mutex_
};

}  // namespace gatewayd

#endif
