// TicketPlugin: `ticket_...` and `agent_...` frames of clients. docs/tickets.md has them in a table.
#include <charconv>

#include "../common/fields.h"
#include "../common/ids.h"
#include "../common/replies.h"
#include "frame.h"
#include "ticket_plugin.h"

namespace ticket {
namespace {

using json::JsonObject;

enum class Does : uint8_t { change, look, history, observe };

}  // namespace

struct Frame::Kind {
    std::string_view type;
    std::string_view answer;
    Does does;
    bool about_ticket;  // needs a ticket_id
    Plan (*plan)(const Model&, const Actor&, const Frame&, int64_t now);
};

namespace {

#define TICKET_PLAN(expression) \
    [](const Model& model, const Actor& actor, const Frame& frame, int64_t now) -> Plan { return expression; }

constexpr Frame::Kind kinds[] = {
    {"ticket_create", "ticket_created", Does::change, false,
     TICKET_PLAN(model.open(actor, frame.id, frame.traits, now))},
    {"ticket_accept", "ticket_accepted", Does::change, true, TICKET_PLAN(model.accept(actor, frame.id, now))},
    {"ticket_decline", "ticket_declined", Does::change, true,
     TICKET_PLAN(model.decline(actor, frame.id, now))},
    {"ticket_assign", "ticket_assigned", Does::change, true,
     TICKET_PLAN(
         model.assign(actor, frame.id, frame.target.agent.empty() ? actor.user : frame.target.agent, now))},
    {"ticket_transfer", "ticket_transferred", Does::change, true,
     TICKET_PLAN(model.transfer(actor, frame.id, frame.target, frame.note, now))},
    {"ticket_pause", "ticket_paused", Does::change, true, TICKET_PLAN(model.pause(actor, frame.id, now))},
    {"ticket_resume", "ticket_resumed", Does::change, true, TICKET_PLAN(model.resume(actor, frame.id, now))},
    {"ticket_close", "ticket_closed", Does::change, true,
     TICKET_PLAN(model.close(actor, frame.id, frame.reason, now))},
    {"ticket_reopen", "ticket_reopened", Does::change, true, TICKET_PLAN(model.reopen(actor, frame.id, now))},
    {"ticket_update", "ticket_updated", Does::change, true,
     TICKET_PLAN(model.update(actor, frame.id, frame.traits, now))},
    {"ticket_invite", "ticket_invited", Does::change, true,
     TICKET_PLAN(model.invite(actor, frame.id, frame.user, now))},
    {"ticket_remove", "ticket_removed", Does::change, true,
     TICKET_PLAN(model.remove(actor, frame.id, frame.user, now))},
    {"ticket_leave", "ticket_left", Does::change, true, TICKET_PLAN(model.leave(actor, frame.id, now))},
    {"ticket_note", "ticket_noted", Does::change, true,
     TICKET_PLAN(model.note(actor, frame.id, frame.note, now))},
    {"ticket_list", "ticket_list", Does::look, false, nullptr},
    {"ticket_queue", "ticket_queue", Does::look, false, nullptr},
    {"ticket_info", "ticket_info", Does::look, true, nullptr},
    {"ticket_history", "ticket_history", Does::history, true, nullptr},
    {"ticket_observe", "ticket_observed", Does::observe, true, nullptr},
    {"ticket_unobserve", "ticket_unobserved", Does::observe, true, nullptr},
    {"agent_status", "agent_status", Does::change, false,
     TICKET_PLAN(model.set_agent(actor, actor.user, frame.agent, now))},
    {"agent_list", "agent_list", Does::look, false, nullptr},
};

#undef TICKET_PLAN

const Frame::Kind* kind_of(std::string_view type) {
    for (const Frame::Kind& kind : kinds) {
        if (kind.type == type) return &kind;
    }
    return nullptr;
}

// What is so after a change, for who asked.
std::string answer_json(const Model& model, const Frame& frame, const Actor& actor) {
    if (frame.kind->type == "agent_status") {
        const Desk* const desk = model.find_desk(actor.user);
        return desk ? describe(*desk, model.limit_of(*desk)) : std::string();
    }
    const Live* const live = model.find(frame.id);
    if (!live) return {};
    JsonObject object;
    object.members_of(describe(*live->ticket, model.position(*live->ticket)));
    return object.optional_text("user_id", frame.user).end();
}

}  // namespace

std::string Frame::read(const gateway::Request& request, const Settings& settings) {
    json::Fields fields(request.payload(), "the message");
    if (kind->about_ticket) id = fields.needed_id("ticket_id");
    user = fields.id("user_id");
    if (user.empty() && (kind->type == "ticket_invite" || kind->type == "ticket_remove"))
        fields.refuse("user_id is missing");
    reason = fields.text("reason", max_reason_bytes);
    traits = read_traits(&fields, settings);
    target.agent = fields.id("agent_id");
    target.skills = traits.skills;
    if (kind->type == "ticket_transfer") {
        const int ways =
            (target.agent.empty() ? 0 : 1) + (target.skills ? 1 : 0) + (fields.flag("queue") ? 1 : 0);
        if (ways != 1) fields.refuse("one of agent_id, skills and \"queue\":true says where it goes");
        if (const std::string text = fields.text("note", settings.max_data_bytes); !text.empty())
            note = JsonObject().text("content", text).end();
    }
    if (kind->type == "ticket_note") note = read_note(&fields, settings);
    if (kind->type == "agent_status") {
        agent.status = fields.choice<Status>("status", status_words);
        agent.skills = traits.skills;
    }
    all = fields.flag("all");
    filter = read_filter(&fields);
    page.cursor = fields.text("cursor", ids::max_bytes);
    const bool is_history = kind->does == Does::history;
    const int64_t most = is_history ? max_history_page : static_cast<int64_t>(max_page);
    const auto limit = fields.number("limit", 1, most);
    page.limit = static_cast<size_t>(limit.value_or(static_cast<int64_t>(default_page)));
    if (is_history) {
        history.limit = static_cast<uint32_t>(limit.value_or(history.limit));
        read_history_page(page.cursor, fields.text("order", 8), &history, &fields);
    }
    return fields.wrong();
}

std::optional<gateway::Verdict> TicketPlugin::on_frame(std::string_view type, gateway::Request& request,
                                                       gateway::Next& next, Seat& seat) {
    Frame frame;
    frame.kind = kind_of(type);
    if (!frame.kind) return std::nullopt;
    if (const std::string wrong = frame.read(request, tickets_->settings()); !wrong.empty())
        return request.reject(400, "invalid_message", wrong);
    switch (frame.kind->does) {
        case Does::change:
            return change(frame, request, next, seat);
        case Does::look:
            return look_up(frame, request, next, seat);
        case Does::history:
            return read_history(frame, request, next, seat);
        case Does::observe:
            break;
    }
    return observe(frame, request, seat);
}

gateway::Verdict TicketPlugin::change(const Frame& read, gateway::Request& request, gateway::Next& next,
                                      const Seat& seat) {
    Frame frame = read;
    const std::string_view type = frame.kind->type;
    if (type == "ticket_create") {
        frame.id = ids::timed_id(host().wall_time_ms());
        frame.traits.customer = seat.actor.user;
        frame.traits.customer_name = seat.name;
    }
    if (type == "agent_status" && !seat.serves)
        return request.reject(403, "forbidden", "this user_type may not serve tickets (ticket.serve)");
    Change change;
    change.actor = seat.actor;
    change.plan = [&](const Model& model, int64_t now) {
        return frame.kind->plan(model, seat.actor, frame, now);
    };
    change.answer = [&](const Model& model) { return answer_json(model, frame, seat.actor); };
    change.begin = [&] { return defer(next, std::string(frame.kind->answer)); };
    const std::optional<Outcome> over = tickets_->change(change);
    return over ? answer(request, frame.kind->answer, *over) : gateway::Pending;
}

// --- looks ---

gateway::Verdict TicketPlugin::look_up(const Frame& frame, gateway::Request& request, gateway::Next&,
                                       const Seat& seat) {
    const std::string_view type = frame.kind->type;
    Outcome outcome;
    if (type != "ticket_list" && type != "ticket_info" && !seat.actor.staff) {
        outcome = Outcome::refusal("forbidden", "this is for agents and supervisors");
    } else if (type == "ticket_list" && frame.all && !seat.actor.supervisor) {
        outcome = Outcome::refusal("forbidden", "all tickets are for supervisors (ticket.supervise)");
    } else {
        outcome = tickets_->look([&](const Model& model) {
            Outcome found;
            if (type == "ticket_list") {
                found.answer = frame.all ? all_tickets(model, frame.filter, frame.page)
                                         : tickets_of(model, *seat.user, frame.filter, frame.page);
            } else if (type == "ticket_queue") {
                found.answer = queue_of(model, frame.page);
            } else if (type == "agent_list") {
                found.answer = all_agents(model, frame.page);
            } else if (const Live* const live = model.find(frame.id);
                       !live || !model.knows(seat.actor, *live->ticket)) {
                return Outcome::refusal("not_found", "there is no such ticket");
            } else if (!model.hears(seat.actor, *live->ticket) && !live->ticket->waits() &&
                       live->ticket->agent != seat.actor.user) {
                return Outcome::refusal("forbidden", "you take no part in this ticket");
            } else {
                found.answer = describe(*live->ticket, model.position(*live->ticket));
            }
            return found;
        });
    }
    return answer(request, frame.kind->answer, outcome);
}

gateway::Verdict TicketPlugin::read_history(const Frame& frame, gateway::Request& request,
                                            gateway::Next& next, const Seat& seat) {
    const Outcome may = tickets_->look([&](const Model& model) {
        const Live* const live = model.find(frame.id);
        if (!live || !model.knows(seat.actor, *live->ticket))
            return Outcome::refusal("not_found", "there is no such ticket");
        const Ticket& ticket = *live->ticket;
        const bool waits = seat.actor.staff && (ticket.waits() || ticket.agent == seat.actor.user);
        if (!waits && !model.hears(seat.actor, ticket))
            return Outcome::refusal("forbidden", "you take no part in this ticket");
        return Outcome();
    });
    if (may.refused()) return answer(request, frame.kind->answer, may);
    HistoryPage page = frame.history;
    page.staff = seat.actor.staff;
    const Ended resume = defer(next, std::string(frame.kind->answer));
    const auto with_id = [resume, id = frame.id](const Outcome& read) {
        Outcome outcome = read;
        if (!read.refused())
            outcome.answer = JsonObject().text("ticket_id", id).members_of(read.answer).end();
        resume(outcome);
    };
    if (tickets_->read_history(frame.id, page, with_id) == GW_OK) return gateway::Pending;
    return answer(request, frame.kind->answer,
                  Outcome::refusal("unavailable", "the history cannot be read now; try again"));
}

gateway::Verdict TicketPlugin::observe(const Frame& frame, gateway::Request& request, Seat& seat) {
    const bool begins = frame.kind->type == "ticket_observe";
    auto& all = seat.observed;
    const auto known = std::find(all.begin(), all.end(), frame.id);
    Outcome outcome;
    if (!seat.actor.supervisor) {
        outcome = Outcome::refusal("forbidden", "this user_type may not observe tickets (ticket.supervise)");
    } else if (begins && known == all.end() && all.size() >= max_observed) {
        outcome = Outcome::refusal("conflict", "a connection observes at most 100 tickets");
    } else if (begins && !tickets_->observe(frame.id, seat.link)) {
        outcome = Outcome::refusal("not_found", "there is no open ticket of this id");
    } else if (begins) {
        if (known == all.end()) all.push_back(frame.id);
    } else if (known != all.end()) {
        tickets_->unobserve(frame.id, seat.link);
        all.erase(known);
    }
    outcome.answer = JsonObject().text("ticket_id", frame.id).end();
    return answer(request, frame.kind->answer, outcome);
}

}  // namespace ticket
