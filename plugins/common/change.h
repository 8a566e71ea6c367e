// Change: what somebody wants of a model that is kept in the store, and Outcome: what became of it. Values:
// one thread; `Ended` is called on any.
#ifndef GATEWAYD_PLUGINS_COMMON_CHANGE_H
#define GATEWAYD_PLUGINS_COMMON_CHANGE_H

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace changes {

// What became of a change, or of a look.
struct Outcome {
    std::string code;     // of a refusal: "conflict"; empty: done
    std::string why;      // of a refusal, in words
    int64_t wait_ms = 0;  // of `rate_limited`
    std::string answer;   // else: the members of a JSON object, in braces
    bool changed = true;  // false: it was so already
    bool refused() const { return !code.empty(); }
    static Outcome refusal(std::string_view code, std::string why) {
        Outcome outcome;
        outcome.code = code;
        outcome.why = std::move(why);
        return outcome;
    }
};
using Ended = std::function<void(const Outcome&)>;

template <typename Actor, typename Plan, typename Model>
struct Change {
    Actor actor;
    std::function<Plan(const Model&, int64_t now)> plan;
    // Of what is so after it; under the lock. May be empty.
    std::function<std::string(const Model&)> answer;
    // Before it is submitted: who is told when it is over, once, on any thread. Under the lock; what it
    // throws leaves everything as it was.
    std::function<Ended()> begin;
    bool is_message = false;  // counts for no changes_per_minute
};

}  // namespace changes

#endif
