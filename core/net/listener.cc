#include "core/net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace gatewayd {
namespace {

constexpr int listen_backlog_connections = 4096;  // the kernel cuts it to net.core.somaxconn

[[noreturn]] void fail(const std::string& what) {
    throw ListenError(what + ": " + std::strerror(errno));
}

void set_option(int fd, int level, int option, int value, const char* what) {
    if (setsockopt(fd, level, option, &value, sizeof value) != 0) fail(what);
}

socklen_t make_address(const std::string& ip, uint16_t port, sockaddr_storage* out) {
    std::memset(out, 0, sizeof *out);
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        std::memcpy(out, &v4, sizeof v4);
        return sizeof v4;
    }
    if (inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        std::memcpy(out, &v6, sizeof v6);
        return sizeof v6;
    }
    throw ListenError("\"" + ip + "\" is not an IP address");
}

int make_socket(const sockaddr_storage& address) {
    const int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) fail("socket");
    return fd;
}

}  // namespace

Listener::Listener(Listener&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Listener::~Listener() {
    close();
}

void Listener::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

Listener Listener::open(const std::string& ip, uint16_t port, uint32_t defer_accept_s) {
    sockaddr_storage address;
    const socklen_t size = make_address(ip, port, &address);
    Listener listener(make_socket(address));
    const int fd = listener.fd_;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");  // accepted sockets inherit it
    if (defer_accept_s > 0) {
        set_option(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, static_cast<int>(defer_accept_s), "TCP_DEFER_ACCEPT");
    }
    if (address.ss_family == AF_INET6) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
    if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) fail("bind");
    if (::listen(fd, listen_backlog_connections) != 0) fail("listen");
    return listener;
}

void Listener::check_free(const std::string& ip, uint16_t port) {
    sockaddr_storage address;
    const socklen_t size = make_address(ip, port, &address);
    const Listener probe(make_socket(address));
    set_option(probe.fd_, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");  // old connections do not matter
    if (bind(probe.fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0) fail("bind");
}

uint16_t Listener::port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
    sockaddr_in v4;
    sockaddr_in6 v6;
    std::memcpy(&v4, &address, sizeof v4);
    std::memcpy(&v6, &address, sizeof v6);
    return ntohs(address.ss_family == AF_INET6 ? v6.sin6_port : v4.sin_port);
}

}  // namespace gatewayd
