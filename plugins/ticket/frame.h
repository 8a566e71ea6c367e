// Frame: what a `ticket_...` or `agent_...` message says, read and checked; and the parts that an HTTP body
// has too. A value: one thread.
#ifndef GATEWAYD_PLUGINS_TICKET_FRAME_H
#define GATEWAYD_PLUGINS_TICKET_FRAME_H

#include <string>
#include <string_view>

#include "../common/fields.h"
#include "tickets.h"
#include "views.h"

namespace ticket {

inline constexpr size_t max_subject_bytes = 500;
inline constexpr size_t max_reason_bytes = 500;
inline constexpr size_t max_observed = 100;  // by one connection

struct Frame {
    struct Kind;  // its row of the table
    const Kind* kind = nullptr;
    std::string id;  // of the ticket
    std::string user;
    std::string reason;
    std::string note;  // a JSON object
    Traits traits;
    Target target;
    AgentChange agent;
    bool all = false;
    Filter filter;
    Page page;
    HistoryPage history;

    // Empty, or what is wrong with it.
    std::string read(const gateway::Request& request, const Settings& settings);
};

Traits read_traits(json::Fields* fields, const Settings& settings);
// {"content","data"?}
std::string read_note(json::Fields* fields, const Settings& settings);
// state: a state, "open" (also when it is absent) or "any".
Filter read_filter(json::Fields* fields);
Filter filter_of(std::string_view word, std::string* wrong);
void read_history_page(std::string_view cursor, std::string_view order, HistoryPage* page,
                       json::Fields* fields);

}  // namespace ticket

#endif
