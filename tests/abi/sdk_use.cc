// Uses every function of the C++ SDK once, so that each template of it is compiled: syntax only, never run.
#include "gateway/plugin.hpp"

namespace {

class UsesAll : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_LIMITS;
    static constexpr uint64_t events = GW_EV_CONNECTED | GW_EV_ERROR;

    std::string_view Name() const override { return "another name"; }
    int32_t Order() const override { return -5; }
    void Configure(const gateway::Config& config) override {
        config.allow_only({"text", "list", "number"});
        const gateway::Config list = config.get("list");
        if (!list.exists() || !list.is_list() || list.is_map() || list.is_scalar())
            list.fail("must be a list");
        text_ = config.get("text").string_or("none") + config.location() + config.key();
        for (const std::string& entry : list.string_list())
            text_ += entry;
        text_ += list.at(list.size() - 1).required_path() + config.key_at(0);
        if (config.raw() == nullptr) text_ += "?";
        number_ = config.get("number").number_or(0.5) + config.get("number").required_number();
        number_ +=
            static_cast<double>(config.get("number").integer_or(1, 0, 9) + list.at(0).required_integer());
        if (config.get("flag").bool_or(false) != config.get("flag").required_bool()) number_ = 0;
    }
    void Start() override {
        host().debug(text_);
        host().info(host().instance_name());
        host().warn(std::to_string(host().now_ns()));
        host().error(std::to_string(host().wall_time_ms()));
        host().publish(gateway::Destination::topic("t").but_not_sender(), "{}");
        host().publish(gateway::Destination::everyone(), "{}");
        const int64_t count = host().for_each_client("u1", 10, [](const gateway::Client& client) {
            return client.user_type == "agent" && client.connected_at_ms > 0;
        });
        const bool found = host().find_client("c1", [this](const gateway::Client& client) {
            text_ = client.remote_address;
            return true;
        });
        if (found && count > 0 && host().stats().running == 1) host().shutdown("enough");
        host().kick(gw_conn_id{1, 2}, "why");
        host().subscribe(gw_conn_id{1, 2}, "t");
        host().unsubscribe(gw_conn_id{1, 2}, "t");
        host().resume(gw_token{1, 2});
    }
    void Quiesce() override {}
    void Stop() override {}
    bool Attach(gateway::Connection& connection) override {
        connection.set_slot(new int(1));
        connection.keep_kinds(GW_KIND_MESSAGE);
        return connection.client().user_id != "nobody";
    }
    void Detach(gateway::Connection& connection) override { delete connection.slot<int>(); }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        if (request.is_handshake() && request.header("X-A") && request.query("a")) {
            request.set_response_header("X-B", "b");
            return request.reject(401, "forbidden", "why");
        }
        if (request.is_frame() && request.is_binary()) request.replace_payload(request.payload());
        if (request.is_publish() || request.is_delivery()) return gateway::Drop;
        if (request.destination().kind == GW_DEST_USER)
            request.set_destination(gateway::Destination::client("c"));
        request.set_json("data", request.json_field("data").value_or("null"));
        if (connection && connection.attribute("a")) connection.set_attribute("a", "");
        connection.send("{}");
        connection.close(1008, std::to_string(connection.id().generation));
        if (request.is_message()) return request.answer("{}");
        next.defer(1000, std::make_unique<std::string>("kept"));
        return gateway::Pending;
    }
    void Wants(uint32_t* wanted_kinds, uint64_t* wanted_events) override {
        *wanted_kinds &= ~GW_KIND_PUBLISH;
        *wanted_events &= GW_EV_ERROR;
    }
    gateway::Verdict OnResume(gateway::Request&, gateway::Connection&, gateway::Next& next,
                              void* ud) override {
        if (*gateway::take<std::string>(ud) == "again") {
            next.defer(0, nullptr);
            return gateway::Pending;
        }
        return next.run([](gateway::Request&, gateway::Connection&, int32_t) {});
    }
    void OnCancel(const gateway::Request& request, gateway::Connection&, void*, int32_t) override {
        host().info(request.field("id").value_or(""));
    }
    void OnEvent(const gateway::Event& event, gateway::Connection&) override {
        if (event.type() == GW_EV_ERROR && event.code() == GW_SEVERITY_ERROR) host().warn(event.reason());
        if (event.has_message()) host().warn(event.message().payload());
    }

   private:
    std::string text_;
    double number_ = 0;
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesAll, "acme.uses-all", "0.1.0",
                    "handshake,frame,message,publish,delivery,events,service",
                    "description=Uses all of it\nneeds=gw.timer/1\n")
