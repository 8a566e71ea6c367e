// Reads keys: PEM (public keys, certificates, private keys, of which the public half is used) and JWK, JWKS
// (RFC 7517). Pure functions but for read_key_file: any thread.
#ifndef GATEWAYD_PLUGINS_AUTH_JWT_KEY_READER_H
#define GATEWAYD_PLUGINS_AUTH_JWT_KEY_READER_H

#include <string>
#include <string_view>
#include <vector>

#include "key.h"

namespace auth_jwt {

inline constexpr size_t max_key_file_bytes = 256UL * 1024;
inline constexpr size_t max_keys = 64;  // of one JWKS, and of a configuration
inline constexpr size_t max_key_id_bytes = 256;

bool is_pem(std::string_view text);

// One key. A certificate's is bound to its validity. `has_private`: it could sign, too, so nobody else should
// read it. Nothing, with *why in words that hold nothing of the text.
std::shared_ptr<Key> key_of_pem(std::string_view text, bool* has_private, std::string* why);

struct Jwks {
    KeyList keys;
    std::vector<std::string> passed_over;  // why, for each key that cannot be used
    bool has_secret = false;               // an HMAC secret, or a private half
};
// `secrets_allowed`: HMAC secrets ("oct") are keys; not where anybody may read the set. False, with *why: no
// JWKS, or too many keys. Keys of other uses and algorithms are passed over.
bool read_jwks(std::string_view text, bool secrets_allowed, Jwks* out, std::string* why);

// A whole small file. `open_to_all`: every user of the machine may read it. False, with *why.
bool read_key_file(const std::string& path, std::string* text, bool* open_to_all, std::string* why);

}  // namespace auth_jwt

#endif
