// Keeps texts in the store, by gateway/sdk/store.hpp: {"type":"keep","key":"k","content":"v"} is answered
// when it is durable; {"type":"kept","key":"k"} with what is there; with "on":"control" by way of the control
// thread.
#include <string>

#include "gateway/plugin.hpp"
#include "gateway/sdk/store.hpp"

namespace {

class Keeps : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next&) override {
        const std::string type(request.field("type").value_or(""));
        if (type != "keep" && type != "kept") return gateway::Continue;
        const std::string key(request.field("key").value_or(""));
        const std::string value(request.field("content").value_or(""));
        const bool on_control = request.field("on") == "control";
        const std::string client(connection.client().client_id);
        const auto to_connection = [](const gateway::StoreAnswer& answer, gateway::Connection& c) {
            c.send(told(answer));
        };
        const auto on_control_thread = [host = host(), client](const gateway::StoreAnswer& answer) {
            host.publish(gateway::Destination::client(client), told(answer));
        };
        try {
            if (type == "keep") {
                const std::vector<gateway::StoreOp> ops{gateway::StoreOp::put(key, value)};
                on_control ? store_.commit(host(), ops, on_control_thread)
                           : store_.commit(host(), connection.id(), ops, to_connection);
            } else {
                on_control ? store_.get(host(), key, on_control_thread)
                           : store_.get(host(), connection.id(), key, to_connection);
            }
        } catch (const gateway::Error& failure) {
            connection.send(R"({"type":"told","status":)" + std::to_string(failure.code()) + "}");
        }
        return gateway::Done;
    }

   private:
    static std::string told(const gateway::StoreAnswer& answer) {
        const std::string value = answer.entries.empty() ? "" : answer.entries[0].second;
        return R"({"type":"told","status":)" + std::to_string(answer.status) + R"(,"value":")" + value +
               "\"}";
    }

    gateway::Store store_{*this, "keeps"};
};

}  // namespace

GATEWAY_PLUGIN_WITH(Keeps, "keeps", "1.0.0", "message,events", "uses=gw.store/1\n")
