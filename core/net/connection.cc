#include "core/net/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

constexpr size_t max_early_bytes = 64 * 1024;  // behind a request head, while its handshake is decided

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Connection::Connection(Reactor& reactor, int fd, const PeerAddress& peer, uint64_t id)
    : reactor_(reactor), id_(id), peer_(peer), fd_(fd) {}

Connection::~Connection() {
    if (fd_ >= 0) ::close(fd_);
}

// --- reading ---

void Connection::on_events(uint32_t events) {
    if (state_ == State::dead) return;
    if (events & EPOLLOUT) {
        flush();
        reactor_.touch(this);
    }
    if (events & EPOLLIN) {
        read();
    } else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
        end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
        destroy();
    }
}

void Connection::read() {
    const ssize_t size = ::recv(fd_, reactor_.buffer_.get(), reactor_.options_.reactor_buffer_bytes, 0);
    if (size > 0) {
        reactor_.counters_->net.bytes_received.add(static_cast<uint64_t>(size));
        on_bytes(reactor_.buffer_.get(), static_cast<size_t>(size));
        return;
    }
    if (size < 0 && (would_block(errno) || errno == EINTR)) return;
    end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
    destroy();
}

void Connection::on_bytes(char* data, size_t size) {
    if (state_ == State::reading_head) take_head(&data, &size);
    if (state_ == State::open || state_ == State::closing) {
        take_frames(data, size);
    } else if (state_ == State::deciding && size > 0) {
        if (!head_) head_ = std::make_unique<std::string>();
        head_->append(data, size);
        if (head_->size() > max_early_bytes) {
            refuse({400, RejectReason::bad_request, error_body("bad_request", "wait for the handshake's answer"), {}});
        }
    }
}

// Finds the end of the request head; leaves *data behind it.
void Connection::take_head(char** data, size_t* size) {
    static constexpr std::string_view blank_line = "\r\n\r\n";
    const size_t limit = reactor_.options_.max_request_head_bytes;
    std::string_view head(*data, *size);
    size_t end;
    size_t before = 0;  // bytes of the head that came earlier
    if (head_) {
        before = head_->size();
        const size_t search_from = before - std::min<size_t>(before, blank_line.size() - 1);
        head_->append(*data, std::min(*size, limit + blank_line.size()));
        head = *head_;
        end = head.find(blank_line, search_from);
    } else {
        end = head.find(blank_line);
    }
    const size_t head_size = end == std::string_view::npos ? head.size() : end + blank_line.size();
    if (head_size > limit) {
        refuse({431, RejectReason::head_too_big, error_body("too_large", "the request head is over max_request_head_size"), {}});
        return;
    }
    // What cannot become a request (a TLS hello, say) need not be waited for.
    if (head.front() < 'A' || head.front() > 'Z') {
        refuse({400, RejectReason::bad_request, error_body("bad_request", "this is not an HTTP request"), {}});
        return;
    }
    if (end == std::string_view::npos) {
        if (!head_) head_ = std::make_unique<std::string>(head);
        return;
    }
    *data += head_size - before;
    *size -= head_size - before;
    state_ = State::deciding;
    const std::unique_ptr<std::string> collected = std::move(head_);  // owns `head` when it came in pieces
    if (refusing_) {
        refuse({503, refuse_reason_, error_body("full", "the gateway has no room for more connections; try again later"),
                {{"Retry-After", "5"}}});
        return;
    }
    auto request = std::make_unique<HandshakeRequest>();
    Refusal refusal;
    if (!request->parse(head.substr(0, head_size), &refusal)) {
        refuse(refusal);
        return;
    }
    reactor_.service_->on_handshake(*this, std::move(request));
    if (state_ == State::deciding) set_reading(false);
}

void Connection::take_frames(char* data, size_t size) {
    while (size > 0 && (state_ == State::open || state_ == State::closing) && !doomed_) {
        if (assembler_) {
            assemble(&data, &size);
        } else if (!take_whole_frame(&data, &size)) {
            assembler_ = std::make_unique<MessageAssembler>(reactor_.options_, &reactor_.limits_->inbound_memory);
        }
    }
}

// The fast way: a frame that is whole, unfragmented and in the reactor's buffer, read where it lies.
// False: it is not such a frame.
bool Connection::take_whole_frame(char** data, size_t* size) {
    FrameHeader header;
    ProtocolError error;
    const auto result = parse_client_header({*data, *size}, reactor_.options_.max_message_bytes, &header, &error);
    if (result == HeaderResult::error) {
        fail(error);
        return true;
    }
    if (result == HeaderResult::incomplete || *size - header.size < header.length) return false;
    if (!header.fin || header.opcode == Opcode::continuation) return false;
    char* payload = *data + header.size;
    const auto length = static_cast<size_t>(header.length);
    unmask(payload, length, header.mask, 0);
    *data += header.size + length;
    *size -= header.size + length;
    if (header.opcode == Opcode::text && !is_valid_utf8({payload, length})) {
        fail({close_invalid_payload, DisconnectReason::invalid_utf8, "text is not UTF-8"});
        return true;
    }
    on_frame(header.opcode, payload, length);
    return true;
}

