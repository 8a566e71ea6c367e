// GroupPlugin: `group_...` frames of clients. README.md has them in a table.
#include <array>
#include <charconv>

#include "../common/json_object.h"
#include "../common/replies.h"
#include "group_plugin.h"
#include "notices.h"

namespace group {
namespace {

using json::JsonObject;

constexpr size_t max_reason_bytes = 200;
constexpr size_t made_id_digits = 26;  // of a group that its maker has given none

// What a frame must have.
enum Needs : unsigned { nothing = 0, group_field = 1, user_field = 2, role_field = 4 };

struct Kind {
    std::string_view type;
    std::string_view answer;  // its type; empty: a look, answered with the same type
    unsigned needs;
};
constexpr Kind kinds[] = {
    {"group_create", "group_created", nothing},
    {"group_join", "group_joined", group_field},
    {"group_leave", "group_left", group_field},
    {"group_kick", "group_kicked", group_field | user_field},
    {"group_invite", "group_invited", group_field | user_field},
    {"group_uninvite", "group_uninvited", group_field},
    {"group_mute", "group_muted", group_field | user_field},
    {"group_unmute", "group_unmuted", group_field | user_field},
    {"group_set_role", "group_role_set", group_field | user_field | role_field},
    {"group_update", "group_updated", group_field},
    {"group_delete", "group_deleted", group_field},
    {"group_list", "", nothing},
    {"group_info", "", group_field},
    {"group_members", "", group_field},
    {"group_presence", "", group_field},
};

const Kind* kind_of(std::string_view type) {
    for (const Kind& kind : kinds) {
        if (kind.type == type) return &kind;
    }
    return nullptr;
}

struct Deferred {
    std::shared_ptr<Outcome> outcome;  // written before resume, read after it
    std::string answer_type;
};

}  // namespace

struct GroupPlugin::Frame {
    const Kind* kind = nullptr;
    std::string group_id;
    std::string user_id;
    std::string reason;
    Role role = Role::member;
    int64_t seconds = 0;  // 0: not given
    Traits traits;
    Page page;

    // Empty, or what is wrong with it.
    std::string read(const gateway::Request& request, const Settings& settings);

