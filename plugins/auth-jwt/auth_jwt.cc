// auth-jwt: lets in who brings a JSON Web Token that one of the configured keys has signed, as the user that
// it names, until it expires. README.md says how it is configured, docs/authentication.md what clients see.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "answers.h"
#include "bearer.h"
#include "gateway/plugin.hpp"
#include "key_source.h"
#include "session.h"
#include "settings.h"
#include "verifier.h"

namespace auth_jwt {
namespace {

constexpr int32_t close_policy = 1008;

// Attributes of the connection, for other plugins; docs/authentication.md names them.
constexpr const char* attribute_expires_at = "auth.expires_at";  // since 1970; 0: never. Always there
constexpr const char* attribute_name = "auth.name";
constexpr const char* attribute_groups = "auth.groups";
constexpr const char* attribute_tickets = "auth.tickets";

// Of GW_TIMER_: a longer wait is looked at again on the way.
constexpr int64_t least_timer_ms = GW_TIMER_MIN_MS;
constexpr int64_t longest_timer_ms = GW_TIMER_MAX_MS;

class AuthJwt : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_AUTH;

    void Configure(const gateway::Config& config) override {
        Settings settings = Settings::read(config, host());
        if (!settings.warnings.empty()) host().warn(settings.warnings);
        expiry_notice_s_ = settings.expiry_notice_s;
        for (KeyUrl& url : settings.key_urls)
            sources_.push_back(std::make_unique<KeySource>(host(), std::move(url)));
        verifier_ = Verifier(std::move(settings.token), std::move(settings.claims), std::move(settings.keys));
    }

    void Start() override {
        for (const auto& source : sources_)
            source->fetch();
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        if (request.is_handshake()) return admit(request, connection, next, true);
        if (ended(connection)) return gateway::Drop;
        if (request.field("type") != "auth_refresh") return gateway::Continue;
        return refresh(request, connection, next, true);
    }

    // The keys that it waited for are there, or are not to be had.
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                              void*) override {
        return request.is_handshake() ? admit(request, connection, next, false)
                                      : refresh(request, connection, next, false);
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void*, int32_t) override {}

    bool Attach(gateway::Connection& connection) override {
        const auto expires_at = connection.attribute(attribute_expires_at);
        if (!expires_at) {
            // It was there before this plugin was.
            connection.close(close_policy, "unauthenticated: connect again with a token");
            return false;
        }
        auto session = std::make_unique<Session>();
        session->expire_at(std::stoll(std::string(*expires_at)), expiry_notice_s_);
        set_timer(*session, connection);
        connection.set_slot(session.release());
        return true;
    }

    void Detach(gateway::Connection& connection) override { delete connection.slot<Session>(); }

   private:
    int64_t now_ms() const { return host().wall_time_ms(); }

    // --- tokens and keys ---

    // *key_unknown: as of Verifier::verify.
    Refusal verify(std::string_view token, Identity* who, bool* key_unknown) const {
        KeyLists fetched;
        for (const auto& source : sources_) {
            source->refresh_when_old();
            if (auto keys = source->keys()) fetched.push_back(std::move(keys));
        }
        return verifier_.verify(token, fetched, now_ms() / 1000, who, key_unknown);
    }

    // Puts the request aside until a fetch of keys is done that may bring the missing one; false: there is
    // none. `may_fetch`: begins one.
    bool waits_for_keys(gateway::Next& next, bool may_fetch) const {
        KeySource* awaited = nullptr;
        for (const auto& source : sources_) {
            if (may_fetch ? source->fetch() : source->is_fetching()) awaited = source.get();
        }
        if (awaited == nullptr) return false;
        const gw_token request = next.defer(0, nullptr);
        if (!awaited->wait(request)) host().resume(request);
        return true;
    }

    bool lacks_keys() const {
        return std::any_of(sources_.begin(), sources_.end(),
                           [](const auto& source) { return source->keys() == nullptr; });
    }

    // --- handshakes ---

