// Draft: the ticket of one plan while it is changed, and the facts so far. By the plan functions of Model
// alone.
#ifndef GATEWAYD_PLUGINS_TICKET_DRAFT_H
#define GATEWAYD_PLUGINS_TICKET_DRAFT_H

#include <string>
#include <utility>

#include "model.h"

namespace ticket {

// Whether the history has an entry of it.
inline bool is_in_history(Fact::Kind kind) {
    return kind != Fact::Kind::removed && kind != Fact::Kind::timeout_nears &&
           kind != Fact::Kind::agent_changed;
}

struct Model::Draft {
    Draft(const Actor& who, int64_t at) : actor(who), now(at) {}
    Draft(const Live& live, const Actor& who, int64_t at) : ticket(*live.ticket), actor(who), now(at) {
        ticket.entries = live.entries();
    }

    // A fact with the ticket as it is now.
    Fact& tell(Fact::Kind kind, std::string user = {}, std::string why = {}) {
        if (is_in_history(kind)) ++ticket.entries;
        Fact fact;
        fact.kind = kind;
        fact.ticket = std::make_shared<const Ticket>(ticket);
        fact.by = actor.user;
        fact.by_api = actor.api;
        fact.user = std::move(user);
        fact.why = std::move(why);
        fact.at_ms = now;
        plan.facts.push_back(std::move(fact));
        return plan.facts.back();
    }
    void enter(State state) {
        ticket.state = state;
        ticket.state_ms = now;
    }

    Ticket ticket;
    Plan plan;
    const Actor& actor;
    const int64_t now;
};

}  // namespace ticket

#endif
