// What a back end or a plugin asks to be sent, and what became of it. Values: any thread.
#ifndef GATEWAYD_CORE_CHAIN_PUBLISH_H
#define GATEWAYD_CORE_CHAIN_PUBLISH_H

#include <cstdint>
#include <functional>
#include <string>

#include "core/base/status.h"
#include "core/chain/destination.h"

namespace gatewayd {

struct PublishOrder {
    Destination to;
    std::string message;  // a Hub message: a JSON object, UTF-8
    const void* sender =
        nullptr;        // the lineage of the plugin that sent it: its own publish hook is passed over
    uint32_t hops = 0;  // publish hooks that led to it
};

struct PublishResult {
    Status status;           // not ok: nothing was sent
    std::string msg_id;      // empty when not ok
    uint64_t delivered = 0;  // connections whose queue took it
};

// Called once, on any thread; must not block.
using PublishDone = std::function<void(PublishResult)>;

}  // namespace gatewayd

#endif