void Connection::assemble(char** data, size_t* size) {
    const uint64_t frames_before = assembler_->frames();
    const auto result = assembler_->consume(data, size);
    if (assembler_->frames() != frames_before) received_tick_ = reactor_.wheel_.now_tick();
    switch (result) {
        case MessageAssembler::Result::need_more: return;
        case MessageAssembler::Result::error: fail(assembler_->error()); return;
        case MessageAssembler::Result::message: break;
    }
    // The handler may close this connection; the message must outlive that.
    std::unique_ptr<MessageAssembler> assembler = std::move(assembler_);
    on_frame(assembler->opcode(), assembler->mutable_payload(), assembler->payload().size());
    const bool goes_on = state_ == State::open || state_ == State::closing;
    if (goes_on && !assembler->idle()) assembler_ = std::move(assembler);
}

void Connection::on_frame(Opcode opcode, char* payload, size_t size) {
    received_tick_ = reactor_.wheel_.now_tick();
    switch (opcode) {
        case Opcode::text:
        case Opcode::binary:
            if (state_ == State::open) handler_->on_message(*this, opcode == Opcode::binary, payload, size);
            return;
        case Opcode::ping:
            if (state_ == State::open) {
                std::string pong;
                append_server_header(Opcode::pong, size, &pong);
                pong.append(payload, size);
                push_control(std::move(pong));
            }
            return;
        case Opcode::close: on_close_frame({payload, size}); return;
        case Opcode::pong:
        case Opcode::continuation: return;
    }
}

void Connection::on_close_frame(std::string_view payload) {
    uint16_t code;
    std::string_view text;
    ProtocolError error;
    if (!parse_close_payload(payload, &code, &text, &error)) {
        fail(error);
        return;
    }
    if (state_ == State::open) {
        push_control(close_frame(code, {}));
        end_session(DisconnectReason::client_close, code, text);
    }
    start_linger();
}

void Connection::fail(const ProtocolError& error) {
    if (state_ == State::open) {
        push_control(close_frame(error.code, error.text));
        end_session(error.reason, error.code, error.text);
    }
    start_linger();
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
    if (refusal.status != 0) push_control(refusal_response(refusal));
    head_.reset();
    set_reading(true);
    start_linger();
}

// --- writing ---

void Connection::push(Slice slice) {
    reactor_.counters_->net.queued_bytes.add(slice.length);
    queue_.push(std::move(slice), &reactor_.queue_pool_);
    reactor_.touch(this);
}

void Connection::push_control(std::string frame) {
    Slice slice{BufferRef::make(), 0, static_cast<uint32_t>(frame.size()), 0};
    slice.buffer->bytes = std::move(frame);
    push(std::move(slice));
    if (state_ == State::open && blocked_ && queue_.bytes() > reactor_.options_.max_queue_bytes) {
        close_later(close_try_again_later, "too many control frames waiting", DisconnectReason::slow_client);
    }
}

bool Connection::enqueue(Slice slice) {
    if (!open()) return false;
    const uint32_t messages = slice.messages;
    push(std::move(slice));
    reactor_.counters_->net.messages_sent.add(messages);
    return !over_limits() || relieve(messages);
}

