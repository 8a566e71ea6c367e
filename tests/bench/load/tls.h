// The client's side of TLS: 1.3 with one cipher and one group, so that every server does the same work. The
// certificate is not looked at: what a client would do with it costs the server nothing.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_TLS_H
#define GATEWAYD_TESTS_BENCH_LOAD_TLS_H

#include <openssl/ssl.h>
#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

namespace load {

// One connection. receive() and send() are as recv() and send() on a socket that does not block.
class TlsStream {
   public:
    TlsStream(SSL_CTX* context, int fd);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    enum class Step { done, wants_read, wants_write, failed };
    Step handshake();
    ssize_t receive(char* to, size_t size);
    ssize_t send(const char* from, size_t size);
    // Bytes, or the end, that were read from the socket and not received yet: epoll does not tell of them.
    bool has_more() const;

   private:
    ssize_t result_of(int result);

    SSL* ssl_;
};

// What all connections share. Throws std::runtime_error when OpenSSL cannot be used.
class TlsClient {
   public:
    TlsClient();
    ~TlsClient();
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;

    std::unique_ptr<TlsStream> open(int fd) const { return std::make_unique<TlsStream>(context_, fd); }

   private:
    SSL_CTX* context_;
};

// The words for what failed last.
std::string tls_error();

}  // namespace load

#endif
