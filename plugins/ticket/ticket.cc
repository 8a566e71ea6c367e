// TicketPlugin: the hooks.
#include <rapidjson/document.h>

#include <algorithm>
#include <atomic>

#include "../common/ids.h"
#include "../common/json_object.h"
#include "../common/json_read.h"
#include "../common/replies.h"
#include "ticket_plugin.h"

namespace ticket {
namespace {

constexpr const char* join_attribute = "ticket.join";            // what the query of the handshake asks for
constexpr const char* token_tickets_attribute = "auth.tickets";  // what a token names: a JSON list
constexpr const char* name_attribute = "auth.name";
constexpr size_t max_token_tickets = 100;
constexpr size_t max_name_bytes = 128;

// A request that waits for the store: a frame for its answer, or a message to be delivered when it is kept.
struct Waiting {
    enum State : uint8_t { waits, kept, cancelled };
    std::atomic<State> state{waits};
    Outcome outcome;          // written before `kept`
    std::string answer_type;  // empty: a message
    std::string id;           // of the ticket
    std::string message;      // as it is kept
};

// Its sender has gone meanwhile: what is in the history is heard all the same.
void deliver(const Tickets& tickets, const Waiting& waiting) {
    if (!waiting.answer_type.empty() || waiting.outcome.refused()) return;
    tickets.publish(topic_of(waiting.id), waiting.message, [](const gateway::Publication&) {});
}

std::vector<std::string> tickets_of_token(std::string_view list) {
    std::vector<std::string> tickets;
    rapidjson::Document parsed;
    std::string why;
    if (!json::parse_object(R"({"tickets":)" + std::string(list) + "}", &parsed, &why)) return tickets;
    const rapidjson::Value* const names = json::member_of(parsed, "tickets");
    if (!names || !names->IsArray()) return tickets;
    for (const rapidjson::Value& name : names->GetArray()) {
        if (tickets.size() == max_token_tickets) break;
        if (!name.IsString()) continue;
        std::string id(name.GetString(), name.GetStringLength());
        if (ids::is_id(id)) tickets.push_back(std::move(id));
    }
    return tickets;
}

// The message as those who take part get it: what the gateway stamps, then what the client sent.
std::string stamped(const gateway::Request& request) {
    json::JsonObject object;
    for (const char* name : {"from", "msg_id", "create_at"})
        object.text(name, request.field(name).value_or(""));
    return object.members_of(request.payload()).end();
}

}  // namespace

void TicketPlugin::Configure(const gateway::Config& config) {
    const Settings settings = Settings::read(config);
    serves_ = gateway::Permission::define(host(), "ticket.serve", "serve tickets as an agent", {"agent"});
    supervises_ = gateway::Permission::define(host(), "ticket.supervise",
                                              "observe and direct the tickets of others", {"admin"});
    tickets_ = std::make_shared<Tickets>(host(), settings, [this] { return store_.get(); });
    serve();
    offer();
}

void TicketPlugin::Start() {
    tickets_->start();
}

void TicketPlugin::Stop() {
    tickets_->stop();
}

// --- connections ---

bool TicketPlugin::Attach(gateway::Connection& connection) {
    const gateway::Client client = connection.client();
    auto seat = std::make_unique<Seat>();
    seat->actor.user = client.user_id;
    seat->actor.supervisor = supervises_.allows(connection);
    seat->serves = serves_.allows(connection);
    seat->actor.staff = seat->serves || seat->actor.supervisor;
    seat->link = {client.conn, seat->actor.staff, seat->serves};
    seat->name = connection.attribute(name_attribute).value_or("").substr(0, max_name_bytes);
    seat->user = tickets_->enter(client.user_id, seat->link, seat->name);
    connection.set_slot(seat.get());
    join_at_connect(connection, *seat.release());  // Detach frees it
    return true;
}

void TicketPlugin::Detach(gateway::Connection& connection) {
    const std::unique_ptr<Seat> seat(connection.slot<Seat>());
    tickets_->leave(seat->user, seat->link, seat->observed);
}

void TicketPlugin::join_at_connect(gateway::Connection& connection, Seat& seat) {
    const std::string wanted(connection.attribute(join_attribute).value_or(""));
    if (!wanted.empty()) connection.set_attribute(join_attribute, "");  // once, not at each reload
    const auto token = connection.attribute(token_tickets_attribute);
    if (token && tickets_->settings().join_token_tickets) join_by_token(seat, tickets_of_token(*token));
    if (wanted.empty()) return;
    std::string found;
    tickets_->look([&](const Model& model) {
        const Live* const live = model.find(wanted);
        if (!live) return;
        const bool may =
            model.hears(seat.actor, *live->ticket) || (seat.actor.staff && live->ticket->waits());
        if (may) found = describe(*live->ticket, model.position(*live->ticket));
    });
    json::JsonObject frame;
    if (found.empty()) {
        frame.text("type", "error").text("code", "not_found").text("content", "there is no such ticket");
        frame.text("ticket_id", wanted);
    } else {
        frame.text("type", "ticket_joined").members_of(found);
    }
    connection.send(frame.end());
}

// The user takes part in tickets that its token names.
void TicketPlugin::join_by_token(const Seat& seat, const std::vector<std::string>& named) {
    for (const std::string& id : named) {
        Change join;
        join.actor = seat.actor;
        join.actor.granted = true;
        join.plan = [actor = join.actor, id](const Model& model, int64_t now) {
            return model.invite(actor, id, actor.user, now);
        };
        join.begin = [] { return Ended(); };
        tickets_->change(join);
    }
}

// --- requests ---

gateway::Verdict TicketPlugin::Intercept(gateway::Request& request, gateway::Connection& connection,
                                         gateway::Next& next) {
    if (request.is_handshake()) {
        const auto id = request.field("ticket_id");
        if (id && ids::is_id(*id)) connection.set_attribute(join_attribute, *id);
        return gateway::Continue;
    }
    Seat& seat = *connection.slot<Seat>();
    const std::string_view type = request.field("type").value_or("");
    if (type.substr(0, 7) == "ticket_" || type.substr(0, 6) == "agent_")
        return on_frame(type, request, next, seat).value_or(gateway::Continue);
    return on_message(request, next, seat);
}

gateway::Verdict TicketPlugin::on_message(gateway::Request& request, gateway::Next& next, const Seat& seat) {
    if (request.destination().kind != GW_DEST_NONE) return gateway::Continue;
    const auto found = request.field("ticket_id");
    if (!found || found->empty()) return gateway::Continue;  // a group's
    const std::string id(*found);
    if (request.payload().size() > tickets_->settings().max_message_bytes) {
        return request.reject(413, "too_large",
                              "a message to a ticket has at most " +
                                  std::to_string(tickets_->settings().max_message_bytes) +
                                  " bytes (wsc.ticket.max_message_size)");
    }
    const std::string message = stamped(request);
    Change said;
    said.is_message = true;
    said.actor = seat.actor;
    said.plan = [&](const Model& model, int64_t now) { return model.say(seat.actor, id, message, now); };
    said.begin = [&] { return defer(next, {}, id, message); };
    const std::optional<Outcome> over = tickets_->change(said);
    if (!over) return gateway::Pending;
    tickets_->count_message(true);
    return request.reject(403, over->code, over->why);
}

Ended TicketPlugin::defer(gateway::Next& next, const std::string& answer_type, const std::string& id,
                          const std::string& message) const {
    auto waiting = std::make_shared<Waiting>();
    waiting->answer_type = answer_type;
    waiting->id = id;
    waiting->message = message;
    const gw_token token = next.defer(0, std::make_unique<std::shared_ptr<Waiting>>(waiting));
    return [host = next.host(), token, waiting, tickets = tickets_](const Outcome& became) {
        waiting->outcome = became;
        if (waiting->state.exchange(Waiting::kept) == Waiting::cancelled) return deliver(*tickets, *waiting);
        host.resume(token);  // too late: OnCancel sees that it is kept
    };
}

gateway::Verdict TicketPlugin::OnResume(gateway::Request& request, gateway::Connection&, gateway::Next&,
                                        void* ud) {
    const std::shared_ptr<Waiting> waiting = *gateway::take<std::shared_ptr<Waiting>>(ud);
    if (!waiting->answer_type.empty()) return answer(request, waiting->answer_type, waiting->outcome);
    tickets_->count_message(waiting->outcome.refused());
    if (waiting->outcome.refused()) return request.reject(503, waiting->outcome.code, waiting->outcome.why);
    const std::string topic = topic_of(waiting->id);
    request.set_destination(gateway::Destination::topic(topic).but_not_sender());
    return gateway::Continue;
}

void TicketPlugin::OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) {
    const std::shared_ptr<Waiting> waiting = *gateway::take<std::shared_ptr<Waiting>>(ud);
    if (waiting->state.exchange(Waiting::cancelled) == Waiting::kept) deliver(*tickets_, *waiting);
}

gateway::Verdict TicketPlugin::answer(gateway::Request& request, std::string_view type,
                                      const Outcome& outcome) const {
    if (outcome.code == "rate_limited")
        return replies::answer_rate_limited(request, outcome.why, outcome.wait_ms);
    if (outcome.refused()) return request.reject(replies::status_of(outcome.code), outcome.code, outcome.why);
    return request.answer(replies::answer_to(request, type).members_of(outcome.answer).end());
}

}  // namespace ticket

GATEWAY_PLUGIN_WITH(ticket::TicketPlugin, "ticket", "1.0.0", "handshake,message,events",
                    "description=Tickets between customers and agents: queue, assignment, history\n"
                    "exclusive=yes\n"
                    "uses=gw.store/1\n"
                    "offers=gw.tickets/1\n")
