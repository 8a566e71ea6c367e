// The checked host functions of an instance: log, time, the Hub. [any]
#include "core/harness/host_calls.h"
#include "core/plugins/host_table.h"

namespace gatewayd::harness {
namespace {

const gw_host& host() {
    return *host_table();
}

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

void log(gw_inst* inst, int32_t level, gw_str text) {
    const HostCall call = of_instance("log", inst).takes(text);
    if (!call.ok()) return;
    if (level < GW_LOG_DEBUG || level > GW_LOG_ERROR) {
        call.engine().problem("log() got the level " + std::to_string(level));
    }
    call.engine().add_log(level, std::string(from_abi(text)));
}

const void* extension(gw_inst* inst, gw_str name) {
    const HostCall call = of_instance("extension", inst).takes(name);
    if (!call.ok()) return nullptr;
    const auto found = call.engine().extensions.find(std::string(from_abi(name)));
    return found == call.engine().extensions.end() ? checked_extension(from_abi(name)) : found->second;
}

gw_str instance_name(gw_inst* inst) {
    const HostCall call = of_instance("instance_name", inst);
    return call.ok() ? call.engine().give_for_life(call.instance()->settings.name) : gw_str{nullptr, 0};
}

// The visitor of client_list and client_get, with texts that die with each visit.
struct Visit {
    Engine* engine;
    gw_client_fn each;
    void* ud;
};

int32_t visit(void* ud, const gw_client* client) {
    const Visit& visit = *static_cast<Visit*>(ud);
    HookCall call(visit.engine, "a client visitor", {});
    gw_client shown = *client;
    for (gw_str* text : {&shown.client_id, &shown.user_id, &shown.user_type, &shown.remote_address})
        *text = call.give(from_abi(*text));
    return visit.each(visit.ud, &shown);
}

int32_t publish(gw_inst* inst, const gw_destination* to, gw_str message, gw_published_fn done, void* ud) {
    const HostCall call =
        of_instance("publish", inst).needs(to).takes(message).takes(to ? to->id : gw_str{nullptr, 0});
    return call.ok() ? host().publish(call.real_inst(), to, message, done, ud) : call.error();
}
int32_t subscribe(gw_inst* inst, gw_conn_id conn, gw_str topic) {
    const HostCall call = of_instance("subscribe", inst).takes(topic);
    return call.ok() ? host().subscribe(call.real_inst(), conn, topic) : call.error();
}
int32_t unsubscribe(gw_inst* inst, gw_conn_id conn, gw_str topic) {
    const HostCall call = of_instance("unsubscribe", inst).takes(topic);
    return call.ok() ? host().unsubscribe(call.real_inst(), conn, topic) : call.error();
}
int32_t kick(gw_inst* inst, gw_conn_id conn, gw_str why) {
    const HostCall call = of_instance("kick", inst).takes(why);
    return call.ok() ? host().kick(call.real_inst(), conn, why) : call.error();
}
int64_t client_list(gw_inst* inst, gw_str user_id, uint32_t limit, gw_client_fn each, void* ud) {
    const HostCall call = of_instance("client_list", inst).takes(user_id);
    if (!call.ok() || !each) return call.ok() ? GW_E_ARG : call.error();
    Visit by{&call.engine(), each, ud};
    return host().client_list(call.real_inst(), user_id, limit, visit, &by);
}
int32_t client_get(gw_inst* inst, gw_str client_id, gw_client_fn each, void* ud) {
    const HostCall call = of_instance("client_get", inst).takes(client_id);
    if (!call.ok() || !each) return call.ok() ? GW_E_ARG : call.error();
    Visit by{&call.engine(), each, ud};
    return host().client_get(call.real_inst(), client_id, visit, &by);
}
int32_t stats(gw_inst* inst, gw_stats* out) {
    const HostCall call = of_instance("stats", inst).needs(out);
    return call.ok() ? host().stats(call.real_inst(), out) : call.error();
}
int32_t resume(gw_inst* inst, gw_token token) {
    const HostCall call = of_instance("resume", inst);
    if (!call.ok()) return call.error();
    call.engine().look_at_resume(token);
    return host().resume(call.real_inst(), token);
}
void shutdown(gw_inst* inst, gw_str why) {
    const HostCall call = of_instance("shutdown", inst).takes(why);
    if (call.ok()) host().shutdown(call.real_inst(), why);
}

}  // namespace

void fill_checked_hub_functions(gw_host* table) {
    table->log = log;
    table->extension = extension;
    table->instance_name = instance_name;
    table->now_ns = Engine::now_ns;
    table->wall_time_ms = Engine::wall_time_ms;
    table->publish = publish;
    table->subscribe = subscribe;
    table->unsubscribe = unsubscribe;
    table->kick = kick;
    table->client_list = client_list;
    table->client_get = client_get;
    table->stats = stats;
    table->resume = resume;
    table->shutdown = shutdown;
}

}  // namespace gatewayd::harness
