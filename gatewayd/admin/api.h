// Api: the routes of the admin listener and what they do with the gateway. Knows nothing of the HTTP library.
// The admin thread; answers that wait for the gateway come from other threads.
#ifndef GATEWAYD_GATEWAYD_ADMIN_API_H
#define GATEWAYD_GATEWAYD_ADMIN_API_H

#include <optional>
#include <string>
#include <vector>

#include "core/gateway.h"
#include "gatewayd/admin/access.h"
#include "gatewayd/admin/http.h"
#include "gatewayd/admin/target.h"

namespace gatewayd::admin {

class Api {
   public:
    explicit Api(Gateway& gateway);
    // Its own paths, which no plugin may take: "/api/v1/clients/{id}".
    static std::vector<std::string> paths();

    // Before the body is read: the refusal, or nothing.
    std::optional<Response> refusal(const RequestHead& head) const;
    // For a head that was not refused. Calls `respond` once, maybe before it returns.
    void handle(const RequestHead& head, std::string body, const Respond& respond);

   private:
    struct Route;
    struct Match {
        const Route* route = nullptr;
        std::string id;             // of {id}
        uint64_t plugin_route = 0;  // instead of a route: a plugin's
        std::string allow;          // without both: the methods that the path has; empty: no such path
    };
    // One request that matched a route.
    struct Call {
        std::string id;  // of {id}
        Target target;
        std::string body;
        const Respond& respond;
    };
    using Handler = void (Api::*)(Call& call);
    static const Route routes[];
    Match match(std::string_view method, const Target& target) const;
    std::optional<Response> plugin_route_refusal(const RequestHead& head) const;
    void call_plugin(uint64_t route, const RequestHead& head, Target target, std::string body,
                     const Respond& respond);

    void livez(Call& call);
    void readyz(Call& call);
    void metrics(Call& call);
    void broadcast(Call& call);
    void send_to_user(Call& call);
    void send_to_client(Call& call);
    void list_clients(Call& call);
    void get_client(Call& call);
    void kick_client(Call& call);
    void get_user(Call& call);
    void stats(Call& call);
    void plugins(Call& call);
    void permissions(Call& call);
    void reload_plugin(Call& call);
    void config(Call& call);
    void reload(Call& call);
    void trace(Call& call);

    void publish(DestinationKind kind, Call& call);

    Gateway& gateway_;
    const Access access_;
};

}  // namespace gatewayd::admin

#endif
