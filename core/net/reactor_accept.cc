// Reactor's way in: accepts connections and lets them in, or waits when there are no descriptors.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/log.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

constexpr int max_accepts_per_event = 16;
constexpr uint32_t max_accept_backoff_ms = 1000;

std::atomic<uint64_t> next_connection_id{1};

}  // namespace

void Reactor::accept_ready() {
    for (int i = 0; i < max_accepts_per_event; ++i) {
        sockaddr_storage address;
        socklen_t size = sizeof address;
        const int fd = ::accept4(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            accept_backoff_ms_ = 0;
            adopt(fd, PeerAddress::from(address));
            if (accepting_paused_) return;
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            pause_accepting(errno);
            return;
        }
        // The rest (ECONNABORTED, network errors of the peer) concerns that one connection alone.
    }
}

void Reactor::adopt(int fd, const PeerAddress& peer) {
    bool refusing = false;
    auto reason = RejectReason::node_full;
    const bool from_proxy = !options_.trusted_proxies.empty() && contains(options_.trusted_proxies, peer);
    switch (from_proxy ? limits_->admit_unnamed() : limits_->admit(peer)) {
        case NodeLimits::Admission::admitted:
            break;
        case NodeLimits::Admission::node_full:
            refusing = true;
            break;
        case NodeLimits::Admission::address_full:
            refusing = true;
            reason = RejectReason::address_full;
            break;
    }
    if (refusing && !limits_->begin_refusing()) {
        counters_->net.rejected[static_cast<size_t>(reason)].add();
        ::close(fd);
        return;
    }
    auto* connection = new Connection(*this, fd, peer,
                                      next_connection_id.fetch_add(1, std::memory_order_relaxed), from_proxy);
    connection->refusing_ = refusing;
    connection->refuse_reason_ = reason;
    connection->state_tick_ = wheel_.now_tick();
    connection->list_index_ = static_cast<uint32_t>(connections_.size());
    connections_.push_back(connection);
    counters_->net.accepted.add();
    counters_->net.open.add();
    if (tls_source_)
        connection->tls_ = std::make_unique<TlsStream>(tls_source_->current(), tls_scratch_.get());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = connection;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {  // no memory, or too many watches
        const int error = errno;
        connection->end_session(DisconnectReason::connection_lost, close_abnormal, "");
        connection->destroy();
        pause_accepting(error);
        return;
    }
    connection->schedule(connection->next_deadline());
    // TCP_DEFER_ACCEPT: the request is here already, nearly always.
    connection->read();
}

// Out of descriptors or memory: the backlog keeps the newcomers while we wait for some to come free.
void Reactor::pause_accepting(int error) {
    counters_->net.accept_errors.add();
    accept_backoff_ms_ = std::clamp(accept_backoff_ms_ * 2, 50U, max_accept_backoff_ms);
    log::write_limited(LogLevel::error, "accept",
                       "cannot accept connections for now; they wait in the backlog",
                       {{"error", std::strerror(error)},
                        {"connections", connections_.size()},
                        {"hint", "raise the limit of open files (ulimit -n, LimitNOFILE=)"}});
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_.fd(), nullptr);
    accepting_paused_ = true;
    accept_timer_.expires_after(std::chrono::milliseconds(accept_backoff_ms_));
    accept_timer_.async_wait([this](const boost::system::error_code& error_code) {
        if (!error_code) resume_accepting();
    });
}

void Reactor::resume_accepting() {
    if (!accepting_paused_ || listener_.fd() < 0) return;
    accepting_paused_ = false;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_.fd(), &event);
}

void Reactor::stop_accepting() {
    accept_timer_.cancel();
    listener_.close();
}

}  // namespace gatewayd
