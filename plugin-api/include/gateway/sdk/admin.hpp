// HTTP routes of a plugin on the admin listener (gateway/ext/admin.h). In Configure or Start:
//
//     gateway::admin_route<&Crm::get_customer>(host(), this, "GET", "/customers/{user_id}");
//
// and a public method, called on the control thread, that answers at once or keeps request.call() and answers
// later, within 9 seconds, from any thread:
//
//     void get_customer(const gateway::AdminRequest& request) {
//         request.answer(200, R"({"name":"Ada"})");
//     }
#ifndef GATEWAY_SDK_ADMIN_HPP
#define GATEWAY_SDK_ADMIN_HPP

#include <cstdint>
#include <optional>
#include <string_view>

#include "gateway/ext/admin.h"
#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

namespace detail {

inline const gw_admin_v1& admin_of(const Host& host) {
    const void* table = host.raw()->extension(host.inst(), to_gw(GW_EXT_ADMIN));
    if (table == nullptr) throw Error("this gatewayd does not offer " GW_EXT_ADMIN, GW_E_STATE);
    return *static_cast<const gw_admin_v1*>(table);
}

template <typename Plugin>
struct HostOf;  // plugin.hpp

}  // namespace detail

// A request that is to be answered, once. A value; any thread.
class AdminCall {
   public:
    AdminCall(const Host& host, gw_token token) : host_(host), token_(token) {}

    // False: it has been answered, or it is too late.
    bool answer(int32_t status, std::string_view json) const { return answer(status, {}, json); }
    bool answer(int32_t status, std::string_view content_type, std::string_view body) const {
        const int32_t code =
            detail::admin_of(host_).answer(host_.inst(), token_, status, to_gw(content_type), to_gw(body));
        if (code == GW_E_STALE) return false;
        check(code, "answer");
        return true;
    }

   private:
    Host host_;
    gw_token token_;
};

// What a handler gets; its texts die with the handler. [control]
class AdminRequest {
   public:
    AdminRequest(const Host& host, const gw_admin_request* request) : host_(host), request_(request) {}

    std::string_view method() const { return to_view(request_->method); }
    std::string_view path() const { return to_view(request_->path); }
    std::string_view body() const { return to_view(request_->body); }
    // A part of the path, by the name that the route gives it.
    std::string_view parameter(std::string_view name) const {
        gw_str out{nullptr, 0};
        check(detail::admin_of(host_).parameter(host_.inst(), request_, to_gw(name), &out), "parameter",
              name);
        return to_view(out);
    }
    std::optional<std::string_view> query(std::string_view name) const {
        gw_str out{nullptr, 0};
        const int32_t code = detail::admin_of(host_).query(host_.inst(), request_, to_gw(name), &out);
        if (code == GW_E_NOTFOUND) return std::nullopt;
        check(code, "query", name);
        return to_view(out);
    }

    AdminCall call() const { return {host_, request_->call}; }
    bool answer(int32_t status, std::string_view json) const { return call().answer(status, json); }
    bool answer(int32_t status, std::string_view content_type, std::string_view body) const {
        return call().answer(status, content_type, body);
    }

   private:
    const Host& host_;
    const gw_admin_request* request_;
};

namespace detail {

template <auto Method>
struct AdminMethod;
template <typename Class, void (Class::*Method)(const AdminRequest&)>
struct AdminMethod<Method> {
    // What the method throws is logged, and answered with 500.
    static void call(void* self, const gw_admin_request* raw) noexcept {
        auto& plugin = *static_cast<Class*>(self);
        const Host& host = HostOf<Class>::of(plugin);
        const AdminRequest request(host, raw);
        const int32_t code = guarded(host.raw(), host.inst(), "an HTTP handler",
                                     [&] { return (plugin.*Method)(request), GW_OK; });
        if (code == GW_OK) return;
        guarded(host.raw(), host.inst(), "an HTTP handler", [&] {
            request.answer(500, R"({"error":{"code":"plugin_error","message":"the plugin failed"}})");
            return GW_OK;
        });
    }
};

}  // namespace detail

// [control] In Configure or Start; plugin: this.
template <auto Method, typename Plugin>
void admin_route(const Host& host, Plugin* plugin, std::string_view method, std::string_view path) {
    check(detail::admin_of(host).route(host.inst(), to_gw(method), to_gw(path),
                                       &detail::AdminMethod<Method>::call, plugin),
          "admin_route", path);
}

}  // namespace GATEWAY_SDK_HIDDEN

#endif
