// Verifier: from a token's text to who its bearer is. The keys of the configuration are fixed; those of JWKS
// URLs are handed in by who fetches them. Immutable: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_VERIFIER_H
#define GATEWAYD_PLUGINS_AUTH_JWT_VERIFIER_H

#include <string_view>

#include "claims.h"
#include "key.h"
#include "token.h"

namespace auth_jwt {

class Verifier {
   public:
    Verifier() = default;
    Verifier(TokenRules token_rules, ClaimRules claim_rules, KeyList keys)
        : token_rules_(std::move(token_rules)),
          claim_rules_(std::move(claim_rules)),
          keys_(std::move(keys)) {}

    // `fetched`: more keys. *key_unknown: refused for want of the key that the token names, so
    // that a newer set may have it.
    Refusal verify(std::string_view text, const KeyLists& fetched, int64_t now_s, Identity* out,
                   bool* key_unknown) const;

    const ClaimRules& claim_rules() const { return claim_rules_; }

   private:
    TokenRules token_rules_;
    ClaimRules claim_rules_;
    KeyList keys_;
};

}  // namespace auth_jwt

#endif
