// SigningKey: signs tokens: HS256 with a secret; RS256, ES256 or EdDSA with a private key in PEM, whichever
// the key is for. Start-up only.
#ifndef GATEWAYD_GATEWAYD_TOKEN_SIGNING_KEY_H
#define GATEWAYD_GATEWAYD_TOKEN_SIGNING_KEY_H

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gatewayd {

class SigningKey {
   public:
    // Nothing, with *why in words: too short or too weak, no private key, a passphrase.
    static std::optional<SigningKey> of_secret(std::string secret, std::string* why);
    static std::optional<SigningKey> of_pem(std::string_view text, std::string* why);

    const char* algorithm() const { return algorithm_; }  // as a token's header has it
    std::string sign(std::string_view bytes) const;       // throws std::runtime_error

    std::string id;  // `kid`; empty: none

   private:
    struct Free {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };
    const char* algorithm_ = "HS256";
    std::string secret_;
    std::unique_ptr<EVP_PKEY, Free> key_;
};

}  // namespace gatewayd

#endif
