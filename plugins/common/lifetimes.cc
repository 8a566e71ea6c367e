#include "lifetimes.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "answers.h"

namespace auth {
namespace {

constexpr int32_t close_policy = 1008;

constexpr const char* attribute_expires_at = "auth.expires_at";  // since 1970; 0: never. Always there
constexpr const char* attribute_name = "auth.name";
constexpr const char* attribute_groups = "auth.groups";
constexpr const char* attribute_tickets = "auth.tickets";

// Of GW_TIMER_: a longer wait is looked at again on the way.
constexpr int64_t least_timer_ms = GW_TIMER_MIN_MS;
constexpr int64_t longest_timer_ms = GW_TIMER_MAX_MS;

// A connection stays the user's that it was opened for.
Refusal not_the_same(const gateway::Client& client, const Identity& who) {
    if (who.user_id != client.user_id) return {token_other_user, "the token is another user's"};
    if ((who.user_type.empty() ? default_user_type : who.user_type) != client.user_type)
        return {token_other_user, "the token has another user_type; connect again with it"};
    if (!who.client_id.empty() && who.client_id != client.client_id)
        return {token_other_user, "the token is for another client_id"};
    return {};
}

}  // namespace

void Lifetimes::admit(gateway::Request& handshake, gateway::Connection& connection, const Identity& who) {
    handshake.set_field("user_id", who.user_id);
    if (!who.user_type.empty()) handshake.set_field("user_type", who.user_type);
    if (!who.client_id.empty()) handshake.set_field("client_id", who.client_id);
    set_attributes(connection, who);
}

void Lifetimes::set_attributes(gateway::Connection& connection, const Identity& who) {
    connection.set_attribute(attribute_expires_at, std::to_string(who.expires_at_s));
    connection.set_attribute(attribute_name, who.name);
    connection.set_attribute(attribute_groups, who.groups);
    connection.set_attribute(attribute_tickets, who.tickets);
}

bool Lifetimes::attach(gateway::Connection& connection) const {
    const auto expires_at = connection.attribute(attribute_expires_at);
    if (!expires_at) {
        connection.close(close_policy, "unauthenticated: connect again with a token");
        return false;
    }
    auto session = std::make_unique<Session>();
    session->expire_at(std::stoll(std::string(*expires_at)), notice_s_);
    set_timer(*session, connection);
    connection.set_slot(session.release());
    return true;
}

bool Lifetimes::ended(gateway::Connection& connection) const {
    auto* session = connection.slot<Session>();
    const int64_t now = host_.wall_time_ms();
    switch (session->due(now)) {
        case Session::Due::nothing:
            return false;
        case Session::Due::notice:
            session->noticed();
            connection.send(expiring_notice(session->left_s(now)));
            return false;
        case Session::Due::end:
            break;
    }
    connection.close(close_policy, "token_expired: the token has expired; connect again with a new one");
    return true;
}

gateway::Verdict Lifetimes::renew(gateway::Request& request, gateway::Connection& connection,
                                  const Identity& who, bool* taken) const {
    const Refusal refusal = not_the_same(connection.client(), who);
    if (taken != nullptr) *taken = !refusal;
    if (refusal) return refuse_renewal(request, refusal.code, refusal.why);
    set_attributes(connection, who);
    auto* session = connection.slot<Session>();
    session->expire_at(who.expires_at_s, notice_s_);
    if (session->timer.generation != 0) gateway::cancel_timer(host_, session->timer);
    set_timer(*session, connection);
    return request.answer(refreshed_answer(request, session->ends(), session->left_s(host_.wall_time_ms())));
}

gateway::Verdict Lifetimes::refuse_renewal(gateway::Request& request, std::string_view code,
                                           const std::string& why) const {
    const std::string text = std::string(code) + ": " + why;
    host_.warn("auth_refresh refused: " + text);
    return request.reject(403, "forbidden", text);
}

// For the next thing that is due. Without a timer it is done when the client sends its next message.
void Lifetimes::set_timer(Session& session, gateway::Connection& connection) const {
    session.timer = {0, 0};
    const int64_t wait = session.wait_ms(host_.wall_time_ms());
    if (wait == 0) return;
    const std::chrono::milliseconds time(std::clamp(wait, least_timer_ms, longest_timer_ms));
    try {
        session.timer =
            gateway::after(host_, connection.id(), time, [this](gateway::Connection& own) { tick(own); });
    } catch (const gateway::Error& error) {
        host_.warn(std::string("no timer for the end of a token: ") + error.what());
    }
}

void Lifetimes::tick(gateway::Connection& connection) const {
    if (!ended(connection)) set_timer(*connection.slot<Session>(), connection);
}

}  // namespace auth
