// The checked functions of gw.admin/1, and the HTTP requests of a test.
#include <utility>

#include "core/base/http_text.h"
#include "core/harness/host_calls.h"
#include "core/plugins/extensions.h"
#include "gateway/ext/admin.h"

namespace gatewayd::harness {
namespace {

using gateway::harness::AdminAnswer;
using gateway::harness::Error;

const gw_admin_v1& host() {
    return *static_cast<const gw_admin_v1*>(admin_table());
}

HostCall of_instance(const char* function, gw_inst* inst) {
    return {function, inst, Handle::Kind::instance};
}

// What the host would only log.
int32_t told(const HostCall& call, const std::string& what, int32_t code) {
    if (code < 0 && code != GW_E_NOTFOUND)
        call.engine().problem(what + " was refused: " + std::to_string(code));
    return code;
}

// A handler with the plugin's hook around it, so that its texts die when it returns.
struct Route {
    Engine* engine;
    gw_admin_fn handler;
    void* ud;
};

void run(void* ud, const gw_admin_request* request) {
    const Route& route = *static_cast<const Route*>(ud);
    HookCall call(route.engine, "an HTTP handler", {});
    gw_admin_request shown = *request;
    for (gw_str* text : {&shown.method, &shown.path, &shown.body})
        *text = call.give(from_abi(*text));
    route.handler(route.ud, &shown);
}

int32_t route(gw_inst* inst, gw_str method, gw_str path, gw_admin_fn handler, void* ud) {
    const HostCall call = of_instance("admin.route", inst).takes(method).takes(path);
    if (!call.ok() || !handler) return call.ok() ? GW_E_ARG : call.error();
    auto bound = std::make_shared<Route>(Route{&call.engine(), handler, ud});
    call.engine().keep(bound);
    const std::string what = "admin.route(" + std::string(from_abi(path)) + ")";
    return told(call, what, host().route(call.real_inst(), method, path, run, bound.get()));
}

// In a handler: what the host gives is copied for the plugin.
template <typename Get>
int32_t give(HostCall call, const gw_admin_request* request, gw_str name, gw_str* out, Get get) {
    if (!call.needs(request).needs(out).ok()) return call.error();
    HookCall* const running = HookCall::running();
    if (!running) {
        call.engine().problem("a gw_admin_request was used after its handler");
        return GW_E_STATE;
    }
    gw_str text{nullptr, 0};
    const int32_t code = get(call.real_inst(), request, name, &text);
    if (code == GW_OK) *out = running->give(from_abi(text));
    return code;
}

int32_t parameter(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out) {
    return give(of_instance("admin.parameter", inst).takes(name), request, name, out, host().parameter);
}
int32_t query(gw_inst* inst, const gw_admin_request* request, gw_str name, gw_str* out) {
    return give(of_instance("admin.query", inst).takes(name), request, name, out, host().query);
}
int32_t answer(gw_inst* inst, gw_token token, int32_t status, gw_str content_type, gw_str body) {
    const HostCall call = of_instance("admin.answer", inst).takes(content_type).takes(body);
    if (!call.ok()) return call.error();
    const int32_t code = host().answer(call.real_inst(), token, status, content_type, body);
    // Too late is nobody's fault.
    return code == GW_E_STALE ? code : told(call, "admin.answer()", code);
}

std::string decoded(std::string_view text, bool plus_is_space) {
    const std::optional<std::string> result = percent_decoded(text, plus_is_space);
    if (!result) throw Error("a broken % escape: " + std::string(text));
    return *result;
}

// "/customers/u%201?limit=1" of the plugin's own, or with /api/v1/ in front.
AdminCall parse(const std::string& method, const std::string& target, const std::string& body,
                const std::string& instance) {
    AdminCall call;
    call.method = method;
    call.body = body;
    const size_t question = target.find('?');
    call.path = target.substr(0, question);
    if (call.path.empty() || call.path.front() != '/') throw Error("a path begins with /: " + target);
    if (call.path.rfind("/api/v1/", 0) != 0) call.path = "/api/v1/plugins/" + instance + call.path;
    const auto pieces = [](std::string_view text, char separator, auto each) {
        for (;;) {
            const size_t end = text.find(separator);
            each(text.substr(0, end));
            if (end == std::string_view::npos) return;
            text.remove_prefix(end + 1);
        }
    };
    pieces(std::string_view(call.path).substr(1), '/',
           [&](std::string_view part) { call.parts.push_back(decoded(part, false)); });
    if (question == std::string::npos) return call;
    pieces(std::string_view(target).substr(question + 1), '&', [&](std::string_view piece) {
        const size_t equals = piece.find('=');
        call.query.emplace_back(
            decoded(piece.substr(0, equals), true),
            equals == std::string_view::npos ? "" : decoded(piece.substr(equals + 1), true));
    });
    return call;
}

}  // namespace

const void* checked_admin_table() {
    static const gw_admin_v1 table = {sizeof(gw_admin_v1), 0, route, parameter, query, answer};
    return &table;
}

void Engine::keep(std::shared_ptr<void> thing) {
    kept_.push_back(std::move(thing));
}

std::shared_ptr<AdminFlight> Engine::admin(const std::string& method, const std::string& target,
                                           const std::string& body) {
    if (!started_) throw Error("start the plugin first");
    const AdminCall call = parse(method, target, body, instance_.settings.name);
    auto flight = std::make_shared<AdminFlight>();
    AdminRoutes& routes = hub_.admin_routes();
    const AdminRoutes::Found found = routes.find(method, call.parts);
    if (found.route == 0) {
        flight->answer.status = found.allow.empty() ? 404 : 405;
        flight->answer.allow = found.allow;
        return flight;
    }
    routes.call(found.route, call, now_ns(), [this, flight](gatewayd::AdminAnswer given) {
        {
            const std::lock_guard<std::mutex> lock(flight->mutex);
            flight->answer = {given.status, given.content_type, given.body, {}};
        }
        wake();
    });
    return flight;
}

}  // namespace gatewayd::harness
