// Connection's way in: bytes to a request head, then to frames.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.h"
#include "core/base/utf8.h"
#include "core/net/connection.h"
#include "core/net/proxy_protocol.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

constexpr size_t max_early_bytes = 64UL * 1024;  // behind a request head, while its handshake is decided

}  // namespace

void Connection::on_events(uint32_t events) {
    if (state_ == State::dead) return;
    if (events & EPOLLOUT) {
        flush();
        reactor_.touch(this);
    }
    if ((events & EPOLLIN) && paused_) {
        set_reading(false);  // not before: most pauses end before more comes
    } else if (events & EPOLLIN) {
        read();
    } else if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
        end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
        destroy();
    }
}

void Connection::read() {
    if (awaits_proxy_header_ && !read_proxy_header()) return;
    if (tls_ && !may_read_tls()) return;
    const ssize_t size = ::recv(fd_, reactor_.buffer_.get(), reactor_.read_bytes_, 0);
    if (size > 0) {
        reactor_.counters_->net.bytes_received.add(static_cast<uint64_t>(size));
        reactor_.read_was_full_ = !tls_ && static_cast<size_t>(size) == reactor_.read_bytes_;
        on_wire_bytes(reactor_.buffer_.get(), static_cast<size_t>(size));
        reactor_.read_was_full_ = false;
        return;
    }
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
    destroy();
}

void Connection::on_wire_bytes(char* data, size_t size) {
    if (tls_) {
        decrypt({data, size});
    } else {
        on_bytes(data, size);
    }
}

