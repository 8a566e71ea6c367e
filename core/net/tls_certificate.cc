#include "core/net/tls_certificate.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace gatewayd {
namespace {

constexpr size_t max_pem_file_bytes = 1024UL * 1024;
constexpr size_t max_chain_certificates = 32;

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

BioPtr bio_of(std::string_view text) {
    return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// The text of a file. Empty result: *why says what is wrong.
std::string read_pem_file(const std::string& path, bool* readable_by_all, std::string* why) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *why = "cannot be read: " + std::string(std::strerror(errno));
        return {};
    }
    struct stat about {};
    std::string text;
    if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        *why = "is not a file";
    } else if (static_cast<size_t>(about.st_size) > max_pem_file_bytes) {
        *why = "is larger than 1 MiB: no PEM file";
    } else {
        *readable_by_all = (about.st_mode & S_IROTH) != 0;
        text.resize(max_pem_file_bytes);
        size_t size = 0;
        ssize_t got = 0;
        while (size < text.size() && (got = ::read(fd, text.data() + size, text.size() - size)) > 0)
            size += static_cast<size_t>(got);
        text.resize(size);
        if (got < 0) *why = "cannot be read: " + std::string(std::strerror(errno));
        if (got == 0 && size == 0) *why = "is empty";
    }
    ::close(fd);
    if (!why->empty()) text.clear();
    return text;
}

// Why a text without the wanted block has none.
std::string without_block(std::string_view text, bool key_wanted) {
    const std::string wanted = key_wanted ? "private key" : "certificate";
    const std::string mark = key_wanted ? "-----BEGIN PRIVATE KEY-----" : "-----BEGIN CERTIFICATE-----";
    const bool has_key = contains(text, "PRIVATE KEY-----");
    const bool has_certificate = contains(text, "-----BEGIN CERTIFICATE-----");
    if (key_wanted && has_certificate)
        return "holds a certificate and no private key; are cert and key swapped?";
    if (!key_wanted && has_key) return "holds a private key and no certificate; are cert and key swapped?";
    if (text.size() > 4 && static_cast<unsigned char>(text[0]) == 0x30 &&
        static_cast<unsigned char>(text[1]) >= 0x80) {
        return "is DER, not PEM; convert it: openssl " + std::string(key_wanted ? "pkey" : "x509") +
               " -inform der -in FILE -out FILE.pem";
    }
    if (!contains(text, "-----BEGIN ")) return "is not PEM: it has no line " + mark;
    return "has no " + wanted + ": no line " + mark;
}

std::string date_text(int64_t seconds) {
    const auto time = static_cast<time_t>(seconds);
    tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return text.data();
}

int64_t seconds_of(const ASN1_TIME* time) {
    tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return ::timegm(&parts);
}

std::string subject_of(const X509* certificate) {
    const BioPtr out(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(out.get(), X509_get_subject_name(certificate), 0,
                       XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string("(no subject)");
}

// Nobody is there to be asked for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

}  // namespace

std::string take_tls_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return {};
    const char* reason = ERR_reason_error_string(code);
    return reason != nullptr ? reason : "OpenSSL error " + std::to_string(code);
}

TlsCertificate::TlsCertificate() = default;

TlsCertificate::~TlsCertificate() {
    X509_free(own_);
    for (X509* certificate : chain_)
        X509_free(certificate);
    EVP_PKEY_free(key_);
}

bool TlsCertificate::read(const TlsFiles& files, int64_t now_s, TlsProblems* problems) {
    ERR_clear_error();
    // Both files, also when the first is wrong: an operator wants to see all that is.
    const bool chain_read = read_chain(files, problems);
    const bool key_read = read_key(files, problems);
    if (!chain_read || !key_read || !check_pair(files, problems)) return false;
    check_dates(files, now_s, problems);
    check_names(files, problems);
    info_.name = files.names.empty() ? "default" : files.names.front();
    info_.subject = subject_of(own_);
    return true;
}

bool TlsCertificate::read_chain(const TlsFiles& files, TlsProblems* problems) {
    const auto fail = [&](const std::string& why) {
        problems->errors.push_back(files.cert_place + ": " + files.cert + " " + why);
        ERR_clear_error();
        return false;
    };
    std::string why;
    bool readable_by_all = false;
    const std::string text = read_pem_file(files.cert, &readable_by_all, &why);
    if (!why.empty()) return fail(why);
    if (!contains(text, "-----BEGIN CERTIFICATE-----") &&
        !contains(text, "-----BEGIN TRUSTED CERTIFICATE-----"))
        return fail(without_block(text, false));
    const BioPtr bio = bio_of(text);
    own_ = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr);
    if (own_ == nullptr) return fail("has a certificate that cannot be read: " + take_tls_error());
    for (;;) {
        X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
        if (next == nullptr) break;
        chain_.push_back(next);
        if (chain_.size() > max_chain_certificates) return fail("has more than 32 certificates");
    }
    const unsigned long error = ERR_peek_last_error();
    if (ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
        return fail("has a certificate that cannot be read, the " + std::to_string(chain_.size() + 2) +
                    ". of the file: " + take_tls_error());
    }
    ERR_clear_error();
    return true;
}

