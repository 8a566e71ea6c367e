#include "tests/support/fake_host.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace gatewayd::testing {
namespace {

std::string text_of(gw_str text) {
    return std::string(text.ptr == nullptr ? "" : text.ptr, text.len);
}
gw_str view_of(const std::string& text) {
    return {text.data(), text.size()};
}

const FakeNode* node_of(const gw_node* node) {
    return reinterpret_cast<const FakeNode*>(node);
}
FakeRequest& request_of(const gw_req* req) {
    return *reinterpret_cast<FakeRequest*>(const_cast<gw_req*>(req));
}
FakeConnection& connection_of(gw_ctx* ctx) {
    return *reinterpret_cast<FakeConnection*>(ctx);
}

int32_t find(const std::map<std::string, std::string>& map, const std::string& name, gw_str* out) {
    const auto entry = map.find(name);
    if (entry == map.end()) return GW_E_NOTFOUND;
    *out = view_of(entry->second);
    return GW_OK;
}

void set_log(gw_host* host) {
    host->log = [](gw_inst* inst, int32_t level, gw_str text) {
        reinterpret_cast<FakeHost*>(inst)->add_log(level, text_of(text));
    };
    host->instance_name = [](gw_inst*) { return GW_STR("fake"); };
    host->now_ns = []() { return uint64_t{1}; };
    host->wall_time_ms = []() { return fake_wall_time_ms; };
}

void set_nodes(gw_host* host) {
    host->node_type = [](const gw_node* node) {
        return node == nullptr ? GW_NODE_NULL : node_of(node)->type;
    };
    host->node_get = [](const gw_node* map, gw_str key) -> const gw_node* {
        if (map == nullptr) return nullptr;
        for (const auto& [name, node] : node_of(map)->entries) {
            if (name == text_of(key)) return node.raw();
        }
        return nullptr;
    };
    host->node_at = [](const gw_node* node, uint64_t index) -> const gw_node* {
        if (node == nullptr || index >= node_of(node)->entries.size()) return nullptr;
        return node_of(node)->entries[index].second.raw();
    };
    host->node_size = [](const gw_node* node) {
        return node == nullptr ? uint64_t{0} : uint64_t{node_of(node)->entries.size()};
    };
    host->node_key = [](const gw_node* map, uint64_t index) {
        return view_of(node_of(map)->entries[index].first);
    };
    host->node_location = [](const gw_node* node) {
        return node == nullptr ? gw_str{nullptr, 0} : view_of(node_of(node)->location);
    };
}

void set_scalars(gw_host* host) {
    host->node_bool = [](const gw_node* node, int32_t* out) {
        const std::string& text = node_of(node)->scalar;
        if (text != "true" && text != "false") return GW_E_ARG;
        *out = text == "true" ? 1 : 0;
        return GW_OK;
    };
    host->node_i64 = [](const gw_node* node, int64_t* out) {
        const std::string& text = node_of(node)->scalar;
        const char* end = text.data() + text.size();
        return std::from_chars(text.data(), end, *out).ptr == end && !text.empty() ? GW_OK : GW_E_ARG;
    };
    host->node_str = [](const gw_node* node, gw_str* out) {
        return *out = view_of(node_of(node)->scalar), GW_OK;
    };
    host->node_path = host->node_str;
}

void set_request(gw_host* host) {
    host->kind = [](const gw_req* req) { return request_of(req).kind; };
    host->is_binary = [](const gw_req*) { return int32_t{0}; };
    host->field = [](const gw_req* req, gw_str name, gw_str* out) {
        const int32_t code = find(request_of(req).fields, text_of(name), out);
        if (code == GW_OK) return code;
        return find(request_of(req).json_fields, text_of(name), out) == GW_OK ? GW_FIELD_JSON : GW_E_NOTFOUND;
    };
    host->header = [](const gw_req* req, gw_str name, gw_str* out) {
        std::string lower = text_of(name);
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return find(request_of(req).headers, lower, out);
    };
    host->query = [](const gw_req*, gw_str, gw_str*) { return GW_E_NOTFOUND; };
    host->payload = [](const gw_req* req) { return view_of(request_of(req).payload); };
    host->set_field = [](gw_req* req, gw_str name, gw_str value) {
        FakeRequest& request = request_of(req);
        if (request.refuse_changes == GW_OK) request.fields[text_of(name)] = text_of(value);
        return request.refuse_changes;
    };
    host->reject = [](gw_req* req, int32_t status, gw_str word, gw_str why) {
        FakeRequest& request = request_of(req);
        request.rejected_status = status;
        request.rejected_word = text_of(word);
        request.rejected_why = text_of(why);
        return GW_OK;
    };
    host->get_destination = [](const gw_req* req, gw_destination* out) {
        out->kind = request_of(req).destination_kind;
        out->id = view_of(request_of(req).destination_id);
        return GW_OK;
    };
    // Runs an empty rest of the chain, which the request passes.
    host->next = [](gw_next* next, gw_done_fn done, void* ud) {
        done(ud, nullptr, reinterpret_cast<gw_req*>(next), GW_ST_PASSED);
        return GW_DONE;
    };
}

void set_connection(gw_host* host) {
    host->conn_id = [](gw_ctx* ctx) { return connection_of(ctx).id; };
    host->client = [](gw_ctx* ctx, gw_client* out) {
        const FakeConnection& connection = connection_of(ctx);
        out->conn = connection.id;
        out->client_id = view_of(connection.client_id);
        out->user_id = view_of(connection.user_id);
        out->user_type = view_of(connection.user_type);
        out->remote_address = view_of(connection.remote_address);
        return GW_OK;
    };
    host->attr_get = [](gw_ctx* ctx, gw_str name, gw_str* out) {
        return find(connection_of(ctx).attributes, text_of(name), out);
    };
    host->attr_set = [](gw_ctx* ctx, gw_str name, gw_str value) {
        connection_of(ctx).attributes[text_of(name)] = text_of(value);
        return GW_OK;
    };
    host->send = [](gw_ctx* ctx, gw_str message) {
        connection_of(ctx).sent.push_back(text_of(message));
        return GW_OK;
    };
}

}  // namespace

FakeNode FakeNode::text(std::string value, std::string location) {
    return {GW_NODE_SCALAR, std::move(value), std::move(location), {}};
}

FakeNode FakeNode::list(std::vector<FakeNode> items, std::string location) {
    FakeNode node{GW_NODE_LIST, {}, std::move(location), {}};
    for (FakeNode& item : items)
        node.entries.emplace_back("", std::move(item));
    return node;
}

FakeNode FakeNode::map(std::vector<std::pair<std::string, FakeNode>> entries, std::string location) {
    return {GW_NODE_MAP, {}, std::move(location), std::move(entries)};
}

FakeHost::FakeHost() {
    table_.struct_size = sizeof(table_);
    set_log(&table_);
    set_nodes(&table_);
    set_scalars(&table_);
    set_request(&table_);
    set_connection(&table_);
}

std::vector<std::string> FakeHost::log() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
}

void FakeHost::add_log(int32_t level, const std::string& text) {
    static constexpr const char* names[] = {"debug", "info", "warn", "error"};
    const std::lock_guard<std::mutex> lock(mutex_);
    log_.push_back(std::string(names[level]) + ": " + text);
}

}  // namespace gatewayd::testing
