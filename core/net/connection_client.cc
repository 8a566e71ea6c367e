// Connection's client: who is at the other end when a proxy is between (wsc.trusted_proxies).
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "core/base/log.h"
#include "core/net/connection.h"
#include "core/net/forwarded.h"
#include "core/net/proxy_protocol.h"
#include "core/net/reactor.h"

namespace gatewayd {

std::optional<PeerAddress> Connection::proxy_address() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (!from_proxy_ || fd_ < 0) return std::nullopt;
    if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
    return PeerAddress::from(address);
}

// --- the PROXY protocol ---

// Takes the header from the socket and not a byte behind it, so that what comes next (TLS, HTTP) need not
// know of it. False: nothing more to read now.
bool Connection::read_proxy_header() {
    char* const buffer = reactor_.buffer_.get();
    const size_t room = std::min(max_proxy_protocol_bytes, reactor_.options_.reactor_buffer_bytes);
    const ssize_t size = ::recv(fd_, buffer, room, MSG_PEEK);
    if (size <= 0) {
        if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return false;
        end_session(DisconnectReason::connection_lost, close_abnormal, "connection lost");
        destroy();
        return false;
    }
    std::string_view bytes(buffer, static_cast<size_t>(size));
    size_t before = 0;  // bytes of the header that came earlier
    if (head_) {
        before = head_->size();
        bytes = head_->append(bytes);
    }
    ProxyProtocolHeader header;
    const char* why = "";
    const auto result = parse_proxy_protocol(bytes, &header, &why);
    const size_t end = result == ProxyProtocolResult::header ? header.size : bytes.size();
    ::recv(fd_, buffer, end - before, 0);  // the bytes that were seen: the same again
    reactor_.counters_->net.bytes_received.add(end - before);
    if (result == ProxyProtocolResult::need_more) {
        if (!head_) head_ = std::make_unique<std::string>(bytes);
        return false;
    }
    if (result == ProxyProtocolResult::error) {
        refuse_proxy_header(why);
        return false;
    }
    awaits_proxy_header_ = false;
    head_.reset();
    if (header.client) admit_client(*header.client);
    return state_ != State::dead;
}

// A trusted proxy that does not say whose connection this is: nothing is served, and nothing is answered,
// since nobody knows what is spoken here.
void Connection::refuse_proxy_header(const char* why) {
    log::write_limited(LogLevel::warn, "proxy_header", "no good PROXY header from a trusted proxy",
                       {{"why", why},
                        {"remote_address", remote_.text()},
                        {"hint", "let it send one, or change wsc.proxy_header or wsc.trusted_proxies"}});
    refuse({0, RejectReason::proxy_header, {}, {}});
}

// A PROXY header where a request should be.
void Connection::refuse_unexpected_proxy_header() {
    const bool other_way = from_proxy_ && reactor_.options_.proxy_header != ProxyHeader::proxy_protocol;
    const char* hint =
        "if it is your proxy, add its address to wsc.trusted_proxies and set wsc.proxy_header "
        "to proxy-protocol";
    if (other_way)
        hint = "set wsc.proxy_header to proxy-protocol, or let the proxy send the header that it names";
    if (from_proxy_ && !other_way) hint = "the proxy sent two; only one of a chain of proxies may send it";
    log::write_limited(LogLevel::warn, "unexpected_proxy_header", "a PROXY header that was not expected",
                       {{"remote_address", remote_.text()}, {"hint", hint}});
    refuse({400,
            RejectReason::proxy_header,
            error_body("bad_request", "a PROXY header is not expected from this address"),
            {}});
}

// --- headers of the request ---

// Learns the client's address from a trusted proxy's request. False: refused.
bool Connection::take_forwarded(const HandshakeRequest& request) {
    if (!from_proxy_) {
        if (request.header("X-Forwarded-For") || request.header("Forwarded")) {
            log::write_limited(LogLevel::info, "untrusted_forwarded",
                               "X-Forwarded-For or Forwarded is ignored",
                               {{"remote_address", remote_.text()},
                                {"hint", "if it is your proxy, add its address to wsc.trusted_proxies"}});
        }
        return true;
    }
    const ProxyHeader mode = reactor_.options_.proxy_header;
    if (mode == ProxyHeader::proxy_protocol) return true;
    const bool x_forwarded_for = mode == ProxyHeader::x_forwarded_for;
    const char* const name = x_forwarded_for ? "X-Forwarded-For" : "Forwarded";
    const auto value = request.header(name);
    if (!value || value->empty()) return true;  // a request of its own
    const CidrList& trusted = reactor_.options_.trusted_proxies;
    const ForwardedClient client = x_forwarded_for ? client_of_x_forwarded_for(*value, remote_, trusted)
                                                   : client_of_forwarded(*value, remote_, trusted);
    if (client.unclear) {
        log::write_limited(
            LogLevel::warn, "unclear_forwarded", "a trusted proxy names no client",
            {{"header", name},
             {"remote_address", client.address.text()},
             {"hint", "its entry is no IP address; the connection counts as the proxy's own"}});
    }
    if (admit_client(client.address)) return true;
    if (state_ != State::dead) refuse_full();
    return false;
}

// The client of a proxy is known now. False: its address has too many connections. The refusal is the
// caller's when there is still something to say it to.
bool Connection::admit_client(const PeerAddress& client) {
    remote_ = client;
    if (refusing_) return false;
    NodeLimits& limits = *reactor_.limits_;
    counted_ = limits.admit_address(client);
    if (counted_) return true;
    if (!limits.begin_refusing()) {
        reactor_.counters_->net.rejected[static_cast<size_t>(RejectReason::address_full)].add();
        destroy();
        return false;
    }
    limits.leave_unnamed();
    refusing_ = true;
    refuse_reason_ = RejectReason::address_full;
    schedule(next_deadline());
    return false;
}

void Connection::refuse_full() {
    refuse({503,
            refuse_reason_,
            error_body("full", "the gateway has no room for more connections; try again later"),
            {{"Retry-After", "5"}}});
}

}  // namespace gatewayd
