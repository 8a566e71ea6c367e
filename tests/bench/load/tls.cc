#include "tests/bench/load/tls.h"

#include <openssl/err.h>

#include <cerrno>
#include <stdexcept>

namespace load {

TlsStream::TlsStream(SSL_CTX* context, int fd) : ssl_(SSL_new(context)) {
    if (ssl_ == nullptr || SSL_set_fd(ssl_, fd) != 1) throw std::runtime_error("no TLS connection");
    SSL_set_connect_state(ssl_);
}

TlsStream::~TlsStream() {
    SSL_free(ssl_);
}

TlsStream::Step TlsStream::handshake() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) return Step::done;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ:
            return Step::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return Step::wants_write;
        default:
            return Step::failed;
    }
}

ssize_t TlsStream::receive(char* to, size_t size) {
    // All records that are here, as one recv() takes all bytes.
    size_t taken = 0;
    while (taken < size) {
        ERR_clear_error();
        const int result = SSL_read(ssl_, to + taken, static_cast<int>(size - taken));
        if (result <= 0) return taken > 0 ? static_cast<ssize_t>(taken) : result_of(result);
        taken += static_cast<size_t>(result);
    }
    return static_cast<ssize_t>(taken);
}

ssize_t TlsStream::send(const char* from, size_t size) {
    ERR_clear_error();
    const int result = SSL_write(ssl_, from, static_cast<int>(size));
    return result > 0 ? result : result_of(result);
}

bool TlsStream::has_more() const {
    return SSL_has_pending(ssl_) == 1 || (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0;
}

ssize_t TlsStream::result_of(int result) {
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            errno = EAGAIN;
            return -1;
        case SSL_ERROR_SYSCALL:
            return -1;
        default:
            errno = EPROTO;
            return -1;
    }
}

TlsClient::TlsClient() : context_(SSL_CTX_new(TLS_client_method())) {
    if (context_ == nullptr || SSL_CTX_set_min_proto_version(context_, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256") != 1 ||
        SSL_CTX_set1_groups_list(context_, "X25519") != 1) {
        throw std::runtime_error("no TLS: " + tls_error());
    }
    SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context_, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(context_, 1);  // a record's header and body in one system call
}

TlsClient::~TlsClient() {
    SSL_CTX_free(context_);
}

std::string tls_error() {
    const unsigned long code = ERR_peek_last_error();
    const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
    return reason != nullptr ? reason : "the connection ended";
}

}  // namespace load