bool TlsCertificate::read_key(const TlsFiles& files, TlsProblems* problems) {
    const auto fail = [&](const std::string& why) {
        problems->errors.push_back(files.key_place + ": " + files.key + " " + why);
        ERR_clear_error();
        return false;
    };
    std::string why;
    bool readable_by_all = false;
    std::string text = read_pem_file(files.key, &readable_by_all, &why);
    if (!why.empty()) return fail(why);
    if (!contains(text, "PRIVATE KEY-----")) return fail(without_block(text, true));
    bool asked = false;
    {
        const BioPtr bio = bio_of(text);
        key_ = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked);
    }
    OPENSSL_cleanse(text.data(), text.size());
    if (asked) {
        return fail(
            "is encrypted with a passphrase, which gatewayd cannot ask for; decrypt it: openssl pkey -in "
            "FILE "
            "-out FILE.plain");
    }
    if (key_ == nullptr) return fail("has a private key that cannot be read: " + take_tls_error());
    if (readable_by_all) {
        problems->warnings.push_back(files.key_place + ": " + files.key +
                                     " can be read by every user of this machine; chmod o-r it");
    }
    return true;
}

bool TlsCertificate::check_pair(const TlsFiles& files, TlsProblems* problems) const {
    if (X509_check_private_key(own_, key_) == 1) return true;
    ERR_clear_error();
    std::string why = " is not the key of the certificate in " + files.cert + " (" + subject_of(own_) + ")";
    for (size_t i = 0; i < chain_.size(); ++i) {
        if (X509_check_private_key(chain_[i], key_) != 1) continue;
        why = " is the key of the " + std::to_string(i + 2) + ". certificate in " + files.cert +
              "; the server's own must be the first, its chain behind it";
    }
    ERR_clear_error();
    problems->errors.push_back(files.key_place + ": " + files.key + why);
    return false;
}

void TlsCertificate::check_dates(const TlsFiles& files, int64_t now_s, TlsProblems* problems) {
    const int64_t begin_s = seconds_of(X509_get0_notBefore(own_));
    info_.not_after_s = seconds_of(X509_get0_notAfter(own_));
    const std::string who = files.cert_place + ": " + files.cert + " (" + subject_of(own_) + ") ";
    if (info_.not_after_s < now_s) {
        problems->warnings.push_back(who + "expired on " + date_text(info_.not_after_s) +
                                     "; clients will refuse it");
    } else if (begin_s > now_s) {
        problems->warnings.push_back(who + "is not valid before " + date_text(begin_s) +
                                     "; clients will refuse it until then, or this machine's clock is wrong");
    }
    for (size_t i = 0; i < chain_.size(); ++i) {
        const int64_t end_s = seconds_of(X509_get0_notAfter(chain_[i]));
        if (end_s >= now_s) continue;
        problems->warnings.push_back(files.cert_place + ": " + files.cert + ": the " + std::to_string(i + 2) +
                                     ". certificate (" + subject_of(chain_[i]) + ") expired on " +
                                     date_text(end_s));
    }
}

void TlsCertificate::check_names(const TlsFiles& files, TlsProblems* problems) const {
    for (const std::string& name : files.names) {
        // What a client would ask for that the wildcard stands for.
        const std::string asked = name.substr(0, 2) == "*." ? "any" + name.substr(1) : name;
        if (X509_check_host(own_, asked.data(), asked.size(), 0, nullptr) == 1) continue;
        problems->warnings.push_back(files.cert_place + ": " + files.cert + " (" + subject_of(own_) +
                                     ") is not for " + name + "; clients will refuse it");
    }
    ERR_clear_error();
}

bool TlsCertificate::use_in(ssl_ctx_st* context, const TlsFiles& files, TlsProblems* problems) const {
    ERR_clear_error();
    const auto fail = [&](const std::string& place, const std::string& file) {
        const int reason = ERR_GET_REASON(ERR_peek_last_error());
        std::string why = take_tls_error();
        if (reason == SSL_R_EE_KEY_TOO_SMALL || reason == SSL_R_CA_KEY_TOO_SMALL) {
            why = "has a key of " + std::to_string(EVP_PKEY_get_bits(key_)) +
                  " bits, which is too weak; RSA needs 2048, EC 224";
        } else if (reason == SSL_R_CA_MD_TOO_WEAK) {
            why = "is signed with a hash that is too weak; it must be SHA-256 or better";
        } else {
            why = "is not taken by OpenSSL: " + why;
        }
        problems->errors.push_back(place + ": " + file + " " + why);
        return false;
    };
    if (SSL_CTX_use_certificate(context, own_) != 1) return fail(files.cert_place, files.cert);
    for (X509* certificate : chain_) {
        if (SSL_CTX_add1_chain_cert(context, certificate) != 1) return fail(files.cert_place, files.cert);
    }
    if (SSL_CTX_use_PrivateKey(context, key_) != 1) return fail(files.key_place, files.key);
    return true;
}

}  // namespace gatewayd
