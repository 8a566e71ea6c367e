#include "batch.h"

#include "../common/json_object.h"

namespace webhook {

Batch Batch::of(std::string id, const std::vector<Event>& events, uint64_t lost, uint64_t now_ns) {
    Batch batch;
    batch.id = std::move(id);
    batch.events = static_cast<uint32_t>(events.size());
    batch.lost = lost;
    batch.oldest_ns = events.empty() ? now_ns : events.front().at_ns;
    batch.made_ns = now_ns;
    json::JsonList list;
    for (const Event& event : events)
        list.raw(event.json);
    json::JsonObject body;
    body.text("delivery_id", batch.id);
    if (lost > 0) body.number("lost", static_cast<int64_t>(lost));
    batch.body = body.raw("events", list.end()).end();
    return batch;
}

}  // namespace webhook
