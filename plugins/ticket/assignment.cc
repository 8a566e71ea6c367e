// Model: who gets a ticket, and what comes of itself when its time has come.
#include "draft.h"
#include "model.h"

namespace ticket {
namespace {

const Actor nobody;  // the gateway itself

}  // namespace

bool Model::suits(const Desk& desk, const Ticket& ticket, int64_t now) {
    if (!covers(desk.agent.skills, ticket.skills)) return false;
    const auto refused = ticket.refused.find(std::string(desk.id));
    return refused == ticket.refused.end() || refused->second <= now;
}

// Null: nobody is free who has the skills and may be asked now.
const Desk* Model::choose(const Ticket& ticket, int64_t now) const {
    if (ticket.state == State::reopened) {
        const Desk* const last = find_desk(ticket.last_agent);
        if (last && last->is_free && suits(*last, ticket, now)) return last;
    }
    for (const FreeKey& key : free_) {
        const Desk* const desk = find_desk(key.id);
        if (suits(*desk, ticket, now)) return desk;
    }
    return nullptr;
}

void Model::settle(Draft* draft, const std::string& why, bool is_news) const {
    const Desk* const desk = settings_.auto_assign ? choose(draft->ticket, draft->now) : nullptr;
    if (!desk && !is_news) return;
    if (!desk) {
        draft->tell(Fact::Kind::queued, {}, why);
    } else if (settings_.offers) {
        offer(draft, *desk);
    } else {
        give(draft, *desk);
    }
    // Whoever has caused it: that is the gateway's doing.
    draft->plan.facts.back().by.clear();
    draft->plan.facts.back().by_api = false;
}

void Model::offer(Draft* draft, const Desk& desk) const {
    Ticket& ticket = draft->ticket;
    draft->enter(State::offered);
    ticket.agent = desk.id;
    ticket.agent_name = desk.name;
    ticket.offered_until_ms = draft->now + settings_.offer_timeout_ms;
    draft->tell(Fact::Kind::offered, ticket.agent);
}

void Model::give(Draft* draft, const Desk& desk) const {
    Ticket& ticket = draft->ticket;
    draft->enter(State::active);
    ticket.agent = desk.id;
    ticket.agent_name = desk.name;
    ticket.offered_until_ms = 0;
    ticket.assigned_ms = draft->now;
    ticket.refused.clear();
    // Who has it is no participant besides.
    const auto participant =
        std::lower_bound(ticket.participants.begin(), ticket.participants.end(), ticket.agent);
    if (participant != ticket.participants.end() && *participant == ticket.agent)
        ticket.participants.erase(participant);
    draft->tell(Fact::Kind::assigned, ticket.agent);
}

// Nobody has it, or is asked, any more. Says nothing.
void Model::enqueue(Draft* draft, State state) const {
    Ticket& ticket = draft->ticket;
    if (ticket.state != State::offered && !ticket.waits()) {
        ticket.waiting_ms = draft->now;
        if (!ticket.agent.empty()) ticket.last_agent = ticket.agent;
    }
    draft->enter(state);
    ticket.agent.clear();
    ticket.agent_name.clear();
    ticket.offered_until_ms = 0;
}

void Model::end(Draft* draft, const std::string& by, const std::string& reason, Fact::Kind kind) const {
    Ticket& ticket = draft->ticket;
    if (ticket.state == State::offered) {
        const std::string asked = ticket.agent;
        draft->tell(Fact::Kind::offer_ended, asked, "closed");
        ticket.agent.clear();
        ticket.agent_name.clear();
    }
    draft->enter(State::closed);
    ticket.closed_ms = draft->now;
    ticket.closed_by = by;
    ticket.close_reason = reason;
    ticket.offered_until_ms = 0;
    ticket.refused.clear();
    draft->tell(kind, {}, reason);
}

// --- what comes of itself ---

int64_t Model::due_of(const Live& live) const {
    const Ticket& ticket = *live.ticket;
    switch (ticket.state) {
        case State::queued:
        case State::reopened: {
            int64_t due = settings_.max_wait_ms > 0 ? ticket.waiting_ms + settings_.max_wait_ms : 0;
            // Who is not to be asked before then.
            for (const auto& [agent, until] : ticket.refused) {
                if (until > ticket.state_ms && (due == 0 || until < due)) due = until;
            }
            return due;
        }
        case State::offered:
            return ticket.offered_until_ms;
        case State::active:
            return live.activity_ms +
                   (live.warned ? settings_.ticket_timeout_ms : settings_.ticket_timeout_ms / 5 * 4);
        case State::paused:
            return ticket.state_ms + settings_.pause_timeout_ms;
        case State::closed:
            return ticket.closed_ms + settings_.keep_closed_ms;
    }
    return 0;
}

Plan Model::expire(std::string_view id, int64_t now) const {
    const Live* const live = find(id);
    if (!live) return {};
    Draft draft(*live, nobody, now);
    Ticket& ticket = draft.ticket;
    switch (ticket.state) {
        case State::queued:
        case State::reopened: {
            if (settings_.max_wait_ms > 0 && ticket.waiting_ms + settings_.max_wait_ms <= now) {
                end(&draft, {}, "max_wait", Fact::Kind::closed);
                break;
            }
            settle(&draft, {}, false);
            break;
        }
        case State::offered: {
            if (ticket.offered_until_ms > now) break;
            const std::string asked = ticket.agent;
            ticket.refused[asked] = now + settings_.ask_again_ms;
            enqueue(&draft, State::queued);
            draft.tell(Fact::Kind::offer_ended, asked, "timeout");
            settle(&draft, "no_answer");
            break;
        }
        case State::active: {
            const int64_t idle = now - live->activity_ms;
            if (idle >= settings_.ticket_timeout_ms) {
                end(&draft, {}, "timeout", Fact::Kind::timeout_closed);
            } else if (!live->warned && idle >= settings_.ticket_timeout_ms / 5 * 4) {
                const int64_t left_s = (settings_.ticket_timeout_ms - idle + 999) / 1000;
                draft.tell(Fact::Kind::timeout_nears, {}, std::to_string(left_s)).ticket = live->ticket;
            }
            break;
        }
        case State::paused:
            if (ticket.state_ms + settings_.pause_timeout_ms <= now)
                end(&draft, {}, "pause_timeout", Fact::Kind::closed);
            break;
        case State::closed:
            if (ticket.closed_ms + settings_.keep_closed_ms <= now) draft.tell(Fact::Kind::removed);
            break;
    }
    return std::move(draft.plan);
}

Plan Model::orphan(std::string_view id, int64_t now) const {
    const Live* const live = find(id);
    if (!live || !live->ticket->is_held()) return {};
    Draft draft(*live, nobody, now);
    const std::string agent = draft.ticket.agent;
    const bool was_asked = draft.ticket.state == State::offered;
    enqueue(&draft, State::queued);
    if (was_asked) draft.tell(Fact::Kind::offer_ended, agent, "agent_gone");
    settle(&draft, "agent_gone");
    return std::move(draft.plan);
}

Plan Model::feed(std::string_view agent, int64_t now) const {
    const Desk* const desk = find_desk(agent);
    if (!desk || !desk->is_free || !settings_.auto_assign) return {};
    for (const QueueKey& key : queue_) {
        const Live* const live = find(key.id);
        if (!suits(*desk, *live->ticket, now)) continue;
        Draft draft(*live, nobody, now);
        settings_.offers ? offer(&draft, *desk) : give(&draft, *desk);
        return std::move(draft.plan);
    }
    return {};
}

}  // namespace ticket
