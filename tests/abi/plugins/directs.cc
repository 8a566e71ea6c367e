// Uses gw.tickets/1 as its messages say: {"type":"direct","do":"send","ticket":"t1","user":"u1"}. Answers
// with what came of it.
#include <string>

#include "gateway/plugin.hpp"
#include "gateway/sdk/tickets.hpp"

namespace {

class Directs : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        if (request.field("type") != "direct") return gateway::Continue;
        const std::string what(request.field("do").value_or(""));
        const std::string ticket(request.field("ticket").value_or(""));
        const std::string user(request.field("user").value_or(""));
        const std::string client(connection.client().client_id);
        const auto say = [host = host(), client](const std::string& json) {
            host.publish(gateway::Destination::client(client), R"({"type":"directed",)" + json + "}");
        };
        const auto told = [say](const gateway::TicketResult& result) {
            say("\"status\":" + std::to_string(result.status) + ",\"message\":\"" +
                std::string(result.message) + "\"");
        };
        try {
            if (what == "send") {
                tickets_.SendToTicket(ticket, R"({"type":"robot","content":"beep"})", told);
            } else if (what == "open") {
                gateway::TicketTraits traits;
                traits.customer = user;
                traits.ticket_id = ticket;
                traits.subject = "by a plugin";
                traits.skills = {"b", "a"};
                traits.data = R"({"by":"directs"})";
                traits.priority = GW_TICKETS_HIGH;
                tickets_.open(traits, told);
            } else if (what == "assign") {
                tickets_.assign(ticket, user, told);
            } else if (what == "transfer") {
                tickets_.transfer(ticket, user, "as you wish", told);
            } else if (what == "close") {
                tickets_.close(ticket, "a plugin says so", told);
            } else {
                say(looked_at(ticket, user));
            }
        } catch (const gateway::Error& failure) {
            say("\"status\":" + std::to_string(failure.code()));
        }
        return gateway::Done;
    }

   private:
    std::string looked_at(const std::string& id, const std::string& user) const {
        std::string found = "null";
        tickets_.find(id, [&](const gw_tickets_ticket& ticket) {
            found = "[" + std::to_string(ticket.state) + "," + std::to_string(ticket.priority) + ",\"" +
                    std::string(gateway::to_view(ticket.customer)) + "\",\"" +
                    std::string(gateway::to_view(ticket.agent_id)) + "\",\"" +
                    std::string(gateway::to_view(ticket.subject)) + "\"," +
                    std::string(gateway::to_view(ticket.data)) + "]";
        });
        std::string tickets;
        tickets_.for_each_of(user, {}, 100, [&](const gw_tickets_ticket& ticket) {
            tickets += std::string(gateway::to_view(ticket.ticket_id)) + " ";
            return true;
        });
        return "\"ticket\":" + found + R"(,"tickets":")" + tickets + "\"";
    }

    gateway::Tickets tickets_{*this};
};

}  // namespace

GATEWAY_PLUGIN_WITH(Directs, "directs", "1.0.0", "message,events", "uses=gw.tickets/1\n")
