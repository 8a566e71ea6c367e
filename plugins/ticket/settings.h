// What the YAML says of tickets (docs/tickets.md), checked. Made in Configure, constant afterwards: any
// thread. Times in milliseconds; 0: none, where the page says so.
#ifndef GATEWAYD_PLUGINS_TICKET_SETTINGS_H
#define GATEWAYD_PLUGINS_TICKET_SETTINGS_H

#include <cstddef>
#include <cstdint>

#include "gateway/plugin.hpp"
#include "types.h"

namespace ticket {

struct Settings {
    uint32_t max_tickets_per_agent = 10;
    bool auto_assign = true;
    Strategy assign_strategy = Strategy::least_loaded;
    bool offers = false;  // offer: accept
    int64_t offer_timeout_ms = 20'000;
    int64_t ask_again_ms = 60'000;
    Status agent_status = Status::available;
    int64_t reassign_grace_ms = 60'000;
    int64_t ticket_timeout_ms = 1'800'000;
    int64_t pause_timeout_ms = 86'400'000;
    int64_t max_wait_ms = 3'600'000;
    size_t max_queue = 1000;
    int64_t position_interval_ms = 10'000;
    size_t max_tickets_per_customer = 5;
    size_t max_tickets = 100'000;
    int64_t reopen_window_ms = 604'800'000;
    int64_t keep_closed_ms = 2'592'000'000;
    uint64_t max_history = 10'000;  // entries of one ticket
    size_t max_data_bytes = 8192;
    size_t max_message_bytes = 65'536;
    uint32_t changes_per_minute = 120;  // of one user; 0: no limit
    bool agents_set_skills = true;
    bool join_token_tickets = true;

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config);
};

}  // namespace ticket

#endif
