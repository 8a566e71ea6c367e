#include "core/http/pool.h"

#include <algorithm>

#include "core/http/exchange.h"

namespace gatewayd {

using boost::system::error_code;

void HttpPool::enqueue(HttpExchangePtr exchange, bool first) {
    const std::string key = exchange->request().url.origin();
    std::unique_ptr<HttpOrigin>& found = origins_[key];
    if (!found) {
        found = std::make_unique<HttpOrigin>();
        found->key = key;
    }
    HttpOrigin& origin = *found;
    exchange->origin = &origin;
    exchange->place = origin.waiting.insert(first ? origin.waiting.begin() : origin.waiting.end(), exchange);
    serve(origin);
}

void HttpPool::withdraw(HttpExchange* exchange) {
    if (!exchange->origin) return;
    HttpOrigin& origin = *std::exchange(exchange->origin, nullptr);
    origin.waiting.erase(exchange->place);
    tidy(origin);
}

// Gives connections to those that wait, as many as there may be.
void HttpPool::serve(HttpOrigin& origin) {
    while (!origin.waiting.empty()) {
        HttpExchange& next = *origin.waiting.front();
        HttpConnectionPtr connection = next.wants_new_connection() ? nullptr : take_idle(origin);
        if (!connection) {
            if (!make_place(origin)) break;
            connection = std::make_shared<HttpConnection>(io, &origin);
            ++origin.open;
            ++open_;
        }
        busy_.fetch_add(1, std::memory_order_relaxed);
        const HttpExchangePtr exchange = std::move(origin.waiting.front());
        origin.waiting.pop_front();
        exchange->origin = nullptr;
        exchange->run(connection);
    }
}

void HttpPool::serve_starved() {
    for (size_t left = starved_.size(); left > 0 && !starved_.empty(); --left) {
        HttpOrigin& origin = *starved_.front();
        starved_.pop_front();
        origin.starved = false;
        serve(origin);
        tidy(origin);
    }
}

HttpConnectionPtr HttpPool::take_idle(HttpOrigin& origin) {
    while (!origin.idle.empty()) {
        HttpConnectionPtr connection = origin.idle.back();
        if (!connection->is_quiet()) {
            drop_idle(origin, origin.idle.size() - 1);
            continue;
        }
        origin.idle.pop_back();
        idle_.fetch_sub(1, std::memory_order_relaxed);
        ++connection->times_used;  // what waits for it while it was idle is over
        connection->idle_timer.cancel();
        error_code ignored;
        connection->socket.cancel(ignored);
        return connection;
    }
    return nullptr;
}

// False: there is no room for another connection to it; it is served when there is.
bool HttpPool::make_place(HttpOrigin& origin) {
    if (origin.open >= max_per_origin_) {
        if (origin.idle.empty()) return false;  // served when one of its own is released
        drop_idle(origin, 0);
    }
    if (open_ < max_connections_) return true;
    for (auto& [key, other] : origins_) {
        if (other->idle.empty()) continue;
        HttpOrigin& richer = *other;
        drop_idle(richer, 0);
        if (&richer != &origin) tidy(richer);
        return true;
    }
    if (!std::exchange(origin.starved, true)) starved_.push_back(&origin);
    return false;
}

void HttpPool::release(const HttpConnectionPtr& connection, bool reusable) {
    busy_.fetch_sub(1, std::memory_order_relaxed);
    const std::string key = connection->origin->key;
    // Who has to wait for a place in all gets this one's.
    if (reusable && starved_.empty() && connection->is_quiet()) {
        keep(connection);
    } else {
        leave(connection);
    }
    serve_starved();
    const auto found = origins_.find(key);  // gone, if it was one of the starved and has nothing left
    if (found == origins_.end()) return;
    HttpOrigin& origin = *found->second;
    serve(origin);
    tidy(origin);
}

void HttpPool::keep(const HttpConnectionPtr& connection) {
    connection->buffer.consume(connection->buffer.size());
    connection->buffer.shrink_to_fit();
    connection->origin->idle.push_back(connection);
    idle_.fetch_add(1, std::memory_order_relaxed);
    const auto over = [this, connection, use = connection->times_used](const error_code& error) {
        if (error == boost::asio::error::operation_aborted || connection->times_used != use) return;
        HttpOrigin& origin = *connection->origin;
        const auto at = std::find(origin.idle.begin(), origin.idle.end(), connection);
        if (at == origin.idle.end()) return;
        drop_idle(origin, static_cast<size_t>(at - origin.idle.begin()));
        tidy(origin);
    };
    connection->idle_timer.expires_after(idle_timeout);
    connection->idle_timer.async_wait(over);
    // Readable: its server has ended it, or says what nobody asked for.
    connection->socket.async_wait(boost::asio::ip::tcp::socket::wait_read, over);
}

void HttpPool::drop_idle(HttpOrigin& origin, size_t at) {
    const HttpConnectionPtr connection = origin.idle[at];
    origin.idle.erase(origin.idle.begin() + static_cast<std::ptrdiff_t>(at));
    idle_.fetch_sub(1, std::memory_order_relaxed);
    leave(connection);
}

void HttpPool::leave(const HttpConnectionPtr& connection) {
    ++connection->times_used;
    connection->close();
    --connection->origin->open;
    --open_;
}

void HttpPool::tidy(HttpOrigin& origin) {
    if (origin.open > 0 || !origin.waiting.empty()) return;
    starved_.erase(std::remove(starved_.begin(), starved_.end(), &origin), starved_.end());
    origins_.erase(std::string(origin.key));
}

void HttpPool::close_idle() {
    std::vector<HttpOrigin*> all;
    for (auto& [key, origin] : origins_)
        all.push_back(origin.get());
    for (HttpOrigin* origin : all) {
        while (!origin->idle.empty())
            drop_idle(*origin, origin->idle.size() - 1);
        tidy(*origin);
    }
}

}  // namespace gatewayd
