#include "gatewayd/admin/api.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "core/base/http_text.h"
#include "core/base/utf8.h"
#include "core/config/render.h"
#include "core/message/envelope.h"
#include "gatewayd/admin/json.h"
#include "gatewayd/admin/metrics.h"
#include "gatewayd/admin/trace_stream.h"
#include "gatewayd/process.h"

namespace gatewayd::admin {
namespace {

constexpr size_t default_page_clients = 100;
constexpr size_t max_page_clients = 1000;
constexpr size_t max_kick_reason_bytes = 100;
constexpr uint64_t max_trace_seconds = 3600;

Response json_response(std::string body) {
    Response response;
    response.body = std::move(body);
    return response;
}

int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::ok:
            return 200;
        case ErrorCode::invalid_message:
        case ErrorCode::unknown_type:
            return 400;
        case ErrorCode::forbidden:
            return 403;
        case ErrorCode::user_offline:
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::conflict:
            return 409;
        case ErrorCode::too_large:
            return 413;
        case ErrorCode::rate_limited:
            return 429;
        case ErrorCode::plugin_error:
            return 500;
        case ErrorCode::unavailable:
            return 503;
    }
    return 500;
}

Response published_response(const PublishResult& result) {
    if (result.status.ok()) return json_response(published_json(result.msg_id, result.delivered));
    return error_response(http_status(result.status.code()), wire_name(result.status.code()),
                          result.status.message());
}

Response in_safe_mode() {
    return error_response(
        503, "safe_mode",
        "gatewayd runs in safe mode, without a WebSocket listener and plugins; start it without "
        "--safe-mode");
}

Response reloaded_response(const PluginReload& report) {
    switch (report.outcome) {
        case PluginReload::Outcome::not_found:
            return error_response(404, "not_found", report.why);
        case PluginReload::Outcome::busy:
            return error_response(409, "conflict", report.why);
        case PluginReload::Outcome::refused:
            return error_response(422, "refused", report.why);
        case PluginReload::Outcome::ended:
            return error_response(503, "unavailable", report.why);
        case PluginReload::Outcome::reloaded:
        case PluginReload::Outcome::unchanged:
            break;
    }
    return json_response(reload_json(report));
}

Response no_such_client() {
    return error_response(404, "not_found", "no client of this id is connected");
}

// Nothing when the parameter is there and is no number of that range.
std::optional<uint64_t> number_parameter(const Target& target, std::string_view name, uint64_t otherwise,
                                         uint64_t min, uint64_t max) {
    const std::string* text = target.parameter(name);
    if (text == nullptr) return otherwise;
    uint64_t number = 0;
    const char* end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, number);
    if (error != std::errc() || stopped != end || number < min || number > max) return std::nullopt;
    return number;
}

bool is_json_type(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
        type.remove_suffix(1);
    return equal_ignoring_case(type, "application/json");
}

// What the body says against the path; empty: nothing.
std::string destination_conflict(DestinationKind kind, const std::string& id, const Envelope& envelope) {
    if (!envelope.ticket_id.empty() || !envelope.group_id.empty()) {
        return "ticket_id and group_id do not belong here: the path says where the message goes";
    }
    if (envelope.to.empty() || (kind == DestinationKind::user && envelope.to == id)) return "";
    return "`to` contradicts the path, which says where the message goes; leave it out";
}

}  // namespace

Response error_response(int status, std::string_view code, std::string_view message) {
    Response response;
    response.status = status;
    response.body = error_json(code, message);
    return response;
}

struct Api::Route {
    std::string_view method;
    std::vector<std::string_view> parts;  // "{id}" is any text
    Handler handler;
    bool open = false;    // needs no key
    bool serves = false;  // of the WebSocket service, which safe mode has none of
};

