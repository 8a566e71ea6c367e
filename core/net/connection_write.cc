// Connection's way out: the queue, its limits and the slow-client policy, the flush.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.h"
#include "core/net/connection.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

constexpr int max_iovecs = 64;  // of one write

}  // namespace

void Connection::push(Slice slice) {
    reactor_.counters_->net.queued_bytes.add(slice.length);
    queue_.push(std::move(slice), &reactor_.queue_pool_);
    reactor_.touch(this);
}

void Connection::push_control(std::string frame) {
    reactor_.counters_->net.queued_bytes.add(frame.size());
    queue_.push_opaque(std::move(frame), &reactor_.queue_pool_);
    reactor_.touch(this);
    if (open() && blocked_ && queue_.bytes() > reactor_.options_.max_queue_bytes) {
        close_later(close_try_again_later, "too many control frames waiting", DisconnectReason::slow_client);
        reactor_.counters_->net.slow_client[static_cast<size_t>(SlowClientAction::disconnect)].add();
    }
}

bool Connection::enqueue(Slice slice) {
    if (!open()) return false;
    if (deflates()) slice = deflated(slice);
    return queue(std::move(slice));
}

bool Connection::enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages) {
    if (!open()) return false;
    if (deflates()) return enqueue_deflated_now(slices, count, messages);
    return write_or_queue(slices, count, bytes, messages);
}

bool Connection::queue(Slice slice) {
    const uint32_t messages = slice.messages;
    if (blocked_ && hopeless(slice)) {
        reactor_.counters_->net.slow_client[static_cast<size_t>(SlowClientAction::drop_newest)].add(messages);
        log_slow(SlowClientAction::drop_newest);
        return false;
    }
    push(std::move(slice));
    reactor_.counters_->net.messages_sent.add(messages);
    return !over_limits() || relieve(messages);
}

bool Connection::write_or_queue(const Slice* slices, int count, size_t bytes, uint32_t messages) {
    if (count > max_iovecs || blocked_ || !queue_.empty()) {
        bool taken = true;
        for (int i = 0; i < count; ++i)
            taken = open() && queue(slices[i]) && taken;
        return taken;
    }
    iovec parts[max_iovecs];
    for (int i = 0; i < count; ++i) {
        parts[i].iov_base = slices[i].buffer->bytes.data() + slices[i].offset;
        parts[i].iov_len = slices[i].length;
    }
    const ssize_t written = write(parts, count);
    if (written < 0) return false;
    reactor_.counters_->net.messages_sent.add(messages);
    if (static_cast<size_t>(written) == bytes) return true;
    for (int i = 0; i < count; ++i)
        push(slices[i]);
    consume(static_cast<size_t>(written));
    set_blocked(true);
    return !over_limits() || relieve(messages);
}

bool Connection::over_limits() const {
    return queue_.messages() > reactor_.options_.max_queue_messages ||
           queue_.bytes() > reactor_.options_.max_queue_bytes;
}

// Not even the first message of the slice has a place, and it is the newest that goes. Without a look at the
// whole queue: in a storm this is asked for every message and client.
bool Connection::hopeless(const Slice& slice) const {
    if (reactor_.options_.slow_client != SlowClientAction::drop_newest) return false;
    return queue_.messages() >= reactor_.options_.max_queue_messages ||
           queue_.bytes() + server_frame_size(slice.view()) > reactor_.options_.max_queue_bytes;
}

// The queue is over its limits: writes first, and if the socket takes no more, the slow-client policy. True:
// the newest `messages` are still in the queue or written.
bool Connection::relieve(uint32_t messages) {
    if (!blocked_) flush();
    if (doomed_) return false;
    if (!blocked_ || !over_limits()) return true;
    const auto action = reactor_.options_.slow_client;
    const size_t before = queue_.bytes();
    const uint32_t droppable = queue_.messages() - (queue_.begun() ? 1 : 0);
    uint32_t dropped = 0;
    switch (action) {
        case SlowClientAction::disconnect:
            close_later(close_try_again_later, "slow client: too much was waiting for you",
                        DisconnectReason::slow_client);
            dropped = 1;
            reactor_.counters_->net.messages_sent.sub(messages);
            break;
        case SlowClientAction::drop_oldest:
            while (over_limits() && queue_.drop_oldest(&reactor_.queue_pool_))
                ++dropped;
            break;
        case SlowClientAction::drop_newest:
            dropped = queue_.drop_newest(reactor_.options_.max_queue_messages,
                                         reactor_.options_.max_queue_bytes, &reactor_.queue_pool_);
            reactor_.counters_->net.messages_sent.sub(std::min(dropped, messages));
            break;
    }
    reactor_.counters_->net.queued_bytes.sub(before - queue_.bytes());
    reactor_.counters_->net.slow_client[static_cast<size_t>(action)].add(dropped);
    log_slow(action);
    if (action == SlowClientAction::drop_oldest && dropped + messages <= droppable) return true;
    return dropped == 0;
}

