// TicketPlugin: HTTP below /api/v1/tickets and /api/v1/agents. docs/tickets.md
#include "../common/fields.h"
#include "../common/ids.h"
#include "../common/json_object.h"
#include "../common/replies.h"
#include "frame.h"
#include "ticket_plugin.h"

namespace ticket {
namespace {

using json::Fields;
using json::JsonObject;
using replies::refuse;

std::string ticket_answer(const Model& model, const std::string& id) {
    const Live* const live = model.find(id);
    return live ? describe(*live->ticket, model.position(*live->ticket)) : std::string();
}

// Whether it is fine so far; else it is answered.
bool is_fine(const Fields& fields, const gateway::AdminRequest& request) {
    if (fields.wrong().empty()) return true;
    refuse(request, "bad_request", fields.wrong());
    return false;
}

void reply(const gateway::AdminCall& call, const Outcome& outcome, int created_status) {
    if (outcome.refused()) {
        call.answer(replies::status_of(outcome.code), replies::error_body(outcome.code, outcome.why));
    } else {
        call.answer(outcome.changed ? created_status : 200, outcome.answer);
    }
}

std::string id_of(const gateway::AdminRequest& request, const char* name) {
    return std::string(request.parameter(name));
}

}  // namespace

void TicketPlugin::serve() {
    using Self = TicketPlugin;
    const gateway::Host& on = host();
    gateway::admin_route<&Self::list_tickets>(on, this, "GET", "/api/v1/tickets");
    gateway::admin_route<&Self::open_ticket>(on, this, "POST", "/api/v1/tickets");
    gateway::admin_route<&Self::get_ticket>(on, this, "GET", "/api/v1/tickets/{ticket}");
    gateway::admin_route<&Self::update_ticket>(on, this, "PATCH", "/api/v1/tickets/{ticket}");
    gateway::admin_route<&Self::get_history>(on, this, "GET", "/api/v1/tickets/{ticket}/history");
    gateway::admin_route<&Self::send_message>(on, this, "POST", "/api/v1/tickets/{ticket}/messages");
    gateway::admin_route<&Self::add_note>(on, this, "POST", "/api/v1/tickets/{ticket}/notes");
    for (const char* path : {"/api/v1/tickets/{ticket}/assign", "/api/v1/tickets/{ticket}/transfer",
                             "/api/v1/tickets/{ticket}/close", "/api/v1/tickets/{ticket}/pause",
                             "/api/v1/tickets/{ticket}/resume", "/api/v1/tickets/{ticket}/reopen"})
        gateway::admin_route<&Self::act>(on, this, "POST", path);
    gateway::admin_route<&Self::put_participant>(on, this, "PUT",
                                                 "/api/v1/tickets/{ticket}/participants/{user}");
    gateway::admin_route<&Self::delete_participant>(on, this, "DELETE",
                                                    "/api/v1/tickets/{ticket}/participants/{user}");
    gateway::admin_route<&Self::list_agents>(on, this, "GET", "/api/v1/agents");
    gateway::admin_route<&Self::get_agent>(on, this, "GET", "/api/v1/agents/{agent}");
    gateway::admin_route<&Self::update_agent>(on, this, "PATCH", "/api/v1/agents/{agent}");
}

// Answers when it is durable, with 200, or with created_status when it was not so already.
void TicketPlugin::change(Change change, const gateway::AdminRequest& request, int created_status) {
    const gateway::AdminCall call = request.call();
    const auto answer = [call, created_status](const Outcome& outcome) {
        reply(call, outcome, created_status);
    };
    change.actor = Actor::of_api();
    change.begin = [answer]() -> Ended { return answer; };
    if (const std::optional<Outcome> over = tickets_->change(change)) answer(*over);
}

// --- tickets ---

void TicketPlugin::list_tickets(const gateway::AdminRequest& request) {
    Page page;
    page.cursor = request.query("cursor").value_or("");
    page.limit = replies::read_limit(request, default_page, max_page);
    if (page.limit == 0) return;
    std::string wrong;
    Filter filter = filter_of(request.query("state").value_or("any"), &wrong);
    if (!wrong.empty()) return refuse(request, "bad_request", wrong);
    filter.customer = request.query("customer").value_or("");
    filter.agent = request.query("agent").value_or("");
    request.answer(200, tickets_->look([&](const Model& model) {
        JsonObject object;
        const User* const customer = model.find_user(filter.customer);
        if (!filter.customer.empty()) {
            static const User nobody;
            object.members_of(tickets_of(model, customer ? *customer : nobody, filter, page));
        } else {
            object.members_of(all_tickets(model, filter, page));
        }
        return object.raw("counts", counts_of(model)).end();
    }));
}

void TicketPlugin::open_ticket(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"ticket_id", "customer", "customer_name", "subject", "priority", "skills", "data"});
    Traits traits = read_traits(&body, tickets_->settings());
    traits.customer = body.needed_id("customer");
    traits.customer_name = body.text("customer_name", ids::max_bytes);
    std::string id = body.id("ticket_id");
    if (!is_fine(body, request)) return;
    if (id.empty()) id = ids::timed_id(host().wall_time_ms());
    Change open;
    open.plan = [id, traits](const Model& model, int64_t now) {
        return model.open(Actor::of_api(), id, traits, now);
    };
    open.answer = [id](const Model& model) { return ticket_answer(model, id); };
    change(std::move(open), request, 201);
}

