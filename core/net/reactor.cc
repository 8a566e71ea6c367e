#include "core/net/reactor.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/base/clock.h"
#include "core/base/lane.h"
#include "core/base/log.h"

namespace gatewayd {
namespace {

constexpr int max_waits_per_turn = 8;           // then Asio gets its turn,
constexpr uint64_t turn_budget_ns = 2'000'000;  // and when so much time went by
constexpr int events_per_clock = 8;             // between two looks at the clock
constexpr size_t letters_per_clock = 8;
constexpr uint64_t long_read_ns = 128'000;  // a read that takes longer, on average, is to be smaller
constexpr uint64_t short_read_ns = 32'000;  // and may be larger again
constexpr size_t min_read_bytes = 2UL * 1024;
constexpr size_t max_read_bytes = 64UL * 1024;  // the rest of the buffer is for frames that begin in it
constexpr uint32_t congestion_pause_ms = 1;
constexpr uint32_t max_congestion_pauses = 50;  // in a row
// For TLS handshakes between two looks at the sockets: the last one goes to its end, so a wait is longer by
// at most one signature.
constexpr int64_t max_handshake_ns_per_wait = 1'000'000;
constexpr uint32_t max_ticks_per_turn = 5;

}  // namespace

Reactor::Reactor(const NetOptions& options, uint32_t index, NodeLimits* limits, ReactorCounters* counters)
    : options_(options),
      index_(index),
      limits_(limits),
      counters_(counters),
      sockets_(context_),
      tick_timer_(context_),
      accept_timer_(context_),
      congestion_timer_(context_),
      buffer_(new char[options.reactor_buffer_bytes]),
      read_bytes_(std::min(options.reactor_buffer_bytes, max_read_bytes)) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
    sockets_.assign(epoll_);
    if (options_.deflate.enabled) deflate_ = std::make_unique<ReactorDeflate>(options_.deflate);
    limits_->reactors.fetch_add(1, std::memory_order_relaxed);
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
    current_lane = index_ + 1;
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
        if (bounded && backlog_.load(std::memory_order_relaxed) >= options_.max_mailbox_letters) return false;
        if (bounded && mailbox_bytes_ > 0 && mailbox_bytes_ + bytes > options_.max_mailbox_bytes)
            return false;
        mailbox_bytes_ += bytes;
        limits_->mailbox_bytes.fetch_add(bytes, std::memory_order_relaxed);
        mailbox_.push_back(std::move(letter));
        backlog_.fetch_add(1, std::memory_order_relaxed);
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
        backlog_.fetch_add(1, std::memory_order_relaxed);
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
                            waits_for_ ? wait_for_other(0) : wait_for_sockets();
                        });
}

