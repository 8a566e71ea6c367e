// What the moderation service said: {"allow":true} or {"allow":false,"reason":"..."}, in JSON that may have
// other members. Pure function: any thread.
#ifndef MODERATE_VERDICT_H
#define MODERATE_VERDICT_H

#include <optional>
#include <string>
#include <string_view>

namespace moderate {

inline constexpr size_t max_reason_bytes = 500;

struct Verdict {
    bool allow = false;
    std::string reason;  // valid UTF-8, cut to max_reason_bytes; empty: none was given
};

// Nothing: it is no JSON object with `allow`: neither a yes nor a no.
std::optional<Verdict> read_verdict(std::string_view json);

// The text as a JSON string, with its quotes. `text` is UTF-8.
std::string json_text(std::string_view text);

}  // namespace moderate

#endif
