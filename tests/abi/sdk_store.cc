// Uses every function of gateway/sdk/store.hpp once: syntax only, never run.
#include "gateway/plugin.hpp"
#include "gateway/sdk/store.hpp"

namespace {

class UsesStore : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_SERVICE_CHANGED;
    void Configure(const gateway::Config&) override { store_.optional(); }
    void Start() override {
        if (!store_.available()) return;
        using Op = gateway::StoreOp;
        const gw_conn_id conn{1, 1};
        const auto told = [this](const gateway::StoreAnswer& answer) {
            if (!answer.ok()) host().warn(answer.message);
        };
        const auto said = [](const gateway::StoreAnswer& answer, gateway::Connection& connection) {
            for (const auto& [key, value] : answer.entries)
                connection.send(value);
        };
        store_.commit(host(), {Op::expect_none("a"), Op::put("a", "1"), Op::append("log", "x")}, told);
        store_.commit(host(), conn, {Op::expect("a", "1"), Op::erase("a"), Op::erase_prefix("log")}, said);
        store_.get(host(), "a", told);
        store_.get(host(), conn, "a", said);
        store_.scan(host(), {"a", "b", 10, true}, told);
        store_.scan(host(), conn, {}, said);
        store_.recover();
    }

   private:
    gateway::Store store_{*this, "uses"};
};

}  // namespace

GATEWAY_PLUGIN_WITH(UsesStore, "uses-store", "1.0.0", "service,events", "uses=gw.store/1\n")
