#include "notices.h"

#include "../common/json_object.h"
#include "views.h"

namespace ticket {
namespace {

using json::JsonObject;
using Kind = Fact::Kind;

constexpr std::string_view names[Fact::kind_count] = {"created",
                                                      "queued",
                                                      "offered",
                                                      "offer_ended",
                                                      "assigned",
                                                      "transferred",
                                                      "paused",
                                                      "resumed",
                                                      "updated",
                                                      "participant_joined",
                                                      "participant_left",
                                                      "closed",
                                                      "timeout_closed",
                                                      "reopened",
                                                      "noted",
                                                      "said",
                                                      "removed",
                                                      "timeout_warning",
                                                      "agent_changed"};

// Whether the notice has the whole ticket.
bool is_whole(Kind kind) {
    return kind == Kind::created || kind == Kind::offered || kind == Kind::assigned ||
           kind == Kind::transferred || kind == Kind::updated || kind == Kind::reopened;
}

std::string frame_type(Kind kind) {
    if (kind == Kind::noted) return "ticket_note";
    if (kind == Kind::agent_changed) return "agent_status";
    return "ticket_" + std::string(name_of(kind));
}

std::string agent_json(const Fact& fact) {
    json::JsonList skills;
    for (const std::string& skill : fact.agent->skills)
        skills.text(skill);
    return JsonObject()
        .text("agent_id", fact.agent->id)
        .text("status", word_of(fact.agent->status))
        .raw("skills", skills.end())
        .optional_text("by", fact.by)
        .end();
}

}  // namespace

Audience audience_of(const Fact& fact) {
    switch (fact.kind) {
        case Kind::created:
            return fact.by_api ? Audience::customer : Audience::nobody;
        case Kind::queued:
            return Audience::customer;
        case Kind::offered:
        case Kind::offer_ended:
        case Kind::agent_changed:
            return Audience::user;
        case Kind::noted:
            return Audience::staff;
        case Kind::said:
        case Kind::removed:
            return Audience::nobody;
        default:
            return Audience::all;
    }
}

std::string_view name_of(Kind kind) {
    return names[static_cast<size_t>(kind)];
}

std::string event_name(Kind kind) {
    return kind == Kind::agent_changed ? "agent.status" : "ticket." + std::string(name_of(kind));
}

std::string facts_json(const Fact& fact, size_t position) {
    if (fact.kind == Kind::agent_changed) return agent_json(fact);
    const Ticket& ticket = *fact.ticket;
    JsonObject object;
    if (is_whole(fact.kind)) {
        object.members_of(describe(ticket, position));
    } else {
        object.text("ticket_id", ticket.id).text("state", word_of(ticket.state));
        if (position > 0) object.number("position", static_cast<int64_t>(position));
    }
    object.optional_text("by", fact.by);
    switch (fact.kind) {
        case Kind::offered:
            object.number("expires_in_s", (ticket.offered_until_ms - fact.at_ms) / 1000);
            break;
        case Kind::offer_ended:
            object.text("why", fact.why);
            break;
        case Kind::queued:
        case Kind::removed:
            object.optional_text("why", fact.why);
            break;
        case Kind::transferred:
            object.text("from_agent_id", fact.user);
            break;
        case Kind::participant_joined:
        case Kind::participant_left:
            object.text("user_id", fact.user);
            break;
        case Kind::closed:
        case Kind::timeout_closed:
            object.optional_text("reason", fact.why);
            break;
        case Kind::noted:
            object.members_of(fact.body);
            break;
        case Kind::timeout_nears:
            object.raw("closes_in_s", fact.why);
            break;
        default:
            break;
    }
    return object.end();
}

std::string notice(const Fact& fact, size_t position) {
    return JsonObject().text("type", frame_type(fact.kind)).members_of(facts_json(fact, position)).end();
}

std::string entry_of(const Fact& fact) {
    if (fact.kind == Kind::said) return fact.body;
    JsonObject object;
    object.text("type", frame_type(fact.kind)).time("create_at", fact.at_ms);
    if (fact.kind == Kind::offered || fact.kind == Kind::offer_ended) object.text("asked", fact.user);
    return object.members_of(facts_json(fact)).end();
}

bool is_for_staff(Kind kind) {
    return kind == Kind::noted || kind == Kind::offered || kind == Kind::offer_ended;
}

}  // namespace ticket
