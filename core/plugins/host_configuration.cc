// The configuration functions of the host table: a ConfigNode as gw_node.
#include <deque>
#include <string>

#include "core/chain/context.h"
#include "core/config/node.h"
#include "core/plugins/host_table.h"

namespace gatewayd {
namespace {

thread_local std::deque<std::string> handed_out;  // absolute paths

const ConfigNode* from_abi(const gw_node* node) {
    return reinterpret_cast<const ConfigNode*>(node);
}
const gw_node* to_node(const ConfigNode* node) {
    return reinterpret_cast<const gw_node*>(node);
}

int32_t node_type(const gw_node* node) {
    if (!node) return GW_NODE_NULL;
    switch (from_abi(node)->type) {
        case ConfigNode::Type::null:
            return GW_NODE_NULL;
        case ConfigNode::Type::scalar:
            return GW_NODE_SCALAR;
        case ConfigNode::Type::list:
            return GW_NODE_LIST;
        case ConfigNode::Type::map:
            return GW_NODE_MAP;
    }
    return GW_NODE_NULL;
}

const gw_node* node_get(const gw_node* map, gw_str key) {
    return map ? to_node(from_abi(map)->get(gatewayd::from_abi(key))) : nullptr;
}

const gw_node* node_at(const gw_node* node, uint64_t index) {
    if (!node) return nullptr;
    const ConfigNode& value = *from_abi(node);
    if (index < value.items.size()) return to_node(value.items[index].get());
    if (index < value.entries.size()) return to_node(value.entries[index].second.get());
    return nullptr;
}

uint64_t node_size(const gw_node* node) {
    return node ? from_abi(node)->items.size() + from_abi(node)->entries.size() : 0;
}

gw_str node_key(const gw_node* map, uint64_t index) {
    if (!map || index >= from_abi(map)->entries.size()) return {nullptr, 0};
    return to_abi(std::string_view(from_abi(map)->entries[index].first));
}

template <typename Value, typename Out>
int32_t give(const std::optional<Value>& value, Out* out) {
    if (!value || !out) return GW_E_ARG;
    *out = static_cast<Out>(*value);
    return GW_OK;
}

int32_t node_bool(const gw_node* node, int32_t* out) {
    return node ? give(from_abi(node)->as_bool(), out) : GW_E_ARG;
}
int32_t node_i64(const gw_node* node, int64_t* out) {
    return node ? give(from_abi(node)->as_i64(), out) : GW_E_ARG;
}
int32_t node_f64(const gw_node* node, double* out) {
    return node ? give(from_abi(node)->as_f64(), out) : GW_E_ARG;
}

int32_t node_str(const gw_node* node, gw_str* out) {
    if (!node || !out || from_abi(node)->type != ConfigNode::Type::scalar) return GW_E_ARG;
    *out = to_abi(std::string_view(from_abi(node)->scalar));
    return GW_OK;
}

gw_str node_location(const gw_node* node) {
    return node ? to_abi(std::string_view(from_abi(node)->location)) : gw_str{nullptr, 0};
}

int32_t node_path(const gw_node* node, gw_str* out) {
    if (!node || !out || from_abi(node)->type != ConfigNode::Type::scalar) return GW_E_ARG;
    handed_out.push_back(from_abi(node)->as_path());
    *out = to_abi(std::string_view(handed_out.back()));
    return GW_OK;
}

}  // namespace

void release_configuration_texts() {
    handed_out.clear();
}

void fill_configuration_functions(gw_host* table) {
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

}  // namespace gatewayd
