// The events as the back end gets them: one JSON object each, docs/webhooks.md has their members. Pure
// functions: any thread; those of a connection within its hooks.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_EVENT_H
#define GATEWAYD_PLUGINS_WEBHOOK_EVENT_H

#include <cstdint>
#include <string>
#include <string_view>

#include "../common/json_object.h"
#include "gateway/plugin.hpp"

namespace webhook {

// {"event":...,"id":...,"time":...: what each begins with.
json::JsonObject begin_event(std::string_view name, const std::string& id, int64_t at_ms);
// Who it is: connection_id, client_id, user_id, user_type, remote_address.
void add_client(const gateway::Connection& connection, json::JsonObject* event);
// The message as it goes to its recipients: with from, msg_id and create_at.
std::string message_json(const gateway::Request& request);

}  // namespace webhook

#endif
