// Certificates and keys for tests, made when they run: no key is kept anywhere.
#ifndef GATEWAYD_TESTS_SUPPORT_CERTIFICATE_MAKER_H
#define GATEWAYD_TESTS_SUPPORT_CERTIFICATE_MAKER_H

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <string>
#include <vector>

namespace gatewayd::testing {

class MadeKey {
   public:
    static MadeKey ec() { return MadeKey(EVP_EC_gen("P-256")); }
    static MadeKey rsa(unsigned bits) { return MadeKey(EVP_RSA_gen(bits)); }
    ~MadeKey() { EVP_PKEY_free(key_); }
    MadeKey(const MadeKey&) = delete;
    MadeKey& operator=(const MadeKey&) = delete;
    MadeKey(MadeKey&& other) noexcept : key_(other.key_) { other.key_ = nullptr; }

    EVP_PKEY* get() const { return key_; }
    std::string pem(const char* passphrase = nullptr) const {
        BIO* out = BIO_new(BIO_s_mem());
        REQUIRE(PEM_write_bio_PKCS8PrivateKey(out, key_, passphrase ? EVP_aes_128_cbc() : nullptr, nullptr, 0,
                                              nullptr, const_cast<char*>(passphrase)) == 1);
        return text_of(out);
    }
    static std::string text_of(BIO* out) {
        char* data = nullptr;
        const long size = BIO_get_mem_data(out, &data);
        std::string text(data, static_cast<size_t>(size));
        BIO_free(out);
        return text;
    }

   private:
    explicit MadeKey(EVP_PKEY* key) : key_(key) { REQUIRE(key_ != nullptr); }
    EVP_PKEY* key_;
};

// A certificate that signs itself, valid from `begin_s` to `end_s` seconds from now.
inline std::string make_certificate(const MadeKey& key, const std::string& name,
                                    const std::vector<std::string>& names = {}, long begin_s = -60,
                                    long end_s = 3600) {
    X509* made = X509_new();
    REQUIRE(made != nullptr);
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), begin_s);
    X509_gmtime_adj(X509_getm_notAfter(made), end_s);
    X509_NAME* subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made, subject);
    std::string alternatives = "DNS:" + name;
    for (const std::string& other : names)
        alternatives += ",DNS:" + other;
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, alternatives.c_str());
    REQUIRE(extension != nullptr);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
    X509_set_pubkey(made, key.get());
    REQUIRE(X509_sign(made, key.get(), EVP_sha256()) > 0);
    BIO* out = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(out, made);
    X509_free(made);
    return MadeKey::text_of(out);
}

inline void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

}  // namespace gatewayd::testing

#endif
