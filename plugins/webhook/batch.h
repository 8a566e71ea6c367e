// Batch: some events on their way to the back end, in one request that is the same over all its attempts.
// One thread at a time: its owner's lock.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_BATCH_H
#define GATEWAYD_PLUGINS_WEBHOOK_BATCH_H

#include <cstdint>
#include <string>
#include <vector>

#include "queue.h"

namespace webhook {

struct Batch {
    std::string id;  // the same in each attempt: what the back end knows a repetition by
    std::string body;
    uint32_t events = 0;
    uint64_t lost = 0;  // that the body tells of
    uint64_t oldest_ns = 0;
    uint64_t made_ns = 0;
    uint32_t attempts = 0;

    // lost: events given up since the last batch that arrived; the body says so, when there are any.
    static Batch of(std::string id, const std::vector<Event>& events, uint64_t lost, uint64_t now_ns);
};

}  // namespace webhook

#endif
