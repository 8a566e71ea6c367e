// TicketPlugin: gw.tickets/1, for other plugins (gateway/ext/tickets.h), and what it shares with the API.
#include "../common/fields.h"
#include "../common/guarded.h"
#include "../common/ids.h"
#include "../common/json_object.h"
#include "../common/json_read.h"
#include "../common/replies.h"
#include "frame.h"
#include "ticket_plugin.h"

namespace ticket {
namespace {

constexpr uint32_t max_visits = 1000;

int32_t status_of(const Outcome& outcome) {
    if (!outcome.refused()) return GW_OK;
    if (outcome.code == "not_found") return GW_E_NOTFOUND;
    return outcome.code == "conflict" ? GW_E_STATE : GW_E_FAIL;
}

gw_tickets_ticket shown(const Ticket& ticket) {
    gw_tickets_ticket one{};
    one.struct_size = sizeof one;
    one.state = static_cast<uint32_t>(ticket.state);
    one.priority = static_cast<uint32_t>(ticket.priority);
    one.ticket_id = gateway::to_gw(ticket.id);
    one.customer = gateway::to_gw(ticket.customer);
    if (ticket.state != State::offered) one.agent_id = gateway::to_gw(ticket.agent);
    one.subject = gateway::to_gw(ticket.subject);
    one.data = gateway::to_gw(ticket.data);
    one.created_ms = ticket.created_ms;
    return one;
}

std::string text_of(gw_str text) {
    return std::string(gateway::to_view(text));
}

// False: something of it is not valid.
bool read_traits(const gw_tickets_traits& raw, const Settings& settings, Traits* traits) {
    if (raw.struct_size < sizeof raw || raw.priority > GW_TICKETS_URGENT || raw.skill_count > max_skills)
        return false;
    traits->customer = text_of(raw.customer);
    traits->subject = text_of(raw.subject);
    traits->priority = static_cast<Priority>(raw.priority);
    traits->skills = Skills();
    for (uint64_t i = 0; i < raw.skill_count; ++i) {
        traits->skills->push_back(text_of(raw.skills[i]));
        const size_t size = traits->skills->back().size();
        if (size == 0 || size > max_skill_bytes) return false;
    }
    std::sort(traits->skills->begin(), traits->skills->end());
    if (const std::string data = text_of(raw.data); !data.empty()) {
        rapidjson::Document document;
        std::string why;
        if (data.size() > settings.max_data_bytes || !json::parse_object(data, &document, &why)) return false;
        traits->data = data;
    }
    return ids::is_id(traits->customer) && traits->subject->size() <= max_subject_bytes;
}

}  // namespace

// The methods as functions of the service.
struct ServiceTable {
    static TicketPlugin& at(void* self) { return *static_cast<TicketPlugin*>(self); }

