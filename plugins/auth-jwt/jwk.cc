#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "../common/strict_json.h"
#include "base64url.h"
#include "key_reader.h"

namespace auth_jwt {
namespace {

using auth::find;
using auth::optional_text;
using auth::text_of;
using rapidjson::Value;

constexpr size_t coordinate_bytes = 32;  // of P-256 and Ed25519

struct FreeBuilder {
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
};
struct FreeParams {
    void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const { BN_free(number); }
};
struct FreeKeyContext {
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Builder = std::unique_ptr<OSSL_PARAM_BLD, FreeBuilder>;
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

const unsigned char* bytes_of(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// A member in base64url; empty: absent, or not that.
std::string member_bytes(const Value& jwk, std::string_view name) {
    const auto text = text_of(find(jwk, name));
    return text ? decode_base64url(*text).value_or("") : "";
}

// From parameters to a key that was checked to be one (a point on its curve, say).
EvpKey made_of(const char* type, OSSL_PARAM_BLD* builder) {
    const std::unique_ptr<OSSL_PARAM, FreeParams> params(OSSL_PARAM_BLD_to_param(builder));
    const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> context(
        EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* raw = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    EvpKey key(raw);
    const std::unique_ptr<EVP_PKEY_CTX, FreeKeyContext> check(
        EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    if (!check || EVP_PKEY_public_check(check.get()) != 1) return nullptr;
    return key;
}

EvpKey rsa_key(const Value& jwk) {
    const std::string n = member_bytes(jwk, "n");
    const std::string e = member_bytes(jwk, "e");
    if (n.empty() || n.size() > max_rsa_bits / 8 || e.empty() || e.size() > 8) return nullptr;
    const Number modulus(BN_bin2bn(bytes_of(n), static_cast<int>(n.size()), nullptr));
    const Number exponent(BN_bin2bn(bytes_of(e), static_cast<int>(e.size()), nullptr));
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
    return made_of("RSA", builder.get());
}

EvpKey ec_key(const Value& jwk) {
    const std::string x = member_bytes(jwk, "x");
    const std::string y = member_bytes(jwk, "y");
    if (x.size() != coordinate_bytes || y.size() != coordinate_bytes) return nullptr;
    const std::string point = "\x04" + x + y;
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    return made_of("EC", builder.get());
}

EvpKey ed25519_key(const Value& jwk) {
    const std::string x = member_bytes(jwk, "x");
    if (x.size() != coordinate_bytes) return nullptr;
    return EvpKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
}

// `exp` and `nbf` of a key, where its maker sets them. False: there, and no time.
bool read_time(const Value& jwk, std::string_view name, int64_t* out) {
    const Value* value = find(jwk, name);
    if (value == nullptr) return true;
    if (!value->IsInt64() || value->GetInt64() < 0) return false;
    *out = value->GetInt64();
    return true;
}

bool is_to_verify(const Value& jwk) {
    const Value* use = find(jwk, "use");
    if (use != nullptr && text_of(use) != "sig") return false;
    const Value* operations = find(jwk, "key_ops");
    if (operations == nullptr) return true;
    if (!operations->IsArray()) return false;
    return std::any_of(operations->Begin(), operations->End(),
                       [](const Value& item) { return text_of(&item) == "verify"; });
}

// The key without what is said of it; nothing, with *why.
std::shared_ptr<Key> material(const Value& jwk, bool secrets_allowed, Jwks* set, std::string* why) {
    const std::string_view type = text_of(find(jwk, "kty")).value_or("");
    const std::string_view curve = text_of(find(jwk, "crv")).value_or("");
    if (type == "oct") {
        set->has_secret = true;
        if (secrets_allowed) return Key::of_secret(member_bytes(jwk, "k"), why);
        *why = "is a secret (oct), in a set that others can read";
        return nullptr;
    }
    if (find(jwk, "d") != nullptr) set->has_secret = true;
    EvpKey key = type == "RSA"                         ? rsa_key(jwk)
                 : type == "EC" && curve == "P-256"    ? ec_key(jwk)
                 : type == "OKP" && curve == "Ed25519" ? ed25519_key(jwk)
                                                       : nullptr;
    take_openssl_error();
    if (key) return Key::of_public(std::move(key), why);
    *why = type == "RSA" || type == "EC" || type == "OKP" ? "is no valid key of RSA, P-256 or Ed25519"
                                                          : "is of a kty that no algorithm here uses";
    return nullptr;
}

std::shared_ptr<Key> key_of(const Value& jwk, bool secrets_allowed, Jwks* set, std::string* why) {
    if (!jwk.IsObject()) {
        *why = "is not an object";
        return nullptr;
    }
    if (!is_to_verify(jwk)) {
        *why = "is not for verifying (use, key_ops)";
        return nullptr;
    }
    std::string_view id;
    std::string_view algorithm;
    if (!optional_text(jwk, "kid", &id) || id.size() > max_key_id_bytes ||
        !optional_text(jwk, "alg", &algorithm)) {
        *why = "has a kid or an alg that is no text, or one that is too long";
        return nullptr;
    }
    if (!algorithm.empty() && !algorithm_of(algorithm)) {
        *why = "is for another algorithm than HS256, RS256, ES256 and EdDSA";
        return nullptr;
    }
    std::shared_ptr<Key> key = material(jwk, secrets_allowed, set, why);
    if (!key) return nullptr;
    if (!algorithm.empty() && algorithm != name_of(key->algorithm())) {
        *why = "says another alg than its kty has";
        return nullptr;
    }
    if (!read_time(jwk, "nbf", &key->not_before_s) || !read_time(jwk, "exp", &key->not_after_s)) {
        *why = "has an nbf or exp that is no time";
        return nullptr;
    }
    key->id = id;
    return key;
}

}  // namespace

bool read_jwks(std::string_view text, bool secrets_allowed, Jwks* out, std::string* why) {
    rapidjson::Document document;
    if (!auth::parse_object(text, &document, why)) return false;
    const Value* keys = find(document, "keys");
    if (keys == nullptr || !keys->IsArray()) {
        *why = "has no list named keys: not a JWKS";
        return false;
    }
    if (keys->Size() > max_keys) {
        *why = "has more than " + std::to_string(max_keys) + " keys";
        return false;
    }
    for (rapidjson::SizeType i = 0; i < keys->Size(); ++i) {
        std::string wrong;
        if (std::shared_ptr<Key> key = key_of((*keys)[i], secrets_allowed, out, &wrong)) {
            out->keys.push_back(std::move(key));
        } else {
            out->passed_over.push_back("keys[" + std::to_string(i) + "] " + wrong);
        }
    }
    return true;
}

}  // namespace auth_jwt
