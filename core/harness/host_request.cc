// The checked host functions of a request and a connection, in a hook.
#include <memory>

#include "core/harness/host_calls.h"
#include "core/plugins/host_table.h"

namespace gatewayd::harness {
namespace {

const gw_host& host() {
    return *host_table();
}

HostCall of_request(const char* function, const gw_req* req) {
    return {function, req, Handle::Kind::request};
}
HostCall of_connection(const char* function, gw_ctx* ctx) {
    return {function, ctx, Handle::Kind::connection};
}

// A getter: what the host gives is copied for the plugin.
template <typename Get>
int32_t give(HostCall call, gw_str* out, Get&& get) {
    if (!call.needs(out).ok()) return call.error();
    gw_str text{nullptr, 0};
    const int32_t code = get(call.real(), &text);
    if (code >= 0) *out = call.hook().give(from_abi(text));
    return code;
}

uint32_t kind(const gw_req* req) {
    const HostCall call = of_request("kind", req);
    return call.ok() ? host().kind(call.real().req) : 0;
}
int32_t is_binary(const gw_req* req) {
    const HostCall call = of_request("is_binary", req);
    return call.ok() ? host().is_binary(call.real().req) : 0;
}
int32_t field(const gw_req* req, gw_str name, gw_str* out) {
    return give(of_request("field", req).takes(name), out,
                [&](const auto& real, gw_str* text) { return host().field(real.req, name, text); });
}
int32_t header(const gw_req* req, gw_str name, gw_str* out) {
    return give(of_request("header", req).takes(name), out,
                [&](const auto& real, gw_str* text) { return host().header(real.req, name, text); });
}
int32_t query(const gw_req* req, gw_str name, gw_str* out) {
    return give(of_request("query", req).takes(name), out,
                [&](const auto& real, gw_str* text) { return host().query(real.req, name, text); });
}
gw_str payload(const gw_req* req) {
    const HostCall call = of_request("payload", req);
    if (!call.ok()) return {nullptr, 0};
    return call.hook().give(from_abi(host().payload(call.real().req)));
}
int32_t set_field(gw_req* req, gw_str name, gw_str value) {
    const HostCall call = of_request("set_field", req).takes(name).takes(value);
    return call.ok() ? host().set_field(call.real().req, name, value) : call.error();
}
int32_t set_json(gw_req* req, gw_str name, gw_str json) {
    const HostCall call = of_request("set_json", req).takes(name).takes(json);
    return call.ok() ? host().set_json(call.real().req, name, json) : call.error();
}
int32_t replace_payload(gw_req* req, gw_str bytes) {
    const HostCall call = of_request("replace_payload", req).takes(bytes);
    return call.ok() ? host().replace_payload(call.real().req, bytes) : call.error();
}
int32_t set_response_header(gw_req* req, gw_str name, gw_str value) {
    const HostCall call = of_request("set_response_header", req).takes(name).takes(value);
    return call.ok() ? host().set_response_header(call.real().req, name, value) : call.error();
}
int32_t answer(gw_req* req, gw_str message) {
    const HostCall call = of_request("answer", req).takes(message);
    const int32_t code = call.ok() ? host().answer(call.real().req, message) : call.error();
    if (code == GW_OK) call.hook().answered_by = "answer";
    return code;
}
int32_t reject(gw_req* req, int32_t status, gw_str word, gw_str why) {
    const HostCall call = of_request("reject", req).takes(word).takes(why);
    const int32_t code = call.ok() ? host().reject(call.real().req, status, word, why) : call.error();
    if (code == GW_OK) call.hook().answered_by = "reject";
    return code;
}
int32_t get_destination(const gw_req* req, gw_destination* out) {
    const HostCall call = of_request("get_destination", req).needs(out);
    if (!call.ok()) return call.error();
    const int32_t code = host().get_destination(call.real().req, out);
    if (code == GW_OK) out->id = call.hook().give(from_abi(out->id));
    return code;
}
int32_t set_destination(gw_req* req, const gw_destination* to) {
    const HostCall call =
        of_request("set_destination", req).needs(to).takes(to ? to->id : gw_str{nullptr, 0});
    return call.ok() ? host().set_destination(call.real().req, to) : call.error();
}

gw_conn_id conn_id(gw_ctx* ctx) {
    const HostCall call = of_connection("conn_id", ctx);
    return call.ok() ? host().conn_id(call.real().ctx) : gw_conn_id{0, 0};
}
int32_t client(gw_ctx* ctx, gw_client* out) {
    const HostCall call = of_connection("client", ctx).needs(out);
    if (!call.ok()) return call.error();
    const int32_t code = host().client(call.real().ctx, out);
    if (code != GW_OK) return code;
    for (gw_str* text : {&out->client_id, &out->user_id, &out->user_type, &out->remote_address})
        *text = call.hook().give(from_abi(*text));
    return code;
}
int32_t attr_get(gw_ctx* ctx, gw_str name, gw_str* out) {
    return give(of_connection("attr_get", ctx).takes(name), out,
                [&](const auto& real, gw_str* text) { return host().attr_get(real.ctx, name, text); });
}
int32_t attr_set(gw_ctx* ctx, gw_str name, gw_str value) {
    const HostCall call = of_connection("attr_set", ctx).takes(name).takes(value);
    return call.ok() ? host().attr_set(call.real().ctx, name, value) : call.error();
}
int32_t send(gw_ctx* ctx, gw_str message) {
    const HostCall call = of_connection("send", ctx).takes(message);
    return call.ok() ? host().send(call.real().ctx, message) : call.error();
}
int32_t close(gw_ctx* ctx, int32_t code, gw_str reason) {
    const HostCall call = of_connection("close", ctx).takes(reason);
    return call.ok() ? host().close(call.real().ctx, code, reason) : call.error();
}

// --- the way on ---

// done() of the plugin, which gets handles of its own.
struct Done {
    Engine* engine;
    gw_done_fn function;
    void* ud;
};

void call_done(void* ud, gw_ctx* ctx, gw_req* req, int32_t status) {
    const std::unique_ptr<Done> done(static_cast<Done*>(ud));
    HookCall call(done->engine, "done", {ctx, req, nullptr});
    done->function(done->ud, call.ctx(), call.req(), status);
}

// Whether the hook may still go on; says what it did before when not.
int32_t go_on(const HostCall& call, const char* function) {
    if (!call.ok()) return call.error();
    if (call.hook().rest == HookCall::Rest::untouched) return GW_OK;
    const char* const before = call.hook().rest == HookCall::Rest::next ? "next()" : "defer()";
    call.engine().problem(std::string(function) + " after " + before + " in one " + call.hook().name +
                          ": one of either, once");
    return GW_E_STATE;
}

int32_t next(gw_next* handle, gw_done_fn done, void* ud) {
    const HostCall call("next", handle, Handle::Kind::next);
    const int32_t allowed = go_on(call, "next()");
    if (allowed != GW_OK) return allowed;
    auto wrapped = done ? std::make_unique<Done>(Done{&call.engine(), done, ud}) : nullptr;
    call.hook().rest = HookCall::Rest::next;
    const int32_t code = host().next(call.real().next, done ? call_done : nullptr, wrapped.get());
    call.hook().next_verdict = code;
    if (code < 0) {
        call.hook().rest = HookCall::Rest::untouched;
    } else {
        static_cast<void>(wrapped.release());  // call_done frees it, or has done so
    }
    return code;
}

int32_t defer(gw_next* handle, uint32_t timeout_ms, void* ud, gw_token* out) {
    const HostCall call = HostCall("defer", handle, Handle::Kind::next).needs(out);
    const int32_t allowed = go_on(call, "defer()");
    if (allowed != GW_OK) return allowed;
    const gw_interceptor& table = *call.instance()->library->interceptor();
    if (!table.on_resume || !table.on_cancel) {
        call.engine().problem("defer() by a plugin without on_resume and on_cancel");
    }
    const int32_t code = host().defer(call.real().next, timeout_ms, ud, out);
    if (code != GW_OK) return code;
    call.hook().rest = HookCall::Rest::defer;
    call.engine().gave_token(*out);
    return code;
}

}  // namespace

void fill_checked_request_functions(gw_host* table) {
    table->next = next;
    table->defer = defer;
    table->kind = kind;
    table->is_binary = is_binary;
    table->field = field;
    table->header = header;
    table->query = query;
    table->payload = payload;
    table->set_field = set_field;
    table->set_json = set_json;
    table->replace_payload = replace_payload;
    table->set_response_header = set_response_header;
    table->answer = answer;
    table->reject = reject;
    table->get_destination = get_destination;
    table->set_destination = set_destination;
    table->conn_id = conn_id;
    table->client = client;
    table->attr_get = attr_get;
    table->attr_set = attr_set;
    table->send = send;
    table->close = close;
}

}  // namespace gatewayd::harness
