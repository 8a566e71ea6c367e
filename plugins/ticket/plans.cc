// The changes of Model that somebody asks for: what is refused, and what would happen.
#include "draft.h"
#include "model.h"

namespace ticket {
namespace {

constexpr size_t max_participants = 50;
constexpr size_t max_agents = 100'000;  // with a record, or connected

Plan refuse(std::string_view code, std::string why) {
    Plan plan;
    plan.code = code;
    plan.why = std::move(why);
    return plan;
}

// "the ticket is closed": what it cannot do now.
Plan conflict(const Ticket& ticket) {
    return refuse("conflict", "the ticket is " + std::string(word_of(ticket.state)));
}

Plan no_part() {
    return refuse("forbidden", "you take no part in this ticket");
}

}  // namespace

// A ticket that the actor may know of, or why not.
struct Model::Found {
    const Live* live = nullptr;
    Plan refusal;
    explicit operator bool() const { return live != nullptr; }
    const Ticket& ticket() const { return *live->ticket; }
};

Model::Found Model::found(const Actor& actor, const std::string& id) const {
    const Live* const live = find(id);
    if (!live || !knows(actor, *live->ticket))
        return {nullptr, refuse("not_found", "there is no such ticket")};
    return {live, {}};
}

// Who decides about it: its agent (of a closed one: its last), supervisors, the API.
bool Model::leads(const Actor& actor, const Ticket& ticket) {
    const bool has_it = !ticket.agent.empty() && ticket.state != State::offered && actor.user == ticket.agent;
    return actor.api || actor.supervisor || has_it;
}

Plan Model::needs_room(const Desk* desk) const {
    if (!desk || desk->connections == 0) return refuse("conflict", "the agent is not connected");
    if (desk->agent.status == Status::away) return refuse("conflict", "the agent is away");
    if (desk->tickets.size() >= limit_of(*desk))
        return refuse("conflict", "the agent has as many tickets as it may have");
    return {};
}

// --- its beginning and its end ---

Plan Model::open(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const {
    if (find(id)) return refuse("conflict", "there is a ticket of this id already");
    if (const User* const customer = find_user(traits.customer)) {
        size_t own = 0;
        for (const std::string_view open : customer->open)
            own += find(open)->ticket->customer == traits.customer ? 1 : 0;
        if (own >= settings_.max_tickets_per_customer)
            return refuse("conflict",
                          "the customer has as many open tickets as it may have (max_tickets_per_customer)");
    }
    Draft draft(actor, now);
    if (tickets_.size() >= settings_.max_tickets) {
        if (closed_.empty())
            return refuse("conflict", "there are as many tickets as there may be (max_tickets)");
        Fact removed;
        removed.kind = Fact::Kind::removed;
        removed.ticket = find(closed_.begin()->second)->ticket;
        removed.why = "max_tickets";
        removed.at_ms = now;
        draft.plan.facts.push_back(std::move(removed));
    }
    Ticket& ticket = draft.ticket;
    ticket.id = id;
    ticket.customer = traits.customer;
    ticket.customer_name = traits.customer_name;
    ticket.subject = traits.subject.value_or("");
    ticket.priority = traits.priority.value_or(Priority::normal);
    ticket.skills = traits.skills.value_or(Skills());
    ticket.data = traits.data.value_or("{}");
    ticket.created_ms = ticket.since_ms = ticket.waiting_ms = now;
    draft.enter(State::queued);
    draft.tell(Fact::Kind::created);
    settle(&draft, {});
    if (draft.ticket.waits() && queue_.size() >= settings_.max_queue)
        return refuse("conflict", "too many tickets wait already; try again later (max_queue)");
    return std::move(draft.plan);
}

Plan Model::close(const Actor& actor, const std::string& id, const std::string& reason, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket()) && actor.user != it.ticket().customer)
        return refuse("forbidden", "the customer, the agent or a supervisor closes a ticket");
    if (!it.ticket().is_open()) return conflict(it.ticket());
    Draft draft(*it.live, actor, now);
    end(&draft, actor.user, reason, Fact::Kind::closed);
    return std::move(draft.plan);
}

Plan Model::reopen(const Actor& actor, const std::string& id, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    const Ticket& ticket = it.ticket();
    const bool had_it = actor.staff && actor.user == ticket.agent;
    if (!had_it && !actor.api && !actor.supervisor && actor.user != ticket.customer)
        return refuse("forbidden", "the customer, its last agent or a supervisor opens a ticket again");
    if (ticket.is_open()) return conflict(ticket);
    if (ticket.closed_ms + settings_.reopen_window_ms < now)
        return refuse("conflict", "the ticket was closed too long ago; open a new one (reopen_window)");
    Draft draft(*it.live, actor, now);
    enqueue(&draft, State::reopened);
    draft.ticket.since_ms = now;
    draft.ticket.closed_ms = 0;
    draft.ticket.closed_by.clear();
    draft.ticket.close_reason.clear();
    draft.tell(Fact::Kind::reopened);
    settle(&draft, "reopened");
    if (draft.ticket.waits() && queue_.size() >= settings_.max_queue)
        return refuse("conflict", "too many tickets wait already; try again later (max_queue)");
    return std::move(draft.plan);
}

