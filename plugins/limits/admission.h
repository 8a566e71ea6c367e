// Admission: in what order and how fast new connections are let in when many come at once. Each gets a time
// of its own, first come, first served; until then its handshake waits. Any thread.
#ifndef GATEWAYD_PLUGINS_LIMITS_ADMISSION_H
#define GATEWAYD_PLUGINS_LIMITS_ADMISSION_H

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "bucket.h"
#include "gateway/plugin.hpp"

namespace limits {

class Admission {
   public:
    struct Terms {
        Rate rate;
        size_t max_waiting = 0;
        int64_t max_wait_ns = 0;
    };
    explicit Admission(const Terms& terms) : terms_(terms) {}

    // 0: come in. Below 0: too many wait already. Else its time is this many ns from now: wait() until then.
    int64_t enter(int64_t now_ns);
    // True: it is the first to wait, somebody has to call due() from time to time.
    bool wait(gw_token token, int64_t due_ns);
    // Those whose time has come. *waiting: how many still wait.
    std::vector<gw_token> due(int64_t now_ns, size_t* waiting);
    size_t waiting() const;

   private:
    struct Waiting {
        gw_token token;
        int64_t due_ns;
    };
    const Terms terms_;
    mutable std::mutex mutex_;
    int64_t full_at_ns_ = 0;  // as Bucket's
    size_t promised_ = 0;     // who got a time and is not in the queue yet
    std::deque<Waiting> queue_;
};

}  // namespace limits

#endif
