#include "core/config/checks.h"
#include "core/config/schema_rows.h"

namespace gatewayd::config {
namespace {

const std::vector<std::string> group_creation_words{"join", "api"};
const std::vector<std::string> group_visibility_words{"public", "invite"};
const std::vector<std::string> assign_strategy_words{"least_loaded", "round_robin", "longest_idle"};
const std::vector<std::string> ticket_offer_words{"none", "accept"};
const std::vector<std::string> agent_status_words{"available", "busy", "away"};

void add_groups(std::vector<Key>& keys) {
    keys.push_back(
        flag("wsc.group.enabled", GATEWAYD_AT(wsc.group.enabled), "true: brings the plugin `group`."));
    keys.push_back(number("wsc.group.max_group_size", GATEWAYD_AT(wsc.group.max_group_size), "members", 1,
                          10000000, "How many one group may have."));
    keys.push_back(number("wsc.group.max_groups_per_user", GATEWAYD_AT(wsc.group.max_groups_per_user),
                          "groups", 1, 1000, "How many one user may be in."));
    keys.push_back(number("wsc.group.max_groups", GATEWAYD_AT(wsc.group.max_groups), "groups", 1, 10000000,
                          "How many there may be."));
    keys.push_back(
        text("wsc.group.create", GATEWAYD_CHOICE_AT(wsc.group.create, group_creation_words), nullptr,
             "join: who joins a group that is not there makes it, and owns it. api: groups are made "
             "by the back end alone."));
    keys.push_back(text("wsc.group.visibility",
                        GATEWAYD_CHOICE_AT(wsc.group.visibility, group_visibility_words), nullptr,
                        "Of a group whose maker does not say: public: anybody may join; invite: who is "
                        "invited, or added by the back end."));
    keys.push_back(number("wsc.group.notice_limit", GATEWAYD_AT(wsc.group.notice_limit), "members", 0,
                          10000000,
                          "Larger groups get no notices of who joins, leaves, is muted and the like. 0: no "
                          "group does."));
    keys.push_back(number("wsc.group.max_metadata_size", GATEWAYD_AT(wsc.group.max_metadata_bytes), "bytes",
                          2, 65536, "Of a group's metadata, a JSON object."));
    keys.push_back(number("wsc.group.changes_per_minute", GATEWAYD_AT(wsc.group.changes_per_minute),
                          "changes", 0, 1000000,
                          "Joins, leaves, invitations and the like of one user; more are answered "
                          "rate_limited. 0: no limit."));
    keys.push_back(flag("wsc.group.join_token_groups", GATEWAYD_AT(wsc.group.join_token_groups),
                        "true: a client whose token names groups joins them when it connects, without an "
                        "invitation."));
}

void add_tickets(std::vector<Key>& keys) {
    keys.push_back(
        flag("wsc.ticket.enabled", GATEWAYD_AT(wsc.ticket.enabled), "true: brings the plugin `ticket`."));
    keys.push_back(number("wsc.ticket.max_tickets_per_agent", GATEWAYD_AT(wsc.ticket.max_tickets_per_agent),
                          "tickets", 1, 1000000,
                          "How many one agent may have at a time: active, paused and offered."));
    keys.push_back(
        flag("wsc.ticket.auto_assign", GATEWAYD_AT(wsc.ticket.auto_assign),
             "true: a ticket goes to a free agent by itself. false: agents take tickets from the queue."));
    keys.push_back(text("wsc.ticket.assign_strategy",
                        GATEWAYD_CHOICE_AT(wsc.ticket.assign_strategy, assign_strategy_words), nullptr,
                        "Which of the free agents: who has the fewest tickets, who got one longest ago, or "
                        "who has had nothing to do for longest."));
    keys.push_back(text("wsc.ticket.offer", GATEWAYD_CHOICE_AT(wsc.ticket.offer, ticket_offer_words), nullptr,
                        "accept: an agent is asked, and has to accept within offer_timeout. none: it has the "
                        "ticket at once."));
    keys.push_back(number("wsc.ticket.offer_timeout", GATEWAYD_AT(wsc.ticket.offer_timeout_s), "seconds", 1,
                          315360000, "For an agent to accept; then the next one is asked."));
    keys.push_back(number("wsc.ticket.ask_again", GATEWAYD_AT(wsc.ticket.ask_again_s), "seconds", 1,
                          315360000,
                          "Before an agent who declined a ticket, or gave it back, is asked for it again."));
    keys.push_back(text("wsc.ticket.agent_status",
                        GATEWAYD_CHOICE_AT(wsc.ticket.agent_status, agent_status_words), nullptr,
                        "Of an agent who has never said."));
    keys.push_back(number("wsc.ticket.reassign_grace", GATEWAYD_AT(wsc.ticket.reassign_grace_s), "seconds", 0,
                          315360000, "An agent without a connection keeps its tickets for so long."));
    keys.push_back(
        number("wsc.ticket.ticket_timeout", GATEWAYD_AT(wsc.ticket.ticket_timeout_s), "seconds", 1, 315360000,
               "An active ticket without a message for so long is closed; a warning comes at 80 %."));
    keys.push_back(number("wsc.ticket.pause_timeout", GATEWAYD_AT(wsc.ticket.pause_timeout_s), "seconds", 1,
                          315360000, "A paused ticket is closed after so long."));
    keys.push_back(number("wsc.ticket.max_wait", GATEWAYD_AT(wsc.ticket.max_wait_s), "seconds", 0, 315360000,
                          "A ticket that waits for so long is closed. 0: it waits as long as it takes."));
}

void add_ticket_limits(std::vector<Key>& keys) {
    keys.push_back(number("wsc.ticket.max_queue", GATEWAYD_AT(wsc.ticket.max_queue), "tickets", 1, 1000000,
                          "That may wait; more are refused."));
    keys.push_back(number("wsc.ticket.position_interval", GATEWAYD_AT(wsc.ticket.position_interval_s),
                          "seconds", 0, 315360000,
                          "Between two updates of a customer's position in the queue. 0: none."));
    keys.push_back(number("wsc.ticket.max_tickets_per_customer",
                          GATEWAYD_AT(wsc.ticket.max_tickets_per_customer), "tickets", 1, 1000,
                          "Open ones of one customer."));
    keys.push_back(
        number("wsc.ticket.max_tickets", GATEWAYD_AT(wsc.ticket.max_tickets), "tickets", 1, 10000000,
               "That there may be, closed ones included; beyond it the oldest closed ones are removed."));
    keys.push_back(number("wsc.ticket.reopen_window", GATEWAYD_AT(wsc.ticket.reopen_window_s), "seconds", 0,
                          315360000, "A closed ticket can be opened again for so long."));
    keys.push_back(number("wsc.ticket.keep_closed", GATEWAYD_AT(wsc.ticket.keep_closed_s), "seconds", 1,
                          315360000, "A closed ticket and its history are kept for so long."));
    keys.push_back(number("wsc.ticket.max_history", GATEWAYD_AT(wsc.ticket.max_history), "entries", 10,
                          10000000, "Messages and events of one ticket; then it takes no more messages."));
    keys.push_back(number("wsc.ticket.max_data_size", GATEWAYD_AT(wsc.ticket.max_data_bytes), "bytes", 2,
                          65536, "Of a ticket's data, a JSON object."));
    keys.push_back(number("wsc.ticket.max_message_size", GATEWAYD_AT(wsc.ticket.max_message_bytes), "bytes",
                          64, 1000000, "Of one message to a ticket."));
    keys.push_back(number("wsc.ticket.changes_per_minute", GATEWAYD_AT(wsc.ticket.changes_per_minute),
                          "changes", 0, 1000000,
                          "Of one user: opening, closing, transferring and the like; messages are not "
                          "counted. More are answered rate_limited. 0: no limit."));
    keys.push_back(flag("wsc.ticket.agents_set_skills", GATEWAYD_AT(wsc.ticket.agents_set_skills),
                        "true: agents say which skills they have. false: the back end alone does."));
    keys.push_back(flag("wsc.ticket.join_token_tickets", GATEWAYD_AT(wsc.ticket.join_token_tickets),
                        "true: a client whose token names tickets takes part in them when it connects."));
}

void add_store(std::vector<Key>& keys) {
    keys.push_back(
        text("wsc.store.provider", GATEWAYD_AT(wsc.store.provider), check_plugin_name,
             "Where groups and tickets are kept: sqlite (the plugin `store-sqlite`), memory "
             "(`store-memory`, for tests), a plugin of yours, or none: one of plugins.load does it."));
}

}  // namespace

void add_groups_and_tickets(std::vector<Key>& keys) {
    add_groups(keys);
    add_tickets(keys);
    add_ticket_limits(keys);
    add_store(keys);
}

}  // namespace gatewayd::config