void TicketPlugin::get_ticket(const gateway::AdminRequest& request) {
    const std::string found =
        tickets_->look([&](const Model& model) { return ticket_answer(model, id_of(request, "ticket")); });
    if (found.empty()) return refuse(request, "not_found", "there is no such ticket");
    request.answer(200, found);
}

void TicketPlugin::update_ticket(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"subject", "priority", "data"});
    const Traits traits = read_traits(&body, tickets_->settings());
    if (!is_fine(body, request)) return;
    const std::string id = id_of(request, "ticket");
    Change update;
    update.plan = [id, traits](const Model& model, int64_t now) {
        return model.update(Actor::of_api(), id, traits, now);
    };
    update.answer = [id](const Model& model) { return ticket_answer(model, id); };
    change(std::move(update), request, 200);
}

// .../assign, transfer, close, pause, resume, reopen: the last part of the path says which.
void TicketPlugin::act(const gateway::AdminRequest& request) {
    const std::string_view path = request.path();
    const std::string action(path.substr(path.rfind('/') + 1));
    Fields body(request.body(), "the body");
    Target target;
    std::string reason;
    std::string note;
    if (action == "assign") {
        body.allow_only({"agent_id"});
        target.agent = body.id("agent_id");
    } else if (action == "transfer") {
        body.allow_only({"agent_id", "skills", "queue", "note"});
        target.agent = body.id("agent_id");
        target.skills = body.texts("skills", max_skills, max_skill_bytes);
        const int ways =
            (target.agent.empty() ? 0 : 1) + (target.skills ? 1 : 0) + (body.flag("queue") ? 1 : 0);
        if (ways != 1) body.refuse("one of agent_id, skills and \"queue\":true says where it goes");
        if (const std::string text = body.text("note", tickets_->settings().max_data_bytes); !text.empty())
            note = JsonObject().text("content", text).end();
    } else {
        action == "close" ? body.allow_only({"reason"}) : body.allow_only({});
        reason = body.text("reason", max_reason_bytes);
    }
    if (!is_fine(body, request)) return;
    const std::string id = id_of(request, "ticket");
    Change acts;
    acts.plan = [id, action, target, note, reason](const Model& model, int64_t now) {
        const Actor api = Actor::of_api();
        if (action == "assign") return model.assign(api, id, target.agent, now);
        if (action == "transfer") return model.transfer(api, id, target, note, now);
        if (action == "close") return model.close(api, id, reason, now);
        if (action == "pause") return model.pause(api, id, now);
        return action == "resume" ? model.resume(api, id, now) : model.reopen(api, id, now);
    };
    acts.answer = [id](const Model& model) { return ticket_answer(model, id); };
    change(std::move(acts), request, 200);
}

void TicketPlugin::put_participant(const gateway::AdminRequest& request) {
    const std::string id = id_of(request, "ticket");
    const std::string user = id_of(request, "user");
    if (!ids::is_id(user)) return refuse(request, "bad_request", "the user is no id");
    Change put;
    put.plan = [id, user](const Model& model, int64_t now) {
        return model.invite(Actor::of_api(), id, user, now);
    };
    put.answer = [id](const Model& model) { return ticket_answer(model, id); };
    change(std::move(put), request, 200);
}

