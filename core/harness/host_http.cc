// The checked functions of gw.http/1: texts of answers die with done(). [any]
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/http.h"

namespace gatewayd::harness {
namespace {

const gw_http_v1& http() {
    return *static_cast<const gw_http_v1*>(http_table());
}

// A request's done() as the plugin gave it; until it is called.
struct Completion {
    Engine* engine;
    gw_http_done_fn done;
    void* ud;
};

void answered(void* ud, const gw_http_response* response) {
    const std::unique_ptr<Completion> completion(static_cast<Completion*>(ud));
    HookCall call(completion->engine, "http done", {});
    gw_http_response shown = *response;
    std::vector<gw_http_header> headers;
    for (uint64_t i = 0; i < response->header_count; ++i) {
        headers.push_back({call.give(from_abi(response->headers[i].name)),
                           call.give(from_abi(response->headers[i].value))});
    }
    shown.headers = headers.empty() ? nullptr : headers.data();
    shown.error = call.give(from_abi(response->error));
    shown.body = call.give(from_abi(response->body));
    completion->done(completion->ud, &shown);
}

int32_t request(gw_inst* inst, const gw_http_request* request, gw_http_done_fn done, void* ud, gw_token* out,
                gw_error* err) {
    HostCall call("http.request", inst, Handle::Kind::instance);
    call.needs(request);
    if (!call.ok()) return call.error();
    call.takes(request->method).takes(request->url).takes(request->body);
    const uint64_t headers = request->headers ? request->header_count : 0;
    for (uint64_t i = 0; i < headers && call.ok(); ++i)
        call.takes(request->headers[i].name).takes(request->headers[i].value);
    if (!call.ok()) return call.error();
    auto completion = std::make_unique<Completion>(Completion{&call.engine(), done, ud});
    const int32_t result =
        http().request(call.real_inst(), request, done ? answered : nullptr, completion.get(), out, err);
    if (result == GW_OK) static_cast<void>(completion.release());  // answered() frees it
    return result;
}

int32_t cancel(gw_inst* inst, gw_token token) {
    const HostCall call("http.cancel", inst, Handle::Kind::instance);
    return call.ok() ? http().cancel(call.real_inst(), token) : call.error();
}

int32_t check_url(gw_inst* inst, gw_str url, gw_error* err) {
    const HostCall call = HostCall("http.check_url", inst, Handle::Kind::instance).takes(url);
    return call.ok() ? http().check_url(call.real_inst(), url, err) : call.error();
}

}  // namespace

const void* checked_http_table() {
    static const gw_http_v1 table = {sizeof(gw_http_v1), 0, request, cancel, check_url};
    return &table;
}

}  // namespace gatewayd::harness
