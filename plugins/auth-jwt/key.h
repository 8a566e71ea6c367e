// Key: one key to verify tokens with, bound to the one algorithm that it may be used for, so that nobody can
// have an RSA key taken for an HMAC secret (RFC 8725 section 3.1). Immutable, shared by all threads.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_KEY_H
#define GATEWAYD_PLUGINS_AUTH_JWT_KEY_H

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth_jwt {

enum class Algorithm : uint8_t { hs256, rs256, es256, eddsa };
std::string_view name_of(Algorithm algorithm);  // "HS256", as a token's header has it
std::optional<Algorithm> algorithm_of(std::string_view name);

inline constexpr size_t min_secret_bytes = 32;  // of HS256: as long as what it makes (RFC 7518 section 3.2)
inline constexpr int min_rsa_bits = 2048;
inline constexpr int max_rsa_bits = 16384;  // a verification takes longer with each

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, FreeKey>;

class Key {
   public:
    // Nothing, with *why in words: too short, too weak, or of a kind that no algorithm here uses.
    static std::shared_ptr<Key> of_secret(std::string secret, std::string* why);
    static std::shared_ptr<Key> of_public(EvpKey key, std::string* why);
    ~Key();
    Key(const Key&) = delete;
    Key& operator=(const Key&) = delete;

    Algorithm algorithm() const { return algorithm_; }
    // False for each signature that is not of exactly these bytes, whatever is wrong with it.
    bool verifies(std::string_view bytes, std::string_view signature) const;

    std::string id;            // `kid`; empty: none
    int64_t not_before_s = 0;  // since 1970; 0: no bound
    int64_t not_after_s = 0;   // from then on it verifies nothing; 0: no bound
    bool is_valid_at(int64_t now_s) const {
        return (not_before_s == 0 || now_s >= not_before_s) && (not_after_s == 0 || now_s < not_after_s);
    }

   private:
    Key(Algorithm algorithm, std::string secret, EvpKey key);
    bool verifies_mac(std::string_view bytes, std::string_view signature) const;

    const Algorithm algorithm_;
    std::string secret_;  // of HS256; wiped at the end
    const EvpKey key_;    // of the others
};

using KeyList = std::vector<std::shared_ptr<const Key>>;
using KeyLists = std::vector<std::shared_ptr<const KeyList>>;

// Empties OpenSSL's error queue of this thread and gives the last reason in words.
std::string take_openssl_error();

}  // namespace auth_jwt

#endif
