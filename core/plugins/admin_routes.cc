#include "core/plugins/admin_routes.h"

#include <algorithm>
#include <exception>
#include <optional>

#include "core/base/log.h"
#include "core/chain/context.h"
#include "core/message/envelope.h"

namespace gatewayd {
namespace {

using Lock = std::lock_guard<std::mutex>;

constexpr size_t max_path_bytes = 256;
constexpr size_t max_path_parts = 16;
constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
constexpr std::string_view api_prefix = "/api/v1/";

// The top-level names that the protocol promises, and the stage of the plugin that serves them
// (docs/adr/0014).
struct TopLevel {
    std::string_view name;
    uint32_t stage;
};
constexpr TopLevel top_levels[] = {
    {"groups", GW_STAGE_GROUPS}, {"tickets", GW_STAGE_TICKETS}, {"agents", GW_STAGE_TICKETS}};

bool is_parameter(std::string_view part) {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

bool is_plain(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '~' || c == '-';
    });
}

// "/a/{b}" is a, {b}. Nothing when a part is neither plain nor a name in braces.
std::optional<std::vector<std::string>> split(std::string_view path) {
    if (path.empty() || path.front() != '/' || path.size() > max_path_bytes) return std::nullopt;
    std::vector<std::string> parts;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view part = path.substr(0, path.find('/'));
        const bool fine = is_parameter(part) ? is_plain(part.substr(1, part.size() - 2)) : is_plain(part);
        if (!fine) return std::nullopt;
        parts.emplace_back(part);
        path.remove_prefix(part.size());
    }
    if (parts.size() > max_path_parts) return std::nullopt;
    return parts;
}

// Whether every path of `narrow` is one of `wide`.
bool covers(const std::vector<std::string>& wide, const std::vector<std::string>& narrow) {
    return wide.size() == narrow.size() &&
           std::equal(wide.begin(), wide.end(), narrow.begin(),
                      [](const auto& w, const auto& n) { return is_parameter(w) || w == n; });
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& parts) {
    return pattern.size() == parts.size() &&
           std::equal(pattern.begin(), pattern.end(), parts.begin(), [](const auto& p, const auto& part) {
               return is_parameter(p) ? is_valid_id(part) : p == part;
           });
}

// The first part that differs decides: what is written out goes before what takes any text.
bool is_nearer(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    for (size_t i = 0; i < a.size(); ++i) {
        if (is_parameter(a[i]) != is_parameter(b[i])) return is_parameter(b[i]);
    }
    return false;
}

// The whole path of what a plugin names; or why it may not.
std::optional<std::vector<std::string>> whole_path(const AdminRoutes::Owner& owner, std::string_view path,
                                                   int32_t* code, std::string* why) {
    *code = GW_E_ARG;
    const bool is_top_level = path.substr(0, api_prefix.size()) == api_prefix;
    std::optional<std::vector<std::string>> parts = split(path);
    if (!parts) {
        *why = "a path is /PART/PART, each of letters, digits and ._~- or a {name}";
        return std::nullopt;
    }
    if (!is_top_level) {
        if (parts->front().front() == '_') {
            *why = "names that begin with _ are the gateway's";
            return std::nullopt;
        }
        parts->insert(parts->begin(), {"api", "v1", "plugins", owner.name});
        return parts;
    }
    for (const TopLevel& top : top_levels) {
        if (parts->size() > 2 && (*parts)[2] == top.name && owner.stage == top.stage) return parts;
    }
    *code = GW_E_STATE;
    *why = "that top-level name does not belong to the plugin's stage";
    return std::nullopt;
}

}  // namespace

void AdminRoutes::reserve(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        if (auto parts = split(path)) reserved_.push_back(std::move(*parts));
    }
}

// --- what plugins register ---

// Why the route cannot be had; empty: it can. Under the lock.
std::string AdminRoutes::taken(const Owner& owner, std::string_view method, const Parts& parts) const {
    for (const Parts& own : reserved_) {
        if (covers(own, parts)) return "the gateway has a route of its own there";
    }
    for (const Route& route : routes_) {
        if (route.method != method || !covers(route.parts, parts) || !covers(parts, route.parts)) continue;
        if (route.owner.instance == owner.instance) return "it has this route already";
        if (route.owner.name != owner.name) return "the plugin " + route.owner.name + " has this route";
    }
    return {};
}