const Api::Route Api::routes[] = {
    {"GET", {"livez"}, &Api::livez, true},
    {"GET", {"readyz"}, &Api::readyz, true},
    {"GET", {"metrics"}, &Api::metrics},
    {"POST", {"api", "v1", "broadcast"}, &Api::broadcast, false, true},
    {"POST", {"api", "v1", "users", "{id}", "messages"}, &Api::send_to_user, false, true},
    {"POST", {"api", "v1", "clients", "{id}", "messages"}, &Api::send_to_client, false, true},
    {"GET", {"api", "v1", "clients"}, &Api::list_clients, false, true},
    {"GET", {"api", "v1", "clients", "{id}"}, &Api::get_client, false, true},
    {"DELETE", {"api", "v1", "clients", "{id}"}, &Api::kick_client, false, true},
    {"GET", {"api", "v1", "users", "{id}"}, &Api::get_user, false, true},
    {"GET", {"api", "v1", "stats"}, &Api::stats},
    {"GET", {"api", "v1", "plugins"}, &Api::plugins},
    {"GET", {"api", "v1", "permissions"}, &Api::permissions},
    {"POST", {"api", "v1", "plugins", "{id}", "reload"}, &Api::reload_plugin},
    {"GET", {"api", "v1", "config"}, &Api::config},
    {"POST", {"api", "v1", "reload"}, &Api::reload},
    {"GET", {"api", "v1", "trace"}, &Api::trace},
};

Api::Api(Gateway& gateway) : gateway_(gateway), access_(gateway.settings()->admin.api_keys) {}

std::vector<std::string> Api::paths() {
    std::vector<std::string> all;
    for (const Route& route : routes) {
        std::string path;
        for (const std::string_view part : route.parts)
            path += "/" + std::string(part);
        all.push_back(std::move(path));
    }
    return all;
}

Api::Match Api::match(std::string_view method, const Target& target) const {
    if (method == "HEAD") method = "GET";
    Match match;
    for (const Route& route : routes) {
        if (route.parts.size() != target.parts.size()) continue;
        bool same = true;
        std::string id;
        for (size_t i = 0; same && i < route.parts.size(); ++i) {
            if (route.parts[i] == "{id}") {
                id = target.parts[i];
            } else {
                same = route.parts[i] == target.parts[i];
            }
        }
        if (!same) continue;
        if (route.method == method) {
            match.route = &route;
            match.id = std::move(id);
            match.allow.clear();
            return match;
        }
        if (!match.allow.empty()) match.allow += ", ";
        match.allow += route.method == "GET" ? "GET, HEAD" : std::string(route.method);
    }
    if (!match.allow.empty()) return match;
    AdminRoutes::Found found = gateway_.find_admin_route(method, target.parts);
    match.plugin_route = found.route;
    match.allow = std::move(found.allow);
    return match;
}

std::optional<Response> Api::refusal(const RequestHead& head) const {
    const std::optional<Target> target = parse_target(head.target);
    const Match found = target ? match(head.method, *target) : Match();
    const bool open = found.route != nullptr && found.route->open;
    if (std::optional<Response> refused = access_.refusal(head, open)) return refused;
    if (!target) return error_response(400, "bad_request", "the path or the query has a broken % escape");
    if (found.plugin_route != 0) return plugin_route_refusal(head);
    if (found.route == nullptr && found.allow.empty()) {
        return error_response(404, "not_found", "there is nothing at this path");
    }
    if (found.route == nullptr) {
        Response response = error_response(405, "method_not_allowed", "this path knows only " + found.allow);
        response.allow = found.allow;
        return response;
    }
    if (found.route->serves && gateway_.settings()->safe_mode) return in_safe_mode();
    const auto& parts = found.route->parts;
    const bool has_id = std::find(parts.begin(), parts.end(), "{id}") != parts.end();
    if (has_id && !is_valid_id(found.id)) {
        return error_response(400, "bad_request",
                              "an id is 1 to 128 bytes of UTF-8 without control characters");
    }
    if (found.route->method == "POST" && !is_json_type(head.content_type)) {
        return error_response(415, "unsupported_media_type", "send Content-Type: application/json");
    }
    return std::nullopt;
}

