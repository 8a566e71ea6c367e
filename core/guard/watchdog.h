// Watchdog: a thread that notices when a reactor, or the control thread in a call of a plugin, is in one turn
// for longer than a limit, and says in the log which plugin holds it up, in which hook and for which
// connection, with the stack of that thread; once, and again when it goes on.
//
// It counts served time: while the whole process is stopped, nobody is stuck. Costs the threads that are
// watched two stores a turn (pulse.h). At most 128 threads; the next ones are not watched.
#ifndef GATEWAYD_CORE_GUARD_WATCHDOG_H
#define GATEWAYD_CORE_GUARD_WATCHDOG_H

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/pulse.h"
#include "core/guard/thread_sample.h"

namespace gatewayd {

class Watchdog {
   public:
    static constexpr size_t max_threads = 128;

    // What was found; the log says it, tests read it.
    struct Incident {
        std::string thread;  // "reactor-0"
        std::string plugin;  // empty: none runs there
        uint64_t stuck_ms = 0;
        bool over = false;    // it goes on
        ThreadSample sample;  // as it was found stuck
    };
    using Report = void (*)(const Incident& incident);
    static void log_incident(const Incident& incident);

    // limit_ms 0: watches nothing, has no thread.
    explicit Watchdog(uint32_t limit_ms, Report report = log_incident);
    ~Watchdog();  // before it the threads are gone
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    // Watches the thread that makes it, until it is gone. `watchdog` and `pulse` outlive it.
    class Watch {
       public:
        Watch(Watchdog& watchdog, std::string name, const Pulse& pulse);
        ~Watch();
        Watch(const Watch&) = delete;
        Watch& operator=(const Watch&) = delete;

       private:
        Watchdog& watchdog_;
        uint64_t id_;
    };

    // [any]
    uint64_t stuck_now() const { return stuck_now_.load(std::memory_order_relaxed); }
    uint64_t incidents() const { return incidents_.load(std::memory_order_relaxed); }
    // How often each plugin was found to hold a thread up.
    uint64_t incidents_of(const std::string& plugin) const;

   private:
    struct Thread {
        uint64_t id;
        std::string name;
        const Pulse* pulse;
        pid_t tid;
        uint64_t count;         // of the pulse when it was last looked at
        uint64_t stuck_ns = 0;  // in this turn
        bool reported = false;
        Incident incident{};
    };

    void run();
    void look(uint64_t served_ns, std::vector<Incident>* found);
    void found_stuck(Thread& thread, std::vector<Incident>* found);
    void goes_on(Thread& thread, std::vector<Incident>* found);

    const uint64_t limit_ns_;
    const Report report_;
    std::atomic<uint64_t> stuck_now_{0};
    std::atomic<uint64_t> incidents_{0};

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    // Guarded by mutex_.
    std::list<Thread> threads_;
    std::map<std::string, uint64_t> by_plugin_;
    uint64_t last_id_ = 0;
    bool stopping_ = false;
    std::thread thread_;  // the last member
};

}  // namespace gatewayd

#endif
