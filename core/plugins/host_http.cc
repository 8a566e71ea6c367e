// gw.http/1: takes a plugin's request into values of ours and hands the answer out as views of them. [any]
#include <vector>

#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/chain/plugin_call.h"
#include "core/http/rules.h"
#include "core/plugins/extensions.h"
#include "core/plugins/host_table.h"
#include "core/plugins/instance.h"
#include "core/plugins/table_copy.h"
#include "gateway/ext/http.h"

namespace gatewayd {
namespace {

static_assert(GW_HTTP_LIMIT == static_cast<int32_t>(HttpOutcome::limit));
constexpr uint32_t request_size_1 = sizeof(gw_http_request);  // of gw.http/1 at its first release
constexpr uint64_t http_slot = 1;                             // of tokens; the generation is the id

// False: there is no text where one is said to be.
bool take(gw_str from, size_t most, std::string* to) {
    if (from.len > most || (from.len > 0 && !from.ptr)) return false;
    to->assign(from.len ? from.ptr : "", from.len);
    return true;
}

// Empty: *to is complete. What is longer than any limit is not copied first.
std::string take_request(const gw_http_request& raw, HttpRequest* to) {
    constexpr size_t max_method_bytes = 32;
    if (raw.flags & ~GW_HTTP_REPEATABLE) return "flags has bits that this gatewayd does not know";
    if (!take(raw.method, max_method_bytes, &to->method)) return "the method is not valid";
    if (raw.url.len > 0 && !raw.url.ptr) return "the URL is not valid";
    std::string why;
    std::optional<HttpUrl> url = parse_http_url(from_abi(raw.url), &why);
    if (!url) return why;
    to->url = *std::move(url);
    if (!take(raw.body, max_http_body_bytes, &to->body)) return "a body of more than 16 MB, or at null";
    if (raw.header_count > max_http_headers) return "more than 64 headers";
    if (raw.header_count > 0 && !raw.headers) return "headers is null";
    for (uint64_t i = 0; i < raw.header_count; ++i) {
        HttpHeader header;
        if (!take(raw.headers[i].name, max_http_header_bytes, &header.name) ||
            !take(raw.headers[i].value, max_http_header_bytes, &header.value))
            return "header " + std::to_string(i + 1) + " is larger than 32 KB, or at null";
        to->headers.push_back(std::move(header));
    }
    to->timeout_ms = raw.timeout_ms;
    to->connect_timeout_ms = raw.connect_timeout_ms;
    to->max_response_bytes = raw.max_response_bytes;
    to->repeatable = (raw.flags & GW_HTTP_REPEATABLE) != 0;
    return complete_http_request(to);
}

// A request's done() and whose it is, by what outlives the instance.
struct Completion {
    std::string plugin;
    std::shared_ptr<const PluginTag> tag;  // null: in tests
    gw_http_done_fn done;
    void* ud;
};

void answer_plugin(const Completion& completion, const HttpAnswer& answer) {
    std::vector<gw_http_header> headers;
    headers.reserve(answer.headers.size());
    for (const HttpHeader& header : answer.headers)
        headers.push_back({to_abi(std::string_view(header.name)), to_abi(std::string_view(header.value))});
    gw_http_response response{};
    response.struct_size = sizeof response;
    response.outcome = static_cast<int32_t>(answer.outcome);
    response.status = answer.status;
    response.error = to_abi(std::string_view(answer.error));
    response.body = to_abi(std::string_view(answer.body));
    response.headers = headers.empty() ? nullptr : headers.data();
    response.header_count = headers.size();
    try {
        std::optional<CallScope> scope;
        if (completion.tag) scope.emplace(completion.tag.get(), "http done");
        completion.done(completion.ud, &response);
    } catch (...) {
        log::error("plugin failed", {{"plugin", completion.plugin},
                                     {"function", "http done"},
                                     {"what", "an exception left the plugin"}});
    }
}

int32_t refusal(HttpService::Taken taken, gw_error* err) {
    switch (taken) {
        case HttpService::Taken::over:
            return refuse(err, GW_E_STATE, "the plugin has stopped");
        case HttpService::Taken::caller_limit:
            return refuse(err, GW_E_LIMIT,
                          "too many requests of this plugin wait (plugins.http.max_requests_per_plugin)");
        case HttpService::Taken::limit:
            return refuse(err, GW_E_LIMIT, "too many requests of all plugins wait");
        case HttpService::Taken::memory_limit:
            return refuse(err, GW_E_LIMIT,
                          "all requests together hold as much as they may (plugins.http.max_memory)");
        case HttpService::Taken::yes:
            break;
    }
    return GW_OK;
}

int32_t http_request(gw_inst* instance, const gw_http_request* request, gw_http_done_fn done, void* ud,
                     gw_token* out, gw_error* err) {
    if (!instance || !request || !done) return refuse(err, GW_E_ARG, "inst, request or done is null");
    gw_http_request raw;
    if (std::string why = copy_table(request, request_size_1, "gw_http_request", &raw); !why.empty())
        return refuse(err, GW_E_ARG, why);
    PluginInstance& plugin = *from_abi(instance);
    if (!plugin.created) return refuse(err, GW_E_STATE, "nothing is sent in create");
    HttpRequest taken;
    if (std::string why = take_request(raw, &taken); !why.empty()) return refuse(err, GW_E_ARG, why);
    HttpService& http = plugin.services->http();
    const uint64_t id = http.new_id();
    if (out) *out = {http_slot, id};
    const std::string& name = plugin.settings.name;
    Completion completion{name, plugin.library ? plugin.library->tag() : nullptr, done, ud};
    const HttpService::Taken result =
        http.submit({instance, name, &plugin.over}, id, std::move(taken),
                    [completion = std::move(completion)](const HttpAnswer& answer) {
                        answer_plugin(completion, answer);
                    });
    if (result != HttpService::Taken::yes && out) *out = {0, 0};
    return refusal(result, err);
}

int32_t http_cancel(gw_inst* instance, gw_token token) {
    if (!instance) return GW_E_ARG;
    if (token.slot != http_slot) return GW_E_STALE;
    return from_abi(instance)->services->http().cancel(instance, token.generation) ? GW_OK : GW_E_STALE;
}

int32_t http_check_url(gw_inst* instance, gw_str url, gw_error* err) {
    if (!instance || (url.len > 0 && !url.ptr)) return refuse(err, GW_E_ARG, "inst or url is null");
    std::string why;
    return parse_http_url(from_abi(url), &why) ? GW_OK : refuse(err, GW_E_ARG, why);
}

}  // namespace

const void* http_table() {
    static const gw_http_v1 table = {sizeof(gw_http_v1), 0, http_request, http_cancel, http_check_url};
    return &table;
}

}  // namespace gatewayd
