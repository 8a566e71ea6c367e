// The checked functions of gw.permissions/1.
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/permissions.h"

namespace gatewayd::harness {
namespace {

const gw_permissions_v1& real() {
    return *static_cast<const gw_permissions_v1*>(find_extension(GW_EXT_PERMISSIONS));
}

int32_t define(gw_inst* inst, const gw_permission_rule* definition, uint32_t* rule) {
    HostCall call("permissions.define", inst, Handle::Kind::instance);
    call.needs(definition).needs(rule);
    if (call.ok()) {
        call.takes(definition->name).takes(definition->description);
        for (uint64_t i = 0; definition->user_types && i < definition->user_type_count; ++i)
            call.takes(definition->user_types[i]);
        if (!call.engine().creating()) call.engine().problem("permissions.define() was called after create");
    }
    return call.ok() ? real().define(call.real_inst(), definition, rule) : call.error();
}

int32_t find(gw_inst* inst, gw_str name, uint32_t* rule) {
    HostCall call("permissions.find", inst, Handle::Kind::instance);
    call.takes(name).needs(rule);
    return call.ok() ? real().find(call.real_inst(), name, rule) : call.error();
}

int32_t type_may(gw_inst* inst, gw_str user_type, uint32_t rule) {
    HostCall call("permissions.type_may", inst, Handle::Kind::instance);
    call.takes(user_type);
    return call.ok() ? real().type_may(call.real_inst(), user_type, rule) : 0;
}

int32_t may(gw_ctx* ctx, uint32_t rule) {
    const HostCall call("permissions.may", ctx, Handle::Kind::connection);
    return call.ok() ? real().may(call.real().ctx, rule) : call.error();
}

int32_t set(gw_ctx* ctx, uint32_t rule, int32_t decision) {
    const HostCall call("permissions.set", ctx, Handle::Kind::connection);
    return call.ok() ? real().set(call.real().ctx, rule, decision) : call.error();
}

int32_t refuse(gw_ctx* ctx, gw_req* req, uint32_t rule) {
    const HostCall connection("permissions.refuse", ctx, Handle::Kind::connection);
    if (!connection.ok()) return connection.error();
    const HostCall call("permissions.refuse", req, Handle::Kind::request);
    const int32_t code =
        call.ok() ? real().refuse(connection.real().ctx, call.real().req, rule) : call.error();
    if (code == GW_OK) call.hook().answered_by = "permissions.refuse";
    return code;
}

}  // namespace

const void* checked_permissions_table() {
    static const gw_permissions_v1 table{sizeof table, 0, define, find, type_may, may, set, refuse};
    return &table;
}

}  // namespace gatewayd::harness
