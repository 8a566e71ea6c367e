// The `id` of a message that is not decoded: for the answer to one that is refused. Pure: any thread.
#ifndef GATEWAYD_PLUGINS_LIMITS_MESSAGE_ID_H
#define GATEWAYD_PLUGINS_LIMITS_MESSAGE_ID_H

#include <cstddef>
#include <string>
#include <string_view>

namespace limits {

// Of longer messages nobody looks for the id: a refusal must stay cheaper than the message.
constexpr size_t max_searched_bytes = 4096;
constexpr size_t max_id_bytes = 256;

// The JSON text of a top-level id that is a string or a number; empty: none, or no JSON up to there.
std::string message_id(std::string_view message);

}  // namespace limits

#endif
