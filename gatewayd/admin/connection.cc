// The only file that sees Beast.
#include "gatewayd/admin/connection.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "core/base/log.h"
#include "gatewayd/admin/stream_writer.h"

namespace gatewayd::admin {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::system::error_code;

constexpr uint32_t max_head_bytes = 8 * 1024;
constexpr size_t max_buffered_bytes = 64UL * 1024;
constexpr size_t max_discarded_bytes = 4UL * 1024 * 1024;
constexpr std::chrono::seconds idle_timeout{60};
constexpr std::chrono::seconds transfer_timeout{30};
constexpr std::chrono::seconds answer_timeout{10};
constexpr std::chrono::seconds linger_timeout{2};

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

class Connection : public std::enable_shared_from_this<Connection> {
   public:
    Connection(std::weak_ptr<asio::io_context> io, asio::ip::tcp::socket socket, Api& api,
               size_t max_body_bytes, ConnectionToken token)
        : io_(std::move(io)),
          stream_(std::move(socket)),
          answer_timer_(stream_.get_executor()),
          api_(api),
          max_body_bytes_(max_body_bytes),
          token_(std::move(token)) {
        Error ignored;
        stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
        const auto peer = stream_.socket().remote_endpoint(ignored);
        if (!ignored) peer_ = peer.address().to_string();
    }

