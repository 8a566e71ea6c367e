#include "core/net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "core/net/reactor.h"

namespace gatewayd {

Connection::Connection(Reactor& reactor, int fd, const PeerAddress& peer, uint64_t id, bool from_proxy)
    : reactor_(reactor),
      id_(id),
      remote_(peer),
      from_proxy_(from_proxy),
      awaits_proxy_header_(from_proxy && reactor.options().proxy_header == ProxyHeader::proxy_protocol),
      fd_(fd) {}

Connection::~Connection() {
    if (fd_ >= 0) ::close(fd_);
}

// --- the handshake's answer ---

bool Connection::accept(ConnectionHandler* handler, const std::string& response) {
    if (state_ != State::deciding) return false;
    state_ = State::open;
    handler_ = handler;
    received_tick_ = ping_tick_ = state_tick_ = reactor_.wheel_.now_tick();
    push_control(response);
    set_reading(true);
    schedule(next_deadline());
    return true;
}

void Connection::refuse(const Refusal& refusal) {
    if (state_ != State::reading_head && state_ != State::deciding) return;
    reactor_.counters_->net.rejected[static_cast<size_t>(refusal.reason)].add();
    reactor_.service_->on_rejected(*this, refusal.reason, refusal.status);
    // Before TLS is there, nothing can be said that the client would understand.
    const bool can_speak = !tls_ || tls_->established();
    if (refusal.status != 0 && can_speak) push_control(refusal_response(refusal));
    awaits_proxy_header_ = false;
    head_.reset();
    forget_deflate();
    set_reading(true);
    start_linger();
}

// --- the turn ---

void Connection::end_of_turn() {
    if (state_ == State::dead) return;
    if (state_ == State::open && head_) {  // frames that came before a late accept()
        const std::unique_ptr<std::string> early = std::move(head_);
        take_frames(early->data(), early->size());
    }
    if (held_ && !paused_) {
        const std::unique_ptr<HeldBytes> held = std::move(held_);
        if (state_ == State::open || state_ == State::closing) take_frames(held->data(), held->size());
    }
    if (lost()) {
        end_session(doomed_reason_, close_abnormal, "connection lost");
        destroy();
        return;
    }
    if (doomed_) {
        doomed_ = false;
        close(doomed_code_, doomed_text_, doomed_reason_);
    }
    if (!blocked_) flush();
    if (state_ == State::dead) return;
    if (blocked_) queue_.compact(reactor_.options_.write_buffer_bytes);
    if (state_ == State::lingering && queue_.empty() && !shut_) {
        if (tls_ && !say_tls_close()) return;
        shut_ = true;
        ::shutdown(fd_, SHUT_WR);
    }
}

// --- ending ---

void Connection::close(CloseCode code, std::string_view text, DisconnectReason reason) {
    if (state_ == State::reading_head || state_ == State::deciding) {
        refuse({503,
                RejectReason::shutdown,
                error_body("shutting_down", "the gateway is shutting down"),
                {{"Retry-After", "5"}}});
        return;
    }
    if (state_ != State::open) return;
    if (reason == DisconnectReason::slow_client) {  // what waits will not be read; the close frame may be
        const size_t before = queue_.bytes();
        queue_.drop_newest(0, 0, &reactor_.queue_pool_);
        reactor_.counters_->net.queued_bytes.sub(before - queue_.bytes());
    }
    end_session(reason, code, text);
    resume_reading();  // the client's close frame is to be found
    state_ = State::closing;
    state_tick_ = reactor_.wheel_.now_tick();
    push_control(close_frame(code, text));
    schedule(to_ticks(reactor_.options_.close_timeout_ms));
}

void Connection::close_later(CloseCode code, const char* text, DisconnectReason reason) {
    if (doomed_ || state_ == State::dead) return;
    doomed_ = true;
    doomed_code_ = code;
    doomed_text_ = text;
    doomed_reason_ = reason;
    reactor_.touch(this);
}

void Connection::end_session(DisconnectReason reason, uint16_t code, std::string_view text) {
    if (state_ == State::reading_head || state_ == State::deciding) {
        reactor_.counters_->net.rejected[static_cast<size_t>(RejectReason::connection_lost)].add();
        reactor_.service_->on_rejected(*this, RejectReason::connection_lost, 0);
        return;
    }
    ConnectionHandler* handler = handler_;
    handler_ = nullptr;
    deflate_context_.reset();  // no message will need it: what still comes is read past
    if (state_ == State::open) state_ = State::closing;
    if (handler) handler->on_closed(*this, reason, code, text);
}

void Connection::start_linger() {
    state_ = State::lingering;
    state_tick_ = reactor_.wheel_.now_tick();
    assembler_.reset();
    reactor_.touch(this);
    schedule(to_ticks(reactor_.options_.linger_timeout_ms));
}

void Connection::lose() {
    doomed_ = true;
    doomed_reason_ = DisconnectReason::connection_lost;
    reactor_.touch(this);
}

void Connection::destroy() {
    if (state_ == State::dead) return;
    state_ = State::dead;
    if (tls_) forget_tls();
    reactor_.counters_->net.queued_bytes.sub(queue_.bytes());
    queue_.clear(&reactor_.queue_pool_);
    assembler_.reset();
    forget_deflate();
    ::close(fd_);
    fd_ = -1;
    reactor_.retire(this);
}

// --- time ---

void Connection::schedule(uint32_t ticks_from_now) {
    const uint32_t due = reactor_.wheel_.now_tick() + std::max(ticks_from_now, 1U);
    if (scheduled() && static_cast<int32_t>(due_tick - due) <= 0) return;  // looks earlier anyway
    reactor_.wheel_.schedule(this, due);
}

// Ticks from now to the nearest thing that time can ask of this connection.
uint32_t Connection::next_deadline() const {
    const NetOptions& options = reactor_.options_;
    const uint32_t now = reactor_.wheel_.now_tick();
    auto left = [now](uint32_t since, uint32_t limit_ms) {
        const uint32_t passed = now - since;
        const uint32_t limit = to_ticks(limit_ms);
        return passed >= limit ? 0 : limit - passed;
    };
    switch (state_) {
        case State::reading_head:
        case State::deciding:
            return left(state_tick_, refusing_ ? options.linger_timeout_ms : options.handshake_timeout_ms);
        case State::open: {
            const uint32_t quiet = paused_ ? UINT32_MAX : left(received_tick_, options.client_timeout_ms);
            const uint32_t ping = left(ping_tick_, options.heartbeat_interval_ms);
            const uint32_t stall = blocked_ ? left(progress_tick_, options.write_stall_timeout_ms) : quiet;
            return std::min({quiet, ping, stall});
        }
        case State::closing: {
            // Who still takes what was queued before the close frame has the time for it.
            const bool progressed = static_cast<int32_t>(progress_tick_ - state_tick_) > 0;
            return left(progressed ? progress_tick_ : state_tick_, options.close_timeout_ms);
        }
        case State::lingering:
            return left(state_tick_, options.linger_timeout_ms);
        case State::dead:
            break;
    }
    return 1;
}

void Connection::on_due() {
    const NetOptions& options = reactor_.options_;
    const uint32_t now = reactor_.wheel_.now_tick();
    const uint32_t deadline = next_deadline();
    if (state_ == State::open) {
        if (!paused_ && now - received_tick_ >= to_ticks(options.client_timeout_ms)) {
            close(close_policy, "timeout: no frame within client_timeout", DisconnectReason::timeout);
            return;
        }
        if (blocked_ && now - progress_tick_ >= to_ticks(options.write_stall_timeout_ms)) {
            end_session(DisconnectReason::slow_client, close_try_again_later,
                        "nothing could be written within write_stall_timeout");
            destroy();
            return;
        }
        if (now - ping_tick_ >= to_ticks(options.heartbeat_interval_ms)) {
            ping_tick_ = now;
            std::string ping;
            append_server_header(Opcode::ping, 0, &ping);
            push_control(std::move(ping));
        }
        schedule(next_deadline());
        return;
    }
    if (deadline > 0) {
        schedule(deadline);
        return;
    }
    if (awaits_proxy_header_) {
        refuse_proxy_header("there was none within handshake_timeout");
        return;
    }
    if (state_ == State::reading_head || state_ == State::deciding) {
        refuse({408,
                RejectReason::timeout,
                error_body("timeout", "the handshake took longer than handshake_timeout"),
                {}});
        return;
    }
    destroy();
}

}  // namespace gatewayd
