// GroupPlugin: HTTP below /api/v1/groups. docs/http-api.md
#include <array>

#include "../common/fields.h"
#include "../common/json_object.h"
#include "../common/replies.h"
#include "group_plugin.h"

namespace group {
namespace {

using json::Fields;
using json::JsonObject;
using replies::refuse;

// False: *page is not told, and the request is answered.
bool read_page(const gateway::AdminRequest& request, Page* page) {
    page->cursor = request.query("cursor").value_or("");
    page->limit = replies::read_limit(request, default_page, max_page);
    return page->limit > 0;
}

constexpr std::array<std::string_view, 2> visibility_words = {"public", "invite"};

Traits read_traits(Fields* body, const Settings& settings) {
    Traits traits;
    if (const auto named = body->choice<size_t>("visibility", visibility_words))
        traits.visibility = visibility_of(visibility_words[*named]);
    traits.metadata = body->object("metadata", settings.max_metadata_bytes, "max_metadata_size");
    return traits;
}

// Whether it is fine; else it is answered.
bool is_fine(const Fields& body, const gateway::AdminRequest& request) {
    if (body.wrong().empty()) return true;
    refuse(request, "bad_request", body.wrong());
    return false;
}

std::string group_answer(const Model& model, const std::string& id) {
    const Group* const group = model.find(id);
    return group ? describe(*group, nullptr) : JsonObject().text("group_id", id).end();
}

std::string member_answer(const Model& model, const std::string& id, const std::string& user) {
    const Membership* const member = model.find_member(id, user);
    JsonObject object;
    object.text("group_id", id);
    return member ? object.members_of(describe(*member, true)).end() : object.text("user_id", user).end();
}

}  // namespace

void GroupPlugin::serve() {
    using Self = GroupPlugin;
    const gateway::Host& on = host();
    gateway::admin_route<&Self::list_groups>(on, this, "GET", "/api/v1/groups");
    gateway::admin_route<&Self::create_group>(on, this, "POST", "/api/v1/groups");
    gateway::admin_route<&Self::get_group>(on, this, "GET", "/api/v1/groups/{group}");
    gateway::admin_route<&Self::update_group>(on, this, "PATCH", "/api/v1/groups/{group}");
    gateway::admin_route<&Self::delete_group>(on, this, "DELETE", "/api/v1/groups/{group}");
    gateway::admin_route<&Self::list_members>(on, this, "GET", "/api/v1/groups/{group}/members");
    gateway::admin_route<&Self::put_member>(on, this, "PUT", "/api/v1/groups/{group}/members/{user}");
    gateway::admin_route<&Self::delete_member>(on, this, "DELETE", "/api/v1/groups/{group}/members/{user}");
    gateway::admin_route<&Self::put_invitation>(on, this, "PUT", "/api/v1/groups/{group}/invitations/{user}");
    gateway::admin_route<&Self::delete_invitation>(on, this, "DELETE",
                                                   "/api/v1/groups/{group}/invitations/{user}");
    gateway::admin_route<&Self::send_message>(on, this, "POST", "/api/v1/groups/{group}/messages");
}

// Answers when it is durable, with 200, or with created_status when it was not so already.
void GroupPlugin::change(Change change, const gateway::AdminRequest& request, int created_status) {
    const gateway::AdminCall call = request.call();
    const auto answer = [call, created_status](const Outcome& outcome) {
        if (outcome.refused()) {
            call.answer(replies::status_of(outcome.code), replies::error_body(outcome.code, outcome.why));
        } else {
            call.answer(outcome.changed ? created_status : 200, outcome.answer);
        }
    };
    change.begin = [answer]() -> Ended { return answer; };
    if (const std::optional<Outcome> over = groups_->change(change)) answer(*over);
}

// --- groups ---

void GroupPlugin::list_groups(const gateway::AdminRequest& request) {
    Page page;
    if (!read_page(request, &page)) return;
    const auto user = request.query("user_id");
    request.answer(200, groups_->look([&](const Model& model) -> std::string {
        if (!user) return all_groups(model, page);
        const User* const found = model.find_user(*user);
        static const User nobody;
        return groups_of(found ? *found : nobody, page);
    }));
}

void GroupPlugin::create_group(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"group_id", "owner", "visibility", "metadata"});
    const std::string id = body.needed_id("group_id");
    const std::string owner = body.id("owner");
    const Traits traits = read_traits(&body, groups_->settings());
    if (!is_fine(body, request)) return;
    Change create;
    create.plan = [id, owner, traits](const Model& model, int64_t now) {
        return model.create({}, id, traits, owner, now);
    };
    create.answer = [id](const Model& model) { return group_answer(model, id); };
    change(std::move(create), request, 201);
}

void GroupPlugin::get_group(const gateway::AdminRequest& request) {
    const std::string_view id = request.parameter("group");
    std::string found;
    groups_->look([&](const Model& model) {
        if (const Group* group = model.find(id)) found = describe(*group, nullptr);
        return 0;
    });
    if (found.empty()) return refuse(request, "not_found", "there is no such group");
    request.answer(200, found);
}

