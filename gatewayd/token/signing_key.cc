#include "gatewayd/token/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include <array>
#include <stdexcept>

namespace gatewayd {
namespace {

constexpr size_t min_secret_bytes = 32;
constexpr int min_rsa_bits = 2048;
constexpr int half_bytes = 32;  // of an ES256 signature: r, then s

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeSignature {
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*ud*/) {
    return -1;
}

bool is_p256(const EVP_PKEY* key) {
    std::array<char, 80> name{};
    return EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(),
                                          nullptr) == 1 &&
           std::string_view(name.data()) == "prime256v1";
}

// The name of the algorithm that a key is for; null, with *why: none.
const char* algorithm_of(const EVP_PKEY* key, std::string* why) {
    if (EVP_PKEY_is_a(key, "ED25519")) return "EdDSA";
    if (EVP_PKEY_is_a(key, "EC") && is_p256(key)) return "ES256";
    if (EVP_PKEY_is_a(key, "RSA")) {
        if (EVP_PKEY_get_bits(key) >= min_rsa_bits) return "RS256";
        *why = "is an RSA key of fewer than 2048 bits";
        return nullptr;
    }
    *why = "is neither an RSA, nor a P-256, nor an Ed25519 key";
    return nullptr;
}

// The DER of OpenSSL as the r and s of JWS (RFC 7518 section 3.4).
std::string raw_of(const std::string& der) {
    const unsigned char* at = bytes_of(der);
    const std::unique_ptr<ECDSA_SIG, FreeSignature> signature(
        d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
    std::array<unsigned char, 2 * half_bytes> raw{};
    if (!signature || BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), raw.data(), half_bytes) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), raw.data() + half_bytes, half_bytes) < 0)
        throw std::runtime_error("OpenSSL made a signature that it cannot read");
    return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

}  // namespace

std::optional<SigningKey> SigningKey::of_secret(std::string secret, std::string* why) {
    if (secret.find("-----BEGIN ") != std::string::npos) {
        *why = "is PEM, which is no secret of HS256";
        return std::nullopt;
    }
    if (secret.size() < min_secret_bytes) {
        *why = "has " + std::to_string(secret.size()) + " bytes; HS256 needs at least 32";
        return std::nullopt;
    }
    SigningKey key;
    key.secret_ = std::move(secret);
    return key;
}

std::optional<SigningKey> SigningKey::of_pem(std::string_view text, std::string* why) {
    if (text.find("PRIVATE KEY-----") == std::string_view::npos) {
        *why = "has no private key, and another cannot sign";
        return std::nullopt;
    }
    const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    SigningKey key;
    key.key_.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key.key_) {
        *why = "has a private key that cannot be read, or one with a passphrase";
        return std::nullopt;
    }
    key.algorithm_ = algorithm_of(key.key_.get(), why);
    if (key.algorithm_ == nullptr) return std::nullopt;
    return key;
}

std::string SigningKey::sign(std::string_view bytes) const {
    if (!key_) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
        unsigned int size = 0;
        if (HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes_of(bytes),
                 bytes.size(), mac.data(), &size) == nullptr)
            throw std::runtime_error("OpenSSL cannot sign with the secret");
        return {reinterpret_cast<const char*>(mac.data()), size};
    }
    const bool edwards = EVP_PKEY_is_a(key_.get(), "ED25519");
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    size_t size = 0;
    std::string signature;
    const auto step = [&](unsigned char* out) {
        return EVP_DigestSign(context.get(), out, &size, bytes_of(bytes), bytes.size()) == 1;
    };
    bool good = context &&
                EVP_DigestSignInit(context.get(), nullptr, edwards ? nullptr : EVP_sha256(), nullptr,
                                   key_.get()) == 1 &&
                step(nullptr);
    signature.resize(size);
    good = good && step(reinterpret_cast<unsigned char*>(signature.data()));
    if (!good) throw std::runtime_error("OpenSSL cannot sign with the key");
    signature.resize(size);
    return EVP_PKEY_is_a(key_.get(), "EC") ? raw_of(signature) : signature;
}

}  // namespace gatewayd
