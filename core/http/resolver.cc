#include "core/http/resolver.h"

#include <netdb.h>
#include <netinet/in.h>

#include <boost/asio/post.hpp>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace gatewayd {
namespace {

namespace asio = boost::asio;
using Addresses = HttpResolver::Addresses;
using Clock = std::chrono::steady_clock;

Addresses ask_system(const std::string& host, std::string* error) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int result = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (result != 0) {
        *error = ::gai_strerror(result);
        return {};
    }
    Addresses addresses;
    for (const addrinfo* at = list; at; at = at->ai_next) {
        if (at->ai_family == AF_INET) {
            sockaddr_in raw;
            std::memcpy(&raw, at->ai_addr, sizeof raw);
            addresses.emplace_back(asio::ip::address_v4(ntohl(raw.sin_addr.s_addr)));
        } else if (at->ai_family == AF_INET6) {
            sockaddr_in6 raw;
            std::memcpy(&raw, at->ai_addr, sizeof raw);
            asio::ip::address_v6::bytes_type bytes;
            std::memcpy(bytes.data(), &raw.sin6_addr, bytes.size());
            addresses.emplace_back(asio::ip::address_v6(bytes, raw.sin6_scope_id));
        }
    }
    ::freeaddrinfo(list);
    if (addresses.empty()) *error = "it has no address";
    return addresses;
}

}  // namespace

// A look-up posts its result only while the resolver is there: under the mutex, which its destructor takes.
struct HttpResolver::Bridge {
    std::mutex mutex;
    HttpResolver* resolver = nullptr;  // guarded by mutex; null: gone
};

HttpResolver::HttpResolver(asio::io_context& io, LookUp look_up)
    : io_(io), look_up_(look_up ? std::move(look_up) : ask_system), bridge_(std::make_shared<Bridge>()) {
    bridge_->resolver = this;
}

HttpResolver::~HttpResolver() {
    const std::lock_guard<std::mutex> lock(bridge_->mutex);
    bridge_->resolver = nullptr;
}

void HttpResolver::resolve(const std::string& host, Done done) {
    boost::system::error_code not_an_address;
    const auto address = asio::ip::make_address(host, not_an_address);
    const auto known = known_.find(host);
    const bool fresh = known != known_.end() && known->second.until > Clock::now();
    if (!not_an_address || fresh) {
        Addresses addresses = fresh ? known->second.addresses : Addresses{address};
        asio::post(io_, [addresses = std::move(addresses), done = std::move(done)] { done(addresses, {}); });
        return;
    }
    std::vector<Done>& askers = asked_[host];
    askers.push_back(std::move(done));
    if (askers.size() > 1) return;
    waiting_.push_back(host);
    start_waiting();
}

void HttpResolver::start_waiting() {
    while (running_ < max_running && !waiting_.empty()) {
        const std::string host = std::move(waiting_.front());
        waiting_.pop_front();
        ++running_;
        const auto look_up = [bridge = bridge_, ask = look_up_, host] {
            std::string error;
            Addresses addresses = ask(host, &error);
            const std::lock_guard<std::mutex> lock(bridge->mutex);
            HttpResolver* resolver = bridge->resolver;
            if (!resolver) return;
            // Runs on the client thread, which ends before the resolver does.
            asio::post(resolver->io_, [resolver, host, addresses = std::move(addresses), error] {
                resolver->finish(host, addresses, error);
            });
        };
        try {
            std::thread(look_up).detach();
        } catch (const std::system_error& failure) {
            asio::post(io_, [this, host, why = std::string(failure.what())] { finish(host, {}, why); });
        }
    }
}

void HttpResolver::finish(const std::string& host, const Addresses& addresses, const std::string& error) {
    --running_;
    if (!addresses.empty()) remember(host, addresses);
    const auto found = asked_.find(host);
    const std::vector<Done> askers = std::move(found->second);
    asked_.erase(found);
    start_waiting();
    for (const Done& done : askers)
        done(addresses, error);
}

void HttpResolver::remember(const std::string& host, const Addresses& addresses) {
    const Clock::time_point now = Clock::now();
    if (known_.size() >= max_known_names) {
        for (auto at = known_.begin(); at != known_.end();)
            at = at->second.until <= now ? known_.erase(at) : std::next(at);
        if (known_.size() >= max_known_names) known_.clear();
    }
    known_[host] = {addresses, now + known_for};
}

}  // namespace gatewayd
