// webhook: tells a back end what happens, by HTTP, and asks it about messages before they go on. README.md
// says how it is configured, docs/webhooks.md what goes over the wire.
//
// Here are the hooks: which events become what JSON. Sender brings them to the back end, Asker asks.
#include <memory>
#include <string>

#include "asker.h"
#include "event.h"
#include "gateway/plugin.hpp"
#include "meters.h"
#include "sender.h"
#include "settings.h"

namespace webhook {
namespace {

class Webhook : public gateway::Interceptor {
   public:
    static constexpr uint64_t events = GW_EV_CONNECTED | GW_EV_DISCONNECTED | GW_EV_STARTED | GW_EV_STOPPED;

    void Configure(const gateway::Config& config) override {
        settings_ = Settings::read(config, host());
        for (const std::string& pattern : settings_.events.plugin_patterns()) {
            try {
                gateway::listen<&Webhook::on_plugin_event>(host(), this, pattern);
            } catch (const gateway::Error& refused) {
                if (refused.code() != GW_E_ARG) throw;
                config.get("events").fail("\"" + pattern + "\" is no event, NAME.* or *");
            }
        }
        meters_ = Meters::define(host(), settings_.ask.enabled);
        sender_ = std::make_unique<Sender>(host(), settings_, &meters_);
        asker_ = std::make_unique<Asker>(host(), settings_, &meters_);
        gateway::admin_route<&Webhook::show_queue>(host(), this, "GET", "/queue");
        gateway::admin_route<&Webhook::retry>(host(), this, "POST", "/retry");
    }

    // What nobody wants costs nothing.
    void Wants(uint32_t* wanted_kinds, uint64_t* wanted_events) override {
        if (!settings_.events.wants_messages() && !settings_.ask.enabled) *wanted_kinds = 0;
        *wanted_events = settings_.events.events();
    }

    void Start() override { sender_->start(); }
    void Quiesce() override { sender_->quiesce(); }
    void Stop() override { sender_->stop(); }
    std::string SaveState(gateway::StatePart part) override { return sender_->save(part); }
    void LoadState(const gateway::State& state) override { sender_->load(state); }

    // --- messages ---

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection& connection,
                               gateway::Next& next) override {
        if (asker_->asks_about(type_of(request))) {
            const gateway::Verdict verdict = asker_->ask(request, connection, next, sender_->new_id());
            if (verdict != gateway::Continue) return verdict;
        }
        return go_on(request, next);
    }
    gateway::Verdict OnResume(gateway::Request& request, gateway::Connection&, gateway::Next& next,
                              void* ud) override {
        const gateway::Verdict verdict = asker_->answered(request, ud);
        return verdict == gateway::Continue ? go_on(request, next) : verdict;
    }
    void OnCancel(const gateway::Request&, gateway::Connection&, void* ud, int32_t) override {
        asker_->cancelled(ud);
    }

    // --- events ---

    void OnEvent(const gateway::Event& event, gateway::Connection& connection) override {
        const char* const name = event.type() == GW_EV_CONNECTED      ? "client.connected"
                                 : event.type() == GW_EV_DISCONNECTED ? "client.disconnected"
                                 : event.type() == GW_EV_STARTED      ? "websocket.started"
                                                                      : "websocket.stopped";
        json::JsonObject told = begin(name);
        if (connection) add_client(connection, &told);
        if (event.type() == GW_EV_DISCONNECTED)
            told.text("reason", event.reason()).number("code", event.code());
        sender_->push(told.end());
    }

    void on_plugin_event(const gateway::PluginEvent& event) {
        json::JsonObject told = begin_event(event.name, sender_->new_id(), event.at_ms);
        sender_->push(told.text("plugin", event.emitter).raw("data", event.json).end());
    }

    // --- the admin listener ---

    void show_queue(const gateway::AdminRequest& request) { request.answer(200, sender_->status()); }
    void retry(const gateway::AdminRequest& request) {
        sender_->retry_now();
        request.answer(200, sender_->status());
    }

   private:
    static std::string_view type_of(const gateway::Request& request) {
        const std::string_view type = request.field("type").value_or("");
        return type.size() > max_type_bytes ? std::string_view() : type;
    }

    json::JsonObject begin(std::string_view name) const {
        return begin_event(name, sender_->new_id(), host().wall_time_ms());
    }

    // Told when it has passed the rest of the chain and the gateway's own rules, as it then is.
    gateway::Verdict go_on(gateway::Request& request, gateway::Next& next) {
        if (!settings_.events.has_message(type_of(request))) return gateway::Continue;
        return next.run([this](gateway::Request& passed, gateway::Connection& connection, int32_t status) {
            if (status != GW_ST_PASSED || !connection) return;
            json::JsonObject told = begin(message_event(type_of(passed)));
            add_client(connection, &told);
            sender_->push(told.raw("message", message_json(passed)).end());
        });
    }

    Settings settings_;
    Meters meters_;
    std::unique_ptr<Sender> sender_;
    std::unique_ptr<Asker> asker_;
};

}  // namespace
}  // namespace webhook

GATEWAY_PLUGIN_WITH(webhook::Webhook, "webhook", "1.0.0", "message,events",
                    "description=Tells a back end what happens, and asks it about messages, by HTTP\n"
                    "needs=gw.http/1,gw.event/1,gw.timer/1\n")
