// What the back end answered when it was asked about a message. Pure function: any thread.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_VERDICT_H
#define GATEWAYD_PLUGINS_WEBHOOK_VERDICT_H

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webhook {

inline constexpr size_t max_reason_bytes = 500;
inline constexpr size_t max_replaced_fields = 64;

struct Verdict {
    enum class Action : uint8_t { allow, deny, replace, answer };
    Action action = Action::allow;
    std::string reason;  // deny: words for the client; may be empty
    // replace: the fields and their JSON; empty JSON removes.
    std::vector<std::pair<std::string, std::string>> fields;
    std::string message;  // answer: what the sender gets
};

// Nothing: *why says in words what is wrong with it.
std::optional<Verdict> read_verdict(std::string_view body, std::string* why);

}  // namespace webhook

#endif
