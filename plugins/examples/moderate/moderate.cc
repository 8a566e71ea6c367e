// moderate - an example plugin in C++ that asks somebody else: an HTTP service says whether a message may go
// on. The message is put aside meanwhile; nothing waits but its own client's next ones. README.md
#include <algorithm>
#include <gateway/plugin.hpp>
#include <string>
#include <vector>

#include "verdict.h"

namespace moderate {
namespace {

namespace http = gateway::http;

constexpr uint64_t max_answer_bytes = 65536;

class Moderate : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"url", "timeout_ms", "on_failure", "types", "authorization"});
        url_ = config.get("url").required_string();
        if (const std::string problem = http::url_problem(host(), url_); !problem.empty())
            config.get("url").fail(problem);
        timeout_ms_ = static_cast<uint32_t>(config.get("timeout_ms").integer_or(2000, 1, 29000));
        const std::string on_failure = config.get("on_failure").string_or("closed");
        if (on_failure != "closed" && on_failure != "open")
            config.get("on_failure").fail("must be closed (refuse the message) or open (let it pass)");
        fails_open_ = on_failure == "open";
        types_ = config.get("types").exists() ? config.get("types").string_list()
                                              : std::vector<std::string>{"text"};
        authorization_ = config.get("authorization").string_or("");
        for (const char c : authorization_) {
            if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
                config.get("authorization").fail("has a control character");
        }
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        const std::string type(request.field("type").value_or(""));
        if (std::find(types_.begin(), types_.end(), type) == types_.end()) return gateway::Continue;
        const gateway::Client client = connection.client();
        http::Request call =
            http::post_json(url_, "{\"user_id\":" + json_text(client.user_id) +
                                      ",\"user_type\":" + json_text(client.user_type) +
                                      ",\"message\":" + std::string(request.payload()) + "}");
        if (!authorization_.empty()) call.headers.emplace_back("Authorization", authorization_);
        call.timeout_ms = timeout_ms_;
        call.connect_timeout_ms = timeout_ms_;
        call.max_response_bytes = max_answer_bytes;
        call.repeatable = true;  // to be asked twice about the same message does no harm
        return http::defer(host(), next, call);
    }

    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection&, gateway::Next&,
                              void* ud) override {
        const http::Answer answer = http::take(ud);
        const auto verdict = answer.ok() ? read_verdict(answer.body) : std::nullopt;
        if (!verdict) return failed(request, answer);
        if (verdict->allow) return gateway::Continue;
        return request.reject(403, "forbidden",
                              verdict->reason.empty() ? "not allowed here" : verdict->reason);
    }

    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) override {
        http::drop(ud);
    }

   private:
    gateway::Verdict failed(gateway::Request& request, const http::Answer& answer) {
        host().warn("no verdict, the message is " + std::string(fails_open_ ? "let pass: " : "refused: ") +
                    (answer.ok() ? "the answer has no \"allow\"" : answer.what()));
        return fails_open_ ? gateway::Continue
                           : request.reject(503, "unavailable", "messages cannot be checked now; try again");
    }

    std::string url_;
    uint32_t timeout_ms_ = 0;
    bool fails_open_ = false;
    std::vector<std::string> types_;
    std::string authorization_;
};

}  // namespace
}  // namespace moderate

GATEWAY_PLUGIN_WITH(moderate::Moderate, "moderate", "1.0.0", "message",
                    "description=Asks an HTTP service whether a message may go on\nneeds=gw.http/1\n")
