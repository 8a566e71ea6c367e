#include "core/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <chrono>
#include <utility>

namespace gatewayd {
namespace {

constexpr size_t max_name_bytes = 255;
// TLS 1.2: forward secrecy and authenticated encryption alone (RFC 9325 section 4.2). All of TLS 1.3 is so.
constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
// Not the finite fields, in which a client can make a handshake cost a hundred times as much.
constexpr const char* groups = "X25519:P-256:P-384";
// 112 bits: RSA from 2048, no SHA-1 in certificates, whatever the machine's openssl.cnf allows.
constexpr int security_level = 2;

// SSL_CTX_set_tlsext_servername_callback.
int choose_certificate(SSL* ssl, int* /*alert*/, void* argument) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    SSL_CTX* context = static_cast<const TlsContext*>(argument)->find(name);
    if (context != SSL_get_SSL_CTX(ssl) && SSL_set_SSL_CTX(ssl, context) == nullptr)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

// RFC 7301: WebSocket's first request is HTTP/1.1. Who offers only other protocols gets no answer about them
// and may try.
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int size, void* /*argument*/) {
    static constexpr std::string_view http = "http/1.1";
    for (unsigned int at = 0; at < size && at + 1 + offered[at] <= size; at += 1U + offered[at]) {
        const std::string_view protocol(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
        if (protocol != http) continue;
        *out = offered + at + 1;
        *out_size = offered[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

bool set_up(SSL_CTX* context, const TlsOptions& options) {
    const bool only_1_3 = options.min_version == TlsVersion::v1_3;
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // A connection that is at rest owns no buffer; what is offered to write may move between two calls.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_security_level(context, security_level);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    return SSL_CTX_set_min_proto_version(context, only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(context, tls_1_2_ciphers) == 1 &&
           SSL_CTX_set1_groups_list(context, groups) == 1;
}

}  // namespace

TlsContext::~TlsContext() {
    for (SSL_CTX* context : contexts_)
        SSL_CTX_free(context);
}

std::shared_ptr<const TlsContext> TlsContext::load(const TlsOptions& options, TlsTickets* tickets,
                                                   int64_t now_s, TlsProblems* problems) {
    const std::shared_ptr<TlsContext> made(new TlsContext);
    bool fine = !options.certificates.empty();
    for (const TlsFiles& files : options.certificates)
        fine = made->add(options, files, tickets, now_s, problems) && fine;
    ERR_clear_error();
    if (!fine) return nullptr;
    return made;
}

bool TlsContext::add(const TlsOptions& options, const TlsFiles& files, TlsTickets* tickets, int64_t now_s,
                     TlsProblems* problems) {
    TlsCertificate certificate;
    if (!certificate.read(files, now_s, problems)) return false;
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    if (context == nullptr || !set_up(context, options)) {
        SSL_CTX_free(context);
        problems->errors.push_back(files.cert_place + ": OpenSSL cannot make a context: " + take_tls_error());
        return false;
    }
    contexts_.push_back(context);
    tickets->serve(context);
    SSL_CTX_set_tlsext_servername_callback(context, choose_certificate);
    SSL_CTX_set_tlsext_servername_arg(context, this);
    for (const std::string& name : files.names)
        by_name_.emplace(name, context);
    certificates_.push_back(certificate.info());
    return certificate.use_in(context, files, problems);
}

ssl_st* TlsContext::make_ssl() const {
    return SSL_new(contexts_.front());
}

ssl_ctx_st* TlsContext::find(std::string_view name) const {
    SSL_CTX* const fallback = contexts_.front();
    if (by_name_.empty() || name.size() > max_name_bytes) return fallback;
    std::string lower(name);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (!lower.empty() && lower.back() == '.') lower.pop_back();
    if (const auto found = by_name_.find(lower); found != by_name_.end()) return found->second;
    const size_t dot = lower.find('.');
    if (dot == std::string::npos) return fallback;
    const auto found = by_name_.find("*" + lower.substr(dot));
    return found != by_name_.end() ? found->second : fallback;
}

bool TlsSource::load(TlsProblems* problems) {
    const int64_t now_s =
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    std::shared_ptr<const TlsContext> fresh = TlsContext::load(options_, &tickets_, now_s, problems);
    if (!fresh) return false;
    const std::lock_guard lock(mutex_);
    current_.swap(fresh);  // the old one goes with its last connection
    return true;
}

std::shared_ptr<const TlsContext> TlsSource::current() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

}  // namespace gatewayd