void GroupPlugin::update_group(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"visibility", "metadata"});
    const std::string id(request.parameter("group"));
    const Traits traits = read_traits(&body, groups_->settings());
    if (!is_fine(body, request)) return;
    Change update;
    update.plan = [id, traits](const Model& model, int64_t now) { return model.update({}, id, traits, now); };
    update.answer = [id](const Model& model) { return group_answer(model, id); };
    change(std::move(update), request, 200);
}

void GroupPlugin::delete_group(const gateway::AdminRequest& request) {
    const std::string id(request.parameter("group"));
    Change erase;
    erase.plan = [id](const Model& model, int64_t now) { return model.erase({}, id, now); };
    erase.answer = [id](const Model&) { return JsonObject().text("group_id", id).end(); };
    change(std::move(erase), request, 200);
}

// --- members ---

void GroupPlugin::list_members(const gateway::AdminRequest& request) {
    Page page;
    if (!read_page(request, &page)) return;
    const std::string_view id = request.parameter("group");
    std::string found;
    groups_->look([&](const Model& model) {
        if (const Group* group = model.find(id)) found = members_of(*group, page, true);
        return 0;
    });
    if (found.empty()) return refuse(request, "not_found", "there is no such group");
    request.answer(200, found);
}

void GroupPlugin::put_member(const gateway::AdminRequest& request) {
    Fields body(request.body(), "the body");
    body.allow_only({"role", "mute_seconds"});
    const std::string id(request.parameter("group"));
    const std::string user(request.parameter("user"));
    const std::optional<Role> role = body.choice<Role>("role", role_words);
    const std::optional<int64_t> mute_seconds = body.number("mute_seconds", 0, max_seconds);
    if (!is_id(user)) body.refuse("the user is no id");
    if (!is_fine(body, request)) return;
    Change put;
    put.plan = [id, user, role, mute_seconds](const Model& model, int64_t now) {
        Plan plan = model.put_member(id, user, role, now);
        if (plan.refused() || !mute_seconds) return plan;
        if (!model.find_member(id, user)) {
            plan.code = "conflict";
            plan.why = "mute_seconds is for a user who is in the group already";
            return plan;
        }
        const Plan silence = *mute_seconds > 0 ? model.mute({}, id, user, now + *mute_seconds * 1000, now)
                                               : model.unmute({}, id, user, now);
        plan.facts.insert(plan.facts.end(), silence.facts.begin(), silence.facts.end());
        return plan;
    };
    put.answer = [id, user](const Model& model) { return member_answer(model, id, user); };
    change(std::move(put), request, 200);
}

void GroupPlugin::delete_member(const gateway::AdminRequest& request) {
    const std::string id(request.parameter("group"));
    const std::string user(request.parameter("user"));
    Change kick;
    kick.plan = [id, user, reason = std::string(request.query("reason").value_or("").substr(0, 200))](
                    const Model& model, int64_t now) { return model.kick({}, id, user, reason, 0, now); };
    kick.answer = [id, user](const Model& model) { return member_answer(model, id, user); };
    change(std::move(kick), request, 200);
}

void GroupPlugin::put_invitation(const gateway::AdminRequest& request) {
    const std::string id(request.parameter("group"));
    const std::string user(request.parameter("user"));
    if (!is_id(user)) return refuse(request, "bad_request", "the user is no id");
    Change invite;
    invite.plan = [id, user](const Model& model, int64_t now) { return model.invite({}, id, user, now); };
    invite.answer = [id, user](const Model&) {
        return JsonObject().text("group_id", id).text("user_id", user).end();
    };
    change(std::move(invite), request, 200);
}

void GroupPlugin::delete_invitation(const gateway::AdminRequest& request) {
    const std::string id(request.parameter("group"));
    const std::string user(request.parameter("user"));
    Change uninvite;
    uninvite.plan = [id, user](const Model& model, int64_t now) { return model.uninvite({}, id, user, now); };
    uninvite.answer = [id, user](const Model&) {
        return JsonObject().text("group_id", id).text("user_id", user).end();
    };
    change(std::move(uninvite), request, 200);
}

// --- messages ---

void GroupPlugin::send_message(const gateway::AdminRequest& request) {
    const std::string id(request.parameter("group"));
    if (!groups_->look([&](const Model& model) { return model.find(id) != nullptr; }))
        return refuse(request, "not_found", "there is no such group");
    std::string why;
    const std::string message = replies::addressed(request.body(), "group_id", id, &why);
    if (message.empty()) return refuse(request, "invalid_message", why);
    const gateway::AdminCall call = request.call();
    try {
        groups_->publish(id, message, [call](const gateway::Publication& sent) {
            if (sent.sent) {
                call.answer(200, JsonObject()
                                     .text("msg_id", sent.msg_id)
                                     .number("delivered", static_cast<int64_t>(sent.delivered))
                                     .end());
            } else {
                call.answer(replies::status_of(sent.code), replies::error_body(sent.code, sent.message));
            }
        });
    } catch (const gateway::Error& failure) {
        refuse(request, failure.code() == GW_E_ARG ? "invalid_message" : "unavailable", failure.what());
    }
}

}  // namespace group
