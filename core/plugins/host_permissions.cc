// gw.permissions/1: checks the arguments, and works on Permissions and Grants (core/chain/permissions.h).
#include "core/base/utf8.h"
#include "core/chain/permissions.h"
#include "core/chain/request.h"
#include "core/plugins/extensions.h"
#include "core/plugins/instance.h"
#include "gateway/ext/permissions.h"

namespace gatewayd {
namespace {

int32_t define(gw_inst* inst, const gw_permission_rule* definition, uint32_t* rule) {
    if (!inst || !definition || !rule || definition->struct_size < sizeof(gw_permission_rule) ||
        definition->user_type_count > Permissions::max_user_types ||
        (definition->user_type_count && !definition->user_types)) {
        return GW_E_ARG;
    }
    std::vector<std::string> types;
    for (uint64_t i = 0; i < definition->user_type_count; ++i) {
        types.emplace_back(from_abi(definition->user_types[i]));
        if (types.back().empty() || !is_valid_utf8(types.back())) return GW_E_ARG;
    }
    const std::string_view description = from_abi(definition->description);
    if (!is_valid_utf8(description)) return GW_E_ARG;
    const PluginInstance& instance = *from_abi(inst);
    RuleId id = 0;
    switch (instance.services->permissions().define(from_abi(definition->name), description, std::move(types),
                                                    instance.settings.name, &id)) {
        case Permissions::Defined::bad_text:
            return GW_E_ARG;
        case Permissions::Defined::taken:
            return GW_E_STATE;
        case Permissions::Defined::too_many:
            return GW_E_LIMIT;
        case Permissions::Defined::ok:
            break;
    }
    *rule = id;
    return GW_OK;
}

int32_t find(gw_inst* inst, gw_str name, uint32_t* rule) {
    if (!inst || !rule) return GW_E_ARG;
    const auto found = from_abi(inst)->services->permissions().find(from_abi(name));
    if (!found) return GW_E_NOTFOUND;
    *rule = *found;
    return GW_OK;
}

int32_t type_may(gw_inst* inst, gw_str user_type, uint32_t rule) {
    if (!inst) return 0;
    const Permissions& permissions = from_abi(inst)->services->permissions();
    if (rule >= permissions.rule_count()) return 0;
    return permissions.may(permissions.index_of_type(from_abi(user_type)), rule) ? 1 : 0;
}

// A handshake's connection knows no rules yet: any number below the limit may be set.
bool is_rule(const Grants& grants, uint32_t rule) {
    return rule < (grants.identified() ? grants.rules()->rule_count() : Permissions::max_rules);
}

int32_t may(gw_ctx* ctx, uint32_t rule) {
    if (!ctx) return GW_E_ARG;
    const Grants& grants = from_abi(ctx)->grants;
    if (!grants.identified()) return GW_E_STATE;
    if (!is_rule(grants, rule)) return GW_E_ARG;
    return grants.may(rule) ? 1 : 0;
}

int32_t set(gw_ctx* ctx, uint32_t rule, int32_t decision) {
    if (!ctx || !is_rule(from_abi(ctx)->grants, rule)) return GW_E_ARG;
    Grants& grants = from_abi(ctx)->grants;
    switch (decision) {
        case GW_PERMIT_DEFAULT:
            grants.reset(rule);
            return GW_OK;
        case GW_PERMIT_GRANT:
            grants.grant(rule);
            return GW_OK;
        case GW_PERMIT_DENY:
            grants.deny(rule);
            return GW_OK;
        default:
            return GW_E_ARG;
    }
}

int32_t refuse(gw_ctx* ctx, gw_req* req, uint32_t rule) {
    if (!ctx || !req) return GW_E_ARG;
    const Grants& grants = from_abi(ctx)->grants;
    if (!grants.identified()) return GW_E_STATE;
    if (!is_rule(grants, rule)) return GW_E_ARG;
    return from_abi(req)->reject(403, "forbidden", grants.refusal(rule));
}

}  // namespace

const void* permissions_table() {
    static const gw_permissions_v1 table{sizeof table, 0, define, find, type_may, may, set, refuse};
    return &table;
}

}  // namespace gatewayd
