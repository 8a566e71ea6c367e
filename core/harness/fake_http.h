// FakeHttp: gw.http/1 for a plugin under test: the test's answers, after as much of the fake clock as it
// says, given in Engine::turn(). submit() and cancel() from any thread; the rest is the test's.
#ifndef GATEWAYD_CORE_HARNESS_FAKE_HTTP_H
#define GATEWAYD_CORE_HARNESS_FAKE_HTTP_H

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "core/http/service.h"
#include "gateway/harness.hpp"

namespace gatewayd::harness {

class FakeHttp final : public HttpService {
   public:
    using Handler = std::function<gateway::harness::HttpAnswer(const gateway::harness::HttpRequest&)>;

    // --- HttpService ---
    uint64_t new_id() override;
    Taken submit(const HttpCaller& caller, uint64_t id, HttpRequest request, Done done) override;
    bool cancel(const void* instance, uint64_t id) override;

    // --- the test's side ---
    // now_ms: of the fake clock.
    void set_clock(std::function<uint64_t()> now_ms) { now_ms_ = std::move(now_ms); }
    void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }
    void set_handler(Handler handler) { handler_ = std::move(handler); }
    std::vector<gateway::harness::HttpRequest> requests() const;
    // Calls done of all that is due, in the order of their time. True: there was some.
    bool answer_due();
    // The instance stops: all that waits is cancelled.
    void forget();

   private:
    struct Waiting {
        HttpRequest request;
        Done done;
        uint64_t asked_at_ms = 0;
        bool cancelled = false;
        bool known = false;  // the handler was asked, and answer is there
        HttpAnswer answer;
        uint64_t due_ms = 0;
    };
    using WaitingMap = std::map<uint64_t, Waiting>;

    void ask_handler(Waiting* waiting);
    static HttpAnswer made_of(const gateway::harness::HttpAnswer& answer, const HttpRequest& request);

    std::function<uint64_t()> now_ms_;
    std::function<void()> wake_;
    Handler handler_;  // empty: nobody listens
    mutable std::mutex mutex_;
    uint64_t last_id_ = 0;
    WaitingMap waiting_;  // by id: in their order
    std::vector<gateway::harness::HttpRequest> requests_;
};

}  // namespace gatewayd::harness

#endif
