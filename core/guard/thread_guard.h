// ThreadGuard: what a thread needs so that a crash in it can be told: a stack of its own for signal handlers
// (a plugin may have used up the thread's), and a name. 64 KB. Made and dropped by the thread itself.
#ifndef GATEWAYD_CORE_GUARD_THREAD_GUARD_H
#define GATEWAYD_CORE_GUARD_THREAD_GUARD_H

#include <signal.h>

#include <cstddef>
#include <cstdint>

namespace gatewayd {

class ThreadGuard {
   public:
    // `name`: at most 15 bytes, as the system's tools show it.
    explicit ThreadGuard(const char* name);
    ~ThreadGuard();
    ThreadGuard(const ThreadGuard&) = delete;
    ThreadGuard& operator=(const ThreadGuard&) = delete;

   private:
    void* memory_ = nullptr;
    stack_t before_{};
};

// Of this thread; async-signal-safe.
struct ThreadFacts {
    char name[16] = "";
    uintptr_t stack_begin = 0;  // its lowest address; 0: not known
};
const ThreadFacts& thread_facts();

}  // namespace gatewayd

#endif