// Another reactor has more letters from us than it can read: its memory and everybody's patience are
// better spent when our clients' frames wait in their own sockets.
void Reactor::wait_for_other(uint32_t waits) {
    congestion_timer_.expires_after(std::chrono::milliseconds(congestion_pause_ms));
    congestion_timer_.async_wait([this, waits](const boost::system::error_code& error) {
        if (error) return;
        if (waits < max_congestion_pauses && waits_for_->congested()) return wait_for_other(waits + 1);
        waits_for_ = nullptr;
        socket_turn();
        waits_for_ ? wait_for_other(0) : wait_for_sockets();
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
    wall_ms_ = wall_now_ms();
    monotonic_ns_ = monotonic_now_ns();
}

void Reactor::socket_turn() {
    const Pulse::Beat beat(pulse_);
    uint64_t until_ns = 0;
    for (int wait = 0; wait < max_waits_per_turn; ++wait) {
        if (next_ready_ == ready_count_) {
            next_ready_ = 0;
            ready_count_ = std::max(::epoll_wait(epoll_, ready_, max_ready, 0), 0);
            if (ready_count_ == 0) return;
        }
        read_clocks();
        handshake_ns_left_ = max_handshake_ns_per_wait;
        if (wait == 0) until_ns = monotonic_ns_ + turn_budget_ns;
        if (monotonic_ns_ >= until_ns) return;
        const bool goes_on = take_ready(until_ns);
        end_of_turn();
        if (!goes_on) return;
    }
}

// Does what is ready. False: the time is over, or another reactor cannot follow; the rest is done first in
// the next turn.
bool Reactor::take_ready(uint64_t until_ns) {
    uint64_t before_ns = monotonic_ns_;
    uint64_t bytes_before = counters_->net.bytes_received.get();
    int handled = 0;
    while (next_ready_ < ready_count_) {
        const epoll_event event = ready_[next_ready_++];
        if (event.events == 0) continue;  // of a connection that is gone
        if (event.data.ptr == nullptr) {
            accept_ready();
        } else {
            static_cast<Connection*>(event.data.ptr)->on_events(event.events);
        }
        if (turn_is_full()) flush_turn();
        const uint64_t bytes = counters_->net.bytes_received.get() - bytes_before;
        if (++handled < events_per_clock && bytes < min_read_bytes) continue;
        const uint64_t now_ns = monotonic_now_ns();
        adapt_reads(now_ns - before_ns, bytes, static_cast<uint64_t>(handled));
        if (now_ns >= until_ns || waits_for_) return false;
        before_ns = now_ns;
        bytes_before += bytes;
        handled = 0;
    }
    return !waits_for_;
}

// 64 KB of the smallest frames are 10 ms of work, and everybody waits for it. Who sends so much small stuff
// is read in smaller pieces, which costs little: their work is not in the reading.
void Reactor::adapt_reads(uint64_t ns, uint64_t bytes, uint64_t events) {
    if (ns < short_read_ns * events) {
        read_bytes_ = std::min({read_bytes_ * 2, max_read_bytes, options_.reactor_buffer_bytes});
    } else if (ns > long_read_ns * events && bytes > min_read_bytes * events) {
        read_bytes_ = std::max(read_bytes_ * long_read_ns * events / ns, min_read_bytes);
    }
}

void Reactor::mailbox_turn() {
    const Pulse::Beat beat(pulse_);
    if (next_letter_ == letters_.size()) {
        letters_.clear();
        next_letter_ = 0;
        const std::lock_guard lock(mailbox_mutex_);
        letters_.swap(mailbox_);
        forget_letters();
        letters_bytes_ = mailbox_bytes_;
    }
    read_clocks();
    const uint64_t until_ns = monotonic_ns_ + turn_budget_ns;
    const size_t first = next_letter_;
    while (next_letter_ < letters_.size()) {
        std::exchange(letters_[next_letter_++], nullptr)();
        if (turn_is_full()) flush_turn();
        if ((next_letter_ - first) % letters_per_clock == 0 && monotonic_now_ns() >= until_ns) break;
    }
    backlog_.fetch_sub(next_letter_ - first, std::memory_order_relaxed);
    end_of_turn();
    // Our own call, because the one of whoever posted first is used up.
    if (backlog_.load(std::memory_order_relaxed) > 0) {
        boost::asio::post(context_, [this] { mailbox_turn(); });
    } else if (letters_bytes_ > 0) {
        const std::lock_guard lock(mailbox_mutex_);
        forget_letters();
    }
}

// The batch was read. Under mailbox_mutex_.
void Reactor::forget_letters() {
    mailbox_bytes_ -= letters_bytes_;
    limits_->mailbox_bytes.fetch_sub(letters_bytes_, std::memory_order_relaxed);
    letters_bytes_ = 0;
}

// The wheel moves by few ticks at a time, however long ago the last one was: after a pause of the process
// (or a very long turn) the clients' frames wait in their sockets and must be read before anyone is timed
// out.
void Reactor::tick_turn() {
    const Pulse::Beat beat(pulse_);
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
    watch_memory();
    end_of_turn();
}

void Reactor::flush_turn() {
    service_->on_end_of_turn();
    account_output();  // before anybody copies what waits
    // Flushing may close connections, whose events may touch others: the list can grow under us.
    for (size_t i = 0; i < touched_.size(); ++i) {
        touched_[i]->touched_ = false;
        touched_[i]->end_of_turn();
        if (i + 1 == touched_.size()) service_->on_end_of_turn();
    }
    touched_.clear();
    account_output();
    if (deflate_) deflate_->end_turn();  // lets go of the buffers that the service may use again
    service_->on_turn_flushed();
}

void Reactor::end_of_turn() {
    flush_turn();
    for (Connection* connection : retired_) {
        for (int i = next_ready_; i < ready_count_; ++i) {
            if (ready_[i].data.ptr == connection) ready_[i].events = 0;
        }
        delete connection;
    }
    retired_.clear();
    if (when_empty_ && connections_.empty()) std::exchange(when_empty_, nullptr)();
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