bool Connection::enqueue_now(const Slice* slices, int count, size_t bytes, uint32_t messages) {
    static constexpr int max_iovecs = 64;
    if (!open()) return false;
    if (count > max_iovecs || blocked_ || !queue_.empty()) {
        bool taken = true;
        for (int i = 0; i < count; ++i) taken = enqueue(slices[i]) && taken;
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
    for (int i = 0; i < count; ++i) push(slices[i]);
    consume(static_cast<size_t>(written));
    set_blocked(true);
    return !over_limits() || relieve(messages);
}

bool Connection::over_limits() const {
    return queue_.messages() > reactor_.options_.max_queue_messages || queue_.bytes() > reactor_.options_.max_queue_bytes;
}

// The queue is over its limits: writes first, and if the socket takes no more, the slow-client policy. True:
// the newest `messages` are still in the queue or written.
bool Connection::relieve(uint32_t messages) {
    if (!blocked_) flush();
    if (doomed_) return false;
    if (!blocked_ || !over_limits()) return true;
    const auto action = reactor_.options_.slow_client;
    const size_t before = queue_.bytes();
    uint32_t dropped = 0;
    switch (action) {
        case SlowClientAction::disconnect:
            close_later(close_try_again_later, "slow client: too much was waiting for you", DisconnectReason::slow_client);
            dropped = 1;
            break;
        case SlowClientAction::drop_oldest:
            while (over_limits() && queue_.drop_oldest(&reactor_.queue_pool_)) ++dropped;
            break;
        case SlowClientAction::drop_newest:
            dropped = queue_.drop_newest(reactor_.options_.max_queue_messages, reactor_.options_.max_queue_bytes,
                                         &reactor_.queue_pool_);
            reactor_.counters_->net.messages_sent.sub(std::min(dropped, messages));
            break;
    }
    reactor_.counters_->net.queued_bytes.sub(before - queue_.bytes());
    reactor_.counters_->net.slow_client[static_cast<size_t>(action)].add(dropped);
    log::write_limited(LogLevel::warn, std::string("slow_client.") + name(action), "slow client",
                       {{"action", name(action)},
                        {"connection_id", id_},
                        {"remote_address", peer_.text()},
                        {"waiting_bytes", queue_.bytes()},
                        {"waiting_messages", queue_.messages()}});
    return action == SlowClientAction::drop_oldest || dropped == 0;
}

// Offers the parts to the socket; returns the bytes it took, 0 when it is full, -1 when the connection is
// lost (which is then told at the end of the turn).
ssize_t Connection::write(iovec* parts, int count) {
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = static_cast<size_t>(count);
    ssize_t written;
    do {
        written = count == 1 ? ::send(fd_, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL)
                             : ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    } while (written < 0 && errno == EINTR);
    if (written >= 0) {
        reactor_.counters_->net.bytes_sent.add(static_cast<uint64_t>(written));
        return written;
    }
    if (would_block(errno)) return 0;
    doomed_ = true;
    doomed_reason_ = DisconnectReason::connection_lost;
    reactor_.touch(this);
    return -1;
}

void Connection::consume(size_t written) {
    reactor_.counters_->net.queued_bytes.sub(written);
    queue_.consume(written, &reactor_.queue_pool_);
    if (written > 0) progress_tick_ = reactor_.wheel_.now_tick();
}

void Connection::flush() {
    static constexpr int max_iovecs = 64;
    iovec parts[max_iovecs];
    while (!queue_.empty()) {
        const int count = queue_.gather(parts, max_iovecs);
        size_t offered = 0;
        for (int i = 0; i < count; ++i) offered += parts[i].iov_len;
        const ssize_t written = write(parts, count);
        if (written < 0) return;
        consume(static_cast<size_t>(written));
        if (static_cast<size_t>(written) < offered) {
            set_blocked(true);
            return;
        }
    }
    set_blocked(false);
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

void Connection::end_of_turn() {
    if (state_ == State::dead) return;
    if (state_ == State::open && head_) {  // frames that came before a late accept()
        const std::unique_ptr<std::string> early = std::move(head_);
        take_frames(early->data(), early->size());
    }
    if (doomed_ && doomed_reason_ == DisconnectReason::connection_lost) {
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
        shut_ = true;
        ::shutdown(fd_, SHUT_WR);
    }
}

// --- ending ---

void Connection::close(CloseCode code, std::string_view text, DisconnectReason reason) {
    if (state_ == State::reading_head || state_ == State::deciding) {
        refuse({503, RejectReason::shutdown, error_body("shutting_down", "the gateway is shutting down"), {{"Retry-After", "5"}}});
        return;
    }
    if (state_ != State::open) return;
    if (reason == DisconnectReason::slow_client) {  // what waits will not be read; the close frame may be
        const size_t before = queue_.bytes();
        queue_.drop_newest(0, 0, &reactor_.queue_pool_);
        reactor_.counters_->net.queued_bytes.sub(before - queue_.bytes());
    }
    end_session(reason, code, text);
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

void Connection::destroy() {
    if (state_ == State::dead) return;
    state_ = State::dead;
    reactor_.counters_->net.queued_bytes.sub(queue_.bytes());
    queue_.clear(&reactor_.queue_pool_);
    assembler_.reset();
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
            const uint32_t quiet = left(received_tick_, options.client_timeout_ms);
            const uint32_t ping = left(ping_tick_, options.heartbeat_interval_ms);
            const uint32_t stall = blocked_ ? left(progress_tick_, options.write_stall_timeout_ms) : quiet;
            return std::min({quiet, ping, stall});
        }
        case State::closing: return left(state_tick_, options.close_timeout_ms);
        case State::lingering: return left(state_tick_, options.linger_timeout_ms);
        case State::dead: break;
    }
    return 1;
}

void Connection::on_due() {
    const NetOptions& options = reactor_.options_;
    const uint32_t now = reactor_.wheel_.now_tick();
    const uint32_t deadline = next_deadline();
    if (state_ == State::open) {
        if (now - received_tick_ >= to_ticks(options.client_timeout_ms)) {
            close(close_policy, "timeout: no frame within client_timeout", DisconnectReason::timeout);
            return;
        }
        if (blocked_ && now - progress_tick_ >= to_ticks(options.write_stall_timeout_ms)) {
            end_session(DisconnectReason::slow_client, close_try_again_later, "nothing could be written within write_stall_timeout");
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
    if (state_ == State::reading_head || state_ == State::deciding) {
        refuse({408, RejectReason::timeout, error_body("timeout", "the handshake took longer than handshake_timeout"), {}});
        return;
    }
    destroy();
}

}  // namespace gatewayd