   private:
    std::string read_number(const gateway::Request& request, const char* name, int64_t max, int64_t* out);
    std::string read_traits(const gateway::Request& request, const Settings& settings);
};

std::string GroupPlugin::Frame::read_number(const gateway::Request& request, const char* name, int64_t max,
                                            int64_t* out) {
    const auto json = request.json_field(name);
    if (!json && !request.field(name)) return {};
    if (json && *json == "null") return {};
    int64_t number = 0;
    if (json) {
        const auto [end, error] = std::from_chars(json->data(), json->data() + json->size(), number);
        if (error != std::errc() || end != json->data() + json->size()) number = 0;
    }
    if (number < 1 || number > max)
        return std::string(name) + " must be a whole number from 1 to " + std::to_string(max);
    *out = number;
    return {};
}

std::string GroupPlugin::Frame::read_traits(const gateway::Request& request, const Settings& settings) {
    if (const auto word = request.field("visibility")) {
        traits.visibility = visibility_of(*word);
        if (!traits.visibility) return "visibility must be public or invite";
    }
    if (const auto json = request.json_field("metadata"); json && *json != "null") {
        if (json->front() != '{') return "metadata must be a JSON object";
        if (json->size() > settings.max_metadata_bytes) {
            return "metadata is larger than " + std::to_string(settings.max_metadata_bytes) +
                   " bytes (max_metadata_size)";
        }
        traits.metadata = *json;
    } else if (request.field("metadata")) {
        return "metadata must be a JSON object";
    }
    return {};
}

std::string GroupPlugin::Frame::read(const gateway::Request& request, const Settings& settings) {
    group_id = request.field("group_id").value_or("");
    if (group_id.empty() ? (kind->needs & group_field) != 0 : !is_id(group_id))
        return group_id.empty() ? "group_id is missing" : "group_id is no id";
    user_id = request.field("user_id").value_or("");
    if (user_id.empty() ? (kind->needs & user_field) != 0 : !is_id(user_id))
        return user_id.empty() ? "user_id is missing" : "user_id is no id";
    reason = request.field("reason").value_or("");
    if (reason.size() > max_reason_bytes) return "reason is longer than 200 bytes";
    if (kind->needs & role_field) {
        const auto named = role_of(request.field("role").value_or(""));
        if (!named) return "role must be member, moderator or owner";
        role = *named;
    }
    if (std::string wrong = read_number(request, "seconds", max_seconds, &seconds); !wrong.empty())
        return wrong;
    auto limit = static_cast<int64_t>(default_page);
    if (std::string wrong = read_number(request, "limit", max_page, &limit); !wrong.empty()) return wrong;
    page = {std::string(request.field("cursor").value_or("")), static_cast<size_t>(limit)};
    return read_traits(request, settings);
}

std::optional<gateway::Verdict> GroupPlugin::on_frame(std::string_view type, gateway::Request& request,
                                                      gateway::Connection& connection, gateway::Next& next,
                                                      const Seat& seat) {
    Frame frame;
    frame.kind = kind_of(type);
    if (!frame.kind) return std::nullopt;
    if (const std::string wrong = frame.read(request, groups_->settings()); !wrong.empty())
        return request.reject(400, "invalid_message", wrong);
    if (frame.kind->answer.empty()) return look_up(frame, request, connection, seat);
    if (frame.group_id.empty()) frame.group_id = ids::random_digits(made_id_digits);
    if (frame.user_id.empty() && type == "group_uninvite") frame.user_id = seat.user->id;
    return change(change_of(frame, seat.user->id), frame.kind->answer, request, next);
}

// --- changes ---

Change GroupPlugin::change_of(const Frame& frame, const std::string& user) const {
    Change change;
    change.actor.user = user;
    const std::string_view type = frame.kind->type;
    change.plan = [type, frame, actor = change.actor](const Model& model, int64_t now) -> Plan {
        const std::string& id = frame.group_id;
        const int64_t until = frame.seconds > 0 ? now + frame.seconds * 1000 : 0;
        if (type == "group_create") return model.create(actor, id, frame.traits, actor.user, now);
        if (type == "group_join") return model.join(actor, id, now);
        if (type == "group_leave") return model.leave(actor, id, now);
        if (type == "group_kick") return model.kick(actor, id, frame.user_id, frame.reason, until, now);
        if (type == "group_invite") return model.invite(actor, id, frame.user_id, now);
        if (type == "group_uninvite") return model.uninvite(actor, id, frame.user_id, now);
        if (type == "group_mute")
            return model.mute(actor, id, frame.user_id, until > 0 ? until : for_ever, now);
        if (type == "group_unmute") return model.unmute(actor, id, frame.user_id, now);
        if (type == "group_set_role") return model.set_role(actor, id, frame.user_id, frame.role, now);
        if (type == "group_update") return model.update(actor, id, frame.traits, now);
        return model.erase(actor, id, now);
    };
    change.answer = [type, id = frame.group_id, target = frame.user_id, user](const Model& model) {
        const bool about_group = type == "group_create" || type == "group_join" || type == "group_update";
        const Membership* const own = model.find_member(id, user);
        if (about_group && own) return describe(*own->group, own);
        JsonObject object;
        object.text("group_id", id).optional_text("user_id", target);
        const Membership* const member = target.empty() ? nullptr : model.find_member(id, target);
        if (member && type == "group_set_role") object.text("role", word_of(member->role));
        if (member && type == "group_mute") object.raw("muted_until", until_json(member->muted_until_ms));
        return object.end();
    };
    return change;
}

gateway::Verdict GroupPlugin::change(Change change, std::string_view answer_type, gateway::Request& request,
                                     gateway::Next& next) {
    change.begin = [&]() -> Ended {
        const auto outcome = std::make_shared<Outcome>();
        const gw_token token =
            next.defer(0, std::make_unique<Deferred>(Deferred{outcome, std::string(answer_type)}));
        return [host = host(), token, outcome](const Outcome& became) {
            *outcome = became;
            host.resume(token);  // too late when the client has gone
        };
    };
    const std::optional<Outcome> over = groups_->change(change);
    return over ? answer(request, answer_type, *over) : gateway::Pending;
}

gateway::Verdict GroupPlugin::OnResume(gateway::Request& request, gateway::Connection&, gateway::Next&,
                                       void* ud) {
    const auto deferred = gateway::take<Deferred>(ud);
    return answer(request, deferred->answer_type, *deferred->outcome);
}

void GroupPlugin::OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) {
    gateway::take<Deferred>(ud);
}

gateway::Verdict GroupPlugin::answer(gateway::Request& request, std::string_view type,
                                     const Outcome& outcome) const {
    if (outcome.code == "rate_limited")
        return replies::answer_rate_limited(request, outcome.why, outcome.wait_ms);
    if (outcome.refused()) return request.reject(403, outcome.code, outcome.why);
    return request.answer(replies::answer_to(request, type).members_of(outcome.answer).end());
}

// --- looks ---

gateway::Verdict GroupPlugin::look_up(const Frame& frame, gateway::Request& request,
                                      gateway::Connection& connection, const Seat& seat) {
    const std::string_view type = frame.kind->type;
    const bool sees = see_presence_ && see_presence_->allows(connection);
    if (type == "group_presence" && see_presence_ && !sees) return see_presence_->refuse(request, connection);
    std::string_view refused;
    const std::string found = groups_->look([&](const Model& model) -> std::string {
        if (type == "group_list") return groups_of(*seat.user, frame.page);
        const Group* const group = model.find(frame.group_id);
        const Membership* const own = seat.user->in(frame.group_id);
        if (!group) {
            refused = "not_found";
        } else if (!own && !(type == "group_info" && group->visibility == Visibility::open)) {
            refused = "forbidden";
        } else if (type == "group_info") {
            return own ? describe(*group, own) : describe_outside(*group);
        } else if (type == "group_members") {
            return members_of(*group, frame.page, sees);
        } else {
            return presence_of(*group, frame.page);
        }
        return {};
    });
    if (!refused.empty()) {
        return request.reject(403, refused,
                              refused == "not_found" ? "there is no such group" : "you are not in the group");
    }
    JsonObject object = replies::answer_to(request, type);
    if (!frame.group_id.empty() && type != "group_info") object.text("group_id", frame.group_id);
    return request.answer(object.members_of(found).end());
}

}  // namespace group
