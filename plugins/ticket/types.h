// The words of tickets: states, priorities, what agents say of themselves, and Ticket and Agent as the store
// keeps them. Values: any thread.
#ifndef GATEWAYD_PLUGINS_TICKET_TYPES_H
#define GATEWAYD_PLUGINS_TICKET_TYPES_H

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ticket {

enum class State : uint8_t { queued, reopened, offered, active, paused, closed };
inline constexpr std::array<std::string_view, 6> state_words = {"queued", "reopened", "offered",
                                                                "active", "paused",   "closed"};
enum class Priority : uint8_t { low, normal, high, urgent };
inline constexpr std::array<std::string_view, 4> priority_words = {"low", "normal", "high", "urgent"};
enum class Status : uint8_t { available, busy, away };
inline constexpr std::array<std::string_view, 3> status_words = {"available", "busy", "away"};
enum class Strategy : uint8_t { least_loaded, round_robin, longest_idle };
inline constexpr std::array<std::string_view, 3> strategy_words = {"least_loaded", "round_robin",
                                                                   "longest_idle"};

inline std::string_view word_of(State state) {
    return state_words[static_cast<size_t>(state)];
}
inline std::string_view word_of(Priority priority) {
    return priority_words[static_cast<size_t>(priority)];
}
inline std::string_view word_of(Status status) {
    return status_words[static_cast<size_t>(status)];
}
// The value whose word it is: named<State>(state_words, "active").
template <typename Value, size_t count>
std::optional<Value> named(const std::array<std::string_view, count>& words, std::string_view word) {
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) return std::nullopt;
    return static_cast<Value>(found - words.begin());
}

using Skills = std::vector<std::string>;  // sorted, each once
inline constexpr size_t max_skills = 16;
inline constexpr size_t max_skill_bytes = 64;

// Whether who has `all` has each of `some`.
inline bool covers(const Skills& all, const Skills& some) {
    return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

// One ticket. A change makes another one of it; the store keeps each as a record. Times: milliseconds since
// 1970; 0: not yet.
struct Ticket {
    std::string id;
    std::string customer;       // user id
    std::string customer_name;  // of the token; may be empty
    std::string agent;          // offered: who is asked; active, paused, closed: who has it, or had
    std::string agent_name;
    std::string last_agent;  // who had it before
    std::string subject;
    std::string data = "{}";  // a JSON object
    Skills skills;
    std::vector<std::string> participants;   // sorted; neither the customer nor the agent
    std::map<std::string, int64_t> refused;  // agents who are not asked before then
    State state = State::queued;
    Priority priority = Priority::normal;
    uint32_t transfers = 0;
    int64_t created_ms = 0;
    int64_t since_ms = 0;          // its age in the queue is from here
    int64_t waiting_ms = 0;        // when it began to wait last
    int64_t state_ms = 0;          // when it came into its state
    int64_t offered_until_ms = 0;  // state offered
    int64_t assigned_ms = 0;
    int64_t first_response_ms = 0;  // the first message of the staff
    int64_t closed_ms = 0;
    std::string closed_by;  // a user; empty: the gateway, or the API
    std::string close_reason;
    uint64_t entries = 0;  // of its history, but for messages since this record was written

    bool waits() const { return state == State::queued || state == State::reopened; }
    bool is_open() const { return state != State::closed; }
    // Whether it counts for its agent's limit.
    bool is_held() const {
        return state == State::offered || state == State::active || state == State::paused;
    }
    bool has_agent() const { return state == State::active || state == State::paused; }
    bool has_participant(std::string_view user) const {
        return std::binary_search(participants.begin(), participants.end(), user);
    }
    // Whether the user hears what is said in it.
    bool is_in(std::string_view user) const {
        return user == customer || has_participant(user) ||
               (user == agent && state != State::offered && !agent.empty());
    }
};
using TicketPtr = std::shared_ptr<const Ticket>;

// What is kept of an agent, once it or the API has said something.
struct Agent {
    std::string id;
    Status status = Status::available;
    Skills skills;
    uint32_t max_tickets = 0;  // 0: that of the configuration
};

// One thing that happened. The model makes it (plan), the store keeps it, the model takes it (apply), and
// then those concerned, other plugins and the history are told.
struct Fact {
    enum class Kind : uint8_t {
        created,
        queued,       // why
        offered,      // user: who is asked
        offer_ended,  // user, why
        assigned,     // user: the agent
        transferred,  // user: from whom
        paused,
        resumed,
        updated,
        participant_joined,  // user
        participant_left,    // user
        closed,              // why
        timeout_closed,
        reopened,
        noted,          // body
        said,           // body; a message
        removed,        // with its history
        timeout_nears,  // not kept: why is the number of seconds
        agent_changed,  // agent
    };
    static constexpr size_t kind_count = static_cast<size_t>(Kind::agent_changed) + 1;

    Kind kind = Kind::created;
    TicketPtr ticket;  // after it; null: it is about an agent
    std::optional<Agent> agent;
    std::string by;  // who did it: a user; empty: the gateway, or the API
    std::string user;
    std::string why;
    std::string body;  // a JSON object: what the history keeps of it
    int64_t at_ms = 0;
    bool by_api = false;
};

}  // namespace ticket

#endif
