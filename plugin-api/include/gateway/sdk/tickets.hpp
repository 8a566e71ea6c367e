// Tickets between customers and agents, as other plugins use them (gateway/ext/tickets.h). Include it beside
// gateway/plugin.hpp:
//
//     class Robot : public gateway::Interceptor {
//         static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
//         gateway::Tickets tickets_{*this};        // tickets_.optional() in Configure: does without
//         // in a hook: tickets_.SendToTicket(id, R"({"type":"text","content":"An agent will be with
//         you."})");
//     };
//     GATEWAY_PLUGIN_WITH(Robot, "robot", "1.0.0", "message,events", "uses=gw.tickets/1\n")
//
// [any] From Start on. Functions that are handed in run once, on any thread, and must not wait; what they
// throw goes nowhere.
#ifndef GATEWAY_SDK_TICKETS_HPP
#define GATEWAY_SDK_TICKETS_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/ext/tickets.h"
#include "gateway/sdk/host.hpp"
#include "gateway/sdk/service.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// What became of a change. status: GW_OK, GW_E_NOTFOUND, GW_E_STATE: a conflict, GW_E_FAIL; message: of GW_OK
// the ticket's id, else why.
using TicketResult = ServiceResult;

// What is said of a ticket that is opened. Empty: not said.
struct TicketTraits {
    std::string_view customer;
    std::string_view ticket_id;
    std::string_view subject;
    uint32_t priority = GW_TICKETS_NORMAL;
    std::vector<std::string_view> skills;
    std::string_view data;  // a JSON object
};

class Tickets {
   public:
    using Then = ServiceThen;

    explicit Tickets(detail::UsedServices& owner) : service_(owner, GW_TICKETS) {}

    // [control] In Configure: the plugin does without when `ticket` is not loaded.
    void optional() { service_.optional(); }
    bool available() const { return service_.get() != nullptr; }

    // A Hub message to every connection of who takes part, and into the history. Throws Error: no Hub message
    // (GW_E_ARG), no `ticket` (GW_E_STATE).
    void SendToTicket(std::string_view ticket_id, std::string_view message, Then then = nullptr) const {
        submit(std::move(then), "SendToTicket", ticket_id, [&](const gw_tickets_v1& table, void* ud) {
            return table.send(table.head.self, to_gw(ticket_id), to_gw(message), detail::call_then, ud);
        });
    }

    // Calls each(const gw_tickets_ticket&). False: there is no such ticket. It may not call the service.
    template <typename Each>
    bool find(std::string_view ticket_id, Each each) const {
        const auto table = needed();
        auto once = [&each](const gw_tickets_ticket& ticket) {
            each(ticket);
            return true;
        };
        const int32_t code = table->find(table->head.self, to_gw(ticket_id),
                                         &detail::call_each<decltype(once), gw_tickets_ticket>, &once);
        if (code == GW_E_NOTFOUND) return false;
        check(code, "find", ticket_id);
        return true;
    }
    // Calls each(const gw_tickets_ticket&) -> bool for the open tickets that the user takes part in, after
    // this ticket id, until it returns false. The number of calls.
    template <typename Each>
    int64_t for_each_of(std::string_view user_id, std::string_view after, uint32_t limit, Each each) const {
        const auto table = needed();
        const int64_t count = table->tickets_of(table->head.self, to_gw(user_id), to_gw(after), limit,
                                                &detail::call_each<Each, gw_tickets_ticket>, &each);
        if (count < 0) check(static_cast<int32_t>(count), "tickets_of", user_id);
        return count;
    }

    // Changes: `then` comes when it is durable, or was refused.
    void open(const TicketTraits& traits, Then then) const {
        std::vector<gw_str> skills;
        for (const std::string_view skill : traits.skills)
            skills.push_back(to_gw(skill));
        const gw_tickets_traits raw{static_cast<uint32_t>(sizeof(raw)),
                                    traits.priority,
                                    to_gw(traits.ticket_id),
                                    to_gw(traits.customer),
                                    to_gw(traits.subject),
                                    to_gw(traits.data),
                                    skills.data(),
                                    skills.size()};
        submit(std::move(then), "open", traits.customer, [&](const gw_tickets_v1& table, void* ud) {
            return table.open(table.head.self, &raw, detail::call_then, ud);
        });
    }
    // agent_id empty: whoever is free.
    void assign(std::string_view ticket_id, std::string_view agent_id, Then then) const {
        submit(std::move(then), "assign", ticket_id, [&](const gw_tickets_v1& table, void* ud) {
            return table.assign(table.head.self, to_gw(ticket_id), to_gw(agent_id), detail::call_then, ud);
        });
    }
    // agent_id empty: back to the queue.
    void transfer(std::string_view ticket_id, std::string_view agent_id, std::string_view note,
                  Then then) const {
        submit(std::move(then), "transfer", ticket_id, [&](const gw_tickets_v1& table, void* ud) {
            return table.transfer(table.head.self, to_gw(ticket_id), to_gw(agent_id), to_gw(note),
                                  detail::call_then, ud);
        });
    }
    void close(std::string_view ticket_id, std::string_view reason, Then then) const {
        submit(std::move(then), "close", ticket_id, [&](const gw_tickets_v1& table, void* ud) {
            return table.close(table.head.self, to_gw(ticket_id), to_gw(reason), detail::call_then, ud);
        });
    }

   private:
    std::shared_ptr<const gw_tickets_v1> needed() const {
        auto table = service_.get();
        if (!table) throw Error("no loaded plugin offers " GW_TICKETS, GW_E_STATE);
        return table;
    }
    template <typename Call>
    void submit(Then then, const char* function, std::string_view about, Call call) const {
        const auto table = needed();
        detail::submit_to_service(std::move(then), function, about,
                                  [&](void* ud) { return call(*table, ud); });
    }

    Service<gw_tickets_v1> service_;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