int32_t AdminRoutes::add(const Owner& owner, std::string_view method, std::string_view path,
                         gw_admin_fn handler, void* ud, std::string* why) {
    if (std::find(std::begin(methods), std::end(methods), method) == std::end(methods)) {
        *why = "methods are GET, POST, PUT, PATCH and DELETE";
        return GW_E_ARG;
    }
    int32_t code = GW_OK;
    std::optional<Parts> parts = whole_path(owner, path, &code, why);
    if (!parts) return code;
    const Lock lock(mutex_);
    *why = taken(owner, method, *parts);
    if (!why->empty()) return GW_E_STATE;
    const auto own = std::count_if(routes_.begin(), routes_.end(), [&](const Route& route) {
        return route.owner.instance == owner.instance;
    });
    if (static_cast<size_t>(own) >= max_admin_routes_per_plugin) {
        *why = "a plugin has at most " + std::to_string(max_admin_routes_per_plugin) + " routes";
        return GW_E_LIMIT;
    }
    routes_.push_back({++last_number_, owner, std::string(method), std::move(*parts), handler, ud, true});
    return GW_OK;
}

void AdminRoutes::commit(const void* instance, const void* replaces) {
    const Lock lock(mutex_);
    routes_.erase(std::remove_if(routes_.begin(), routes_.end(),
                                 [&](const Route& route) {
                                     return replaces != nullptr && route.owner.instance == replaces;
                                 }),
                  routes_.end());
    for (Route& route : routes_) {
        if (route.owner.instance == instance) route.staged = false;
    }
}

void AdminRoutes::forget(const void* instance) {
    std::vector<Waiting> over;
    {
        const Lock lock(mutex_);
        routes_.erase(std::remove_if(routes_.begin(), routes_.end(),
                                     [&](const Route& route) { return route.owner.instance == instance; }),
                      routes_.end());
        for (auto call = calls_.begin(); call != calls_.end();) {
            if (call->second.instance != instance) {
                ++call;
                continue;
            }
            over.push_back(std::move(call->second));
            call = calls_.erase(call);
        }
    }
    for (const Waiting& call : over)
        refuse(call, "the plugin " + call.plugin + " has ended before it answered");
}

// --- requests ---

AdminRoutes::Found AdminRoutes::find_in(const std::vector<Route>& routes, std::string_view method,
                                        const Parts& parts) {
    if (method == "HEAD") method = "GET";
    Found found;
    const Route* nearest = nullptr;
    for (const Route& route : routes) {
        if (route.staged || !matches(route.parts, parts)) continue;
        if (route.method == method) {
            if (!nearest || is_nearer(route.parts, nearest->parts)) nearest = &route;
            continue;
        }
        const std::string shown = route.method == "GET" ? "GET, HEAD" : route.method;
        if (found.allow.find(shown) == std::string::npos)
            found.allow += (found.allow.empty() ? "" : ", ") + shown;
    }
    if (nearest) return {nearest->number, {}};
    return found;
}

AdminRoutes::Found AdminRoutes::find(std::string_view method, const Parts& parts) const {
    const Lock lock(mutex_);
    return find_in(routes_, method, parts);
}

void AdminRoutes::refuse(const Waiting& call, const std::string& why) {
    AdminAnswer answer;
    answer.status = 503;
    answer.body = R"({"error":{"code":"unavailable","message":")" + why + R"("}})";
    call.respond(std::move(answer));
}

