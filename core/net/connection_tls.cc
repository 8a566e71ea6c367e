// Connection on TLS: what came from the socket is decrypted on its way to on_bytes(), what is written is
// encrypted on its way to the socket. The queue holds plain bytes; they leave it when they are encrypted.
#include <algorithm>
#include <utility>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/net/connection.h"
#include "core/net/proxy_protocol.h"
#include "core/net/reactor.h"

namespace gatewayd {
namespace {

// Beyond a flight there waits what the protocol itself answers; who makes us answer and does not read is cut.
constexpr size_t max_waiting_bytes = 4 * TlsScratch::max_flight_bytes;

bool looks_like_http(char first) {
    return first >= 'A' && first <= 'Z';
}

}  // namespace

// A key exchange costs a hundred times what a message costs. When a wait's time for them is over, the others
// stay unread in their sockets until the next one.
bool Connection::may_read_tls() const {
    return tls_->established() || reactor_.handshake_ns_left_ > 0;
}

void Connection::decrypt(std::string_view data) {
    if (state_ == State::lingering || tls_->failed()) return;  // only the end of the stream is awaited
    if (!tls_->begun() && refuse_not_tls(data)) return;
    for (;;) {
        const bool shaking = !tls_->established();
        const uint64_t began_ns = shaking ? monotonic_now_ns() : 0;
        char* plain = nullptr;
        size_t plain_size = 0;
        const TlsStream::Step step = tls_->step(&data, &plain, &plain_size);
        if (shaking) reactor_.handshake_ns_left_ -= static_cast<int64_t>(monotonic_now_ns() - began_ns);
        send_output();
        switch (step) {
            case TlsStream::Step::need_more:
                return;
            case TlsStream::Step::established:
                count_tls_handshake();
                break;
            case TlsStream::Step::plain:
                on_bytes(plain, plain_size);
                if (state_ == State::dead || state_ == State::lingering) return;
                break;
            case TlsStream::Step::end:
                end_of_tls();
                return;
            case TlsStream::Step::failed:
                fail_tls();
                return;
        }
    }
}

void Connection::count_tls_handshake() {
    NetCounters& net = reactor_.counters_->net;
    const auto version = static_cast<size_t>(tls_->version());
    (tls_->resumed() ? net.tls_resumed : net.tls_full)[version].add();
    net.tls_open[version].add();
}

// The client said that it sends no more; what it is owed goes out first.
void Connection::end_of_tls() {
    end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
    flush();
    tls_->say_close();
    send_output();
    destroy();
}

void Connection::fail_tls() {
    if (!tls_->established()) {
        refuse_tls(0, tls_->error(), {});
        return;
    }
    log::write_limited(LogLevel::info, "tls_broken", "a TLS connection broke",
                       {{"connection_id", id_}, {"remote_address", remote_.text()}, {"why", tls_->error()}});
    end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost: " + tls_->error());
    destroy();
}

// The first bytes: what is plain is answered in plain. False: it may be TLS.
bool Connection::refuse_not_tls(std::string_view data) {
    const bool proxy_header = looks_like_proxy_protocol(data);
    if (!proxy_header && !looks_like_http(data.front())) return false;
    tls_.reset();
    if (proxy_header) {
        refuse_unexpected_proxy_header();
        return true;
    }
    refuse_tls(400, "a plain HTTP request; clients must use wss://",
               error_body("tls_required", "this port speaks TLS: use wss:// instead of ws://"));
    return true;
}

void Connection::refuse_tls(int status, const std::string& why, std::string body) {
    reactor_.counters_->net.tls_failed.add();
    log::write_limited(LogLevel::warn, "tls_handshake." + why, "TLS handshake refused",
                       {{"why", why}, {"remote_address", remote_.text()}});
    refuse({status, RejectReason::tls_handshake, std::move(body), {}});
}

// --- the way out ---

// As send_parts(); the bytes it returns are in the socket or wait encrypted.
ssize_t Connection::write_tls(iovec* parts, int count) {
    if (!send_waiting()) return lost() ? -1 : 0;
    size_t taken = 0;
    while (count > 0) {
        const size_t step = tls_->encrypt(&parts, &count);
        taken += step;
        if (tls_->failed()) {
            lose();
            return -1;
        }
        if (!send_output()) break;
    }
    return lost() ? -1 : static_cast<ssize_t>(taken);
}

// Sends what the stream wrote; keeps what the socket does not take. False: something waits, or the
// connection is lost.
bool Connection::send_output() {
    const std::string_view output = tls_->output();
    size_t sent = 0;
    if (tls_->waiting.empty()) {
        if (output.empty()) return true;
        iovec part{const_cast<char*>(output.data()), output.size()};
        const ssize_t written = send_parts(&part, 1);
        if (written > 0) progress_tick_ = reactor_.wheel_.now_tick();
        sent = written > 0 ? static_cast<size_t>(written) : 0;
        if (written < 0 || sent == output.size()) {
            tls_->clear_output();
            return written >= 0;
        }
    }
    const size_t left = output.size() - sent;
    if (tls_->waiting.size() + left > max_waiting_bytes) {
        tls_->clear_output();
        lose();
        return false;
    }
    tls_->waiting.append(output.substr(sent));
    tls_->clear_output();
    reactor_.counters_->net.queued_bytes.add(left);
    set_blocked(true);
    return false;
}

// What the socket did not take before. True: nothing is left of it.
bool Connection::send_waiting() {
    std::string& waiting = tls_->waiting;
    if (waiting.empty()) return true;
    iovec part{waiting.data(), waiting.size()};
    const ssize_t sent = send_parts(&part, 1);
    if (sent <= 0) return false;
    progress_tick_ = reactor_.wheel_.now_tick();
    reactor_.counters_->net.queued_bytes.sub(static_cast<uint64_t>(sent));
    if (static_cast<size_t>(sent) < waiting.size()) {
        waiting.erase(0, static_cast<size_t>(sent));
        return false;
    }
    std::string().swap(waiting);
    return true;
}

// The end of our stream says so itself. True: all of it is in the socket.
bool Connection::say_tls_close() {
    if (!send_waiting()) return false;
    tls_->say_close();
    return send_output();
}

// The stream itself lives as long as the connection: destroy() is called from within it, too.
void Connection::forget_tls() {
    NetCounters& net = reactor_.counters_->net;
    net.queued_bytes.sub(tls_->waiting.size());
    if (tls_->established()) net.tls_open[static_cast<size_t>(tls_->version())].sub();
}

}  // namespace gatewayd