// The node has no memory for what waits here: all of it goes, but what is partly written.
void Connection::shed() {
    const auto action = reactor_.options_.slow_client;
    uint32_t dropped = 1;
    if (action == SlowClientAction::disconnect) {
        close_later(close_try_again_later, "slow client: max_outbound_memory is used up",
                    DisconnectReason::slow_client);
    } else {
        const size_t before = queue_.bytes();
        dropped = queue_.drop_newest(0, 0, &reactor_.queue_pool_);
        reactor_.counters_->net.queued_bytes.sub(before - queue_.bytes());
    }
    reactor_.counters_->net.slow_client[static_cast<size_t>(action)].add(dropped);
}

// Not each time: during a storm this is the hot path of every connection that is behind.
void Connection::log_slow(SlowClientAction action) {
    static constexpr uint32_t quiet_ms = 10'000;
    const uint32_t now = reactor_.wheel_.now_tick();
    if (slow_logged_ && now - slow_logged_tick_ < to_ticks(quiet_ms)) return;
    slow_logged_ = true;
    slow_logged_tick_ = now;
    log::write_limited(LogLevel::warn, std::string("slow_client.") + name(action), "slow client",
                       {{"action", name(action)},
                        {"connection_id", id_},
                        {"remote_address", remote_.text()},
                        {"waiting_bytes", queue_.bytes()},
                        {"waiting_messages", queue_.messages()},
                        {"hint",
                         "wsc.message_buffer_size and wsc.performance.max_queue_size are the limits, "
                         "slow_client says what happens"}});
}

// Offers the parts to the socket, encrypted when this is TLS; returns the bytes that need no longer be kept,
// 0 when it is full, -1 when the connection is lost (which is then told at the end of the turn).
ssize_t Connection::write(iovec* parts, int count) {
    return tls_ ? write_tls(parts, count) : send_parts(parts, count);
}

ssize_t Connection::send_parts(iovec* parts, int count) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<size_t>(count);
    // The last bytes are followed by a shutdown at once: they leave in one segment with the FIN, a tenth of
    // what a short connection costs.
    const int flags = MSG_NOSIGNAL | (state_ == State::lingering && !shut_ ? MSG_MORE : 0);
    ssize_t written;
    do {
        written = count == 1 ? ::send(fd_, parts[0].iov_base, parts[0].iov_len, flags)
                             : ::sendmsg(fd_, &message, flags);
    } while (written < 0 && errno == EINTR);
    if (written >= 0) {
        reactor_.counters_->net.bytes_sent.add(static_cast<uint64_t>(written));
        return written;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    lose();
    return -1;
}

void Connection::consume(size_t written) {
    reactor_.counters_->net.queued_bytes.sub(written);
    queue_.consume(written, &reactor_.queue_pool_);
    if (written > 0) progress_tick_ = reactor_.wheel_.now_tick();
}

void Connection::flush() {
    if (tls_ && !send_waiting()) return;
    iovec parts[max_iovecs];
    while (!queue_.empty()) {
        const int count = queue_.gather(parts, max_iovecs);
        size_t offered = 0;
        for (int i = 0; i < count; ++i)
            offered += parts[i].iov_len;
        const ssize_t written = write(parts, count);
        if (written < 0) return;
        consume(static_cast<size_t>(written));
        if (static_cast<size_t>(written) < offered) {
            set_blocked(true);
            return;
        }
    }
    set_blocked(tls_ && !tls_->waiting.empty());
}

void Connection::set_blocked(bool blocked) {
    if (blocked_ == blocked) return;
    blocked_ = blocked;
    if (blocked) progress_tick_ = reactor_.wheel_.now_tick();
    update_events();
    if (blocked) schedule(next_deadline());
}

void Connection::set_reading(bool reading) {
    if (reading_ == reading) return;
    reading_ = reading;
    update_events();
}

void Connection::update_events() {
    // Without EPOLLIN a hang-up must still be seen; with it, read() sees it.
    const uint32_t in = reading_ ? EPOLLIN : EPOLLRDHUP;
    reactor_.modify_events(this, in | (blocked_ ? EPOLLOUT : 0U));
}

}  // namespace gatewayd
