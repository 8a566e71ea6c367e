// HttpClient: sends the HTTP requests of all plugins, on one thread of its own that its first request starts.
// Limits: requests of one plugin and of all that are not yet answered, connections, memory. Owned by the
// Gateway; any thread but for load(), forget() and the destructor, which are the control thread's.
#ifndef GATEWAYD_CORE_HTTP_CLIENT_H
#define GATEWAYD_CORE_HTTP_CLIENT_H

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "core/http/exchange.h"
#include "core/http/pool.h"
#include "core/http/service.h"

namespace gatewayd {

struct HttpClientOptions {
    std::string ca_file;  // empty: the system's authorities
    uint32_t max_connections = 256;
    uint32_t max_connections_per_origin = 64;
    uint32_t max_requests_per_plugin = 4096;
    uint64_t max_memory_bytes = 128 * 1024 * 1024;
    HttpResolver::LookUp look_up;  // empty: the system's
};

class HttpClient final : public HttpService {
   public:
    static constexpr size_t max_requests = 16384;  // of all plugins

    explicit HttpClient(HttpClientOptions options);
    ~HttpClient() override;  // cancels what is left; every done is called before it returns
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Before the first request. Empty: ready; else what is wrong with ca_file.
    std::string load();

    // --- HttpService ---
    uint64_t new_id() override { return next_id_.fetch_add(1, std::memory_order_relaxed); }
    Taken submit(const HttpCaller& caller, uint64_t id, HttpRequest request, Done done) override;
    bool cancel(const void* instance, uint64_t id) override;

    // Cancels what it asked for. When this returns, none of its done functions runs or will run.
    void forget(const void* instance);
    HttpNumbers numbers() const;

   private:
    // One request from submit() until its done has returned.
    struct Entry {
        const void* instance;
        HttpPluginNumbers* numbers;
        Done done;
        HttpExchangePtr exchange;  // null: its done runs
    };
    using Entries = std::unordered_map<uint64_t, Entry>;

    HttpPluginNumbers& numbers_of(std::string_view plugin);
    HttpExchange::Ended ended(uint64_t id);
    void finish(uint64_t id, const HttpExchange& exchange, const HttpAnswer& answer);
    void post_abort(uint64_t id, HttpExchangePtr exchange);
    void run();

    const HttpClientOptions options_;
    std::atomic<uint64_t> next_id_{1};
    HttpMemory memory_;
    HttpTls tls_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    HttpPool pool_;

    mutable std::mutex mutex_;
    std::condition_variable finished_;
    // Guarded by mutex_:
    Entries entries_;
    std::unordered_map<const void*, size_t> open_;      // by instance: its entries; none of 0
    std::map<std::string, HttpPluginNumbers> numbers_;  // by plugin; they stay
    std::thread thread_;
};

}  // namespace gatewayd

#endif
