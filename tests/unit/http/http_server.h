// HttpServer: a back end for tests of the HTTP client: a thread for each connection, on which the test's
// handler says byte for byte what happens. Plain, or TLS with a certificate made for the test.
#ifndef GATEWAYD_TESTS_UNIT_HTTP_HTTP_SERVER_H
#define GATEWAYD_TESTS_UNIT_HTTP_HTTP_SERVER_H

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gatewayd::testing {

// One connection, on its thread.
class HttpPeer {
   public:
    HttpPeer(int fd, SSL* ssl, int place) : number(place), fd_(fd), ssl_(ssl) {}

    // The next request: head and body; nothing: the client is gone.
    std::optional<std::string> request() {
        size_t head;
        while ((head = heard_.find("\r\n\r\n")) == std::string::npos) {
            if (!hear()) return std::nullopt;
        }
        const size_t length = content_length(heard_.substr(0, head));
        while (heard_.size() < head + 4 + length) {
            if (!hear()) return std::nullopt;
        }
        std::string whole = heard_.substr(0, head + 4 + length);
        heard_.erase(0, whole.size());
        return whole;
    }
    bool say(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ssl_ ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                      : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }
    bool answer(const std::string& body, const std::string& more = {}) {
        return say("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + more +
                   "\r\n" + body);
    }
    // Returns when the client has closed.
    void wait_for_end() {
        while (hear())
            heard_.clear();
    }
    SSL* ssl() { return ssl_; }

    const int number;  // of the connection, from 1

   private:
    bool hear() {
        char buffer[16384];
        const ssize_t got =
            ssl_ ? SSL_read(ssl_, buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
        if (got <= 0) return false;
        heard_.append(buffer, static_cast<size_t>(got));
        return true;
    }
    static size_t content_length(const std::string& head) {
        const size_t at = head.find("\r\nContent-Length: ");
        return at == std::string::npos ? 0 : std::stoul(head.substr(at + 18));
    }

    const int fd_;
    SSL* const ssl_;
    std::string heard_;
};

class HttpServer {
   public:
    using Handler = std::function<void(HttpPeer&)>;

    explicit HttpServer(Handler handler, const std::string& cert_pem = {}, const std::string& key_file = {},
                        const char* address = "127.0.0.1")
        : handler_(std::move(handler)), address_(address) {
        std::signal(SIGPIPE, SIG_IGN);
        if (!cert_pem.empty()) {
            context_ = SSL_CTX_new(TLS_server_method());
            REQUIRE(SSL_CTX_use_certificate_file(context_, cert_pem.c_str(), SSL_FILETYPE_PEM) == 1);
            REQUIRE(SSL_CTX_use_PrivateKey_file(context_, key_file.c_str(), SSL_FILETYPE_PEM) == 1);
        }
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in place{};
        place.sin_family = AF_INET;
        ::inet_pton(AF_INET, address, &place.sin_addr);
        REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&place), sizeof place) == 0);
        REQUIRE(::listen(listener_, 1024) == 0);
        socklen_t size = sizeof place;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&place), &size);
        port_ = ntohs(place.sin_port);
        acceptor_ = std::thread([this] { accept_all(); });
    }
    ~HttpServer() {
        ending_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        ::close(listener_);
        std::vector<std::thread> threads;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            for (const int fd : open_)
                ::shutdown(fd, SHUT_RDWR);
            threads.swap(threads_);
        }
        for (std::thread& thread : threads)
            thread.join();
        SSL_CTX_free(context_);
    }
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    uint16_t port() const { return port_; }
    int accepted() const { return accepted_; }
    std::string url(const std::string& target = "/", const char* host = nullptr) const {
        return std::string(context_ ? "https://" : "http://") + (host ? host : address_) + ":" +
               std::to_string(port_) + target;
    }

   private:
    void accept_all() {
        for (;;) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            const int number = ++accepted_;
            const std::lock_guard<std::mutex> lock(mutex_);
            if (ending_) {
                ::close(fd);
                return;
            }
            open_.push_back(fd);
            threads_.emplace_back([this, fd, number] { serve(fd, number); });
        }
    }
    void serve(int fd, int number) {
        SSL* ssl = context_ ? SSL_new(context_) : nullptr;
        bool up = true;
        if (ssl) {
            SSL_set_fd(ssl, fd);
            up = SSL_accept(ssl) == 1;
        }
        if (up) {
            HttpPeer peer(fd, ssl, number);
            handler_(peer);
            if (ssl) SSL_shutdown(ssl);
        }
        SSL_free(ssl);
        ERR_clear_error();
        const std::lock_guard<std::mutex> lock(mutex_);
        for (auto at = open_.begin(); at != open_.end(); ++at) {
            if (*at == fd) {
                open_.erase(at);
                break;
            }
        }
        ::close(fd);
    }

    const Handler handler_;
    const char* const address_;
    SSL_CTX* context_ = nullptr;
    int listener_ = -1;
    uint16_t port_ = 0;
    std::atomic<int> accepted_{0};
    std::atomic<bool> ending_{false};
    std::thread acceptor_;
    std::mutex mutex_;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
};

// Answers every request with `body`, for as long as the client likes.
inline HttpServer::Handler always(const std::string& body) {
    return [body](HttpPeer& peer) {
        while (peer.request())
            if (!peer.answer(body)) return;
    };
}

}  // namespace gatewayd::testing

#endif
