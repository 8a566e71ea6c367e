// HttpPool: the connections of the HTTP client, by origin, and the exchanges that wait for one. At most
// max_per_origin to one origin and max_connections in all; an idle one is closed after 30 s, when its server
// closes it, or when another origin needs its place. Owned by HttpClient; the client thread, but for the
// numbers.
#ifndef GATEWAYD_CORE_HTTP_POOL_H
#define GATEWAYD_CORE_HTTP_POOL_H

#include <atomic>
#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/http/connection.h"
#include "core/http/resolver.h"
#include "core/http/tls.h"

namespace gatewayd {

class HttpExchange;
using HttpExchangePtr = std::shared_ptr<HttpExchange>;
using HttpWaiting = std::list<HttpExchangePtr>;

// One scheme, host and port.
struct HttpOrigin {
    std::string key;
    HttpWaiting waiting;                  // in their order
    std::vector<HttpConnectionPtr> idle;  // the last used is the last
    size_t open = 0;                      // connections, idle ones too
    bool starved = false;                 // waits for a place among max_connections
};

class HttpPool {
   public:
    static constexpr std::chrono::seconds idle_timeout{30};

    HttpPool(boost::asio::io_context& loop, HttpTls& trust, size_t max_connections, size_t max_per_origin,
             HttpResolver::LookUp look_up)
        : io(loop),
          tls(trust),
          resolver(loop, std::move(look_up)),
          max_connections_(max_connections),
          max_per_origin_(max_per_origin) {}
    HttpPool(const HttpPool&) = delete;
    HttpPool& operator=(const HttpPool&) = delete;

    // It is given a connection when there is one: HttpExchange::run. `first`: before those that wait.
    void enqueue(HttpExchangePtr exchange, bool first);
    // It waits no longer.
    void withdraw(HttpExchange* exchange);
    // An exchange is done with its connection. `reusable`: HTTP says that it may be used again.
    void release(const HttpConnectionPtr& connection, bool reusable);
    void close_idle();

    uint64_t idle() const { return idle_.load(std::memory_order_relaxed); }  // [any]
    uint64_t busy() const { return busy_.load(std::memory_order_relaxed); }  // [any]

    boost::asio::io_context& io;
    HttpTls& tls;
    HttpResolver resolver;

   private:
    void serve(HttpOrigin& origin);
    void serve_starved();
    HttpConnectionPtr take_idle(HttpOrigin& origin);
    bool make_place(HttpOrigin& origin);
    void keep(const HttpConnectionPtr& connection);
    void drop_idle(HttpOrigin& origin, size_t at);
    void leave(const HttpConnectionPtr& connection);  // which is not idle
    void tidy(HttpOrigin& origin);

    const size_t max_connections_;
    const size_t max_per_origin_;
    std::unordered_map<std::string, std::unique_ptr<HttpOrigin>> origins_;
    std::deque<HttpOrigin*> starved_;
    size_t open_ = 0;
    std::atomic<uint64_t> idle_{0};
    std::atomic<uint64_t> busy_{0};
};

}  // namespace gatewayd

#endif
