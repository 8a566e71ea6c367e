// What one generation of the plugin hands to the next at a reload (gw.state/1): the events that wait, and the
// batch that is on its way, with its delivery id. Bytes of our own; pure functions.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_HANDOVER_H
#define GATEWAYD_PLUGINS_WEBHOOK_HANDOVER_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch.h"
#include "queue.h"

namespace webhook {

struct Handover {
    std::vector<Batch> batches;  // that were begun
    std::vector<Event> events;
    uint64_t lost = 0;  // that the back end has not been told of

    std::string bytes() const;
    // Nothing: these are no bytes of ours.
    static std::optional<Handover> of(std::string_view bytes);
};

}  // namespace webhook

#endif