    static int32_t send(void* self, gw_str id, gw_str message, gw_tickets_done_fn done, void* ud) {
        return services::guarded(
            [&] { return at(self).send(text_of(id), gateway::to_view(message), done, ud); });
    }
    static int32_t find(void* self, gw_str id, gw_tickets_ticket_fn each, void* ud) {
        return services::guarded([&]() -> int32_t {
            return at(self).tickets_->look([&](const Model& model) {
                const Live* const live = model.find(gateway::to_view(id));
                if (!live) return GW_E_NOTFOUND;
                const gw_tickets_ticket one = shown(*live->ticket);
                each(ud, &one);
                return GW_OK;
            });
        });
    }
    static int64_t tickets_of(void* self, gw_str user, gw_str after, uint32_t limit,
                              gw_tickets_ticket_fn each, void* ud) {
        return services::guarded([&]() -> int64_t {
            if (!each || limit < 1 || limit > max_visits) return GW_E_ARG;
            return at(self).tickets_->look([&](const Model& model) -> int64_t {
                const User* const found = model.find_user(gateway::to_view(user));
                int64_t calls = 0;
                if (!found) return calls;
                auto id = found->open.upper_bound(gateway::to_view(after));
                for (; id != found->open.end() && calls < limit; ++id) {
                    const gw_tickets_ticket one = shown(*model.find(*id)->ticket);
                    ++calls;
                    if (each(ud, &one) != 0) break;
                }
                return calls;
            });
        });
    }
    static int32_t open(void* self, const gw_tickets_traits* raw, gw_tickets_done_fn done, void* ud) {
        return services::guarded([&]() -> int32_t {
            TicketPlugin& own = at(self);
            Traits traits;
            if (!raw || !read_traits(*raw, own.tickets_->settings(), &traits)) return GW_E_ARG;
            std::string id = text_of(raw->ticket_id);
            if (id.empty()) id = ids::timed_id(own.host().wall_time_ms());
            if (!ids::is_id(id)) return GW_E_ARG;
            const auto plan = [id, traits](const Model& model, int64_t now) {
                return model.open(Actor::of_api(), id, traits, now);
            };
            return own.change(id, plan, done, ud);
        });
    }
    static int32_t assign(void* self, gw_str id, gw_str agent, gw_tickets_done_fn done, void* ud) {
        return services::guarded([&] {
            const auto plan = [id = text_of(id), agent = text_of(agent)](const Model& model, int64_t now) {
                return model.assign(Actor::of_api(), id, agent, now);
            };
            return at(self).change(text_of(id), plan, done, ud);
        });
    }
    static int32_t transfer(void* self, gw_str id, gw_str agent, gw_str note, gw_tickets_done_fn done,
                            void* ud) {
        return services::guarded([&] {
            Target target;
            target.agent = text_of(agent);
            std::string body = text_of(note);
            if (!body.empty()) body = json::JsonObject().text("content", body).end();
            const auto plan = [id = text_of(id), target, body](const Model& model, int64_t now) {
                return model.transfer(Actor::of_api(), id, target, body, now);
            };
            return at(self).change(text_of(id), plan, done, ud);
        });
    }
    static int32_t close(void* self, gw_str id, gw_str reason, gw_tickets_done_fn done, void* ud) {
        return services::guarded([&] {
            const auto plan = [id = text_of(id), reason = text_of(reason)](const Model& model, int64_t now) {
                return model.close(Actor::of_api(), id, reason, now);
            };
            return at(self).change(text_of(id), plan, done, ud);
        });
    }
};

void TicketPlugin::offer() {
    using Table = ServiceTable;
    service_ = {{static_cast<uint32_t>(sizeof service_), 0, this},
                Table::send,
                Table::find,
                Table::tickets_of,
                Table::open,
                Table::assign,
                Table::transfer,
                Table::close};
    gateway::publish_service(host(), GW_TICKETS, &service_);
}

int32_t TicketPlugin::change(const std::string& id, std::function<Plan(const Model&, int64_t)> plan,
                             gw_tickets_done_fn done, void* ud) {
    const auto tell = [done, ud, id](const Outcome& outcome) {
        const std::string& message = outcome.refused() ? outcome.why : id;
        if (done) done(ud, status_of(outcome), gateway::to_gw(message));
    };
    Change change;
    change.actor = Actor::of_api();
    change.plan = std::move(plan);
    change.begin = [tell]() -> Ended { return tell; };
    const std::optional<Outcome> over = tickets_->change(change);
    if (!over) return GW_OK;
    // Not inside the call: its user may hold a lock of its own.
    gateway::after(host(), std::chrono::milliseconds(GW_TIMER_MIN_MS),
                   [tell, outcome = *over] { tell(outcome); });
    return GW_OK;
}

int32_t TicketPlugin::send(const std::string& id, std::string_view message, gw_tickets_done_fn done,
                           void* ud) {
    say(id, message, [done, ud, id](const Outcome& outcome) {
        const std::string& words = outcome.refused() ? outcome.why : id;
        if (done) done(ud, status_of(outcome), gateway::to_gw(words));
    });
    return GW_OK;
}

// Published first, for the msg_id that the gateway gives it; `then` comes when the history has it, with
// {"msg_id","delivered"}. Throws what the message lacks.
void TicketPlugin::say(const std::string& id, std::string_view message, Ended then) {
    if (message.size() > tickets_->settings().max_message_bytes)
        throw gateway::Error("a message to a ticket is smaller (wsc.ticket.max_message_size)", GW_E_LIMIT);
    std::string why;
    const std::string whole = replies::addressed(message, "ticket_id", id, &why);
    if (whole.empty()) throw gateway::Error(why, GW_E_ARG);
    const auto keep = [tickets = tickets_, then = std::move(then), id, whole,
                       host = host()](const gateway::Publication& sent) {
        if (!sent.sent) return then(Outcome::refusal(sent.code, std::string(sent.message)));
        json::Fields fields(whole, "the message");
        json::JsonObject body;
        if (fields.text("from", ids::max_bytes).empty()) body.text("from", "system");
        body.text("msg_id", sent.msg_id).time("create_at", host.wall_time_ms()).members_of(whole);
        json::JsonObject told;
        told.text("msg_id", sent.msg_id).number("delivered", static_cast<int64_t>(sent.delivered));
        Change said;
        said.is_message = true;
        said.actor = Actor::of_api();
        said.plan = [&](const Model& model, int64_t now) {
            return model.say(said.actor, id, body.end(), now);
        };
        said.answer = [&](const Model&) { return told.end(); };
        said.begin = [&]() -> Ended { return then; };
        if (const std::optional<Outcome> over = tickets->change(said)) then(*over);
    };
    const bool is_open = tickets_->look([&](const Model& model) {
        const Live* const live = model.find(id);
        return live != nullptr && live->ticket->is_open();
    });
    if (!is_open) throw gateway::Error("there is no open ticket of this id", GW_E_NOTFOUND);
    tickets_->publish(topic_of(id), whole, keep);
}

}  // namespace ticket
