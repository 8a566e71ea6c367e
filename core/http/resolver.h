// HttpResolver: host names to addresses, off the client thread: getaddrinfo waits as long as it likes, each
// on a thread of its own, at most 8 at once. A name that many ask for is looked up once, and known for 30 s.
// Owned by HttpClient; the client thread. It may go while look-ups run: they end by themselves, unheard.
#ifndef GATEWAYD_CORE_HTTP_RESOLVER_H
#define GATEWAYD_CORE_HTTP_RESOLVER_H

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace gatewayd {

class HttpResolver {
   public:
    static constexpr size_t max_running = 8;
    static constexpr size_t max_known_names = 1024;
    static constexpr std::chrono::seconds known_for{30};

    using Addresses = std::vector<boost::asio::ip::address>;
    // No addresses: error says why.
    using Done = std::function<void(const Addresses& addresses, const std::string& error)>;
    using LookUp = std::function<Addresses(const std::string& host, std::string* error)>;

    // look_up: what waits; empty: getaddrinfo.
    explicit HttpResolver(boost::asio::io_context& io, LookUp look_up = {});
    ~HttpResolver();
    HttpResolver(const HttpResolver&) = delete;
    HttpResolver& operator=(const HttpResolver&) = delete;

    // done is called on the client thread, never inside of this; not at all when this goes first.
    void resolve(const std::string& host, Done done);
    // Its addresses did not answer: ask anew next time.
    void forget(const std::string& host) { known_.erase(host); }

   private:
    struct Bridge;  // what running look-ups share with us
    struct Known {
        Addresses addresses;
        std::chrono::steady_clock::time_point until;
    };

    void start_waiting();
    void finish(const std::string& host, const Addresses& addresses, const std::string& error);
    void remember(const std::string& host, const Addresses& addresses);

    boost::asio::io_context& io_;
    const LookUp look_up_;
    const std::shared_ptr<Bridge> bridge_;
    std::unordered_map<std::string, std::vector<Done>> asked_;  // by host: who waits for it
    std::deque<std::string> waiting_;                           // hosts for which no thread was free
    std::unordered_map<std::string, Known> known_;
    size_t running_ = 0;
};

}  // namespace gatewayd

#endif
