#include "core/net/reactor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "core/base/log.h"

namespace gatewayd {
namespace {

constexpr int max_events_per_wait = 256;
constexpr int max_waits_per_turn = 8;  // then Asio gets its turn
constexpr int max_accepts_per_event = 64;
// For TLS handshakes between two looks at the sockets: the last one goes to its end, so a wait is longer by
// at most one signature.
constexpr int64_t max_handshake_ns_per_wait = 1'000'000;
constexpr uint32_t max_ticks_per_turn = 5;
constexpr uint32_t max_accept_backoff_ms = 1000;

std::atomic<uint64_t> next_connection_id{1};

}  // namespace

Reactor::Reactor(const NetOptions& options, uint32_t index, NodeLimits* limits, ReactorCounters* counters)
    : options_(options),
      index_(index),
      limits_(limits),
      counters_(counters),
      sockets_(context_),
      tick_timer_(context_),
      accept_timer_(context_),
      buffer_(new char[options.reactor_buffer_bytes]) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    sockets_.assign(epoll_);
    if (options_.deflate.enabled) deflate_ = std::make_unique<ReactorDeflate>(options_.deflate);
}

Reactor::~Reactor() {
    for (Connection* connection : connections_)
        delete connection;
    for (Connection* connection : retired_)
        delete connection;
}

void Reactor::listen(Listener listener) {
    listener_ = std::move(listener);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;  // the listener; connections have theirs
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_.fd(), &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "epoll_ctl");
    }
}

void Reactor::set_tls(const TlsSource* source) {
    tls_source_ = source;
    tls_scratch_ = std::make_unique<TlsScratch>(options_.reactor_buffer_bytes);
}

void Reactor::run() {
    read_clocks();
    next_tick_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(tick_ms);
    wait_for_sockets();
    wait_for_tick();
    context_.run();
}

bool Reactor::post(Letter letter, bool bounded, size_t bytes) {
    {
        const std::lock_guard lock(mailbox_mutex_);
        if (stopped_) return false;
        if (bounded && mailbox_.size() >= options_.max_mailbox_letters) return false;
        if (bounded && mailbox_bytes_ > 0 && mailbox_bytes_ + bytes > options_.max_mailbox_bytes)
            return false;
        mailbox_bytes_ += bytes;
        mailbox_.push_back(std::move(letter));
        if (mailbox_.size() > 1) return true;  // somebody has called already
    }
    boost::asio::post(context_, [this] { mailbox_turn(); });
    return true;
}

void Reactor::stop() {
    {
        const std::lock_guard lock(mailbox_mutex_);
        if (stopped_) return;
        stopped_ = true;  // with the last letter: none that was taken is lost behind it
        mailbox_.emplace_back([this] { context_.stop(); });
        if (mailbox_.size() > 1) return;
    }
    boost::asio::post(context_, [this] { mailbox_turn(); });
}

bool Reactor::stopped() {
    const std::lock_guard lock(mailbox_mutex_);
    return stopped_;
}

void Reactor::wait_for_sockets() {
    sockets_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                            if (error) return;
                            socket_turn();
                            wait_for_sockets();
                        });
}

void Reactor::wait_for_tick() {
    tick_timer_.expires_at(next_tick_);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        tick_turn();
        wait_for_tick();
    });
}

void Reactor::read_clocks() {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME, &now);
    wall_ms_ = now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    monotonic_ns_ = static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

void Reactor::socket_turn() {
    epoll_event events[max_events_per_wait];
    for (int wait = 0; wait < max_waits_per_turn; ++wait) {
        const int count = ::epoll_wait(epoll_, events, max_events_per_wait, 0);
        if (count <= 0) return;
        read_clocks();
        handshake_ns_left_ = max_handshake_ns_per_wait;
        for (int i = 0; i < count; ++i) {
            if (events[i].data.ptr == nullptr) {
                accept_ready();
            } else {
                static_cast<Connection*>(events[i].data.ptr)->on_events(events[i].events);
            }
            if (turn_is_full()) flush_turn();
        }
        end_of_turn();
    }
}

void Reactor::mailbox_turn() {
    {
        const std::lock_guard lock(mailbox_mutex_);
        letters_.swap(mailbox_);
        mailbox_bytes_ = 0;
    }
    read_clocks();
    for (Letter& letter : letters_) {
        letter();
        if (turn_is_full()) flush_turn();
    }
    letters_.clear();
    end_of_turn();
}

// The wheel moves by few ticks at a time, however long ago the last one was: after a pause of the process
// (or a very long turn) the clients' frames wait in their sockets and must be read before anyone is timed
// out.
void Reactor::tick_turn() {
    const auto now = std::chrono::steady_clock::now();
    read_clocks();
    for (uint32_t ticks = 0; next_tick_ <= now; ++ticks) {
        if (ticks == max_ticks_per_turn) {
            next_tick_ = now;
            break;
        }
        next_tick_ += std::chrono::milliseconds(tick_ms);
        service_->on_tick();
        wheel_.tick([](TimerWheel::Node* node) { static_cast<Connection*>(node)->on_due(); });
    }
    if (next_tick_ <= now) next_tick_ = now + std::chrono::milliseconds(tick_ms);
    end_of_turn();
}

void Reactor::flush_turn() {
    service_->on_end_of_turn();
    // Flushing may close connections, whose events may touch others: the list can grow under us.
    for (size_t i = 0; i < touched_.size(); ++i) {
        touched_[i]->touched_ = false;
        touched_[i]->end_of_turn();
        if (i + 1 == touched_.size()) service_->on_end_of_turn();
    }
    touched_.clear();
    if (deflate_) deflate_->end_turn();  // lets go of the buffers that the service may use again
    service_->on_turn_flushed();
}

void Reactor::end_of_turn() {
    flush_turn();
    for (Connection* connection : retired_)
        delete connection;
    retired_.clear();
    if (when_empty_ && connections_.empty()) std::exchange(when_empty_, nullptr)();
}

// --- the listener ---

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

void Reactor::close_all(CloseCode code, const char* static_text, DisconnectReason reason) {
    // Closing touches but never removes: destroy() comes at the end of a turn, or with events.
    for (size_t i = 0; i < connections_.size(); ++i) {
        Connection* connection = connections_[i];
        if (connection->state_ == Connection::State::open) {
            connection->close_later(code, static_text, reason);
        } else {
            connection->close(code, static_text, reason);
        }
    }
}

void Reactor::drop_all(DisconnectReason reason) {
    while (!connections_.empty()) {
        Connection* connection = connections_.back();
        connection->end_session(reason, close_abnormal, "");
        connection->destroy();
    }
    end_of_turn();
}

void Reactor::when_empty(std::function<void()> then) {
    when_empty_ = std::move(then);
}

// --- for Connection ---

void Reactor::touch(Connection* connection) {
    if (connection->touched_) return;
    connection->touched_ = true;
    touched_.push_back(connection);
}

void Reactor::retire(Connection* connection) {
    wheel_.cancel(connection);
    if (connection->refusing_) {
        limits_->end_refusing();
    } else if (!connection->from_proxy_) {
        limits_->leave(connection->remote_);
    } else {
        limits_->leave_unnamed();
        if (connection->counted_) limits_->leave_address(connection->remote_);
    }
    counters_->net.open.sub();
    Connection* last = connections_.back();
    connections_[connection->list_index_] = last;
    last->list_index_ = connection->list_index_;
    connections_.pop_back();
    retired_.push_back(connection);
}

void Reactor::modify_events(Connection* connection, uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection->fd_, &event);
}

}  // namespace gatewayd
