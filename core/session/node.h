// Node: what all workers share: the rules of the service, the directory, each other. Made by the
// Gateway before the first worker runs and constant while they run; the directory, the deferrals, timers and
// works guard themselves.
#ifndef GATEWAYD_CORE_SESSION_NODE_H
#define GATEWAYD_CORE_SESSION_NODE_H

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/async/timers.h"
#include "core/async/work_pool.h"
#include "core/chain/chain.h"
#include "core/chain/deferrals.h"
#include "core/chain/permissions.h"
#include "core/chain/publish.h"
#include "core/chain/trace.h"
#include "core/hub/directory.h"

namespace gatewayd {

class Worker;

struct SessionOptions {
    std::string path = "/ws";
    std::string node_id;
    uint32_t heartbeat_interval_s = 30;
    uint32_t max_message_bytes = 1024 * 1024;
    std::vector<std::string> allowed_user_types;
    bool trust_identity = false;         // clients may call themselves anything that is allowed
    bool trust_direct_identity = false;  // the same for requests without a trace of a proxy
};

class Node {
   public:
    SessionOptions options;
    Permissions permissions;
    Directory directory;
    Traces traces;
    std::vector<Worker*> workers;                   // by reactor
    std::array<Deferrals, max_reactors> deferrals;  // by reactor; they outlive the workers
    Timers timers;                                  // so do these
    WorkPool works;

    // [any] Checks the message, then posts it to the worker that orders this destination. Not ok: nothing
    // was posted and done will not be called.
    Status publish(PublishOrder order, PublishDone done);
    // [any] Of a deferred request: GW_OK or GW_E_STALE.
    int32_t resume(const void* instance, gw_token token) {
        const uint64_t reactor = token.slot >> 32;
        return reactor < deferrals.size() ? deferrals[reactor].resume(instance, token) : GW_E_STALE;
    }
    // [any] Null: no such reactor.
    Worker* worker_of(ConnectionHandle handle) const {
        return handle.reactor() < workers.size() ? workers[handle.reactor()] : nullptr;
    }
};

}  // namespace gatewayd

#endif
