// The HTTP side of a WebSocket connection: reads the request head of an upgrade (RFC 6455 section 4.2.1, by
// websocketpp's parser) and writes the responses (4.2.2). Made for one connection, on its reactor's thread.
#ifndef GATEWAYD_CORE_NET_HANDSHAKE_H
#define GATEWAYD_CORE_NET_HANDSHAKE_H

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/counters.h"
#include "core/net/deflate_offer.h"

namespace gatewayd {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// An HTTP answer other than 101.
struct Refusal {
    int status = 0;  // 0: not refused
    RejectReason reason = RejectReason::bad_request;
    std::string body;     // JSON
    HttpHeaders headers;  // besides Content-Type, Content-Length and Connection
};

// {"error":{"code":word,"message":text}}; for texts of our own, which need no escaping.
std::string error_body(std::string_view word, std::string_view text);

class HandshakeRequest {
   public:
    HandshakeRequest();
    ~HandshakeRequest();

    // `head` ends with its blank line. False: not an HTTP request that we take, *refusal says why.
    // Answers 400 (syntax, no Host, control characters), 413 (a body is announced), 505.
    bool parse(std::string_view head, Refusal* refusal);
    // 405, 426 (no upgrade; other versions than 13), 400 (bad key, bad extensions): after the path was found
    // to exist.
    bool check_upgrade(Refusal* refusal);

    std::string_view method() const;
    std::string_view path() const { return path_; }  // without the query, percent-decoded
    // By name, in any case; repeated headers are joined by ", ". Nothing: absent.
    std::optional<std::string_view> header(std::string_view name) const;
    // Percent-decoded; the first of that name. Nothing: absent.
    std::optional<std::string_view> query(std::string_view name) const;
    const std::vector<std::string>& offered_protocols() const { return protocols_; }

    const std::vector<ExtensionOffer>& extension_offers() const { return extensions_; }

    // The 101 response. `protocol` may be empty.
    std::string accept_response(std::string_view protocol, const HttpHeaders& headers) const;

   private:
    bool parse_target(std::string_view target);

    struct Parsed;
    std::unique_ptr<Parsed> parsed_;
    std::string path_;
    std::vector<std::pair<std::string, std::string>> query_;
    std::vector<std::string> protocols_;
    std::vector<ExtensionOffer> extensions_;
};

std::string refusal_response(const Refusal& refusal);

}  // namespace gatewayd

#endif