// The handler's exception must not cross into us: the SDK stops them, but a plugin need not use the SDK.
void AdminRoutes::run(const Route& route, const gw_admin_request& request, AdminRoutes* self) {
    std::string what;
    try {
        return route.handler(route.ud, &request);
    } catch (const std::exception& failure) {
        what = failure.what();
    } catch (...) {
        what = "not a std::exception";
    }
    log::write_limited(LogLevel::error, "plugin.admin." + route.owner.name,
                       "an exception left a plugin's HTTP handler",
                       {{"plugin", route.owner.name}, {"what", what}});
    AdminAnswer answer;
    answer.status = 500;
    answer.body =
        R"({"error":{"code":"plugin_error","message":"the plugin )" + route.owner.name + R"( failed"}})";
    static_cast<void>(self->answer(route.owner.instance, request.call, std::move(answer)));
}

void AdminRoutes::call(uint64_t route_number, const AdminCall& request, uint64_t now_ns,
                       AdminRespond respond) {
    Waiting waiting{nullptr, {}, now_ns + admin_answer_timeout_ms * 1'000'000, std::move(respond)};
    std::optional<Route> route;
    uint64_t number = 0;
    {
        const Lock lock(mutex_);
        // Between find() and now the routes may have changed hands.
        for (const Route& at : routes_) {
            if (at.number == route_number) route = at;
        }
        if (!route) {
            const Found again = find_in(routes_, request.method, request.parts);
            for (const Route& at : routes_) {
                if (at.number == again.route) route = at;
            }
        }
        if (route && calls_.size() < max_admin_calls) {
            waiting.instance = route->owner.instance;
            waiting.plugin = route->owner.name;
            number = ++last_number_;
            calls_.emplace(number, std::move(waiting));
        }
    }
    if (number == 0)
        return refuse(waiting, route ? "too many requests wait for plugins" : "the plugin has ended");
    const Details details{&route->parts, &request};
    gw_admin_request shown{};
    shown.struct_size = sizeof shown;
    shown.call = {1, number};
    shown.method = to_abi(request.method == "HEAD" ? std::string_view("GET") : request.method);
    shown.path = to_abi(std::string_view(request.path));
    shown.body = to_abi(std::string_view(request.body));
    shown.details = &details;
    run(*route, shown, this);
}

int32_t AdminRoutes::answer(const void* instance, gw_token token, AdminAnswer answer) {
    std::optional<Waiting> call;
    {
        const Lock lock(mutex_);
        const auto found = calls_.find(token.generation);
        if (found == calls_.end() || found->second.instance != instance || token.slot != 1) return GW_E_STALE;
        call = std::move(found->second);
        calls_.erase(found);
    }
    call->respond(std::move(answer));
    return GW_OK;
}

uint64_t AdminRoutes::expire(uint64_t now_ns) {
    std::vector<Waiting> over;
    uint64_t next = 0;
    {
        const Lock lock(mutex_);
        while (!calls_.empty() && calls_.begin()->second.deadline_ns <= now_ns) {
            over.push_back(std::move(calls_.begin()->second));
            calls_.erase(calls_.begin());
        }
        if (!calls_.empty()) next = calls_.begin()->second.deadline_ns;
    }
    for (const Waiting& call : over) {
        log::write_limited(LogLevel::warn, "plugin.admin.late." + call.plugin,
                           "a plugin did not answer an HTTP request in time", {{"plugin", call.plugin}});
        refuse(call, "the plugin " + call.plugin + " did not answer within " +
                         std::to_string(admin_answer_timeout_ms / 1000) + " seconds");
    }
    return next;
}

// --- what handlers ask ---

int32_t AdminRoutes::parameter(const gw_admin_request& request, std::string_view name, gw_str* out) {
    const auto& details = *static_cast<const Details*>(request.details);
    const Parts& pattern = *details.pattern;
    for (size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i]) ||
            std::string_view(pattern[i]).substr(1, pattern[i].size() - 2) != name)
            continue;
        *out = to_abi(std::string_view(details.call->parts[i]));
        return GW_OK;
    }
    return GW_E_NOTFOUND;
}

int32_t AdminRoutes::query(const gw_admin_request& request, std::string_view name, gw_str* out) {
    const auto& details = *static_cast<const Details*>(request.details);
    for (const auto& [key, value] : details.call->query) {
        if (key != name) continue;
        *out = to_abi(std::string_view(value));
        return GW_OK;
    }
    return GW_E_NOTFOUND;
}

}  // namespace gatewayd
