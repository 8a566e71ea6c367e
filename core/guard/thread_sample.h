// Looks at another thread of this process while it runs, or while it does not: a signal makes the thread
// itself copy where it is, into memory that is there already. What it waits for in the kernel may end early
// (EINTR), so it is done to threads that are stuck, once.
//
// One sample at a time; the watchdog's thread.
#ifndef GATEWAYD_CORE_GUARD_THREAD_SAMPLE_H
#define GATEWAYD_CORE_GUARD_THREAD_SAMPLE_H

#include <sys/types.h>

#include "core/chain/plugin_call.h"

namespace gatewayd {

inline constexpr int max_stack_frames = 48;

struct ThreadSample {
    bool answered = false;  // false: it did not within a second
    uint64_t count = 0;     // of its pulse, just then
    bool in_plugin = false;
    PluginScene scene;
    void* frames[max_stack_frames];  // the innermost first
    int frame_count = 0;
};

// Installs the handler, and has the unwinder load what it needs. Any number of times; [control].
void prepare_samples();
// `pulse` is that thread's.
void sample_thread(pid_t thread, const Pulse& pulse, ThreadSample* sample);

// The frames from the one that `pc` is in on; all when there is none. Drops a handler's own.
int frames_from(const void* pc, void** frames, int count);

}  // namespace gatewayd

#endif
