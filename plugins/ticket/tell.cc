// Tickets: who hears of a change that is durable. On the store's thread; no lock is held but where a
// subscription is made.
#include "../common/json_object.h"
#include "notices.h"
#include "tickets.h"

namespace ticket {
namespace {

using Kind = Fact::Kind;

// All who take part.
std::vector<std::string> everybody(const Ticket& ticket) {
    std::vector<std::string> all = ticket.participants;
    all.push_back(ticket.customer);
    if (!ticket.agent.empty()) all.push_back(ticket.agent);
    return all;
}

// Whose connections are to hear the notice already.
std::vector<std::string> joining(const Fact& fact) {
    if (fact.kind == Kind::created) return {fact.ticket->customer};
    if (fact.kind == Kind::reopened) return everybody(*fact.ticket);
    if (fact.kind == Kind::participant_joined || fact.kind == Kind::assigned) return {fact.user};
    return {};
}

// Whose connections hear nothing after it.
std::vector<std::string> leaving(const Fact& fact) {
    if (fact.kind == Kind::closed || fact.kind == Kind::timeout_closed) return everybody(*fact.ticket);
    if (fact.kind == Kind::participant_left || fact.kind == Kind::transferred) return {fact.user};
    if (fact.kind == Kind::queued && !fact.ticket->last_agent.empty()) return {fact.ticket->last_agent};
    if (fact.kind == Kind::assigned && !fact.ticket->last_agent.empty()) return {fact.ticket->last_agent};
    return {};
}

}  // namespace

void Tickets::tell(const std::vector<Fact>& facts, const std::shared_ptr<void>& until_told) {
    for (const Fact& fact : facts) {
        emit(fact);
        tell(fact, until_told);
        if (!settings_.auto_assign) tell_agents(fact);
    }
}

void Tickets::tell(const Fact& fact, const std::shared_ptr<void>& until_told) {
    if (fact.kind == Kind::agent_changed) return to_user(fact.user, notice(fact));
    const std::string& id = fact.ticket->id;
    sync(id, joining(fact));
    const std::vector<std::string> gone = leaving(fact);
    switch (audience_of(fact)) {
        case Audience::nobody:
            break;
        case Audience::customer: {
            const size_t position = look([&](const Model& model) { return model.position(*fact.ticket); });
            to_user(fact.ticket->customer, notice(fact, position));
            break;
        }
        case Audience::user:
            to_user(fact.user, notice(fact));
            break;
        case Audience::staff:
            return to_topic(staff_topic_of(id), notice(fact), [until_told] {});
        case Audience::all:
            // Who leaves hears it too, and nothing after it.
            return to_topic(topic_of(id), notice(fact), [self = shared_from_this(), fact, gone, until_told] {
                self->sync(fact.ticket->id, gone);
                if (fact.kind == Kind::assigned) self->hand_over_history(fact);
                if (!fact.ticket->is_open()) self->release_observers(fact.ticket->id);
            });
    }
    sync(id, gone);
}

// Agents who take tickets themselves see what there is.
void Tickets::tell_agents(const Fact& fact) const {
    const bool waits = fact.kind == Kind::queued;
    const bool ended = fact.kind == Kind::assigned || fact.kind == Kind::closed;
    if (!waits && !ended) return;
    const auto type = waits ? "ticket_waiting" : "ticket_waiting_ended";
    const std::string message = json::JsonObject().text("type", type).members_of(facts_json(fact)).end();
    try {
        host_.publish(gateway::Destination::topic(agents_topic), message);
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("agents are not told of a ticket: ") + failure.what());
    }
}

void Tickets::emit(const Fact& fact) const {
    const std::string name = event_name(fact.kind);
    if (!gateway::wanted(host_, name)) return;
    json::JsonObject said;
    if (fact.kind == Kind::said) said.text("ticket_id", fact.ticket->id).raw("message", fact.body);
    try {
        // What is lost the gateway counts.
        gateway::emit(host_, name, fact.kind == Kind::said ? said.end() : facts_json(fact));
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("an event of a ticket is lost: ") + failure.what());
    }
}

void Tickets::to_user(const std::string& user_id, const std::string& message) const {
    try {
        host_.publish(gateway::Destination::user(user_id), message);
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("a notice to a user is lost: ") + failure.what());
    }
}

void Tickets::to_topic(const std::string& topic, const std::string& message, std::function<void()> then) {
    const auto after = std::make_shared<std::function<void()>>(std::move(then));
    try {
        publish(topic, message, [after](const gateway::Publication&) { (*after)(); });
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("a notice to a ticket is lost: ") + failure.what());
        (*after)();
    }
}

void Tickets::publish(const std::string& topic, std::string_view message,
                      std::function<void(const gateway::Publication&)> done) const {
    gateway::publish(host_, gateway::Destination::topic(topic), message, std::move(done));
}

// What was said before goes to the agent who takes it over.
void Tickets::hand_over_history(const Fact& fact) {
    HistoryPage page;
    page.newest = true;
    page.staff = true;
    const auto told = [self = shared_from_this(), fact](const Outcome& read) {
        if (read.refused()) return;
        self->to_user(fact.user, json::JsonObject()
                                     .text("type", "ticket_history")
                                     .text("ticket_id", fact.ticket->id)
                                     .text("order", "desc")
                                     .members_of(read.answer)
                                     .end());
    };
    read_history(fact.ticket->id, page, told);
}

void Tickets::release_observers(const std::string& id) {
    const std::lock_guard lock(mutex_);
    const Live* const live = model_.find(id);
    if (!live || live->ticket->is_open()) return;
    const std::vector<gw_conn_id> observers = live->observers;
    for (const gw_conn_id connection : observers) {
        subscribe(id, {connection, true, false}, false);
        model_.unobserve(id, connection);
    }
}

}  // namespace ticket
