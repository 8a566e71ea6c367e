// ticket: customer service. Client frames `ticket_...` and `agent_...`, messages with a `ticket_id`, HTTP
// below /api/v1/tickets and /api/v1/agents, and gw.tickets/1 for other plugins. docs/tickets.md
//
// The class is the hooks (ticket.cc), the frames (frames.cc) and the HTTP routes (api.cc); what they share is
// Tickets.
#ifndef GATEWAYD_PLUGINS_TICKET_TICKET_PLUGIN_H
#define GATEWAYD_PLUGINS_TICKET_TICKET_PLUGIN_H

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/ext/store.h"
#include "gateway/ext/tickets.h"
#include "gateway/plugin.hpp"
#include "tickets.h"
#include "views.h"

namespace ticket {

// What the plugin has of one connection (its slot). Its thread's.
struct Seat {
    User* user = nullptr;
    Link link;
    Actor actor;
    bool serves = false;                // the rule ticket.serve
    std::string name;                   // of its token
    std::vector<std::string> observed;  // tickets
};

struct Frame;  // a `ticket_...` message that was read

class TicketPlugin : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_TICKETS;
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;

    void Configure(const gateway::Config& config) override;
    void Start() override;
    void Stop() override;
    bool Attach(gateway::Connection& connection) override;
    void Detach(gateway::Connection& connection) override;
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override;
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                              void* ud) override;
    void OnCancel(const gateway::Request& request, gateway::Connection& connection, void* ud,
                  int32_t why) override;

    // --- the admin listener; [control] ---
    void list_tickets(const gateway::AdminRequest& request);
    void open_ticket(const gateway::AdminRequest& request);
    void get_ticket(const gateway::AdminRequest& request);
    void update_ticket(const gateway::AdminRequest& request);
    void get_history(const gateway::AdminRequest& request);
    void send_message(const gateway::AdminRequest& request);
    void add_note(const gateway::AdminRequest& request);
    void act(const gateway::AdminRequest& request);
    void put_participant(const gateway::AdminRequest& request);
    void delete_participant(const gateway::AdminRequest& request);
    void list_agents(const gateway::AdminRequest& request);
    void get_agent(const gateway::AdminRequest& request);
    void update_agent(const gateway::AdminRequest& request);

   private:
    // --- ticket.cc ---
    void join_at_connect(gateway::Connection& connection, Seat& seat);
    void join_by_token(const Seat& seat, const std::vector<std::string>& named);
    gateway::Verdict on_message(gateway::Request& request, gateway::Next& next, const Seat& seat);
    // For change.begin: the request waits, and is answered with this type; empty: it goes on.
    Ended defer(gateway::Next& next, const std::string& answer_type, const std::string& id = {},
                const std::string& message = {}) const;

    // --- frames.cc ---
    // Nothing: no frame of ours.
    std::optional<gateway::Verdict> on_frame(std::string_view type, gateway::Request& request,
                                             gateway::Next& next, Seat& seat);
    gateway::Verdict change(const Frame& frame, gateway::Request& request, gateway::Next& next,
                            const Seat& seat);
    gateway::Verdict look_up(const Frame& frame, gateway::Request& request, gateway::Next& next,
                             const Seat& seat);
    gateway::Verdict read_history(const Frame& frame, gateway::Request& request, gateway::Next& next,
                                  const Seat& seat);
    gateway::Verdict observe(const Frame& frame, gateway::Request& request, Seat& seat);
    gateway::Verdict answer(gateway::Request& request, std::string_view type, const Outcome& outcome) const;

    // --- api.cc ---
    void serve();
    void change(Change change, const gateway::AdminRequest& request, int created_status);

    // --- service.cc ---
    friend struct ServiceTable;
    void offer();
    int32_t change(const std::string& id, std::function<Plan(const Model&, int64_t)> plan,
                   gw_tickets_done_fn done, void* ud);
    int32_t send(const std::string& id, std::string_view message, gw_tickets_done_fn done, void* ud);
    void say(const std::string& id, std::string_view message, Ended then);

    gateway::Service<gw_store_v1> store_{*this, GW_STORE};
    std::shared_ptr<Tickets> tickets_;
    gateway::Permission serves_;
    gateway::Permission supervises_;
    gw_tickets_v1 service_{};
};

}  // namespace ticket

#endif
