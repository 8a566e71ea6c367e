// Permission: one rule of who may do what (gateway/ext/permissions.h). A value: made in Configure or Start,
// used in hooks. On a host without gw.permissions/1 making one throws.
#ifndef GATEWAY_SDK_PERMISSIONS_HPP
#define GATEWAY_SDK_PERMISSIONS_HPP

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

#include "gateway/ext/permissions.h"
#include "gateway/sdk/base.hpp"
#include "gateway/sdk/host.hpp"
#include "gateway/sdk/request.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

class Permission {
   public:
    Permission() = default;  // of no rule: only to be assigned

    // In Configure. name: "acme.upload"; description: after "may not"; user_types: whom it allows unless
    // wsc.security.permissions says otherwise, "*" is all.
    static Permission define(const Host& host, std::string_view name, std::string_view description,
                             const std::vector<std::string_view>& user_types) {
        std::vector<gw_str> types;
        for (const std::string_view type : user_types)
            types.push_back(to_gw(type));
        const gw_permission_rule definition{static_cast<uint32_t>(sizeof(gw_permission_rule)),
                                            0,
                                            to_gw(name),
                                            to_gw(description),
                                            types.data(),
                                            types.size()};
        Permission made(host);
        check(made.table_->define(host.inst(), &definition, &made.rule_), "define", name);
        return made;
    }
    // A rule of the core ("broadcast") or of another plugin; nothing: nobody defines it.
    static std::optional<Permission> find(const Host& host, std::string_view name) {
        Permission found(host);
        const int32_t code = found.table_->find(host.inst(), to_gw(name), &found.rule_);
        if (code == GW_E_NOTFOUND) return std::nullopt;
        check(code, "find", name);
        return found;
    }

    // In hooks; allows() not in a handshake.
    bool allows(const Connection& connection) const {
        return check(table_->may(connection.raw(), rule_), "may") != 0;
    }
    bool allows_type(std::string_view user_type) const {
        return table_->type_may(inst_, to_gw(user_type), rule_) != 0;
    }
    // For this connection, whatever its user type; in a handshake too, from the first message on.
    void grant(const Connection& connection) const { set(connection, GW_PERMIT_GRANT); }
    void deny(const Connection& connection) const { set(connection, GW_PERMIT_DENY); }
    void reset(const Connection& connection) const { set(connection, GW_PERMIT_DEFAULT); }
    // Answers a message with `forbidden` and the rule's name. `return rule.refuse(request, connection);`
    Verdict refuse(Request& request, const Connection& connection) const {
        check(table_->refuse(connection.raw(), request.raw(), rule_), "refuse");
        return Done;
    }

   private:
    explicit Permission(const Host& host)
        : table_(static_cast<const gw_permissions_v1*>(
              host.raw()->extension(host.inst(), to_gw(GW_EXT_PERMISSIONS)))),
          inst_(host.inst()) {
        if (table_ == nullptr) throw Error("this gatewayd does not offer " GW_EXT_PERMISSIONS, GW_E_STATE);
    }
    void set(const Connection& connection, int32_t decision) const {
        check(table_->set(connection.raw(), rule_, decision), "set");
    }

    const gw_permissions_v1* table_ = nullptr;
    gw_inst* inst_ = nullptr;
    uint32_t rule_ = 0;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
