// Selection: which events go to the back end, by the patterns of the configuration: a name, "NAME.*" or "*".
// The core's own events, and messages by their type as "message.TYPE", are chosen here; the names of other
// plugins' events are left to the gateway (gw.event/1). Constant once it is read: any thread.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_SELECTION_H
#define GATEWAYD_PLUGINS_WEBHOOK_SELECTION_H

#include <string>
#include <string_view>
#include <vector>

#include "gateway/plugin.hpp"

namespace webhook {

// A longer type of a message counts as none.
inline constexpr size_t max_type_bytes = 64;

class Selection {
   public:
    // Empty: taken. Else what is wrong with it, in words.
    std::string add(const std::string& pattern);

    bool has(std::string_view event) const;
    bool has_message(std::string_view type) const;
    bool wants_messages() const { return all_messages_ || !types_.empty(); }
    // GW_EV_ bits.
    uint64_t events() const;
    // For gateway::listen: none is covered by another one, or an event would be heard twice.
    std::vector<std::string> plugin_patterns() const;
    bool empty() const { return patterns_.empty(); }
    size_t size() const { return patterns_.size(); }

   private:
    std::vector<std::string> patterns_;
    std::vector<std::string> types_;
    bool all_messages_ = false;
};

// "message.order"; of a message without a type "message".
std::string message_event(std::string_view type);
// Whether a pattern matches all that another one does, or this name.
bool covers(std::string_view pattern, std::string_view other);

}  // namespace webhook

#endif
