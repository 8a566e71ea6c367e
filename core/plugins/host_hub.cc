// The Hub's functions of the host table.
#include <algorithm>
#include <memory>

#include "core/base/utf8.h"
#include "core/chain/chain.h"
#include "core/plugins/host_table.h"
#include "core/plugins/instance.h"

namespace gatewayd {
namespace {

constexpr uint32_t clients_per_page = 256;

int32_t host_publish(gw_inst* instance, const gw_destination* to, gw_str message, gw_published_fn done,
                     void* ud) {
    PublishOrder order;
    if (const int32_t wrong = make_publish_order(instance, to, message, &order)) return wrong;
    PublishDone completion;
    if (done) {
        completion = [done, ud, owed = from_abi(instance)->calls](const PublishResult& result) {
            done(ud, result.delivered);
        };
    }
    const Status status = from_abi(instance)->services->publish(std::move(order), std::move(completion));
    if (status.ok()) return GW_OK;
    return status.code() == ErrorCode::unavailable ? GW_E_LIMIT : GW_E_ARG;
}

ConnectionHandle handle_of(gw_conn_id conn) {
    return {conn.slot, conn.generation};
}

int32_t change_subscription(gw_inst* instance, gw_conn_id conn, gw_str topic, bool join) {
    const std::string_view name = from_abi(topic);
    if (!instance || name.empty() || name.size() > max_destination_id_bytes) return GW_E_ARG;
    if (conn.generation == 0) return GW_E_STALE;
    return from_abi(instance)->services->subscribe(handle_of(conn), std::string(name), join) ? GW_OK
                                                                                             : GW_E_STALE;
}

int32_t host_subscribe(gw_inst* instance, gw_conn_id conn, gw_str topic) {
    return change_subscription(instance, conn, topic, true);
}

int32_t host_unsubscribe(gw_inst* instance, gw_conn_id conn, gw_str topic) {
    return change_subscription(instance, conn, topic, false);
}

int32_t host_kick(gw_inst* instance, gw_conn_id conn, gw_str why) {
    if (!instance || !is_valid_utf8(from_abi(why))) return GW_E_ARG;
    if (conn.generation == 0) return GW_E_STALE;
    return from_abi(instance)->services->kick(handle_of(conn), std::string(from_abi(why))) ? GW_OK
                                                                                           : GW_E_STALE;
}

int32_t show(const Identity& identity, gw_client_fn each, void* ud) {
    const std::string address = identity.remote_address.text();
    gw_client client{};
    client.struct_size = sizeof client;
    client.conn = {identity.handle.slot, identity.handle.generation};
    client.client_id = to_abi(std::string_view(identity.client_id));
    client.user_id = to_abi(std::string_view(identity.user_id));
    client.user_type = to_abi(std::string_view(identity.user_type));
    client.remote_address = to_abi(std::string_view(address));
    client.connected_at_ms = identity.connected_at_ms;
    return each(ud, &client);
}

int64_t host_client_list(gw_inst* instance, gw_str user_id, uint32_t limit, gw_client_fn each, void* ud) {
    if (!instance || !each) return GW_E_ARG;
    HostServices& services = *from_abi(instance)->services;
    int64_t calls = 0;
    if (user_id.len > 0) {
        for (const IdentityPtr& client : services.clients_of_user(from_abi(user_id), limit)) {
            ++calls;
            if (show(*client, each, ud) != 0) break;
        }
        return calls;
    }
    uint64_t cursor = 0;
    do {
        const auto page = services.list_clients(
            &cursor, std::min<size_t>(clients_per_page, limit - static_cast<size_t>(calls)));
        for (const IdentityPtr& client : page) {
            ++calls;
            if (show(*client, each, ud) != 0) return calls;
        }
    } while (cursor != 0 && calls < limit);
    return calls;
}

int32_t host_client_get(gw_inst* instance, gw_str client_id, gw_client_fn each, void* ud) {
    if (!instance || !each) return GW_E_ARG;
    const IdentityPtr client = from_abi(instance)->services->find_client(from_abi(client_id));
    if (!client) return GW_E_NOTFOUND;
    show(*client, each, ud);
    return GW_OK;
}

int32_t host_stats(gw_inst* instance, gw_stats* out) {
    if (!instance || !out || out->struct_size < sizeof(gw_stats)) return GW_E_ARG;
    from_abi(instance)->services->fill_stats(out);
    return GW_OK;
}

int32_t host_resume(gw_inst* instance, gw_token token) {
    return instance ? from_abi(instance)->services->resume(instance, token) : GW_E_ARG;
}

void host_shutdown(gw_inst* instance, gw_str why) {
    if (instance) {
        PluginInstance& plugin = *from_abi(instance);
        plugin.services->request_shutdown("plugin " + plugin.settings.name + ": " +
                                          std::string(from_abi(why)));
    }
}

}  // namespace

int32_t make_publish_order(gw_inst* instance, const gw_destination* to, gw_str message, PublishOrder* order) {
    if (!instance || !to || to->struct_size < sizeof(gw_destination) || to->flags != 0) return GW_E_ARG;
    if (to->kind > GW_DEST_ALL) return GW_E_ARG;
    const std::string_view id = from_abi(to->id);
    const bool named = to->kind == GW_DEST_CLIENT || to->kind == GW_DEST_USER || to->kind == GW_DEST_TOPIC;
    if (named && (id.empty() || id.size() > max_destination_id_bytes)) return GW_E_ARG;
    order->to = {static_cast<DestinationKind>(to->kind), false, std::string(id)};
    order->message = from_abi(message);
    order->sender = from_abi(instance)->lineage_key();
    order->hops = current_publish_hops();
    return GW_OK;
}

void fill_hub_functions(gw_host* table) {
    table->publish = host_publish;
    table->subscribe = host_subscribe;
    table->unsubscribe = host_unsubscribe;
    table->kick = host_kick;
    table->client_list = host_client_list;
    table->client_get = host_client_get;
    table->stats = host_stats;
    table->shutdown = host_shutdown;
    table->resume = host_resume;
}

}  // namespace gatewayd