void TicketPlugin::delete_participant(const gateway::AdminRequest& request) {
    const std::string id = id_of(request, "ticket");
    const std::string user = id_of(request, "user");
    Change erase;
    erase.plan = [id, user](const Model& model, int64_t now) {
        return model.remove(Actor::of_api(), id, user, now);
    };
    erase.answer = [id](const Model& model) { return ticket_answer(model, id); };
    change(std::move(erase), request, 200);
}

// --- what is said ---

void TicketPlugin::get_history(const gateway::AdminRequest& request) {
    const std::string id = id_of(request, "ticket");
    HistoryPage page;
    page.staff = true;
    page.limit = static_cast<uint32_t>(replies::read_limit(request, page.limit, max_history_page));
    if (page.limit == 0) return;
    Fields query({}, "the query");
    read_history_page(request.query("cursor").value_or(""), request.query("order").value_or(""), &page,
                      &query);
    if (!is_fine(query, request)) return;
    if (!tickets_->look([&](const Model& model) { return model.find(id) != nullptr; }))
        return refuse(request, "not_found", "there is no such ticket");
    const gateway::AdminCall call = request.call();
    const int32_t code =
        tickets_->read_history(id, page, [call](const Outcome& read) { reply(call, read, 200); });
    if (code != GW_OK) refuse(request, "unavailable", "the history cannot be read now; try again");
}

// Answered when the history has it.
void TicketPlugin::send_message(const gateway::AdminRequest& request) {
    const gateway::AdminCall call = request.call();
    try {
        say(id_of(request, "ticket"), request.body(),
            [call](const Outcome& outcome) { reply(call, outcome, 200); });
    } catch (const gateway::Error& failure) {
        const char* const code = failure.code() == GW_E_ARG        ? "invalid_message"
                                 : failure.code() == GW_E_NOTFOUND ? "not_found"
                                 : failure.code() == GW_E_LIMIT    ? "too_large"
                                                                   : "unavailable";
        refuse(request, code, failure.what());
    }
}

void TicketPlugin::add_note(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"content", "data", "by"});
    const std::string note = read_note(&body, tickets_->settings());
    Actor actor = Actor::of_api();
    actor.user = body.id("by");
    if (!is_fine(body, request)) return;
    const std::string id = id_of(request, "ticket");
    Change adds;
    adds.plan = [id, actor, note](const Model& model, int64_t now) {
        return model.note(actor, id, note, now);
    };
    adds.answer = [id](const Model&) { return JsonObject().text("ticket_id", id).end(); };
    change(std::move(adds), request, 200);
}

// --- agents ---

void TicketPlugin::list_agents(const gateway::AdminRequest& request) {
    Page page;
    page.cursor = request.query("cursor").value_or("");
    page.limit = replies::read_limit(request, default_page, max_page);
    if (page.limit == 0) return;
    request.answer(200, tickets_->look([&](const Model& model) { return all_agents(model, page); }));
}

void TicketPlugin::get_agent(const gateway::AdminRequest& request) {
    const std::string found = tickets_->look([&](const Model& model) {
        const Desk* const desk = model.find_desk(request.parameter("agent"));
        return desk ? describe(*desk, model.limit_of(*desk)) : std::string();
    });
    if (found.empty()) return refuse(request, "not_found", "there is no such agent");
    request.answer(200, found);
}

void TicketPlugin::update_agent(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"status", "skills", "max_tickets"});
    AgentChange agent;
    agent.status = body.choice<Status>("status", status_words);
    agent.skills = body.texts("skills", max_skills, max_skill_bytes);
    if (const auto most = body.number("max_tickets", 0, 1'000'000))
        agent.max_tickets = static_cast<uint32_t>(*most);
    if (!is_fine(body, request)) return;
    const std::string id = id_of(request, "agent");
    Change sets;
    sets.plan = [id, agent](const Model& model, int64_t now) {
        return model.set_agent(Actor::of_api(), id, agent, now);
    };
    sets.answer = [id](const Model& model) {
        const Desk* const desk = model.find_desk(id);
        return desk ? describe(*desk, model.limit_of(*desk)) : std::string();
    };
    change(std::move(sets), request, 200);
}

}  // namespace ticket
