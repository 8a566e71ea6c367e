// A message that a back end or a plugin sends to a group: checked, and with its group in it. Pure: any
// thread.
#ifndef GATEWAYD_PLUGINS_GROUP_MESSAGE_H
#define GATEWAYD_PLUGINS_GROUP_MESSAGE_H

#include <string>
#include <string_view>

namespace group {

// The object with "group_id" in front of its members, which stay as they are. Empty: *why says what is wrong.
std::string with_group(std::string_view message, std::string_view group_id, std::string* why);

}  // namespace group

#endif
