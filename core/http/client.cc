#include "core/http/client.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/log.h"

namespace gatewayd {
namespace {

uint64_t bytes_of(const HttpRequest& request) {
    uint64_t bytes = sizeof(HttpExchange) + request.body.size() + request.url.target.size();
    for (const HttpHeader& header : request.headers)
        bytes += header.name.size() + header.value.size();
    return bytes;
}

void log_end(const std::string& plugin, const HttpRequest& request, const HttpAnswer& answer) {
    if (answer.outcome == HttpOutcome::ok) {
        if (!log::enabled(LogLevel::debug)) return;
        log::debug("HTTP request of a plugin", {{"plugin", plugin},
                                                {"method", request.method},
                                                {"url", request.url.for_log()},
                                                {"status", answer.status}});
    } else if (answer.outcome != HttpOutcome::cancelled) {
        log::write_limited(LogLevel::warn, "http " + plugin + " " + name(answer.outcome),
                           "an HTTP request of a plugin failed",
                           {{"plugin", plugin}, {"outcome", name(answer.outcome)}, {"what", answer.error}});
    }
}

}  // namespace

HttpClient::HttpClient(HttpClientOptions options)
    : options_(std::move(options)),
      memory_(options_.max_memory_bytes),
      pool_(io_, tls_, options_.max_connections, options_.max_connections_per_origin, options_.look_up) {}

HttpClient::~HttpClient() {
    std::vector<std::pair<uint64_t, HttpExchangePtr>> all;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (const auto& [id, entry] : entries_) {
            if (entry.exchange) all.emplace_back(id, entry.exchange);
        }
    }
    for (auto& [id, exchange] : all)
        post_abort(id, std::move(exchange));
    all.clear();
    if (!thread_.joinable()) return;
    {
        std::unique_lock<std::mutex> lock(mutex_);
        finished_.wait(lock, [this] { return entries_.empty(); });
    }
    boost::asio::post(io_, [this] { pool_.close_idle(); });
    work_.reset();
    thread_.join();
}

std::string HttpClient::load() {
    return options_.ca_file.empty() ? std::string() : tls_.load_file(options_.ca_file);
}

void HttpClient::run() {
    for (;;) {
        try {
            io_.run();
            return;
        } catch (const std::exception& failure) {
            log::write_limited(LogLevel::error, "http_client",
                               "the HTTP client for plugins failed, and goes on", {{"what", failure.what()}});
        }
    }
}

HttpPluginNumbers& HttpClient::numbers_of(std::string_view plugin) {
    HttpPluginNumbers& numbers = numbers_[std::string(plugin)];
    if (numbers.plugin.empty()) numbers.plugin = std::string(plugin);
    return numbers;
}

HttpService::Taken HttpClient::submit(const HttpCaller& caller, uint64_t id, HttpRequest request, Done done) {
    const uint64_t bytes = bytes_of(request);
    HttpExchangePtr exchange;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (caller.over->load(std::memory_order_acquire)) return Taken::over;
        HttpPluginNumbers& numbers = numbers_of(caller.name);
        const auto found = open_.find(caller.instance);
        const size_t open = found == open_.end() ? 0 : found->second;
        const Taken taken = open >= options_.max_requests_per_plugin ? Taken::caller_limit
                            : entries_.size() >= max_requests        ? Taken::limit
                            : !memory_.take(bytes)                   ? Taken::memory_limit
                                                                     : Taken::yes;
        if (taken != Taken::yes) {
            ++numbers.refused;
            return taken;
        }
        exchange = std::make_shared<HttpExchange>(std::move(request), bytes, &memory_);
        if (!thread_.joinable()) {
            try {
                thread_ = std::thread([this] { run(); });
            } catch (const std::system_error&) {
                ++numbers.refused;
                return Taken::limit;
            }
        }
        ++open_[caller.instance];
        ++numbers.in_flight;
        entries_.emplace(id, Entry{caller.instance, &numbers, std::move(done), exchange});
    }
    boost::asio::post(io_, [this, id, exchange] { exchange->start(&pool_, ended(id)); });
    return Taken::yes;
}

HttpExchange::Ended HttpClient::ended(uint64_t id) {
    return [this, id](HttpExchange& exchange, const HttpAnswer& answer) { finish(id, exchange, answer); };
}

// On the client thread.
void HttpClient::finish(uint64_t id, const HttpExchange& exchange, const HttpAnswer& answer) {
    Done done;
    std::string plugin;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        Entry& entry = entries_.at(id);
        entry.exchange = nullptr;  // cancel() comes too late now
        done = std::move(entry.done);
        plugin = entry.numbers->plugin;
        ++entry.numbers->requests[static_cast<size_t>(answer.outcome)];
    }
    log_end(plugin, exchange.request(), answer);
    done(answer);
    done = nullptr;  // what it holds goes before the instance may
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto entry = entries_.find(id);
    --entry->second.numbers->in_flight;
    const auto open = open_.find(entry->second.instance);
    if (--open->second == 0) open_.erase(open);
    entries_.erase(entry);
    finished_.notify_all();
}

void HttpClient::post_abort(uint64_t id, HttpExchangePtr exchange) {
    boost::asio::post(io_, [this, id, exchange = std::move(exchange)] { exchange->abort(ended(id)); });
}

bool HttpClient::cancel(const void* instance, uint64_t id) {
    HttpExchangePtr exchange;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto found = entries_.find(id);
        if (found == entries_.end() || found->second.instance != instance) return false;
        exchange = found->second.exchange;
    }
    if (!exchange) return false;
    post_abort(id, std::move(exchange));
    return true;
}

void HttpClient::forget(const void* instance) {
    std::vector<std::pair<uint64_t, HttpExchangePtr>> its;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (open_.count(instance) == 0) return;
        for (const auto& [id, entry] : entries_) {
            if (entry.instance == instance && entry.exchange) its.emplace_back(id, entry.exchange);
        }
    }
    for (auto& [id, exchange] : its)
        post_abort(id, std::move(exchange));
    its.clear();
    std::unique_lock<std::mutex> lock(mutex_);
    finished_.wait(lock, [&] { return open_.count(instance) == 0; });
}

HttpNumbers HttpClient::numbers() const {
    HttpNumbers made;
    made.idle_connections = pool_.idle();
    made.busy_connections = pool_.busy();
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [plugin, numbers] : numbers_)
        made.plugins.push_back(numbers);
    return made;
}

}  // namespace gatewayd
