// TimerService and WorkService: what the host functions of gw.timer/1 and gw.work/1 need of the gateway. All
// [any]; nothing blocks; no plugin is called before the call returns. Results are GW_ codes, as
// gateway/ext/timer.h and work.h have them.
#ifndef GATEWAYD_CORE_ASYNC_SERVICES_H
#define GATEWAYD_CORE_ASYNC_SERVICES_H

#include "core/async/callback_owner.h"
#include "gateway/ext/timer.h"
#include "gateway/ext/work.h"

namespace gatewayd {

// Arguments that were checked.
struct TimerOrder {
    CallbackOwner* owner = nullptr;
    gw_conn_id conn{0, 0};  // {0, 0}: on the control thread
    uint32_t after_ms = 0;  // until the first expiry
    uint32_t every_ms = 0;  // 0: once
    gw_timer_fn fn = nullptr;
    void* ud = nullptr;
};

class TimerService {
   public:
    virtual ~TimerService() = default;
    virtual int32_t start(const TimerOrder& order, gw_token* out) = 0;
    virtual int32_t cancel(const void* instance, gw_token token) = 0;
};

struct WorkOrder {
    CallbackOwner* owner = nullptr;
    uint32_t home = GW_WORK_ANYWHERE;
    gw_conn_id conn{0, 0};
    gw_work_fn run = nullptr;
    gw_work_done_fn done = nullptr;
    void* ud = nullptr;
};

class WorkService {
   public:
    virtual ~WorkService() = default;
    virtual int32_t start(const WorkOrder& order, gw_token* out) = 0;
    virtual int32_t cancel(const void* instance, gw_token token) = 0;
};

}  // namespace gatewayd

#endif
