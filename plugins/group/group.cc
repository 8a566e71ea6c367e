// GroupPlugin: the hooks.
#include <rapidjson/document.h>

#include <algorithm>

#include "../common/json_object.h"
#include "../common/json_read.h"
#include "group_plugin.h"

namespace group {
namespace {

constexpr const char* join_attribute = "group.join";           // what the query of the handshake asks for
constexpr const char* token_groups_attribute = "auth.groups";  // what a token names (auth-jwt): a JSON list
constexpr size_t max_token_groups = 100;

std::vector<std::string> groups_of_token(std::string_view list) {
    std::vector<std::string> groups;
    rapidjson::Document parsed;
    std::string why;
    if (!json::parse_object(R"({"groups":)" + std::string(list) + "}", &parsed, &why)) return groups;
    const rapidjson::Value* const names = json::member_of(parsed, "groups");
    if (!names || !names->IsArray()) return groups;
    for (const rapidjson::Value& name : names->GetArray()) {
        if (groups.size() == max_token_groups) break;
        if (!name.IsString()) continue;
        std::string id(name.GetString(), name.GetStringLength());
        if (is_id(id)) groups.push_back(std::move(id));
    }
    return groups;
}

std::string error_frame(const Outcome& outcome, const std::string& group_id) {
    return json::JsonObject()
        .text("type", "error")
        .text("code", outcome.code)
        .text("content", outcome.why)
        .text("group_id", group_id)
        .end();
}

std::string joined_frame(const Outcome& outcome) {
    return json::JsonObject().text("type", "group_joined").members_of(outcome.answer).end();
}

}  // namespace

void GroupPlugin::Configure(const gateway::Config& config) {
    const Settings settings = Settings::read(config);
    groups_ = std::make_shared<Groups>(host(), settings, [this] { return store_.get(); });
    see_presence_ = gateway::Permission::find(host(), "see_presence");
    use_groups_ = gateway::Permission::find(host(), "use_groups");
    serve();
    offer();
}

void GroupPlugin::Start() {
    groups_->start();
}

void GroupPlugin::Stop() {
    groups_->stop();
}

// --- connections ---

bool GroupPlugin::Attach(gateway::Connection& connection) {
    const gateway::Client client = connection.client();
    auto seat = std::make_unique<Seat>();
    seat->id = client.conn;
    seat->user = groups_->enter(client.user_id, client.conn);
    connection.set_slot(seat.get());
    const Seat& taken = *seat.release();  // Detach frees it
    join_at_connect(connection, taken);
    return true;
}

void GroupPlugin::Detach(gateway::Connection& connection) {
    const std::unique_ptr<Seat> seat(connection.slot<Seat>());
    groups_->leave(seat->user, seat->id);
}

void GroupPlugin::join_at_connect(gateway::Connection& connection, const Seat& seat) {
    const std::string wanted(connection.attribute(join_attribute).value_or(""));
    if (!wanted.empty()) connection.set_attribute(join_attribute, "");  // once, not at each reload
    const auto token = connection.attribute(token_groups_attribute);
    std::vector<std::string> named;
    if (token && groups_->settings().join_token_groups) named = groups_of_token(*token);
    if (wanted.empty() && named.empty()) return;
    if (use_groups_ && !use_groups_->allows(connection)) {
        if (wanted.empty()) return;
        Outcome refused;
        refused.code = "forbidden";
        refused.why = "this user_type may not use groups (use_groups)";
        connection.send(error_frame(refused, wanted));
        return;
    }
    for (const std::string& id : named) {
        if (id != wanted) join_at_connect(connection, seat, id, true, false);
    }
    if (wanted.empty()) return;
    const bool granted = std::find(named.begin(), named.end(), wanted) != named.end();
    join_at_connect(connection, seat, wanted, granted, true);
}

// `wanted`: by the client, which is told what came of it.
void GroupPlugin::join_at_connect(gateway::Connection& connection, const Seat& seat,
                                  const std::string& group_id, bool granted, bool wanted) {
    Change join;
    join.actor = {seat.user->id, granted};
    join.plan = [actor = join.actor, group_id](const Model& model, int64_t now) {
        return model.join(actor, group_id, now);
    };
    join.answer = [user = seat.user->id, group_id](const Model& model) {
        const Membership* const member = model.find_member(group_id, user);
        return member ? describe(*member->group, member) : std::string();
    };
    join.begin = [&]() -> Ended {
        if (!wanted) return [](const Outcome&) {};
        const std::string client(connection.client().client_id);
        return [host = host(), client, group_id](const Outcome& outcome) {
            host.publish(gateway::Destination::client(client),
                         outcome.refused() ? error_frame(outcome, group_id) : joined_frame(outcome));
        };
    };
    const std::optional<Outcome> over = groups_->change(join);
    if (!over || !wanted) return;
    connection.send(over->refused() ? error_frame(*over, group_id) : joined_frame(*over));
}

// --- requests ---

gateway::Verdict GroupPlugin::Intercept(gateway::Request& request, gateway::Connection& connection,
                                        gateway::Next& next) {
    if (request.is_handshake()) {
        const auto group_id = request.field("group_id");
        if (group_id && is_id(*group_id)) connection.set_attribute(join_attribute, *group_id);
        return gateway::Continue;
    }
    const Seat& seat = *connection.slot<Seat>();
    const std::string_view type = request.field("type").value_or("");
    if (type.substr(0, 6) == "group_") {
        const auto verdict = on_frame(type, request, connection, next, seat);
        return verdict.value_or(gateway::Continue);
    }
    return on_message(request, seat);
}

gateway::Verdict GroupPlugin::on_message(gateway::Request& request, const Seat& seat) {
    if (request.destination().kind != GW_DEST_NONE) return gateway::Continue;
    const auto found = request.field("group_id");
    if (!found || found->empty()) return gateway::Continue;  // a ticket's
    const std::string group_id(*found);
    std::string why;
    const std::string_view code = groups_->message_refusal(*seat.user, group_id, &why);
    if (!code.empty()) return request.reject(403, code, why);
    const std::string topic = topic_of(group_id);
    request.set_destination(gateway::Destination::topic(topic).but_not_sender());
    return gateway::Continue;
}

}  // namespace group

GATEWAY_PLUGIN_WITH(group::GroupPlugin, "group", "1.0.0", "handshake,message,events",
                    "description=Groups of users: members, roles, presence, messages\n"
                    "exclusive=yes\n"
                    "uses=gw.store/1\n"
                    "offers=gw.groups/1\n")
