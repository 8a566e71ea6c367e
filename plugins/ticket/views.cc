#include "views.h"

#include <charconv>

#include "../common/json_object.h"

namespace ticket {
namespace {

using json::JsonList;
using json::JsonObject;

template <typename List>
std::string list_of(const List& words) {
    JsonList list;
    for (const auto& word : words)
        list.text(word);
    return list.end();
}

void add_cursor(std::string_view last, bool more, JsonObject* out) {
    more ? out->text("next_cursor", last) : out->raw("next_cursor", "null");
}

// Tickets by id from `at` on, that the filter takes. One page looks at so many at most, so that a filter that
// takes few does not hold the lock for long.
constexpr size_t max_looks = 20'000;

template <typename Iterator, typename Get>
std::string page_of(Iterator at, Iterator end, const Get& get, const Filter& filter, size_t limit,
                    const Model& model) {
    JsonList list;
    std::string_view last;
    size_t count = 0;
    for (size_t looks = 0; at != end && count < limit && looks < max_looks; ++at, ++looks) {
        const Live& live = get(*at);
        last = live.id;
        if (!filter.takes(*live.ticket)) continue;
        const bool few = live.ticket->waits() && limit <= default_page;
        list.raw(describe(*live.ticket, few ? model.position(*live.ticket) : 0));
        ++count;
    }
    JsonObject object;
    object.raw("tickets", list.end());
    add_cursor(last, at != end, &object);
    return object.end();
}

}  // namespace

bool Filter::takes(const Ticket& ticket) const {
    if (state && ticket.state != *state) return false;
    if (open_only && !ticket.is_open()) return false;
    if (!customer.empty() && ticket.customer != customer) return false;
    return agent.empty() || ticket.agent == agent;
}

std::string describe(const Ticket& ticket, size_t position) {
    JsonObject object;
    object.text("ticket_id", ticket.id)
        .text("state", word_of(ticket.state))
        .text("customer", ticket.customer);
    object.optional_text("customer_name", ticket.customer_name);
    if (ticket.state != State::offered)
        object.optional_text("agent_id", ticket.agent).optional_text("agent_name", ticket.agent_name);
    object.optional_text("subject", ticket.subject).text("priority", word_of(ticket.priority));
    if (!ticket.skills.empty()) object.raw("skills", list_of(ticket.skills));
    object.raw("data", ticket.data);
    if (!ticket.participants.empty()) object.raw("participants", list_of(ticket.participants));
    object.time("created_at", ticket.created_ms);
    if (ticket.waits()) object.time("waiting_since", ticket.waiting_ms);
    if (ticket.assigned_ms > 0) object.time("assigned_at", ticket.assigned_ms);
    if (!ticket.is_open()) {
        object.time("closed_at", ticket.closed_ms).optional_text("closed_by", ticket.closed_by);
        object.optional_text("close_reason", ticket.close_reason);
    }
    object.optional_text("last_agent_id", ticket.last_agent);
    if (ticket.transfers > 0) object.number("transfers", ticket.transfers);
    if (position > 0) object.number("position", static_cast<int64_t>(position));
    return object.end();
}

std::string describe(const Desk& desk, uint32_t limit) {
    return JsonObject()
        .text("agent_id", desk.id)
        .optional_text("agent_name", desk.name)
        .text("status", word_of(desk.agent.status))
        .boolean("online", desk.connections > 0)
        .raw("skills", list_of(desk.agent.skills))
        .number("tickets", static_cast<int64_t>(desk.tickets.size()))
        .number("max_tickets", limit)
        .end();
}

std::string all_tickets(const Model& model, const Filter& filter, const Page& page) {
    const auto& all = model.tickets();
    const auto from = page.cursor.empty() ? all.begin() : all.upper_bound(page.cursor);
    return page_of(
        from, all.end(), [](const auto& entry) -> const Live& { return entry.second; }, filter, page.limit,
        model);
}

std::string tickets_of(const Model& model, const User& user, const Filter& filter, const Page& page) {
    // What is offered to an agent is not its own yet.
    const Desk* const desk = filter.state == State::offered ? model.find_desk(user.id) : nullptr;
    const auto& own = desk ? desk->tickets : filter.open_only ? user.open : user.all;
    const auto from = page.cursor.empty() ? own.begin() : own.upper_bound(page.cursor);
    return page_of(
        from, own.end(), [&](std::string_view id) -> const Live& { return *model.find(id); }, filter,
        page.limit, model);
}

std::string queue_of(const Model& model, const Page& page) {
    size_t skipped = 0;
    std::from_chars(page.cursor.data(), page.cursor.data() + page.cursor.size(), skipped);
    JsonList list;
    size_t position = 0;
    model.for_each_waiting([&](const Live& live) {
        if (++position > skipped) list.raw(describe(*live.ticket, position));
        return position < skipped + page.limit;
    });
    JsonObject object;
    object.raw("tickets", list.end()).number("waiting", static_cast<int64_t>(model.waiting()));
    add_cursor(std::to_string(position), position < model.waiting(), &object);
    return object.end();
}

std::string all_agents(const Model& model, const Page& page) {
    JsonList list;
    const auto& all = model.desks();
    auto at = page.cursor.empty() ? all.begin() : all.upper_bound(page.cursor);
    std::string_view last;
    for (size_t count = 0; at != all.end() && count < page.limit; ++at, ++count) {
        list.raw(describe(at->second, model.limit_of(at->second)));
        last = at->first;
    }
    JsonObject object;
    object.raw("agents", list.end());
    add_cursor(last, at != all.end(), &object);
    return object.end();
}

std::string counts_of(const Model& model) {
    JsonObject object;
    for (size_t i = 0; i < state_words.size(); ++i)
        object.number(state_words[i], static_cast<int64_t>(model.count(static_cast<State>(i))));
    return object.end();
}

}  // namespace ticket
