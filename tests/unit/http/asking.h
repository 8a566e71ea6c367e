// A client under test, and requests whose answers are waited for.
#ifndef GATEWAYD_TESTS_UNIT_HTTP_ASKING_H
#define GATEWAYD_TESTS_UNIT_HTTP_ASKING_H

#include <doctest/doctest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/http/client.h"
#include "core/http/rules.h"

namespace gatewayd::testing {

inline HttpRequest request_for(const std::string& url, const std::string& method = "GET",
                               const std::string& body = {}) {
    HttpRequest request;
    std::string why;
    const auto parsed = parse_http_url(url, &why);
    REQUIRE_MESSAGE(parsed, why);
    request.url = *parsed;
    request.method = method;
    request.body = body;
    return request;
}

// A gate that handlers of the test server and done functions wait at.
class Gate {
   public:
    void open() {
        const std::lock_guard<std::mutex> lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void arrive() {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++arrived_;
        changed_.notify_all();
    }
    void pass() {
        arrive();
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return open_; });
    }
    // Until so many have come.
    void wait_for(int count) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return arrived_ >= count; });
    }
    int arrived() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return arrived_;
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int arrived_ = 0;
};

class Asked {
   public:
    HttpAnswer wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        came_.wait(lock, [&] { return times_ > 0; });
        return answer_;
    }
    int times() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return times_;
    }
    void take(const HttpAnswer& answer) {
        const std::lock_guard<std::mutex> lock(mutex_);
        ++times_;
        answer_ = answer;
        came_.notify_all();
    }
    uint64_t id = 0;
    HttpService::Taken taken = HttpService::Taken::yes;

   private:
    std::mutex mutex_;
    std::condition_variable came_;
    int times_ = 0;
    HttpAnswer answer_;
};
using AskedPtr = std::shared_ptr<Asked>;

// All names are 127.0.0.1.
inline HttpResolver::Addresses here(const std::string&, std::string*) {
    return {boost::asio::ip::make_address("127.0.0.1")};
}

class Asking {
   public:
    explicit Asking(HttpClientOptions options = {}) {
        if (!options.look_up) options.look_up = here;
        client = std::make_unique<HttpClient>(std::move(options));
        const std::string problem = client->load();
        REQUIRE_MESSAGE(problem.empty(), problem);
    }

    AskedPtr ask(HttpRequest request) { return ask_as(this, std::move(request)); }
    AskedPtr ask_as(const void* instance, HttpRequest request) {
        const std::string why = complete_http_request(&request);
        REQUIRE_MESSAGE(why.empty(), why);
        auto asked = std::make_shared<Asked>();
        asked->id = client->new_id();
        asked->taken = client->submit({instance, "tester", &over}, asked->id, std::move(request),
                                      [asked](const HttpAnswer& answer) { asked->take(answer); });
        return asked;
    }
    AskedPtr get(const std::string& url) { return ask(request_for(url)); }
    HttpPluginNumbers numbers() const { return client->numbers().plugins.at(0); }
    uint64_t ended(HttpOutcome outcome) const { return numbers().requests[static_cast<size_t>(outcome)]; }

    std::atomic<bool> over{false};
    std::unique_ptr<HttpClient> client;
};

}  // namespace gatewayd::testing

#endif
