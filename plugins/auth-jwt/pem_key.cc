#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "key_reader.h"

namespace auth_jwt {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const { X509_free(certificate); }
};

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

// Nobody is there to be asked for a passphrase.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

int64_t seconds_of(const ASN1_TIME* time) {
    tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return ::timegm(&parts);
}

std::shared_ptr<Key> key_of_certificate(BIO* bio, std::string* why) {
    const std::unique_ptr<X509, FreeCertificate> certificate(
        PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    if (!certificate) {
        *why = "has a certificate that cannot be read: " + take_openssl_error();
        return nullptr;
    }
    EvpKey key(X509_get_pubkey(certificate.get()));
    if (!key) {
        *why = "has a certificate whose key cannot be read: " + take_openssl_error();
        return nullptr;
    }
    std::shared_ptr<Key> made = Key::of_public(std::move(key), why);
    if (made) {
        made->not_before_s = seconds_of(X509_get0_notBefore(certificate.get()));
        made->not_after_s = seconds_of(X509_get0_notAfter(certificate.get()));
    }
    return made;
}

}  // namespace

bool is_pem(std::string_view text) {
    return contains(text, "-----BEGIN ");
}

std::shared_ptr<Key> key_of_pem(std::string_view text, bool* has_private, std::string* why) {
    *has_private = false;
    if (!is_pem(text)) {
        *why = "is not PEM: it has no line -----BEGIN PUBLIC KEY-----";
        return nullptr;
    }
    const std::unique_ptr<BIO, FreeBio> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    if (contains(text, "-----BEGIN CERTIFICATE-----")) return key_of_certificate(bio.get(), why);
    EvpKey key;
    if (contains(text, "PRIVATE KEY-----")) {
        bool asked = false;
        key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked));
        if (!key && asked) {
            take_openssl_error();
            *why = "has a passphrase; give the public key: openssl pkey -pubout -in KEY -out PUBLIC";
            return nullptr;
        }
        *has_private = key != nullptr;
    } else {
        key.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    }
    if (!key) {
        *why = "has no key that can be read: " + take_openssl_error();
        return nullptr;
    }
    return Key::of_public(std::move(key), why);
}

bool read_key_file(const std::string& path, std::string* text, bool* open_to_all, std::string* why) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *why = "cannot be read: " + std::string(std::strerror(errno));
        return false;
    }
    struct stat about {};
    if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        *why = "is not a file";
    } else {
        *open_to_all = (about.st_mode & S_IROTH) != 0;
        text->resize(max_key_file_bytes + 1);
        size_t size = 0;
        ssize_t got = 0;
        while (size < text->size() && (got = ::read(fd, text->data() + size, text->size() - size)) > 0)
            size += static_cast<size_t>(got);
        if (got < 0) *why = "cannot be read: " + std::string(std::strerror(errno));
        if (size > max_key_file_bytes) *why = "is larger than 256 KiB: no file of keys";
        text->resize(size);
    }
    ::close(fd);
    return why->empty();
}

}  // namespace auth_jwt
