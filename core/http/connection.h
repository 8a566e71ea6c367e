// HttpConnection: one TCP or TLS connection of the HTTP client to an origin: used by one exchange at a time,
// idle in the pool between them. The client thread.
#ifndef GATEWAYD_CORE_HTTP_CONNECTION_H
#define GATEWAYD_CORE_HTTP_CONNECTION_H

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>

namespace gatewayd {

struct HttpOrigin;

struct HttpConnection {
    static constexpr size_t max_buffer_bytes = 64 * 1024;

    HttpConnection(boost::asio::io_context& io, HttpOrigin* of)
        : origin(of), socket(io), idle_timer(io), buffer(max_buffer_bytes) {}

    // Runs start(stream) with the stream that HTTP is spoken on.
    template <typename Start>
    void on_stream(Start start) {
        if (tls) {
            start(*tls);
        } else {
            start(socket);
        }
    }
    // Idle: open, and nothing has come that nobody asked for.
    bool is_quiet();
    void close();

    HttpOrigin* const origin;
    boost::asio::ip::tcp::socket socket;
    std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls;
    boost::asio::steady_timer idle_timer;
    boost::beast::flat_buffer buffer;  // what was read and not yet parsed
    uint64_t times_used = 0;
};
using HttpConnectionPtr = std::shared_ptr<HttpConnection>;

}  // namespace gatewayd

#endif
