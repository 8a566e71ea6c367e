#include "gatewayd/admin/json.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <chrono>

#include "core/base/log_format.h"

namespace gatewayd::admin {
namespace {

// {"key":value,...} with keys in the order of the calls.
class Json {
   public:
    Json& open() { return writer_.StartObject(), *this; }
    Json& close() { return writer_.EndObject(), *this; }
    Json& open_list() { return writer_.StartArray(), *this; }
    Json& close_list() { return writer_.EndArray(), *this; }
    Json& key(std::string_view name) {
        return writer_.Key(name.data(), static_cast<rapidjson::SizeType>(name.size())), *this;
    }
    Json& value(std::string_view text) {
        return writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size())), *this;
    }
    Json& value(const std::string& text) { return value(std::string_view(text)); }
    Json& value(const char* text) { return value(std::string_view(text)); }
    Json& value(bool it) { return writer_.Bool(it), *this; }
    Json& value(uint64_t number) { return writer_.Uint64(number), *this; }
    Json& value(uint32_t number) { return value(uint64_t{number}); }
    Json& value(double number) { return writer_.Double(number), *this; }
    Json& value(int64_t number) { return writer_.Int64(number), *this; }
    Json& null() { return writer_.Null(), *this; }
    template <typename Value>
    Json& field(std::string_view name, const Value& it) {
        return key(name).value(it);
    }
    std::string text() const { return {buffer_.GetString(), buffer_.GetSize()}; }

   private:
    rapidjson::StringBuffer buffer_;
    rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

void write_client(const Identity& client, Json* json) {
    json->open()
        .field("client_id", client.client_id)
        .field("user_id", client.user_id)
        .field("user_type", client.user_type)
        .field("remote_address", client.remote_address.text());
    if (client.proxy_address) json->field("proxy_address", client.proxy_address->text());
    if (client.tls != TlsVersion::none) json->field("tls", name(client.tls));
    json->field("connected_at", time_text(client.connected_at_ms));
    json->field("compression", name(client.compression)).close();
}

void write_clients(const std::vector<IdentityPtr>& clients, Json* json) {
    json->key("clients").open_list();
    for (const IdentityPtr& client : clients)
        write_client(*client, json);
    json->close_list();
}

// calls, errors and the like of one plugin; of its hooks those that were called.
void write_totals(const PluginStatus& plugin, Json* json) {
    const PluginTotals& totals = plugin.totals;
    json->field("calls", totals.calls())
        .field("errors", totals.errors)
        .field("misuse", totals.misuse)
        .field("deferred", totals.in_flight())
        .field("deferred_total", totals.deferred);
    if (plugin.has_budget) {
        json->field("breaker", name(plugin.breaker))
            .field("breaker_opened", plugin.breaker_opened)
            .field("overruns", totals.overruns)
            .field("bypassed", totals.bypassed)
            .field("refused", totals.refused);
    }
    json->key("hooks").open();
    for (size_t i = 0; i < hook_count; ++i) {
        const HookTotals& hook = totals.hooks[i];
        if (hook.calls == 0) continue;
        json->key(name(static_cast<Hook>(i))).open().field("calls", hook.calls);
        if (hook.timed_calls != 0) json->field("mean_ns", hook.timed_ns / hook.timed_calls);
        json->close();
    }
    json->close();
}

}  // namespace

std::string time_text(int64_t ms_since_1970) {
    std::string text;
    log::append_time(std::chrono::system_clock::time_point(std::chrono::milliseconds(ms_since_1970)), &text);
    return text;
}

std::string status_json(std::string_view status) {
    return Json().open().field("status", status).close().text();
}

std::string error_json(std::string_view code, std::string_view message) {
    return Json()
        .open()
        .key("error")
        .open()
        .field("code", code)
        .field("message", message)
        .close()
        .close()
        .text();
}

std::string published_json(std::string_view msg_id, uint64_t delivered) {
    return Json().open().field("msg_id", msg_id).field("delivered", delivered).close().text();
}

std::string client_json(const Identity& client) {
    Json json;
    write_client(client, &json);
    return json.text();
}

