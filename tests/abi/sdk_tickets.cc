// Uses every function of gateway/sdk/tickets.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"
#include "gateway/sdk/tickets.hpp"

namespace {

class UsesTickets : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
    void Configure(const gateway::Config&) override { tickets_.optional(); }
    void Start() override {
        if (!tickets_.available()) return;
        const auto told = [this](const gateway::TicketResult& result) {
            if (!result.ok()) host().warn(result.message);
        };
        const auto each = [](const gw_tickets_ticket& ticket) { return ticket.state != GW_TICKETS_CLOSED; };
        gateway::TicketTraits traits;
        traits.customer = "u";
        traits.skills = {"billing"};
        tickets_.open(traits, told);
        tickets_.SendToTicket("t", "{}");
        tickets_.SendToTicket("t", "{}", told);
        tickets_.find(
            "t", [this](const gw_tickets_ticket& ticket) { host().info(gateway::to_view(ticket.subject)); });
        tickets_.for_each_of("u", {}, 10, each);
        tickets_.assign("t", {}, told);
        tickets_.transfer("t", "a", "why", told);
        tickets_.close("t", "done", told);
    }

   private:
    gateway::Tickets tickets_{*this};
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesTickets, "uses-tickets", "1.0.0", "service,events", "uses=gw.tickets/1\n")
