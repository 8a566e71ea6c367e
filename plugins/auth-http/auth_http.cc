// auth-http: lets in whom a back end lets in: it is asked about each handshake's token, and says who that is
// and until when. README.md says how it is configured and what goes over the wire, docs/authentication.md
// what clients see.
#include <memory>
#include <string>

#include "../common/answers.h"
#include "../common/bearer.h"
#include "../common/lifetimes.h"
#include "../common/strict_json.h"
#include "asker.h"
#include "gateway/plugin.hpp"
#include "question.h"
#include "settings.h"

namespace auth_http {
namespace {

// The names of the attributes that the back end gave this connection, a JSON list: to take them away again.
constexpr const char* attribute_names = "auth.attributes";
constexpr const char* unavailable = "auth_unavailable";
constexpr const char* unavailable_words = "the login cannot be asked now; try again";

class AuthHttp : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_AUTH;

    void Configure(const gateway::Config& config) override {
        settings_ = Settings::read(config, host());
        lifetimes_ = auth::Lifetimes(host(), settings_.expiry_notice_s);
        asker_ = std::make_unique<Asker>(host(), settings_);
        gateway::admin_route<&AuthHttp::forget>(host(), this, "DELETE", "/cache");
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        if (request.is_handshake()) return ask(request, connection, next);
        if (lifetimes_.ended(connection)) return gateway::Drop;
        if (request.field("type") != "auth_refresh") return gateway::Continue;
        return ask_again(request, connection, next);
    }

    // The back end has answered, or will not.
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection& connection, gateway::Next&,
                              void* ud) override {
        const OutcomePtr outcome = gateway::take<Waiter>(ud)->outcome();
        return request.is_handshake() ? decide(request, connection, *outcome)
                                      : renew(request, connection, *outcome);
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) override {
        gateway::take<Waiter>(ud);
    }

    bool Attach(gateway::Connection& connection) override { return lifetimes_.attach(connection); }
    void Detach(gateway::Connection& connection) override { auth::Lifetimes::detach(connection); }

    // --- the admin listener ---

    void forget(const gateway::AdminRequest& request) {
        const auto user_id = request.query("user_id");
        const size_t count = user_id ? asker_->forget_user(*user_id) : asker_->forget_all();
        request.answer(200, "{\"forgotten\":" + std::to_string(count) + "}");
    }

   private:
    // --- handshakes ---

    gateway::Verdict ask(gateway::Request& request, gateway::Connection& connection, gateway::Next& next) {
        std::string_view token;
        auth::Refusal refusal = auth::find_token(request, &token);
        const bool without = refusal.code == auth::token_missing && !settings_.needs_token;
        if (without) refusal = {};
        if (!refusal) refusal = check_token(token, settings_.max_token_bytes);
        if (refusal) return unauthorized(request, refusal.code, refusal.why);
        Question question;
        refusal = ask_about(request, token, settings_, asker_->salt(), &question);
        if (refusal) return request.reject(400, refusal.code, refusal.why);
        if (without && question.headers.empty()) {
            return unauthorized(request, auth::token_missing,
                                "a token is needed, or one of the headers that the login looks at");
        }
        if (const OutcomePtr known = asker_->at_once(question.key))
            return decide(request, connection, *known);
        return asker_->wait(std::move(question), next);
    }

    gateway::Verdict decide(gateway::Request& request, gateway::Connection& connection,
                            const Outcome& outcome) {
        switch (outcome.kind) {
            case Outcome::Kind::admitted:
                break;
            case Outcome::Kind::denied:
                if (outcome.status == 401) return unauthorized(request, outcome.code, outcome.why);
                return request.reject(outcome.status, outcome.code, outcome.why);
            case Outcome::Kind::failed:
                request.set_response_header("Retry-After", std::to_string(pause_s(outcome)));
                return request.reject(503, unavailable, unavailable_words);
        }
        if (is_over(outcome.who)) return unauthorized(request, auth::token_expired, "the token has expired");
        auth::Lifetimes::admit(request, connection, outcome.who);
        set_attributes(connection, outcome);
        return gateway::Continue;
    }

    static gateway::Verdict unauthorized(gateway::Request& request, std::string_view code,
                                         const std::string& why) {
        request.set_response_header("WWW-Authenticate", auth::challenge_of(code, why));
        return request.reject(401, code, why);
    }

    bool is_over(const auth::Identity& who) const {
        return who.expires_at_s != 0 && who.expires_at_s * 1000 <= host().wall_time_ms();
    }

    // Without a word of the back end: 2 to 5 s, so that not all come again at the same time.
    int64_t pause_s(const Outcome& outcome) const {
        if (outcome.retry_after_s > 0) return outcome.retry_after_s;
        return 2 + static_cast<int64_t>(host().now_ns() / 1000 % 4);
    }

    // The back end's own attributes, in place of those of before.
    static void set_attributes(gateway::Connection& connection, const Outcome& outcome) {
        const std::string before(connection.attribute(attribute_names).value_or(""));
        rapidjson::Document names;
        if (!before.empty() && !names.Parse(before.data(), before.size()).HasParseError() &&
            names.IsArray()) {
            for (const auto& name : names.GetArray())
                connection.set_attribute(auth::text_of(&name).value_or(attribute_names), "");
        }
        for (const auto& [name, value] : outcome.attributes)
            connection.set_attribute(name, value);
        connection.set_attribute(attribute_names, outcome.attribute_names);
    }

    // --- connections ---

    gateway::Verdict ask_again(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) {
        const auto token = request.field("token");
        if (!token || token->empty())
            return request.reject(400, "invalid_message", "auth_refresh needs a text named token");
        Question question;
        auth::Refusal refusal = check_token(*token, settings_.max_token_bytes);
        if (!refusal) refusal = ask_about(connection.client(), *token, settings_, asker_->salt(), &question);
        if (refusal) return lifetimes_.refuse_renewal(request, refusal.code, refusal.why);
        if (const OutcomePtr known = asker_->at_once(question.key)) return renew(request, connection, *known);
        return asker_->wait(std::move(question), next);
    }

    gateway::Verdict renew(gateway::Request& request, gateway::Connection& connection,
                           const Outcome& outcome) {
        if (outcome.kind == Outcome::Kind::failed)
            return request.reject(503, "unavailable", std::string(unavailable) + ": " + unavailable_words);
        if (outcome.kind == Outcome::Kind::denied)
            return lifetimes_.refuse_renewal(request, outcome.code, outcome.why);
        if (is_over(outcome.who))
            return lifetimes_.refuse_renewal(request, auth::token_expired, "the token has expired");
        bool taken = false;
        const gateway::Verdict verdict = lifetimes_.renew(request, connection, outcome.who, &taken);
        if (taken) set_attributes(connection, outcome);
        return verdict;
    }

    Settings settings_;
    std::unique_ptr<Asker> asker_;
    auth::Lifetimes lifetimes_;
};

}  // namespace
}  // namespace auth_http

GATEWAY_PLUGIN_WITH(
    auth_http::AuthHttp, "auth-http", "1.0.0", "handshake,message",
    "description=Lets in whom a back end lets in, as the user that it names\nneeds=gw.http/1\n")
