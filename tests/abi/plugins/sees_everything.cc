// C++ with the SDK: does something with every kind of request, for the tests of the harness.
#include "gateway/plugin.hpp"

namespace {

class SeesEverything : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_CONNECTED | GW_EV_DISCONNECTED;

    void Configure(const gateway::Config& config) override {
        const gateway::Config fail = config.get("fail");
        if (fail.exists()) fail.fail(fail.required_path());
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        switch (request.kind()) {
            case GW_KIND_HANDSHAKE:
                return handshake(request, connection);
            case GW_KIND_FRAME:
                if (request.payload() == "bytes") request.replace_payload("BYTES");
                return gateway::Continue;
            case GW_KIND_PUBLISH:
                request.set_field("seen_from", request.field("from").value_or(""));
                return gateway::Continue;
            case GW_KIND_DELIVERY:
                request.set_field("to_client", connection.client().client_id);
                return gateway::Continue;
            default:
                return message(request, connection);
        }
    }

    void OnEvent(const gateway::Event& event, gateway::Connection& connection) override {
        if (event.type() == GW_EV_CONNECTED) host().subscribe(connection.id(), "everyone");
        if (event.type() == GW_EV_DISCONNECTED) host().info("disconnected " + std::string(event.reason()));
    }

   private:
    static gateway::Verdict handshake(gateway::Request& request, gateway::Connection& connection) {
        const auto header = request.header("authorization");
        if (!header) return request.reject(401, "unauthorized", "no token");
        request.set_field("user_id", "verified");
        request.set_response_header(
            "X-Seen", std::string(*header) + " " + std::string(request.query("token").value_or("")));
        connection.set_attribute("seen", "handshake");
        return gateway::Continue;
    }

    gateway::Verdict message(gateway::Request& request, gateway::Connection& connection) {
        const auto type = request.field("type");
        if (type == "time") request.set_field("at", std::to_string(host().wall_time_ms()));
        if (type == "kick") host().kick(connection.id(), "asked for");
        if (type == "close") {
            connection.send(R"({"type":"bye"})");
            connection.close(4001, "asked for");
        }
        if (type != "text") return gateway::Continue;
        request.set_json("n", "1");
        request.set_destination(gateway::Destination::topic("everyone"));
        const gw_destination all = gateway::Destination::everyone().raw();
        host().raw()->publish(host().inst(), &all, GW_STR(R"({"type":"joined"})"), published, this);
        return gateway::Continue;
    }
    static void published(void* self, uint64_t delivered) {
        static_cast<SeesEverything*>(self)->host().info("published to " + std::to_string(delivered));
    }
};

}  // namespace

GATEWAY_PLUGIN(SeesEverything, "sees_everything", "1.0.0", "handshake,frame,message,publish,delivery,events")
