#include "selection.h"

#include <algorithm>

namespace webhook {
namespace {

struct CoreEvent {
    std::string_view name;
    uint64_t bit;
};
constexpr CoreEvent core_events[] = {
    {"client.connected", GW_EV_CONNECTED},
    {"client.disconnected", GW_EV_DISCONNECTED},
    {"websocket.started", GW_EV_STARTED},
    {"websocket.stopped", GW_EV_STOPPED},
};

constexpr std::string_view message_prefix = "message.";

bool begins(std::string_view text, std::string_view with) {
    return text.substr(0, with.size()) == with;
}

}  // namespace

bool covers(std::string_view pattern, std::string_view other) {
    if (pattern == "*") return true;
    if (pattern.size() < 2 || pattern.substr(pattern.size() - 2) != ".*") return pattern == other;
    return pattern == other || begins(other, pattern.substr(0, pattern.size() - 1));
}

std::string message_event(std::string_view type) {
    return type.empty() ? "message" : std::string(message_prefix).append(type);
}

std::string Selection::add(const std::string& pattern) {
    if (begins(pattern, message_prefix) && pattern.size() > message_prefix.size()) {
        const std::string type = pattern.substr(message_prefix.size());
        if (type == "*") {
            all_messages_ = true;
        } else if (type.size() <= max_type_bytes) {
            types_.push_back(type);
        } else {
            return "a type of a message has at most 64 bytes";
        }
    } else if (begins(pattern, "client.") || begins(pattern, "websocket.")) {
        const bool known = std::any_of(std::begin(core_events), std::end(core_events),
                                       [&](const CoreEvent& each) { return covers(pattern, each.name); });
        if (!known)
            return "is no event of the gateway; there are client.connected, client.disconnected, "
                   "websocket.started, websocket.stopped, and message.TYPE";
    } else if (pattern == "message" || pattern == message_prefix) {
        return "must be message.TYPE, such as message.text, or message.* for all types";
    }
    if (pattern == "*") all_messages_ = true;
    patterns_.push_back(pattern);
    return {};
}

bool Selection::has(std::string_view event) const {
    return std::any_of(patterns_.begin(), patterns_.end(),
                       [&](const std::string& pattern) { return covers(pattern, event); });
}

bool Selection::has_message(std::string_view type) const {
    return all_messages_ || std::find(types_.begin(), types_.end(), type) != types_.end();
}

uint64_t Selection::events() const {
    uint64_t bits = 0;
    for (const CoreEvent& event : core_events)
        bits |= has(event.name) ? event.bit : 0;
    return bits;
}

std::vector<std::string> Selection::plugin_patterns() const {
    std::vector<std::string> found;
    for (size_t i = 0; i < patterns_.size(); ++i) {
        const std::string& pattern = patterns_[i];
        if (begins(pattern, "client.") || begins(pattern, "websocket.") || begins(pattern, message_prefix))
            continue;
        const bool covered = [&] {
            for (size_t other = 0; other < patterns_.size(); ++other) {
                if (other == i || !covers(patterns_[other], pattern)) continue;
                if (patterns_[other] != pattern || other < i) return true;
            }
            return false;
        }();
        if (!covered) found.push_back(pattern);
    }
    return found;
}

}  // namespace webhook