void Connection::on_bytes(char* data, size_t size) {
    if (state_ == State::reading_head) take_head(&data, &size);
    if (state_ == State::open || state_ == State::closing) {
        take_frames(data, size);
    } else if (state_ == State::deciding && size > 0) {
        if (!head_) head_ = std::make_unique<std::string>();
        head_->append(data, size);
        if (head_->size() > max_early_bytes) {
            refuse({400,
                    RejectReason::bad_request,
                    error_body("bad_request", "wait for the handshake's answer"),
                    {}});
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
        refuse({431,
                RejectReason::head_too_big,
                error_body("too_large", "the request head is over max_request_head_size"),
                {}});
        return;
    }
    if (looks_like_proxy_protocol(head)) {
        refuse_unexpected_proxy_header();
        return;
    }
    // What cannot become a request need not be waited for.
    if (head.front() < 'A' || head.front() > 'Z') {
        refuse_no_http(head.front());
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
        refuse_full();
        return;
    }
    auto request = std::make_unique<HandshakeRequest>();
    Refusal refusal;
    if (!request->parse(head.substr(0, head_size), &refusal)) {
        refuse(refusal);
        return;
    }
    if (!take_forwarded(*request)) return;
    reactor_.service_->on_handshake(*this, std::move(request));
    if (state_ == State::deciding) set_reading(false);
}

void Connection::refuse_no_http(char first) {
    static constexpr char tls_handshake_record = 0x16;
    if (first == tls_handshake_record && !tls_) {
        log::write_limited(LogLevel::warn, "tls_to_plain",
                           "a client speaks TLS and wsc.tls is not configured",
                           {{"remote_address", remote_.text()},
                            {"hint", "set wsc.tls.cert and wsc.tls.key, or let clients use ws://"}});
    }
    refuse({400, RejectReason::bad_request, error_body("bad_request", "this is not an HTTP request"), {}});
}

void Connection::take_frames(char* data, size_t size) {
    // A connection that close_later() doomed reads on, deaf to messages: the client's close frame is to be
    // found.
    while (size > 0 && !paused_ && (state_ == State::open || state_ == State::closing)) {
        if (assembler_) {
            assemble(&data, &size);
        } else if (!take_whole_frame(&data, &size) && !complete_frame(data, &size)) {
            assembler_ = std::make_unique<MessageAssembler>(reactor_.options_,
                                                            &reactor_.limits_->inbound_memory, deflates());
        }
    }
    if (paused_ && size > 0) hold({data, size});
}

void Connection::pause_reading() {
    if (open()) paused_ = true;
}

void Connection::resume_reading() {
    if (!paused_) return;
    paused_ = false;
    received_tick_ = reactor_.wheel_.now_tick();
    set_reading(true);
    schedule(next_deadline());
    if (held_) reactor_.touch(this);
}

// At most what one read of the reactor's buffer brought, and nothing is read while paused.
void Connection::hold(std::string_view bytes) {
    if (!held_) held_ = std::make_unique<HeldBytes>(&reactor_.limits_->inbound_memory);
    if (held_->append(bytes, reactor_.options_.max_inbound_bytes)) return;
    close_later(close_try_again_later, "max_inbound_memory is used up; send again later",
                DisconnectReason::out_of_memory);
}

// The fast way: a frame that is whole, unfragmented and in the reactor's buffer, read where it lies.
// False: it is not such a frame.
bool Connection::take_whole_frame(char** data, size_t* size) {
    FrameHeader header;
    ProtocolError error;
    const auto result =
        parse_client_header({*data, *size}, reactor_.options_.max_message_bytes, deflates(), &header, &error);
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
    if (header.compressed) {
        on_deflated(header.opcode, {payload, length});
        return true;
    }
    if (header.opcode == Opcode::text && !is_valid_utf8({payload, length})) {
        fail({close_invalid_payload, DisconnectReason::invalid_utf8, "text is not UTF-8"});
        return true;
    }
    on_frame(header.opcode, payload, length);
    return true;
}

// The read ended inside a frame, and there is room for the rest behind it: reads that, and nothing else.
// False: it goes on in an assembler.
bool Connection::complete_frame(const char* data, size_t* size) {
    if (!reactor_.read_was_full_) return false;
    reactor_.read_was_full_ = false;
    FrameHeader header;
    ProtocolError error;
    if (parse_client_header({data, *size}, reactor_.options_.max_message_bytes, deflates(), &header,
                            &error) != HeaderResult::complete)
        return false;
    const size_t used = static_cast<size_t>(data - reactor_.buffer_.get()) + *size;
    const size_t missing = header.size + static_cast<size_t>(header.length) - *size;
    if (!header.fin || header.opcode == Opcode::continuation) return false;
    if (missing > reactor_.options_.reactor_buffer_bytes - used) return false;
    const ssize_t more = ::recv(fd_, reactor_.buffer_.get() + used, missing, 0);
    if (more <= 0) return false;  // what it means is found out by the next read
    reactor_.counters_->net.bytes_received.add(static_cast<uint64_t>(more));
    *size += static_cast<size_t>(more);
    return static_cast<size_t>(more) == missing;
}

void Connection::assemble(char** data, size_t* size) {
    const uint64_t frames_before = assembler_->frames();
    const auto result = assembler_->consume(data, size);
    if (assembler_->frames() != frames_before) received_tick_ = reactor_.wheel_.now_tick();
    switch (result) {
        case MessageAssembler::Result::need_more:
            return;
        case MessageAssembler::Result::error:
            fail(assembler_->error());
            return;
        case MessageAssembler::Result::message:
            break;
    }
    // The handler may close this connection; the message must outlive that.
    std::unique_ptr<MessageAssembler> assembler = std::move(assembler_);
    if (assembler->compressed()) {
        on_deflated(assembler->opcode(), assembler->payload());
    } else {
        on_frame(assembler->opcode(), assembler->mutable_payload(), assembler->payload().size());
    }
    const bool goes_on = state_ == State::open || state_ == State::closing;
    if (goes_on && !assembler->idle()) assembler_ = std::move(assembler);
}

void Connection::on_frame(Opcode opcode, char* payload, size_t size) {
    received_tick_ = reactor_.wheel_.now_tick();
    switch (opcode) {
        case Opcode::text:
        case Opcode::binary:
            if (open()) handler_->on_message(*this, opcode == Opcode::binary, payload, size);
            return;
        case Opcode::ping:
            if (open()) {
                std::string pong;
                append_server_header(Opcode::pong, size, &pong);
                pong.append(payload, size);
                push_control(std::move(pong));
            }
            return;
        case Opcode::close:
            on_close_frame({payload, size});
            return;
        case Opcode::pong:
        case Opcode::continuation:
            return;
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

}  // namespace gatewayd
