// TlsCertificate: a certificate, its chain and its key, read from two PEM files and checked. What is wrong
// with a file is said in words that an operator can act on. Made at start, on SIGHUP and by `gatewayd check`,
// on the control thread; immutable afterwards.
#ifndef GATEWAYD_CORE_NET_TLS_CERTIFICATE_H
#define GATEWAYD_CORE_NET_TLS_CERTIFICATE_H

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// OpenSSL's, which only core/net/tls_* sees.
struct ssl_ctx_st;
struct x509_st;
struct evp_pkey_st;

namespace gatewayd {

// Where a certificate comes from and who is to get it.
struct TlsFiles {
    std::vector<std::string> names;  // that clients ask for, in lower case; empty: the default certificate
    std::string cert;                // paths
    std::string key;
    std::string cert_place;  // what messages begin with: "gateway.yaml:5:11: wsc.tls.cert"
    std::string key_place;
};

// What operators want to know of a certificate in use.
struct TlsCertificateInfo {
    std::string name;         // "default", or the first of its names
    std::string subject;      // "CN = chat.example.com"
    int64_t not_after_s = 0;  // since 1970
};

struct TlsProblems {
    std::vector<std::string> errors;
    std::vector<std::string> warnings;
};

class TlsCertificate {
   public:
    TlsCertificate();
    ~TlsCertificate();
    TlsCertificate(const TlsCertificate&) = delete;
    TlsCertificate& operator=(const TlsCertificate&) = delete;

    // False: not usable, and *problems says why. Warns of what an operator should see: expired, not for
    // these names, a key that anybody may read.
    bool read(const TlsFiles& files, int64_t now_s, TlsProblems* problems);
    // Puts certificate, chain and key into a context. False: OpenSSL does not take it.
    bool use_in(ssl_ctx_st* context, const TlsFiles& files, TlsProblems* problems) const;

    const TlsCertificateInfo& info() const { return info_; }

   private:
    bool read_chain(const TlsFiles& files, TlsProblems* problems);
    bool read_key(const TlsFiles& files, TlsProblems* problems);
    bool check_pair(const TlsFiles& files, TlsProblems* problems) const;
    void check_dates(const TlsFiles& files, int64_t now_s, TlsProblems* problems);
    void check_names(const TlsFiles& files, TlsProblems* problems) const;

    x509_st* own_ = nullptr;
    std::vector<x509_st*> chain_;
    evp_pkey_st* key_ = nullptr;
    TlsCertificateInfo info_;
};

// OpenSSL's last error in plain words; empties its queue. Empty: there is none.
std::string take_tls_error();

}  // namespace gatewayd

#endif
