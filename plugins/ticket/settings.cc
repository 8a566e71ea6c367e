#include "settings.h"

namespace ticket {
namespace {

constexpr int64_t max_seconds = 315'360'000;  // ten years

int64_t ms_of(const gateway::Config& config, const char* key, int64_t otherwise_ms, int64_t min_s) {
    return config.get(key).integer_or(otherwise_ms / 1000, min_s, max_seconds) * 1000;
}
template <typename Number>
Number number_of(const gateway::Config& config, const char* key, Number otherwise, int64_t min, int64_t max) {
    return static_cast<Number>(config.get(key).integer_or(static_cast<int64_t>(otherwise), min, max));
}

template <typename Value, size_t count>
Value choice_of(const gateway::Config& config, const char* key,
                const std::array<std::string_view, count>& words, Value otherwise) {
    const gateway::Config node = config.get(key);
    const auto found = named<Value>(words, node.string_or(words[static_cast<size_t>(otherwise)]));
    if (found) return *found;
    std::string all;
    for (const std::string_view word : words)
        all.append(all.empty() ? "" : ", ").append(word);
    node.fail("must be one of " + all);
}

}  // namespace

Settings Settings::read(const gateway::Config& config) {
    config.allow_only({"max_tickets_per_agent",
                       "auto_assign",
                       "assign_strategy",
                       "offer",
                       "offer_timeout",
                       "ask_again",
                       "agent_status",
                       "reassign_grace",
                       "ticket_timeout",
                       "pause_timeout",
                       "max_wait",
                       "max_queue",
                       "position_interval",
                       "max_tickets_per_customer",
                       "max_tickets",
                       "reopen_window",
                       "keep_closed",
                       "max_history",
                       "max_data_size",
                       "max_message_size",
                       "changes_per_minute",
                       "agents_set_skills",
                       "join_token_tickets"});
    static constexpr std::array<std::string_view, 2> offer_words = {"none", "accept"};
    Settings own;
    own.max_tickets_per_agent =
        number_of(config, "max_tickets_per_agent", own.max_tickets_per_agent, 1, 1'000'000);
    own.auto_assign = config.get("auto_assign").bool_or(own.auto_assign);
    own.assign_strategy = choice_of(config, "assign_strategy", strategy_words, own.assign_strategy);
    own.offers = choice_of<uint8_t>(config, "offer", offer_words, 0) == 1;
    own.offer_timeout_ms = ms_of(config, "offer_timeout", own.offer_timeout_ms, 1);
    own.ask_again_ms = ms_of(config, "ask_again", own.ask_again_ms, 1);
    own.agent_status = choice_of(config, "agent_status", status_words, own.agent_status);
    own.reassign_grace_ms = ms_of(config, "reassign_grace", own.reassign_grace_ms, 0);
    own.ticket_timeout_ms = ms_of(config, "ticket_timeout", own.ticket_timeout_ms, 1);
    own.pause_timeout_ms = ms_of(config, "pause_timeout", own.pause_timeout_ms, 1);
    own.max_wait_ms = ms_of(config, "max_wait", own.max_wait_ms, 0);
    own.max_queue = number_of(config, "max_queue", own.max_queue, 1, 1'000'000);
    own.position_interval_ms = ms_of(config, "position_interval", own.position_interval_ms, 0);
    own.max_tickets_per_customer =
        number_of(config, "max_tickets_per_customer", own.max_tickets_per_customer, 1, 1000);
    own.max_tickets = number_of(config, "max_tickets", own.max_tickets, 1, 10'000'000);
    own.reopen_window_ms = ms_of(config, "reopen_window", own.reopen_window_ms, 0);
    own.keep_closed_ms = ms_of(config, "keep_closed", own.keep_closed_ms, 1);
    own.max_history = number_of(config, "max_history", own.max_history, 10, 10'000'000);
    own.max_data_bytes = number_of(config, "max_data_size", own.max_data_bytes, 2, 65'536);
    own.max_message_bytes = number_of(config, "max_message_size", own.max_message_bytes, 64, 1'000'000);
    own.changes_per_minute = number_of(config, "changes_per_minute", own.changes_per_minute, 0, 1'000'000);
    own.agents_set_skills = config.get("agents_set_skills").bool_or(own.agents_set_skills);
    own.join_token_tickets = config.get("join_token_tickets").bool_or(own.join_token_tickets);
    if (own.reopen_window_ms > own.keep_closed_ms)
        config.get("reopen_window")
            .fail("is longer than keep_closed: a ticket that is gone cannot be opened again");
    return own;
}

}  // namespace ticket
