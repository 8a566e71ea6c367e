// Views: tickets and agents as JSON, a page at a time, for clients, for the API and for other plugins. A
// cursor is the last id of the page before. Under the lock of whoever owns the model.
#ifndef GATEWAYD_PLUGINS_TICKET_VIEWS_H
#define GATEWAYD_PLUGINS_TICKET_VIEWS_H

#include <string>
#include <string_view>

#include "model.h"

namespace ticket {

inline constexpr size_t default_page = 100;
inline constexpr size_t max_page = 1000;

struct Page {
    std::string cursor;  // empty: from the beginning
    size_t limit = default_page;
};

// Which tickets; empty: whatever.
struct Filter {
    std::optional<State> state;
    bool open_only = false;
    std::string customer;
    std::string agent;
    bool takes(const Ticket& ticket) const;
};

// {"ticket_id","state","customer",...}; position 0: it is left out.
std::string describe(const Ticket& ticket, size_t position);
std::string describe(const Desk& desk, uint32_t limit);

// Objects in braces, whose members are added to an answer: {"tickets":[...],"next_cursor":...}.
std::string all_tickets(const Model& model, const Filter& filter, const Page& page);
std::string tickets_of(const Model& model, const User& user, const Filter& filter, const Page& page);
// In the order of the queue; the cursor is a position.
std::string queue_of(const Model& model, const Page& page);
std::string all_agents(const Model& model, const Page& page);
// {"queued":N,...}
std::string counts_of(const Model& model);

}  // namespace ticket

#endif
