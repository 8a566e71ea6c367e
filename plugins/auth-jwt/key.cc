#include "key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>

#include <array>

namespace auth_jwt {
namespace {

constexpr size_t mac_bytes = 32;
constexpr size_t half_bytes = 32;  // of an ES256 signature: r, then s
constexpr size_t eddsa_bytes = 64;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

// Looked up once: OpenSSL 3 would search its providers at each use.
const EVP_MD* sha256() {
    static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return digest;
}

struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeSignature {
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

bool is_curve_p256(const EVP_PKEY* key) {
    std::array<char, 80> name{};
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                          nullptr) == 1 &&
           std::string_view(name.data()) == "prime256v1";
}

// r and s, 32 bytes each, as the DER that OpenSSL reads. Empty: not of that size, or a half is zero, which
// would verify anything where it is not looked at (CVE-2022-21449).
std::string der_of(std::string_view raw) {
    if (raw.size() != 2 * half_bytes) return {};
    BIGNUM* const r = BN_bin2bn(bytes_of(raw), half_bytes, nullptr);
    BIGNUM* const s = BN_bin2bn(bytes_of(raw) + half_bytes, half_bytes, nullptr);
    const std::unique_ptr<ECDSA_SIG, FreeSignature> signature(ECDSA_SIG_new());
    if (r == nullptr || s == nullptr || !signature || BN_is_zero(r) || BN_is_zero(s) ||
        ECDSA_SIG_set0(signature.get(), r, s) != 1) {
        BN_free(r);
        BN_free(s);
        return {};
    }
    unsigned char* out = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &out);
    if (size <= 0) return {};
    std::string der(reinterpret_cast<char*>(out), static_cast<size_t>(size));
    OPENSSL_free(out);
    return der;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
    switch (algorithm) {
        case Algorithm::hs256:
            return "HS256";
        case Algorithm::rs256:
            return "RS256";
        case Algorithm::es256:
            return "ES256";
        case Algorithm::eddsa:
            return "EdDSA";
    }
    return "";
}

std::optional<Algorithm> algorithm_of(std::string_view name) {
    for (const Algorithm algorithm :
         {Algorithm::hs256, Algorithm::rs256, Algorithm::es256, Algorithm::eddsa}) {
        if (name == name_of(algorithm)) return algorithm;
    }
    return std::nullopt;
}

std::string take_openssl_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return "OpenSSL gave no reason";
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

Key::Key(Algorithm algorithm, std::string secret, EvpKey key)
    : algorithm_(algorithm), secret_(std::move(secret)), key_(std::move(key)) {}

Key::~Key() {
    OPENSSL_cleanse(secret_.data(), secret_.size());
}

std::shared_ptr<Key> Key::of_secret(std::string secret, std::string* why) {
    if (secret.size() < min_secret_bytes) {
        *why = "has " + std::to_string(secret.size()) + " bytes; HS256 needs at least " +
               std::to_string(min_secret_bytes) + ": openssl rand -base64 48 makes one";
        OPENSSL_cleanse(secret.data(), secret.size());
        return nullptr;
    }
    return std::shared_ptr<Key>(new Key(Algorithm::hs256, std::move(secret), nullptr));
}

std::shared_ptr<Key> Key::of_public(EvpKey key, std::string* why) {
    Algorithm algorithm = Algorithm::rs256;
    const int bits = EVP_PKEY_get_bits(key.get());
    if (EVP_PKEY_is_a(key.get(), "RSA")) {
        if (bits < min_rsa_bits || bits > max_rsa_bits) {
            *why = "is an RSA key of " + std::to_string(bits) + " bits; from " +
                   std::to_string(min_rsa_bits) + " to " + std::to_string(max_rsa_bits) + " are taken";
            return nullptr;
        }
    } else if (EVP_PKEY_is_a(key.get(), "EC")) {
        algorithm = Algorithm::es256;
        if (!is_curve_p256(key.get())) {
            *why = "is an EC key of another curve than P-256, the one of ES256";
            return nullptr;
        }
    } else if (EVP_PKEY_is_a(key.get(), "ED25519")) {
        algorithm = Algorithm::eddsa;
    } else {
        *why = "is neither an RSA, nor a P-256, nor an Ed25519 key";
        return nullptr;
    }
    return std::shared_ptr<Key>(new Key(algorithm, {}, std::move(key)));
}

bool Key::verifies_mac(std::string_view bytes, std::string_view signature) const {
    if (signature.size() != mac_bytes) return false;
    std::array<unsigned char, mac_bytes> mac{};
    unsigned int size = 0;
    const unsigned char* made = HMAC(sha256(), secret_.data(), static_cast<int>(secret_.size()),
                                     bytes_of(bytes), bytes.size(), mac.data(), &size);
    return made != nullptr && size == mac_bytes &&
           CRYPTO_memcmp(mac.data(), signature.data(), mac_bytes) == 0;
}

bool Key::verifies(std::string_view bytes, std::string_view signature) const {
    if (algorithm_ == Algorithm::hs256) return verifies_mac(bytes, signature);
    std::string der;
    if (algorithm_ == Algorithm::es256) {
        der = der_of(signature);
        if (der.empty()) return false;
        signature = der;
    } else if (algorithm_ == Algorithm::eddsa && signature.size() != eddsa_bytes) {
        return false;
    } else if (algorithm_ == Algorithm::rs256 &&
               signature.size() != static_cast<size_t>(EVP_PKEY_get_size(key_.get()))) {
        return false;
    }
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    const EVP_MD* digest = algorithm_ == Algorithm::eddsa ? nullptr : sha256();
    const bool good = context &&
                      EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
                      EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(bytes),
                                       bytes.size()) == 1;
    if (!good) ERR_clear_error();
    return good;
}

}  // namespace auth_jwt