std::optional<Response> Api::plugin_route_refusal(const RequestHead& head) const {
    if (!head.has_body || is_json_type(head.content_type)) return std::nullopt;
    return error_response(415, "unsupported_media_type", "send Content-Type: application/json");
}

// The listener's thread asks, the control thread runs the handler, and any thread answers.
void Api::call_plugin(uint64_t route, const RequestHead& head, Target target, std::string body,
                      const Respond& respond) {
    AdminCall call;
    call.method = head.method;
    call.path = head.target.substr(0, head.target.find('?'));
    call.body = std::move(body);
    call.parts = std::move(target.parts);
    call.query = std::move(target.query);
    gateway_.call_admin_route(route, std::move(call), [respond](AdminAnswer answer) {
        Response response;
        response.status = answer.status;
        if (!answer.content_type.empty()) response.content_type = std::move(answer.content_type);
        response.body = std::move(answer.body);
        respond(std::move(response));
    });
}

void Api::handle(const RequestHead& head, std::string body, const Respond& respond) {
    std::optional<Target> target = parse_target(head.target);
    Match found = match(head.method, *target);
    if (found.plugin_route != 0)
        return call_plugin(found.plugin_route, head, std::move(*target), std::move(body), respond);
    if (found.route == nullptr) {  // a plugin's, and the plugin has gone while the body was read
        return respond(error_response(503, "unavailable", "the plugin that answers here has ended"));
    }
    Call call{std::move(found.id), std::move(*target), std::move(body), respond};
    (this->*found.route->handler)(call);
}

void Api::livez(Call& call) {
    call.respond(json_response(status_json("ok")));
}

void Api::readyz(Call& call) {
    if (gateway_.ready()) return call.respond(json_response(status_json("ready")));
    const GatewayStats stats = gateway_.stats();
    if (stats.draining) return call.respond(error_response(503, "draining", "the gateway is shutting down"));
    if (stats.safe_mode) return call.respond(in_safe_mode());
    if (!stats.enabled) {
        return call.respond(
            error_response(503, "not_enabled", "wsc.enabled is false: no WebSocket service here"));
    }
    call.respond(error_response(503, "starting", "the gateway does not listen yet"));
}

void Api::metrics(Call& call) {
    const std::shared_ptr<const Settings> settings = gateway_.settings();
    const WscSettings& wsc = settings->wsc;
    if (!wsc.performance.enable_metrics) {
        return call.respond(error_response(
            404, "not_found", "metrics are switched off: wsc.performance.enable_metrics is false"));
    }
    MetricsSource source;
    source.reactors = gateway_.counters();
    source.certificates = gateway_.certificates();
    source.plugins = gateway_.plugins();
    source.stats = gateway_.stats();
    source.http = gateway_.http();
    source.plugin_metrics = gateway_.plugin_metrics();
    source.user_types = wsc.security.allowed_user_types;
    source.version = GATEWAYD_VERSION;
    source.process = read_process_numbers();
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = metrics_text(source);
    call.respond(std::move(response));
}

void Api::publish(DestinationKind kind, Call& call) {
    if (!is_valid_utf8(call.body))
        return call.respond(error_response(400, "invalid_message", "the body is not UTF-8"));
    Envelope envelope;
    if (const Status status = decode(call.body, &envelope); !status.ok()) {
        return call.respond(error_response(400, wire_name(status.code()), status.message()));
    }
    if (const std::string conflict = destination_conflict(kind, call.id, envelope); !conflict.empty()) {
        return call.respond(error_response(400, "invalid_message", conflict));
    }
    PublishOrder order;
    order.to.kind = kind;
    order.to.id = call.id;
    order.message = std::move(call.body);
    gateway_.publish(std::move(order), [respond = call.respond](const PublishResult& result) {
        respond(published_response(result));
    });
}

void Api::broadcast(Call& call) {
    publish(DestinationKind::all, call);
}

void Api::send_to_user(Call& call) {
    // Nobody there is no mistake of the sender: users come and go.
    publish(DestinationKind::user, call);
}

void Api::send_to_client(Call& call) {
    if (gateway_.find_client(call.id) == nullptr) return call.respond(no_such_client());
    publish(DestinationKind::client, call);
}

