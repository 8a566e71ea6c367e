// auth-jwt: lets in who brings a JSON Web Token that one of the configured keys has signed, as the user that
// it names, until it expires. README.md says how it is configured, docs/authentication.md what clients see.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "../common/answers.h"
#include "../common/bearer.h"
#include "../common/lifetimes.h"
#include "gateway/plugin.hpp"
#include "key_source.h"
#include "settings.h"
#include "verifier.h"

namespace auth_jwt {
namespace {

class AuthJwt : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_AUTH;

    void Configure(const gateway::Config& config) override {
        Settings settings = Settings::read(config, host());
        if (!settings.warnings.empty()) host().warn(settings.warnings);
        lifetimes_ = auth::Lifetimes(host(), settings.expiry_notice_s);
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
        if (lifetimes_.ended(connection)) return gateway::Drop;
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

    bool Attach(gateway::Connection& connection) override { return lifetimes_.attach(connection); }
    void Detach(gateway::Connection& connection) override { auth::Lifetimes::detach(connection); }

   private:
    // --- tokens and keys ---

    // *key_unknown: as of Verifier::verify.
    Refusal verify(std::string_view token, Identity* who, bool* key_unknown) const {
        KeyLists fetched;
        for (const auto& source : sources_) {
            source->refresh_when_old();
            if (auto keys = source->keys()) fetched.push_back(std::move(keys));
        }
        return verifier_.verify(token, fetched, host().wall_time_ms() / 1000, who, key_unknown);
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
        Refusal refusal = auth::find_token(request, &token);
        if (!refusal) refusal = verify(token, &who, &key_unknown);
        if (key_unknown && waits_for_keys(next, may_fetch)) return gateway::Pending;
        if (key_unknown && lacks_keys())
            return request.reject(503, keys_unavailable, "there are no keys yet to verify the token with");
        if (refusal) return unauthorized(request, refusal);
        auth::Lifetimes::admit(request, connection, who);
        return gateway::Continue;
    }

    static gateway::Verdict unauthorized(gateway::Request& request, const Refusal& refusal) {
        request.set_response_header("WWW-Authenticate", auth::challenge_of(refusal.code, refusal.why));
        return request.reject(401, refusal.code, refusal.why);
    }

    // --- connections ---

    gateway::Verdict refresh(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                             bool may_fetch) {
        const auto token = request.field("token");
        if (!token) return request.reject(400, "invalid_message", "auth_refresh needs a text named token");
        Identity who;
        bool key_unknown = false;
        const Refusal refusal = verify(*token, &who, &key_unknown);
        if (key_unknown && waits_for_keys(next, may_fetch)) return gateway::Pending;
        if (refusal) return lifetimes_.refuse_renewal(request, refusal.code, refusal.why);
        return lifetimes_.renew(request, connection, who);
    }

    Verifier verifier_;
    std::vector<std::unique_ptr<KeySource>> sources_;
    auth::Lifetimes lifetimes_;
};

}  // namespace
}  // namespace auth_jwt

GATEWAY_PLUGIN_WITH(auth_jwt::AuthJwt, "auth-jwt", "1.0.0", "handshake,message",
                    "description=Lets in who brings a JSON Web Token, as the user that it names\n")
