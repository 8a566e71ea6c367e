// What is answered to a frame, and to an HTTP request on the admin listener. Pure functions: any thread.
#ifndef GATEWAYD_PLUGINS_COMMON_REPLIES_H
#define GATEWAYD_PLUGINS_COMMON_REPLIES_H

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/plugin.hpp"
#include "json_object.h"

namespace replies {

// The id of a message as JSON, to be given back in its answer; empty: it has none that is.
std::string id_json(const gateway::Request& request);
// {"type","id"?: the beginning of an answer.
json::JsonObject answer_to(const gateway::Request& request, std::string_view type);
// `rate_limited` with retry_after_ms.
gateway::Verdict answer_rate_limited(gateway::Request& request, std::string_view why, int64_t wait_ms);

// The HTTP status of an error's code: "conflict" is 409.
int status_of(std::string_view code);
std::string error_body(std::string_view code, std::string_view why);
void refuse(const gateway::AdminRequest& request, std::string_view code, std::string_view why);
// The query's limit, from 1 to max; 0: it is none, and the request is answered.
size_t read_limit(const gateway::AdminRequest& request, size_t otherwise, size_t max);

// A Hub message that a back end or a plugin sends to what is named already: checked, and with `name` in front
// of its members, which stay as they are. Empty: *why says what is wrong.
std::string addressed(std::string_view message, const char* name, std::string_view id, std::string* why);

}  // namespace replies

#endif