void Api::list_clients(Call& call) {
    const auto limit = number_parameter(call.target, "limit", default_page_clients, 1, max_page_clients);
    if (!limit) {
        return call.respond(error_response(
            400, "bad_request", "limit is a number from 1 to " + std::to_string(max_page_clients)));
    }
    auto cursor = number_parameter(call.target, "cursor", 0, 0, UINT64_MAX);
    if (!cursor) {
        return call.respond(
            error_response(400, "bad_request", "cursor is the next_cursor of the page before"));
    }
    if (const std::string* user_id = call.target.parameter("user_id")) {
        if (*cursor != 0) {
            return call.respond(error_response(400, "bad_request", "clients of one user come in one page"));
        }
        return call.respond(json_response(clients_json(gateway_.clients_of_user(*user_id, *limit), 0)));
    }
    const std::vector<IdentityPtr> clients = gateway_.list_clients(&*cursor, *limit);
    call.respond(json_response(clients_json(clients, *cursor)));
}

void Api::get_client(Call& call) {
    const IdentityPtr client = gateway_.find_client(call.id);
    call.respond(client == nullptr ? no_such_client() : json_response(client_json(*client)));
}

void Api::kick_client(Call& call) {
    const std::string* reason = call.target.parameter("reason");
    if (reason != nullptr && (!is_valid_id(*reason) || reason->size() > max_kick_reason_bytes)) {
        return call.respond(error_response(400, "bad_request",
                                           "reason is at most " + std::to_string(max_kick_reason_bytes) +
                                               " bytes of UTF-8 without control characters"));
    }
    gateway_.kick(call.id, reason != nullptr ? *reason : "by an operator",
                  [id = call.id, respond = call.respond](bool found) {
                      respond(found ? json_response(kicked_json(id)) : no_such_client());
                  });
}

void Api::get_user(Call& call) {
    call.respond(json_response(user_json(call.id, gateway_.clients_of_user(call.id, max_page_clients))));
}

void Api::stats(Call& call) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    call.respond(json_response(stats_json(gateway_.stats(), gateway_.warnings(), now_ms)));
}

void Api::plugins(Call& call) {
    call.respond(json_response(plugins_json(gateway_.plugins())));
}

void Api::permissions(Call& call) {
    call.respond(json_response(permissions_json(gateway_.permissions())));
}

void Api::reload_plugin(Call& call) {
    gateway_.reload_plugin(call.id, [respond = call.respond](const PluginReload& report) {
        respond(reloaded_response(report));
    });
}

void Api::reload(Call& call) {
    gateway_.reload(
        [respond = call.respond](const PluginReload& report) { respond(reloaded_response(report)); });
}

void Api::config(Call& call) {
    Response response;
    response.content_type = "application/yaml";
    response.body = render_effective(*gateway_.settings());
    call.respond(std::move(response));
}

void Api::trace(Call& call) {
    const std::string* client = call.target.parameter("client");
    if (client == nullptr || !is_valid_id(*client)) {
        return call.respond(error_response(400, "bad_request",
                                           "client=ID is missing, or no id: 1 to 128 bytes of UTF-8 without "
                                           "control characters"));
    }
    TraceOrder order;
    const auto seconds = number_parameter(call.target, "seconds", order.seconds, 1, max_trace_seconds);
    if (!seconds) {
        return call.respond(error_response(
            400, "bad_request", "seconds is a number from 1 to " + std::to_string(max_trace_seconds)));
    }
    const auto payload = number_parameter(call.target, "payload", 0, 0, 1);
    if (!payload) return call.respond(error_response(400, "bad_request", "payload is 0 or 1"));
    order.client_id = *client;
    order.seconds = static_cast<uint32_t>(*seconds);
    order.payload = *payload == 1;
    Response response;
    response.content_type = "application/x-ndjson";
    response.stream = std::make_shared<TraceStream>(gateway_, std::move(order));
    call.respond(std::move(response));
}

}  // namespace gatewayd::admin
