// C++ with the SDK: HTTP routes and metrics of every sort, for the tests of the harness and of the gateway.
#include <thread>
#include <vector>

#include "gateway/plugin.hpp"

namespace {

class ServesHttp : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_TICKETS;

    void Configure(const gateway::Config& config) override {
        config.allow_only({"claim"});
        if (config.get("claim").exists()) {
            const std::string path = config.get("claim").required_string();
            gateway::admin_route<&ServesHttp::now>(host(), this, "GET", path);
        }
        gateway::admin_route<&ServesHttp::now>(host(), this, "GET", "/now");
        gateway::admin_route<&ServesHttp::echo>(host(), this, "POST", "/echo/{id}");
        requests_ = gateway::counters(host(), "requests_total", "Requests, by route.", {"route"});
        tickets_ = gateway::gauges(host(), "gateway_tickets", "Tickets now.", {"state"});
        sizes_ = gateway::histogram(host(), "body_bytes", "Sizes of bodies.", {10, 100});
        running_ = gateway::gauge(host(), "threads", "Threads that answer.");
    }
    void Start() override {
        gateway::admin_route<&ServesHttp::later>(host(), this, "GET", "/later/{id}");
        gateway::admin_route<&ServesHttp::never>(host(), this, "GET", "/never");
        gateway::admin_route<&ServesHttp::twice>(host(), this, "GET", "/twice");
        gateway::admin_route<&ServesHttp::fails>(host(), this, "DELETE", "/fails");
        gateway::admin_route<&ServesHttp::tickets>(host(), this, "GET", "/api/v1/tickets");
        tickets_.with({"open"}).set(3);
    }
    void Stop() override {
        for (std::thread& thread : threads_)
            thread.join();
    }

    void now(const gateway::AdminRequest& request) {
        count("now");
        request.answer(200, R"({"at":)" + std::to_string(host().wall_time_ms()) + "}");
    }
    void echo(const gateway::AdminRequest& request) {
        count("echo");
        sizes_.observe(static_cast<double>(request.body().size()));
        request.answer(201, "text/plain",
                       std::string(request.method()) + " " + std::string(request.parameter("id")) + " " +
                           std::string(request.query("x").value_or("-")) + " " + std::string(request.body()));
    }
    void later(const gateway::AdminRequest& request) {
        count("later");
        threads_.emplace_back([this, call = request.call(), id = std::string(request.parameter("id"))] {
            running_.add(1);
            call.answer(200, "\"later " + id + "\"");
            running_.add(-1);
        });
    }
    void never(const gateway::AdminRequest& request) {
        count("never");
        late_.push_back(request.call());
    }
    void twice(const gateway::AdminRequest& request) {
        const bool first = request.answer(204, "");
        const bool second = request.answer(200, "{}");
        const bool late = !late_.empty() && late_.back().answer(200, "{}");
        host().info("answered " + std::to_string(first) + std::to_string(second) + std::to_string(late));
    }
    void fails(const gateway::AdminRequest& request) { request.parameter("there is no such part"); }
    void tickets(const gateway::AdminRequest& request) { request.answer(200, "[]"); }

   private:
    void count(std::string_view route) { requests_.with({route}).add(); }

    gateway::Metric<gateway::Counter> requests_;
    gateway::Metric<gateway::Gauge> tickets_;
    gateway::Histogram sizes_;
    gateway::Gauge running_;
    std::vector<std::thread> threads_;  // control thread
    std::vector<gateway::AdminCall> late_;
};

}  // namespace

GATEWAY_PLUGIN_WITH(ServesHttp, "serves_http", "1.0.0", "message", "needs=gw.admin/1,gw.metrics/1\n")
