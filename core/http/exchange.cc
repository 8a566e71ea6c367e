#include "core/http/exchange.h"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "core/http/rules.h"

namespace gatewayd {

using Clock = std::chrono::steady_clock;
using boost::system::error_code;

bool HttpMemory::take(uint64_t bytes) {
    uint64_t held = held_.load(std::memory_order_relaxed);
    do {
        if (bytes > limit_ || held > limit_ - bytes) return false;
    } while (!held_.compare_exchange_weak(held, held + bytes, std::memory_order_relaxed));
    return true;
}

const char* HttpExchange::step_name() const {
    static constexpr const char* names[] = {
        "waiting for a free connection", "looking up its name", "connecting",
        "in the TLS handshake",          "sending the request", "waiting for the answer"};
    return names[static_cast<size_t>(step_)];
}

template <typename Handler>
auto HttpExchange::mine(Handler handler) {
    return [self = shared_from_this(), connection = connection_,
            handler = std::move(handler)](const auto&... results) {
        if (!self->over_ && self->connection_ == connection) handler(results...);
    };
}

void HttpExchange::start(HttpPool* pool, Ended ended) {
    if (over_) return;
    pool_ = pool;
    ended_ = std::move(ended);
    deadline_.emplace(pool->io);
    step_timer_.emplace(pool->io);
    deadline_->expires_at(asked_at_ + std::chrono::milliseconds(request_.timeout_ms));
    deadline_->async_wait([self = shared_from_this()](const error_code& error) {
        if (error || self->over_) return;
        self->fail(HttpOutcome::timeout, "no answer within " + std::to_string(self->request_.timeout_ms) +
                                             " ms (" + self->step_name() + ")");
    });
    pool->enqueue(shared_from_this(), false);
}

void HttpExchange::abort(const Ended& ended) {
    if (!ended_) ended_ = ended;
    fail(HttpOutcome::cancelled, "cancelled");
}

void HttpExchange::run(HttpConnectionPtr connection) {
    connection_ = std::move(connection);
    reused_ = connection_->times_used > 0;
    if (reused_) {
        send();
        return;
    }
    connect_until_ = Clock::now() + std::chrono::milliseconds(request_.connect_timeout_ms);
    resolve();
}

// --- a new connection ---

void HttpExchange::watch_step(Clock::time_point until) {
    step_timer_->expires_at(std::min(until, connect_until_));
    step_timer_->async_wait(mine([this](const error_code& error) {
        if (!error) on_step_timeout();
    }));
}

void HttpExchange::on_step_timeout() {
    if (step_timer_->expiry() > Clock::now()) return;  // of an earlier step, which ended meanwhile
    if (step_ == Step::connecting && next_address_ < addresses_.size()) {
        connect_error_ = "it does not answer";
        connect_next();
        return;
    }
    if (step_ == Step::connecting) pool_->resolver.forget(request_.url.host);
    if (step_ > Step::tls) return;
    fail(HttpOutcome::timeout,
         "no connection within " + std::to_string(request_.connect_timeout_ms) + " ms (" + step_name() + ")");
}

void HttpExchange::resolve() {
    step_ = Step::resolving;
    watch_step(connect_until_);
    pool_->resolver.resolve(request_.url.host,
                            mine([this](const HttpResolver::Addresses& addresses, const std::string& error) {
                                if (addresses.empty()) {
                                    fail(HttpOutcome::resolve, "the name is not known: " + error);
                                    return;
                                }
                                addresses_ = addresses;
                                next_address_ = 0;
                                connect_next();
                            }));
}

// The addresses in their order, each with its share of the time that is left.
void HttpExchange::connect_next() {
    step_ = Step::connecting;
    error_code ignored;
    connection_->socket.close(ignored);
    if (next_address_ == addresses_.size()) {
        pool_->resolver.forget(request_.url.host);
        fail(HttpOutcome::connect, "no connection: " + connect_error_);
        return;
    }
    const auto left = connect_until_ - Clock::now();
    const auto shares = static_cast<int64_t>(addresses_.size() - next_address_);
    watch_step(Clock::now() + left / shares);
    const size_t attempt = next_address_++;
    connection_->socket.async_connect(
        {addresses_[attempt], request_.url.port}, mine([this, attempt](const error_code& error) {
            if (attempt + 1 != next_address_) return;  // it was given up
            if (error) {
                connect_error_ = error.message();
                connect_next();
                return;
            }
            error_code failed;
            connection_->socket.set_option(boost::asio::ip::tcp::no_delay(true), failed);
            if (request_.url.tls) {
                shake_hands();
            } else {
                send();
            }
        }));
}

void HttpExchange::shake_hands() {
    step_ = Step::tls;
    watch_step(connect_until_);
    std::string problem;
    boost::asio::ssl::context* context = pool_->tls.context(&problem);
    if (!context) return fail(HttpOutcome::tls, problem);
    connection_->tls.emplace(connection_->socket, *context);
    const HttpUrl& url = request_.url;
    if (!HttpTls::expect_host(connection_->tls->native_handle(), url.host, url.is_address))
        return fail(HttpOutcome::tls, "no memory for TLS");
    connection_->tls->async_handshake(
        boost::asio::ssl::stream_base::client, mine([this](const error_code& error) {
            if (!error) return send();
            const std::string distrust = HttpTls::distrust(connection_->tls->native_handle());
            fail(HttpOutcome::tls, distrust.empty() ? "no TLS: " + error.message()
                                                    : "its certificate is not trusted: " + distrust);
        }));
}

// --- request and answer ---

void HttpExchange::send() {
    step_ = Step::sending;
    step_timer_->cancel();
    if (!composed_) compose();
    send_error_ = {};
    answer_began_ = false;
    informational_ = 0;
    write_message();
}

void HttpExchange::compose() {
    namespace http = boost::beast::http;
    composed_ = true;
    message_.method_string(request_.method);
    message_.target(request_.url.target);
    message_.version(11);
    message_.set(http::field::host, request_.url.authority());
    bool named = false;
    for (const HttpHeader& header : request_.headers) {
        message_.insert(header.name, header.value);
        named = named || http::string_to_field(header.name) == http::field::user_agent;
    }
    if (!named) message_.set(http::field::user_agent, "gatewayd/" GATEWAYD_VERSION);
    message_.body() = std::move(request_.body);
    message_.prepare_payload();
}

void HttpExchange::expect_answer() {
    step_ = Step::reading;
    parser_.emplace();
    parser_->header_limit(max_http_header_bytes);
    parser_->body_limit(request_.max_response_bytes);
    parser_->eager(true);
    if (request_.method == "HEAD") parser_->skip(true);
    read();
}

void HttpExchange::on_read(const error_code& error, size_t bytes) {
    namespace http = boost::beast::http;
    answer_began_ = answer_began_ || bytes > 0 || connection_->buffer.size() > 0;
    if (!hold_answer())
        return fail(HttpOutcome::limit, "all requests together hold more than plugins.http.max_memory");
    if (error == http::error::body_limit)
        return fail(HttpOutcome::too_large, "the answer's body is larger than " +
                                                std::to_string(request_.max_response_bytes) + " bytes");
    if (error == http::error::header_limit)
        return fail(HttpOutcome::too_large, "the answer's head is larger than 32 KB");
    if (error && !parser_->is_done()) return connection_failed(error);
    if (!parser_->is_done()) return read();
    on_answer();
}

// False: there is no memory for it.
bool HttpExchange::hold_answer() {
    uint64_t bytes = parser_->get().body().size();
    if (parser_->is_header_done() && request_.method != "HEAD") {
        const auto length = parser_->content_length();
        if (length) bytes = std::max<uint64_t>(bytes, std::min(*length, request_.max_response_bytes));
    }
    if (bytes <= answer_bytes_) return true;
    if (!memory_->take(bytes - answer_bytes_)) return false;
    held_bytes_ += bytes - answer_bytes_;
    answer_bytes_ = bytes;
    return true;
}

void HttpExchange::on_answer() {
    static constexpr uint32_t max_informational = 8;
    auto& message = parser_->get();
    const auto status = static_cast<int>(message.result_int());
    if (status < 100 || status == 101 || status > 999)
        return fail(HttpOutcome::broken, "the answer has the status " + std::to_string(status));
    if (status < 200) {
        if (++informational_ > max_informational)
            return fail(HttpOutcome::broken, "more than 8 answers of 1xx before the real one");
        return expect_answer();
    }
    const bool reusable =
        !parser_->need_eof() && message.keep_alive() && !send_error_ && connection_->buffer.size() == 0;
    HttpAnswer answer;
    answer.status = status;
    for (const auto& field : message)
        answer.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    answer.body = std::move(message.body());
    end(std::move(answer), reusable);
}

// While sending or reading.
void HttpExchange::connection_failed(const error_code& error) {
    namespace http = boost::beast::http;
    if (retry()) return;
    const error_code& first = send_error_ ? send_error_ : error;
    std::string why = "the answer is no HTTP: " + first.message();
    if (first == http::error::end_of_stream) {
        why = "the connection was closed without an answer";
    } else if (first == http::error::partial_message || first == boost::asio::ssl::error::stream_truncated) {
        why = "the connection was closed in the middle of the answer";
    } else if (first.category() != http::make_error_code(http::error::bad_value).category()) {
        why = "the connection failed: " + first.message();
    }
    fail(HttpOutcome::broken, why);
}

bool HttpExchange::retry() {
    if (!reused_ || retried_ || answer_began_ || !request_.repeatable) return false;
    retried_ = true;
    step_ = Step::waiting;
    const HttpConnectionPtr dead = std::exchange(connection_, nullptr);
    pool_->enqueue(shared_from_this(), true);
    pool_->release(dead, false);
    return true;
}

// --- the end ---

void HttpExchange::fail(HttpOutcome outcome, const std::string& why) {
    HttpAnswer answer;
    answer.outcome = outcome;
    answer.error = request_.method + " " + request_.url.for_log() + ": " + why;
    end(std::move(answer), false);
}

void HttpExchange::end(HttpAnswer answer, bool reusable) {
    if (over_) return;
    over_ = true;
    const HttpExchangePtr self = shared_from_this();
    if (deadline_) deadline_->cancel();
    if (step_timer_) step_timer_->cancel();
    if (pool_) pool_->withdraw(this);
    if (connection_) pool_->release(std::exchange(connection_, nullptr), reusable);
    ended_(*this, std::move(answer));
}

}  // namespace gatewayd
