// Asks a back end (gw.http/1) in every way that the SDK has: outside of connections in Start and on a
// message "send", in hooks on "ask" and "keep", cancelling on "cancel".
#include <gateway/plugin.hpp>
#include <mutex>
#include <optional>
#include <string>

namespace {

namespace http = gateway::http;

class Asks : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"url", "on_start"});
        url_ = config.get("url").string_or("http://back.end/ask?key=secret");
        if (const std::string problem = http::url_problem(host(), url_); !problem.empty())
            config.get("url").fail(problem);
        on_start_ = config.get("on_start").bool_or(false);
        try {
            http::send(host(), http::get(url_), [](const http::Answer&) {});
            config.fail("sent in create");
        } catch (const gateway::Error& refused) {
            if (refused.code() != GW_E_STATE) throw;
        }
    }
    void Start() override {
        if (on_start_)
            http::send(host(), http::get(url_), [this](const http::Answer& a) { say("start", a); });
    }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&,
                               gateway::Next& next) override {
        const std::string content(request.field("content").value_or(""));
        if (content == "ask") return http::defer(host(), next, http::post_json(url_, "{}"));
        if (content == "wrong") return http::defer(host(), next, http::get("http://a b/"));
        if (content == "keep") {
            http::Request call = http::get(url_);
            call.headers.emplace_back("X-Key", "value");
            call.timeout_ms = 1000;
            return http::defer(host(), next, call, content);
        }
        if (content == "send" || content == "cancel") {
            const http::Call call =
                http::send(host(), http::get(url_), [this](const http::Answer& a) { say("sent", a); });
            if (content == "cancel" && call.cancel() && !call.cancel()) host().info("cancelled");
        }
        if (content == "throw") {
            http::send(host(), http::get(url_),
                       [](const http::Answer&) -> void { throw std::runtime_error("in done"); });
        }
        return gateway::Continue;
    }
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection&, gateway::Next&,
                              void* ud) override {
        if (request.field("content") == "ask") {
            const http::Answer answer = http::take(ud);
            say("asked", answer);
            return answer.ok() ? gateway::Continue : request.reject(403, "forbidden", answer.body);
        }
        const http::Resumed<std::string> resumed = http::take<std::string>(ud);
        say(resumed.state + " " + std::string(resumed.answer.header("x-a").value_or("none")), resumed.answer);
        return gateway::Continue;
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t why) override {
        host().info("dropped " + std::to_string(why));
        http::drop(ud);
    }

   private:
    void say(const std::string& what, const http::Answer& answer) const {
        host().info(what + ": " + std::to_string(answer.outcome) + " " + answer.what() + " [" + answer.body +
                    "]");
    }
    std::string url_;
    bool on_start_ = false;
};

}  // namespace

GATEWAY_PLUGIN_WITH(Asks, "test.asks", "1.0.0", "message", "needs=gw.http/1\n")