std::string clients_json(const std::vector<IdentityPtr>& clients, uint64_t next_cursor) {
    Json json;
    json.open();
    write_clients(clients, &json);
    json.key("next_cursor");
    if (next_cursor == 0) {
        json.null();
    } else {
        json.value(std::to_string(next_cursor));  // text: JavaScript's numbers end at 2^53
    }
    return json.close().text();
}

std::string user_json(std::string_view user_id, const std::vector<IdentityPtr>& clients) {
    Json json;
    json.open().field("user_id", user_id).field("online", !clients.empty());
    write_clients(clients, &json);
    return json.close().text();
}

std::string kicked_json(std::string_view client_id) {
    return Json().open().field("client_id", client_id).field("kicked", true).close().text();
}

std::string stats_json(const GatewayStats& stats, const std::vector<std::string>& warnings, int64_t now_ms) {
    Json json;
    json.open()
        .field("version", GATEWAYD_VERSION)
        .field("node_id", stats.node_id)
        .field("enabled", stats.enabled)
        .field("safe_mode", stats.safe_mode)
        .field("running", stats.running)
        .field("draining", stats.draining)
        .field("identities_verified", stats.identities_verified)
        .field("listening", stats.listening)
        .field("started_at", time_text(stats.started_at_ms))
        .field("uptime_seconds", (now_ms - stats.started_at_ms) / 1000)
        .field("current_connections", stats.current_connections)
        .field("total_connections", stats.total_connections)
        .field("total_messages_received", stats.total_messages_received)
        .field("total_messages_sent", stats.total_messages_sent)
        .field("tls", stats.tls);
    if (stats.tls) {
        json.key("tls_connections").open();
        for (int i = 1; i < tls_version_count; ++i)
            json.field(name(static_cast<TlsVersion>(i)), stats.tls_connections[static_cast<size_t>(i)]);
        json.close();
    }
    json.key("warnings").open_list();
    for (const std::string& warning : warnings)
        json.value(warning);
    return json.close_list().close().text();
}

std::string permissions_json(const std::vector<Permissions::Rule>& rules) {
    Json json;
    json.open().key("rules").open_list();
    for (const Permissions::Rule& rule : rules) {
        json.open().field("rule", rule.name).field("may", rule.description).key("user_types").open_list();
        for (const std::string& type : rule.user_types)
            json.value(type);
        json.close_list().field("source", rule.source).field("defined_by", rule.defined_by).close();
    }
    return json.close_list().close().text();
}

std::string plugins_json(const std::vector<PluginStatus>& plugins) {
    Json json;
    json.open().key("plugins").open_list();
    for (const PluginStatus& plugin : plugins) {
        json.open()
            .field("name", plugin.name)
            .field("id", plugin.id)
            .field("version", plugin.version)
            .field("path", plugin.path);
        json.key("kinds").open_list();
        for (const std::string& kind : plugin.kinds)
            json.value(kind);
        json.close_list().field("loaded", plugin.loaded);
        if (!plugin.loaded) json.field("why_not", plugin.why_not);
        json.field("state", plugin.state)
            .field("generation", plugin.generation)
            .field("connections", plugin.connections);
        json.key("draining").open_list();
        for (const PluginStatus::Draining& old : plugin.draining) {
            json.open()
                .field("generation", old.generation)
                .field("version", old.version)
                .field("connections", old.connections)
                .close();
        }
        json.close_list().field("crashes", uint64_t{plugin.crashes}).field("stuck", plugin.stuck);
        write_totals(plugin, &json);
        json.close();
    }
    return json.close_list().close().text();
}

std::string reload_json(const PluginReload& report) {
    Json json;
    json.open().field("outcome",
                      report.outcome == PluginReload::Outcome::unchanged ? "unchanged" : "reloaded");
    json.key("plugins").open_list();
    for (const PluginReload::One& one : report.plugins) {
        json.open().field("name", one.name).field("action", one.action);
        if (!one.from_version.empty()) {
            json.key("from").open();
            json.field("generation", one.from_generation).field("version", one.from_version).close();
        }
        if (!one.to_version.empty()) {
            json.key("to").open();
            json.field("generation", one.to_generation).field("version", one.to_version).close();
        }
        json.close();
    }
    json.close_list().key("needs_restart").open_list();
    for (const std::string& key : report.restart)
        json.value(key);
    return json.close_list().field("seconds", report.seconds).close().text();
}

}  // namespace gatewayd::admin
