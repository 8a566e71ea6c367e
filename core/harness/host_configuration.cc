// The checked host functions of the configuration: in create alone, and of nodes that were given out.
#include <cstdio>
#include <cstdlib>

#include "core/harness/host_calls.h"
#include "core/plugins/host_table.h"

namespace gatewayd::harness {
namespace {

const gw_host& host() {
    return *host_table();
}

// Whether the node may be used now; a null node always.
bool may_use(const char* function, const gw_node* node) {
    HookCall* const call = HookCall::running();
    if (!call) {
        std::fprintf(stderr, "gateway harness: %s() was called outside of create\n", function);
        std::abort();
    }
    Engine& engine = *call->engine;
    if (!engine.creating()) {
        engine.problem(std::string(function) + "() was called after create returned");
        return false;
    }
    if (node && !engine.owns(reinterpret_cast<const ConfigNode*>(node))) {
        engine.problem(std::string(function) + "() got a node that the host never gave out");
        return false;
    }
    return true;
}

gw_str given(gw_str text) {
    return HookCall::running()->give(from_abi(text));
}

int32_t node_type(const gw_node* node) {
    return may_use("node_type", node) ? host().node_type(node) : GW_NODE_NULL;
}
const gw_node* node_get(const gw_node* map, gw_str key) {
    return may_use("node_get", map) ? host().node_get(map, key) : nullptr;
}
const gw_node* node_at(const gw_node* node, uint64_t index) {
    return may_use("node_at", node) ? host().node_at(node, index) : nullptr;
}
uint64_t node_size(const gw_node* node) {
    return may_use("node_size", node) ? host().node_size(node) : 0;
}
gw_str node_key(const gw_node* map, uint64_t index) {
    return may_use("node_key", map) ? given(host().node_key(map, index)) : gw_str{nullptr, 0};
}
int32_t node_bool(const gw_node* node, int32_t* out) {
    return may_use("node_bool", node) ? host().node_bool(node, out) : GW_E_STATE;
}
int32_t node_i64(const gw_node* node, int64_t* out) {
    return may_use("node_i64", node) ? host().node_i64(node, out) : GW_E_STATE;
}
int32_t node_f64(const gw_node* node, double* out) {
    return may_use("node_f64", node) ? host().node_f64(node, out) : GW_E_STATE;
}
int32_t node_str(const gw_node* node, gw_str* out) {
    if (!may_use("node_str", node)) return GW_E_STATE;
    const int32_t code = host().node_str(node, out);
    if (code == GW_OK) *out = given(*out);
    return code;
}
gw_str node_location(const gw_node* node) {
    return may_use("node_location", node) ? given(host().node_location(node)) : gw_str{nullptr, 0};
}
int32_t node_path(const gw_node* node, gw_str* out) {
    if (!may_use("node_path", node)) return GW_E_STATE;
    const int32_t code = host().node_path(node, out);
    if (code == GW_OK) *out = given(*out);
    return code;
}

}  // namespace

void fill_checked_configuration_functions(gw_host* table) {
    table->node_type = node_type;
    table->node_get = node_get;
    table->node_at = node_at;
    table->node_size = node_size;
    table->node_key = node_key;
    table->node_bool = node_bool;
    table->node_i64 = node_i64;
    table->node_f64 = node_f64;
    table->node_str = node_str;
    table->node_location = node_location;
    table->node_path = node_path;
}

}  // namespace gatewayd::harness