    gateway::Verdict admit(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                           bool may_fetch) {
        std::string_view token;
        Identity who;
        bool key_unknown = false;
        Refusal refusal = find_token(request, &token);
        if (!refusal) refusal = verify(token, &who, &key_unknown);
        if (key_unknown && waits_for_keys(next, may_fetch)) return gateway::Pending;
        if (key_unknown && lacks_keys())
            return request.reject(503, keys_unavailable, "there are no keys yet to verify the token with");
        if (refusal) return unauthorized(request, refusal);
        request.set_field("user_id", who.user_id);
        if (!who.user_type.empty()) request.set_field("user_type", who.user_type);
        if (!who.client_id.empty()) request.set_field("client_id", who.client_id);
        set_attributes(connection, who);
        return gateway::Continue;
    }

    static gateway::Verdict unauthorized(gateway::Request& request, const Refusal& refusal) {
        request.set_response_header("WWW-Authenticate", challenge_of(refusal));
        return request.reject(401, refusal.code, refusal.why);
    }

    static void set_attributes(gateway::Connection& connection, const Identity& who) {
        connection.set_attribute(attribute_expires_at, std::to_string(who.expires_at_s));
        connection.set_attribute(attribute_name, who.name);
        connection.set_attribute(attribute_groups, who.groups);
        connection.set_attribute(attribute_tickets, who.tickets);
    }

    // --- connections ---

    gateway::Verdict refresh(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                             bool may_fetch) {
        const auto token = request.field("token");
        if (!token) return request.reject(400, "invalid_message", "auth_refresh needs a text named token");
        Identity who;
        bool key_unknown = false;
        Refusal refusal = verify(*token, &who, &key_unknown);
        if (key_unknown && waits_for_keys(next, may_fetch)) return gateway::Pending;
        if (!refusal) refusal = not_the_same(connection.client(), who);
        if (refusal) {
            const std::string why = std::string(refusal.code) + ": " + refusal.why;
            host().warn("auth_refresh refused: " + why);
            return request.reject(403, "forbidden", why);
        }
        set_attributes(connection, who);
        auto* session = connection.slot<Session>();
        session->expire_at(who.expires_at_s, expiry_notice_s_);
        if (session->timer.generation != 0) gateway::cancel_timer(host(), session->timer);
        set_timer(*session, connection);
        return request.answer(refreshed_answer(request, session->ends(), session->left_s(now_ms())));
    }

    // A connection stays the user's that it was opened for.
    static Refusal not_the_same(const gateway::Client& client, const Identity& who) {
        if (who.user_id != client.user_id) return {token_other_user, "the token is another user's"};
        if ((who.user_type.empty() ? default_user_type : who.user_type) != client.user_type)
            return {token_other_user, "the token has another user_type; connect again with it"};
        if (!who.client_id.empty() && who.client_id != client.client_id)
            return {token_other_user, "the token is for another client_id"};
        return {};
    }

    // Does what is due: the notice, or the end; true: the end.
    bool ended(gateway::Connection& connection) const {
        auto* session = connection.slot<Session>();
        const int64_t now = now_ms();
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

    // For the next thing that is due. Without a timer it is done when the client sends its next message.
    void set_timer(Session& session, gateway::Connection& connection) const {
        session.timer = {0, 0};
        const int64_t wait = session.wait_ms(now_ms());
        if (wait == 0) return;
        const std::chrono::milliseconds time(std::clamp(wait, least_timer_ms, longest_timer_ms));
        try {
            session.timer = gateway::after(host(), connection.id(), time,
                                           [this](gateway::Connection& own) { tick(own); });
        } catch (const gateway::Error& error) {
            host().warn(std::string("no timer for the end of a token: ") + error.what());
        }
    }

    void tick(gateway::Connection& connection) const {
        if (!ended(connection)) set_timer(*connection.slot<Session>(), connection);
    }

    Verifier verifier_;
    std::vector<std::unique_ptr<KeySource>> sources_;
    int64_t expiry_notice_s_ = 0;
};

}  // namespace
}  // namespace auth_jwt

GATEWAY_PLUGIN_WITH(auth_jwt::AuthJwt, "auth-jwt", "1.0.0", "handshake,message",
                    "description=Lets in who brings a JSON Web Token, as the user that it names\n")
