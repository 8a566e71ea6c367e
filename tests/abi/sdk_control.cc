// Services, HTTP routes and metrics of the C++ SDK, each template of it once: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

struct acme_crm_v1 {
    gw_service_head head;
    int32_t (*display_name)(void* self, gw_str user_id, char* out, uint64_t size);
    int32_t (*size)(void* self);
};

class Provider : public gateway::Interceptor {
   public:
    void Start() override {
        table_ = {{sizeof(table_), 0, this},
                  gateway::service_function<&Provider::display_name>,
                  gateway::service_function<&Provider::size>};
        gateway::publish_service(host(), "acme.crm/1", &table_);
        gateway::admin_route<&Provider::asked>(host(), this, "GET", "/size");
        gateway::counter(host(), "a_total", "A.").add();
        gateway::counters(host(), "b_total", "B.", {"x"}).with({"1"}).add(2);
        const gateway::Gauge gauge = gateway::gauge(host(), "c", "C.");
        gauge.set(1);
        gauge.add(-1);
        gateway::gauges(host(), "d", "D.", {"x", "y"}).with({"1", "2"}).set(3);
        gateway::histogram(host(), "e", "E.", {1, 2}).observe(0.5);
        gateway::histograms(host(), "f", "F.", {"x"}, {1}).with({"1"}).observe(2);
        if (const auto other = other_.get()) other->size(other->head.self);
    }
    void Configure(const gateway::Config&) override { other_.optional(); }
    void asked(const gateway::AdminRequest& request) {
        const std::string text = std::string(request.method()) + std::string(request.path()) +
                                 std::string(request.body()) + std::string(request.parameter("x")) +
                                 std::string(request.query("y").value_or(""));
        if (!request.answer(200, text)) request.answer(200, "text/plain", text);
        const gateway::AdminCall call = request.call();
        call.answer(200, text);
    }

   private:
    int32_t display_name(gw_str, char*, uint64_t) { return GW_E_NOTFOUND; }
    int32_t size() const { return 0; }
    acme_crm_v1 table_{};
    gateway::Service<acme_crm_v1> other_{*this, "acme.crm/2"};
};

}  // namespace

GATEWAY_PLUGIN_WITH(Provider, "provider", "1.0.0", "service", "offers=acme.crm/1\nuses=acme.crm/2\n")
