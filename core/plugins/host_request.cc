// The functions of the host table that work on a request or a connection, in a hook.
#include "core/chain/chain.h"
#include "core/chain/hook_call.h"
#include "core/plugins/host_table.h"

namespace gatewayd {
namespace {

// A request function that hands out text.
template <typename Get>
int32_t give(gw_str* out, Get&& get) {
    if (!out) return GW_E_ARG;
    std::string_view text;
    const int32_t result = get(&text);
    if (result >= 0) *out = to_abi(text);
    return result;
}

uint32_t host_kind(const gw_req* req) {
    return req ? from_abi(req)->kind : 0;
}
int32_t host_is_binary(const gw_req* req) {
    return req && from_abi(req)->is_binary() ? 1 : 0;
}

int32_t host_field(const gw_req* req, gw_str name, gw_str* out) {
    return req ? give(out, [&](auto* text) { return from_abi(req)->field(from_abi(name), text); }) : GW_E_ARG;
}
int32_t host_header(const gw_req* req, gw_str name, gw_str* out) {
    return req ? give(out, [&](auto* text) { return from_abi(req)->header(from_abi(name), text); })
               : GW_E_ARG;
}
int32_t host_query(const gw_req* req, gw_str name, gw_str* out) {
    return req ? give(out, [&](auto* text) { return from_abi(req)->query(from_abi(name), text); }) : GW_E_ARG;
}
gw_str host_payload(const gw_req* req) {
    return req ? to_abi(from_abi(req)->payload()) : gw_str{nullptr, 0};
}

// What a hook did is told to those who trace the client.
void tell(gw_ctx* ctx, int32_t result, const char* what) {
    if (result == GW_OK && from_abi(ctx)->tap) from_abi(ctx)->tap->did(what);
}
void tell(const gw_req* req, int32_t result, const char* what) {
    if (TraceTap* tap = result == GW_OK ? tap_of(*from_abi(req)) : nullptr) tap->did(what);
}
int32_t changed(const gw_req* req, int32_t result, std::string_view what) {
    if (TraceTap* tap = result == GW_OK ? tap_of(*from_abi(req)) : nullptr) tap->changed(std::string(what));
    return result;
}

int32_t host_set_field(gw_req* req, gw_str name, gw_str value) {
    if (!req) return GW_E_ARG;
    return changed(req, from_abi(req)->set_field(from_abi(name), from_abi(value)), from_abi(name));
}
int32_t host_set_json(gw_req* req, gw_str name, gw_str json) {
    if (!req) return GW_E_ARG;
    return changed(req, from_abi(req)->set_json(from_abi(name), from_abi(json)), from_abi(name));
}
int32_t host_replace_payload(gw_req* req, gw_str payload) {
    if (!req) return GW_E_ARG;
    return changed(req, from_abi(req)->replace_payload(from_abi(payload)), "payload");
}
int32_t host_set_response_header(gw_req* req, gw_str name, gw_str value) {
    if (!req) return GW_E_ARG;
    return changed(req, from_abi(req)->set_response_header(from_abi(name), from_abi(value)), from_abi(name));
}
int32_t host_answer(gw_req* req, gw_str message) {
    if (!req) return GW_E_ARG;
    const int32_t result = from_abi(req)->answer(from_abi(message));
    tell(req, result, "answered");
    return result;
}
int32_t host_reject(gw_req* req, int32_t status, gw_str word, gw_str why) {
    if (!req) return GW_E_ARG;
    const int32_t result = from_abi(req)->reject(status, from_abi(word), from_abi(why));
    tell(req, result, "rejected");
    return result;
}
int32_t host_get_destination(const gw_req* req, gw_destination* out) {
    if (!req || !out || out->struct_size < sizeof(gw_destination)) return GW_E_ARG;
    return from_abi(req)->get_destination(out);
}
int32_t host_set_destination(gw_req* req, const gw_destination* to) {
    if (!req || !to || to->struct_size < sizeof(gw_destination)) return GW_E_ARG;
    return changed(req, from_abi(req)->set_destination(*to), "destination");
}

gw_conn_id host_conn_id(gw_ctx* ctx) {
    return ctx ? from_abi(ctx)->conn_id() : gw_conn_id{0, 0};
}

int32_t host_client(gw_ctx* ctx, gw_client* out) {
    if (!ctx || !out || out->struct_size < sizeof(gw_client)) return GW_E_ARG;
    return from_abi(ctx)->client(out) ? GW_OK : GW_E_STATE;
}
int32_t host_attr_get(gw_ctx* ctx, gw_str name, gw_str* out) {
    if (!ctx || !out) return GW_E_ARG;
    const std::string* value = from_abi(ctx)->attributes.get(from_abi(name));
    if (!value) return GW_E_NOTFOUND;
    *out = to_abi(std::string_view(*value));
    return GW_OK;
}
int32_t host_attr_set(gw_ctx* ctx, gw_str name, gw_str value) {
    if (!ctx || name.len == 0) return GW_E_ARG;
    const int32_t result =
        from_abi(ctx)->attributes.set(from_abi(name), from_abi(value)) ? GW_OK : GW_E_LIMIT;
    tell(ctx, result, "set an attribute");
    return result;
}
int32_t host_send(gw_ctx* ctx, gw_str message) {
    if (!ctx) return GW_E_ARG;
    const int32_t result = from_abi(ctx)->send(from_abi(message));
    tell(ctx, result, "sent a message to the client");
    return result;
}
int32_t host_close(gw_ctx* ctx, int32_t code, gw_str reason) {
    if (!ctx || code < 0 || code > 4999) return GW_E_ARG;
    const int32_t result = from_abi(ctx)->close(static_cast<uint16_t>(code), from_abi(reason));
    tell(ctx, result, "closed the connection");
    return result;
}

}  // namespace

void fill_request_functions(gw_host* table) {
    table->next = chain_next;
    table->defer = chain_defer;
    table->kind = host_kind;
    table->is_binary = host_is_binary;
    table->field = host_field;
    table->header = host_header;
    table->query = host_query;
    table->payload = host_payload;
    table->set_field = host_set_field;
    table->set_json = host_set_json;
    table->replace_payload = host_replace_payload;
    table->set_response_header = host_set_response_header;
    table->answer = host_answer;
    table->reject = host_reject;
    table->get_destination = host_get_destination;
    table->set_destination = host_set_destination;
    table->conn_id = host_conn_id;
    table->client = host_client;
    table->attr_get = host_attr_get;
    table->attr_set = host_attr_set;
    table->send = host_send;
    table->close = host_close;
}

}  // namespace gatewayd
