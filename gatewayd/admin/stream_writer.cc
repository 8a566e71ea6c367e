#include "gatewayd/admin/stream_writer.h"

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdio>
#include <utility>

#include "gatewayd/admin/http.h"

namespace gatewayd::admin {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;

constexpr std::chrono::seconds write_timeout{30};
constexpr std::chrono::seconds heartbeat_interval{15};
constexpr size_t max_ignored_bytes = 64UL * 1024;

class StreamWriter : public std::enable_shared_from_this<StreamWriter> {
   public:
    StreamWriter(std::weak_ptr<asio::io_context> io, asio::ip::tcp::socket socket, StreamedAnswer answer,
                 ConnectionToken token)
        : io_(std::move(io)),
          socket_(std::move(socket)),
          end_timer_(socket_.get_executor()),
          write_timer_(socket_.get_executor()),
          answer_(std::move(answer)),
          token_(std::move(token)) {}

    void start() {
        std::string why;
        if (!answer_.head_only && !answer_.body->start(wake_function(), &why)) {
            return write(whole_answer(503, error_response(503, "unavailable", why).body), true);
        }
        std::string head = "HTTP/1.1 200 OK\r\nContent-Type: " + answer_.content_type +
                           "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n" +
                           (answer_.chunked ? "Transfer-Encoding: chunked\r\n" : "") +
                           "Connection: close\r\n\r\n";
        if (answer_.head_only) return write(std::move(head), true);
        end_timer_.expires_after(answer_.body->time_limit());
        end_timer_.async_wait([self = shared_from_this()](Error error) {
            if (!error && self->answer_.body) self->answer_.body->expire();
        });
        watch_reader();
        write(std::move(head), false);
    }

   private:
    static std::string whole_answer(int status, const std::string& body) {
        return "HTTP/1.1 " + std::to_string(status) +
               " Service Unavailable\r\nContent-Type: application/json\r\nConnection: "
               "close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body;
    }

    std::function<void()> wake_function() {
        return [io = io_, weak = weak_from_this()] {
            const std::shared_ptr<asio::io_context> alive = io.lock();
            if (alive == nullptr) return;
            asio::post(*alive, [weak] {
                if (const auto self = weak.lock()) self->go_on();
            });
        };
    }

    // The reader says nothing more; when it goes, the stream ends.
    void watch_reader() {
        watching_ = true;
        socket_.async_read_some(asio::buffer(ignored_),
                                [self = shared_from_this()](Error error, size_t size) {
                                    self->ignored_bytes_ += size;
                                    if (error || self->ignored_bytes_ > max_ignored_bytes)
                                        return self->close();
                                    self->watch_reader();
                                });
    }

    void go_on() {
        if (writing_ || closed_ || ended_) return;
        std::string text;
        ended_ = !answer_.body->take(&text);
        if (text.empty() && !ended_) return wait();
        write(framed(text), ended_);
    }

    std::string framed(const std::string& text) const {
        if (!answer_.chunked) return text;
        std::string out;
        if (!text.empty()) {
            char size[24];
            std::snprintf(size, sizeof size, "%zx\r\n", text.size());
            out.append(size).append(text).append("\r\n");
        }
        if (ended_) out.append("0\r\n\r\n");
        return out;
    }

    void wait() {
        write_timer_.expires_after(heartbeat_interval);
        write_timer_.async_wait([self = shared_from_this()](Error error) {
            if (!error && !self->writing_ && !self->closed_)
                self->write(self->framed(self->answer_.body->heartbeat()), false);
        });
    }

    void write(std::string text, bool last) {
        writing_ = true;
        out_ = std::move(text);
        write_timer_.expires_after(write_timeout);
        write_timer_.async_wait([self = shared_from_this()](Error error) {
            const bool due = self->write_timer_.expiry() <= std::chrono::steady_clock::now();
            if (!error && self->writing_ && due) self->close();
        });
        asio::async_write(socket_, asio::buffer(out_),
                          [self = shared_from_this(), last](Error error, size_t) {
                              self->writing_ = false;
                              if (error) return self->close();
                              last ? self->end() : self->go_on();
                          });
    }

    // All was sent; the reader may still be reading.
    void end() {
        Error ignored;
        socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
        if (!watching_) return close();
        write_timer_.expires_after(write_timeout);
        write_timer_.async_wait([self = shared_from_this()](Error error) {
            if (!error) self->close();
        });
        end_timer_.cancel();
    }

    void close() {
        if (std::exchange(closed_, true)) return;
        answer_.body.reset();
        end_timer_.cancel();
        write_timer_.cancel();
        Error ignored;
        socket_.close(ignored);
    }

    const std::weak_ptr<asio::io_context> io_;
    asio::ip::tcp::socket socket_;
    asio::steady_timer end_timer_;    // of the whole stream
    asio::steady_timer write_timer_;  // of one write, or of the silence after it
    StreamedAnswer answer_;
    const ConnectionToken token_;
    std::string out_;
    bool watching_ = false;
    bool writing_ = false;
    bool ended_ = false;
    bool closed_ = false;
    std::array<char, 512> ignored_;
    size_t ignored_bytes_ = 0;
};

}  // namespace

void write_stream(std::weak_ptr<asio::io_context> io, asio::ip::tcp::socket socket, StreamedAnswer answer,
                  ConnectionToken token) {
    std::make_shared<StreamWriter>(std::move(io), std::move(socket), std::move(answer), std::move(token))
        ->start();
}

}  // namespace gatewayd::admin