// --- who has it ---

Plan Model::accept(const Actor& actor, const std::string& id, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (it.ticket().state != State::offered) return conflict(it.ticket());
    if (it.ticket().agent != actor.user) return refuse("forbidden", "the ticket is offered to somebody else");
    Draft draft(*it.live, actor, now);
    give(&draft, *find_desk(actor.user));
    return std::move(draft.plan);
}

Plan Model::decline(const Actor& actor, const std::string& id, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (it.ticket().state != State::offered) return conflict(it.ticket());
    if (it.ticket().agent != actor.user) return refuse("forbidden", "the ticket is offered to somebody else");
    Draft draft(*it.live, actor, now);
    draft.ticket.refused[actor.user] = now + settings_.ask_again_ms;
    enqueue(&draft, State::queued);
    draft.tell(Fact::Kind::offer_ended, actor.user, "declined");
    settle(&draft, "declined");
    return std::move(draft.plan);
}

Plan Model::assign(const Actor& actor, const std::string& id, const std::string& agent, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    const bool commands = actor.api || actor.supervisor;
    if (!commands && !(actor.staff && agent == actor.user))
        return refuse("forbidden", "agents take tickets for themselves; a supervisor assigns them to others");
    const Ticket& ticket = it.ticket();
    const bool waits = ticket.waits() || (commands && ticket.state == State::offered);
    if (!waits) return conflict(ticket);
    Draft draft(*it.live, actor, now);
    const Desk* desk = find_desk(agent);
    if (agent.empty()) {
        if (ticket.state == State::offered) return conflict(ticket);
        desk = choose(ticket, now);
        if (!desk) return refuse("conflict", "no agent is free who could do it");
    } else if (Plan full = needs_room(desk); full.refused() && ticket.agent != agent) {
        return full;
    }
    if (ticket.state == State::offered && ticket.agent != agent) {
        const std::string asked = ticket.agent;
        draft.tell(Fact::Kind::offer_ended, asked, "assigned");
    }
    give(&draft, *desk);
    return std::move(draft.plan);
}

Plan Model::transfer(const Actor& actor, const std::string& id, const Target& to, const std::string& note,
                     int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket()))
        return refuse("forbidden", "its agent or a supervisor transfers a ticket");
    if (!it.ticket().has_agent()) return conflict(it.ticket());
    Draft draft(*it.live, actor, now);
    Ticket& ticket = draft.ticket;
    const std::string from = ticket.agent;
    if (!to.agent.empty()) {
        if (to.agent == from) return refuse("conflict", "this agent has the ticket already");
        if (Plan full = needs_room(find_desk(to.agent)); full.refused()) return full;
    }
    if (!note.empty()) draft.tell(Fact::Kind::noted).body = note;
    ++ticket.transfers;
    ticket.last_agent = from;
    if (!to.agent.empty()) {
        const Desk& desk = *find_desk(to.agent);
        ticket.agent = desk.id;
        ticket.agent_name = desk.name;
        draft.enter(State::active);
        draft.tell(Fact::Kind::transferred, from);
        give(&draft, desk);
        draft.plan.facts.back().why = "transfer";  // nobody waited
        return std::move(draft.plan);
    }
    if (to.skills) ticket.skills = *to.skills;
    ticket.refused[from] = now + settings_.ask_again_ms;
    enqueue(&draft, State::queued);
    draft.tell(Fact::Kind::transferred, from);
    settle(&draft, "transfer");
    return std::move(draft.plan);
}

Plan Model::pause(const Actor& actor, const std::string& id, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket())) return refuse("forbidden", "its agent or a supervisor pauses a ticket");
    if (it.ticket().state != State::active) return conflict(it.ticket());
    Draft draft(*it.live, actor, now);
    draft.enter(State::paused);
    draft.tell(Fact::Kind::paused);
    return std::move(draft.plan);
}

Plan Model::resume(const Actor& actor, const std::string& id, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket())) return refuse("forbidden", "its agent or a supervisor resumes a ticket");
    if (it.ticket().state != State::paused) return conflict(it.ticket());
    Draft draft(*it.live, actor, now);
    draft.enter(State::active);
    draft.tell(Fact::Kind::resumed);
    return std::move(draft.plan);
}

Plan Model::update(const Actor& actor, const std::string& id, const Traits& traits, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket())) return refuse("forbidden", "its agent or a supervisor changes a ticket");
    if (!it.ticket().is_open()) return conflict(it.ticket());
    Draft draft(*it.live, actor, now);
    if (traits.subject) draft.ticket.subject = *traits.subject;
    if (traits.priority) draft.ticket.priority = *traits.priority;
    if (traits.data) draft.ticket.data = *traits.data;
    const Ticket& before = it.ticket();
    if (draft.ticket.subject == before.subject && draft.ticket.priority == before.priority &&
        draft.ticket.data == before.data)
        return {};
    draft.tell(Fact::Kind::updated);
    return std::move(draft.plan);
}

// --- who takes part ---