    void read_head() {
        head_only_ = false;  // until the next head is known
        parser_.emplace();
        parser_->header_limit(max_head_bytes);
        parser_->body_limit(max_body_bytes_);
        stream_.expires_after(idle_timeout);
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = shared_from_this()](Error error, size_t) { self->on_head(error); });
    }

   private:
    void on_head(Error error) {
        if (error) return on_read_error(error);
        const auto& request = parser_->get();
        keep_alive_ = request.keep_alive();
        head_only_ = request.method() == http::verb::head;
        if (request.count(http::field::host) !=
            (request.version() >= 11 ? 1 : request.count(http::field::host))) {
            keep_alive_ = false;
            return refuse(error_response(400, "bad_request", "HTTP/1.1 wants one Host header"));
        }
        if (std::optional<Response> refused = api_.refusal(head())) {
            // Who may not ask has no body read: the connection ends after the answer.
            return refuse(std::move(*refused));
        }
        if (!parser_->is_done() && beast::iequals(request[http::field::expect], "100-continue")) {
            return write_continue();
        }
        read_body();
    }

    void write_continue() {
        continue_ = http::response<http::empty_body>(http::status::continue_, 11);
        stream_.expires_after(transfer_timeout);
        http::async_write(stream_, continue_, [self = shared_from_this()](Error error, size_t) {
            if (!error) self->read_body();
        });
    }

    void read_body() {
        stream_.expires_after(transfer_timeout);
        http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](Error error, size_t) {
            if (error) return self->on_read_error(error);
            self->handle();
        });
    }

    void on_read_error(Error error) {
        if (error == http::error::header_limit || error == http::error::buffer_overflow) {
            return refuse(error_response(431, "head_too_big", "the request head is over 8 KB"));
        }
        if (error == http::error::body_limit) {
            return refuse(error_response(413, "too_large",
                                         "the body is over " + std::to_string(max_body_bytes_) +
                                             " bytes, which wsc.security.max_message_size allows"));
        }
        // What remains of HTTP's own category is text that is not HTTP; the rest is a peer that left.
        if (error.category() == make_error_code(http::error::bad_method).category() &&
            error != http::error::end_of_stream && error != http::error::partial_message) {
            return refuse(error_response(400, "bad_request", "not an HTTP request: " + error.message()));
        }
        if (error == http::error::end_of_stream) close_sending();
    }

    RequestHead head() const {
        const auto& request = parser_->get();
        RequestHead head;
        head.method = view(request.method_string());
        head.target = view(request.target());
        head.host = view(request[http::field::host]);
        head.origin = view(request[http::field::origin]);
        head.has_origin = request.count(http::field::origin) > 0;
        head.authorization = view(request[http::field::authorization]);
        head.content_type = view(request[http::field::content_type]);
        head.has_body = request.chunked() || request[http::field::content_length].find_first_not_of('0') !=
                                                 boost::beast::string_view::npos;
        return head;
    }

    void handle() {
        const uint64_t number = ++request_number_;
        waiting_ = true;
        stream_.expires_never();
        answer_timer_.expires_after(answer_timeout);
        answer_timer_.async_wait([self = shared_from_this(), number](Error error) {
            if (error) return;
            self->answer(number,
                         error_response(503, "unavailable",
                                        "the gateway did not answer within 10 seconds; the message may "
                                        "or may not have been sent"));
        });
        std::string body = std::move(parser_->get().body());
        api_.handle(head(), std::move(body), [io = io_, weak = weak_from_this(), number](Response response) {
            const std::shared_ptr<asio::io_context> alive = io.lock();
            if (alive == nullptr) return;
            asio::post(*alive, [weak, number, response = std::move(response)]() mutable {
                if (const auto self = weak.lock()) self->answer(number, std::move(response));
            });
        });
    }

    void answer(uint64_t number, Response response) {
        if (number != request_number_ || !std::exchange(waiting_, false)) return;  // too late
        answer_timer_.cancel();
        write(std::move(response));
    }

    // An answer before the request was read to its end.
    void refuse(Response response) {
        if (response.status == 401 || response.status == 403) {
            log::write_limited(LogLevel::warn, "admin.refused", "admin request refused",
                               {{"status", response.status}, {"remote_address", peer_}});
        }
        keep_alive_ = keep_alive_ && parser_->is_done();
        write(std::move(response));
    }

    void write(Response response) {
        log_request(response.status);
        if (response.stream) return write_stream(std::move(response));
        response_ = http::response<http::string_body>(static_cast<http::status>(response.status), 11);
        response_.set(http::field::content_type, response.content_type);
        response_.set(http::field::cache_control, "no-store");
        response_.set("X-Content-Type-Options", "nosniff");
        if (!response.allow.empty()) response_.set(http::field::allow, response.allow);
        if (response.wants_bearer_key) response_.set(http::field::www_authenticate, "Bearer");
        response_.body() = std::move(response.body);
        response_.keep_alive(keep_alive_);
        response_.prepare_payload();
        serializer_.emplace(response_);
        stream_.expires_after(transfer_timeout);
        const auto written = [self = shared_from_this()](Error error, size_t) {
            if (error) return;
            self->keep_alive_ ? self->read_head() : self->close_sending();
        };
        if (head_only_) {
            http::async_write_header(stream_, *serializer_, written);
        } else {
            http::async_write(stream_, *serializer_, written);
        }
    }

    // The connection belongs to the stream from here on, and ends with it.
    void write_stream(Response response) {
        StreamedAnswer answer;
        answer.content_type = std::move(response.content_type);
        answer.chunked = parser_->get().version() >= 11;
        answer.head_only = head_only_;
        answer.body = std::move(response.stream);
        admin::write_stream(io_, stream_.release_socket(), std::move(answer), token_);
    }

    // Never the query: it may hold what is nobody's business.
    void log_request(int status) const {
        if (!log::enabled(LogLevel::debug)) return;
        const auto& request = parser_->get();
        const std::string_view target = view(request.target());
        log::debug("admin request", {{"method", view(request.method_string())},
                                     {"path", target.substr(0, target.find('?'))},
                                     {"status", status},
                                     {"remote_address", peer_}});
    }

    // Closing with unread input would reset the connection, and the peer would lose the answer.
    void close_sending() {
        Error ignored;
        stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        stream_.expires_after(linger_timeout);
        discard();
    }

    void discard() {
        stream_.async_read_some(asio::buffer(discarded_),
                                [self = shared_from_this()](Error error, size_t size) {
                                    self->discarded_bytes_ += size;
                                    if (!error && self->discarded_bytes_ < max_discarded_bytes)
                                        self->discard();
                                });
    }

    const std::weak_ptr<asio::io_context> io_;
    beast::tcp_stream stream_;
    asio::steady_timer answer_timer_;
    Api& api_;
    const size_t max_body_bytes_;
    const ConnectionToken token_;
    std::string peer_;

    beast::flat_buffer buffer_{max_buffered_bytes};
    std::optional<http::request_parser<http::string_body>> parser_;
    http::response<http::empty_body> continue_;
    http::response<http::string_body> response_;
    std::optional<http::response_serializer<http::string_body>> serializer_;
    bool keep_alive_ = false;
    bool head_only_ = false;
    bool waiting_ = false;  // for the gateway's answer to request_number_
    uint64_t request_number_ = 0;
    std::array<char, 4096> discarded_;
    size_t discarded_bytes_ = 0;
};

}  // namespace

void serve_connection(std::weak_ptr<asio::io_context> io, asio::ip::tcp::socket socket, Api& api,
                      size_t max_body_bytes, ConnectionToken token) {
    std::make_shared<Connection>(std::move(io), std::move(socket), api, max_body_bytes, std::move(token))
        ->read_head();
}

}  // namespace gatewayd::admin
