// Uses every function of gateway/sdk/http.hpp once, so that each template of it is compiled: syntax only.
#include "gateway/plugin.hpp"

namespace {

namespace http = gateway::http;

class UsesHttp : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        url_ = config.get("url").required_string();
        if (const std::string problem = http::url_problem(host(), url_); !problem.empty())
            config.get("url").fail(problem);
    }
    void Start() override {
        http::Request request = http::get(url_);
        request.headers.emplace_back("Accept", "application/json");
        request.timeout_ms = request.connect_timeout_ms = 1000;
        request.max_response_bytes = 1000;
        const http::Call call = http::send(host(), request, [this](const http::Answer& answer) {
            url_ = std::string(answer.header("ETag").value_or("")) + answer.what() + answer.body;
        });
        call.cancel();
    }
    gateway::Verdict Intercept(gateway::Request&, gateway::Connection&, gateway::Next& next) override {
        http::Request request = http::post_json(url_, "{}");
        request.repeatable = true;
        if (url_.empty()) return http::defer(host(), next, request);
        return http::defer(host(), next, request, std::make_unique<int>(1));
    }
    gateway::Verdict OnResume(gateway::Request&, gateway::Connection&, gateway::Next&, void* ud) override {
        if (url_.empty()) return http::take(ud).ok() ? gateway::Continue : gateway::Drop;
        const auto resumed = http::take<std::unique_ptr<int>>(ud);
        return resumed.answer.ok() && *resumed.state == 1 ? gateway::Continue : gateway::Drop;
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) override {
        http::drop(ud);
    }

   private:
    std::string url_;
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesHttp, "acme.uses-http", "0.1.0", "message", "needs=gw.http/1\n")