Plan Model::invite(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const {
    const Live* const live = find(id);
    if (!live || (!actor.granted && !knows(actor, *live->ticket)))
        return refuse("not_found", "there is no such ticket");
    const Ticket& ticket = *live->ticket;
    if (!actor.granted && !leads(actor, ticket))
        return refuse("forbidden", "its agent or a supervisor brings others in");
    if (!ticket.is_open()) return conflict(ticket);
    if (ticket.is_in(user)) return {};
    if (ticket.participants.size() >= max_participants)
        return refuse("conflict", "the ticket has 50 participants, and may not have more");
    Draft draft(*live, actor, now);
    auto& all = draft.ticket.participants;
    all.insert(std::lower_bound(all.begin(), all.end(), user), user);
    draft.tell(Fact::Kind::participant_joined, user);
    return std::move(draft.plan);
}

Plan Model::remove(const Actor& actor, const std::string& id, const std::string& user, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!leads(actor, it.ticket()) && user != actor.user)
        return refuse("forbidden", "its agent or a supervisor takes others out");
    if (!it.ticket().is_open()) return conflict(it.ticket());
    if (!it.ticket().has_participant(user)) {
        if (user == it.ticket().customer) return refuse("conflict", "the customer stays: close the ticket");
        if (user == it.ticket().agent) return refuse("conflict", "the agent stays: transfer the ticket");
        return refuse("not_found", "the user takes no part in this ticket");
    }
    Draft draft(*it.live, actor, now);
    auto& all = draft.ticket.participants;
    all.erase(std::lower_bound(all.begin(), all.end(), user));
    draft.tell(Fact::Kind::participant_left, user);
    return std::move(draft.plan);
}

Plan Model::leave(const Actor& actor, const std::string& id, int64_t now) const {
    return remove(actor, id, actor.user, now);
}

// --- what is said in it ---

Plan Model::note(const Actor& actor, const std::string& id, const std::string& body, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    if (!hears(actor, it.ticket())) return no_part();
    if (!actor.api && !actor.supervisor && !actor.staff) return refuse("forbidden", "notes are the staff's");
    if (it.live->entries() >= settings_.max_history)
        return refuse("conflict", "the history of this ticket is full (max_history)");
    Plan plan;
    Fact noted;
    noted.kind = Fact::Kind::noted;
    noted.ticket = it.live->ticket;
    noted.by = actor.user;
    noted.by_api = actor.api;
    noted.body = body;
    noted.at_ms = now;
    plan.facts.push_back(std::move(noted));
    return plan;
}

Plan Model::say(const Actor& actor, const std::string& id, const std::string& body, int64_t now) const {
    const Found it = found(actor, id);
    if (!it) return it.refusal;
    const Ticket& ticket = it.ticket();
    if (!actor.api && !ticket.is_in(actor.user)) return no_part();
    if (!ticket.is_open()) return conflict(ticket);
    if (it.live->entries() >= settings_.max_history)
        return refuse("conflict", "the history of this ticket is full (max_history)");
    const bool wakes = ticket.state == State::paused && actor.user == ticket.customer;
    const bool answers = ticket.first_response_ms == 0 && ticket.has_agent() && actor.user == ticket.agent;
    if (!wakes && !answers) {
        Plan plan;
        plan.facts.emplace_back();
        Fact& said = plan.facts.back();
        said.kind = Fact::Kind::said;
        said.ticket = it.live->ticket;
        said.by = actor.user;
        said.body = body;
        said.at_ms = now;
        return plan;
    }
    Draft draft(*it.live, actor, now);
    if (answers) draft.ticket.first_response_ms = now;
    if (wakes) {
        draft.enter(State::active);
        draft.tell(Fact::Kind::resumed);
    }
    draft.tell(Fact::Kind::said).body = body;
    return std::move(draft.plan);
}

// --- agents ---

Plan Model::set_agent(const Actor& actor, const std::string& id, const AgentChange& change,
                      int64_t now) const {
    Agent agent;
    agent.id = id;
    agent.status = settings_.agent_status;
    const Desk* const desk = find_desk(id);
    if (desk) agent = desk->agent;
    if (change.skills && !actor.api && !settings_.agents_set_skills)
        return refuse("forbidden", "the back end says which skills an agent has (agents_set_skills)");
    if (!desk && desks_.size() >= max_agents)
        return refuse("conflict", "there are as many agents as there may be");
    const bool same = desk && (!change.status || *change.status == agent.status) &&
                      (!change.skills || *change.skills == agent.skills) &&
                      (!change.max_tickets || *change.max_tickets == agent.max_tickets);
    if (same) return {};
    if (change.status) agent.status = *change.status;
    if (change.skills) agent.skills = *change.skills;
    if (change.max_tickets) agent.max_tickets = *change.max_tickets;
    Plan plan;
    Fact changed;
    changed.kind = Fact::Kind::agent_changed;
    changed.agent = std::move(agent);
    changed.by = actor.user;
    changed.by_api = actor.api;
    changed.user = id;
    changed.at_ms = now;
    plan.facts.push_back(std::move(changed));
    return plan;
}

}  // namespace ticket
