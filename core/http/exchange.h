// HttpExchange: one request of a plugin on its way: waits for a connection, opens it if it is a new one,
// writes, reads the whole answer, and ends exactly once. Made by HttpClient on any thread; from start() on
// the client thread's, but for what is constant.
#ifndef GATEWAYD_CORE_HTTP_EXCHANGE_H
#define GATEWAYD_CORE_HTTP_EXCHANGE_H

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "core/http/pool.h"
#include "core/http/service.h"

namespace gatewayd {

// What all requests and answers together hold, in bytes. Any thread.
class HttpMemory {
   public:
    explicit HttpMemory(uint64_t limit_bytes) : limit_(limit_bytes) {}
    bool take(uint64_t bytes);  // false: over the limit, nothing taken
    void give(uint64_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }
    uint64_t held() const { return held_.load(std::memory_order_relaxed); }

   private:
    const uint64_t limit_;
    std::atomic<uint64_t> held_{0};
};

class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
   public:
    using Ended = std::function<void(HttpExchange& exchange, HttpAnswer answer)>;

    // Takes over `held_bytes` of memory, which it gives back when it goes.
    HttpExchange(HttpRequest request, uint64_t held_bytes, HttpMemory* memory)
        : request_(std::move(request)),
          memory_(memory),
          held_bytes_(held_bytes),
          asked_at_(std::chrono::steady_clock::now()) {}
    ~HttpExchange() { memory_->give(held_bytes_); }
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;

    const HttpRequest& request() const { return request_; }

    // Nothing when it was aborted before. `ended` is called once, never inside of this.
    void start(HttpPool* pool, Ended ended);
    // Ends it now. Before start(): `ended` is what is called.
    void abort(const Ended& ended);

    // --- for the pool ---
    void run(HttpConnectionPtr connection);
    bool wants_new_connection() const { return retried_; }
    HttpOrigin* origin = nullptr;  // in whose line it waits; null: in none
    HttpWaiting::iterator place;

   private:
    using Parser = boost::beast::http::response_parser<boost::beast::http::string_body>;
    enum class Step : uint8_t { waiting, resolving, connecting, tls, sending, reading };

    // A handler that does nothing when the exchange is over or has gone on to another connection.
    template <typename Handler>
    auto mine(Handler handler);

    void resolve();
    void connect_next();
    void shake_hands();
    void send();
    void compose();
    void write_message();
    void expect_answer();
    void read();
    void on_read(const boost::system::error_code& error, size_t bytes);
    void on_answer();
    bool hold_answer();
    void on_step_timeout();
    void watch_step(std::chrono::steady_clock::time_point until);
    // A kept connection turned out to be dead: once more, with a new one. False: that must not be.
    bool retry();
    void connection_failed(const boost::system::error_code& error);
    void fail(HttpOutcome outcome, const std::string& why);
    void end(HttpAnswer answer, bool reusable);
    const char* step_name() const;

    HttpRequest request_;
    HttpMemory* const memory_;
    uint64_t held_bytes_;
    const std::chrono::steady_clock::time_point asked_at_;
    HttpPool* pool_ = nullptr;
    Ended ended_;
    bool over_ = false;
    bool composed_ = false;  // message_ is there
    bool retried_ = false;
    bool reused_ = false;         // the connection was kept from an earlier exchange
    bool answer_began_ = false;   // some of it has come
    uint32_t informational_ = 0;  // 1xx answers
    uint64_t answer_bytes_ = 0;   // of held_bytes_
    Step step_ = Step::waiting;
    HttpConnectionPtr connection_;
    HttpResolver::Addresses addresses_;
    size_t next_address_ = 0;
    std::chrono::steady_clock::time_point connect_until_;
    std::string connect_error_;
    boost::system::error_code send_error_;
    std::optional<boost::asio::steady_timer> deadline_;
    std::optional<boost::asio::steady_timer> step_timer_;  // of connecting
    boost::beast::http::request<boost::beast::http::string_body> message_;
    std::optional<Parser> parser_;
};

}  // namespace gatewayd

#endif
