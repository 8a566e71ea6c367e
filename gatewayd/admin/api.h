// Api: the routes of the admin listener and what they do with the gateway. Knows nothing of the HTTP library.
// The admin thread; answers that wait for the gateway come from other threads.
#ifndef GATEWAYD_GATEWAYD_ADMIN_API_H
#define GATEWAYD_GATEWAYD_ADMIN_API_H

#include <optional>
#include <string>

#include "core/gateway.h"
#include "gatewayd/admin/access.h"
#include "gatewayd/admin/http.h"
#include "gatewayd/admin/target.h"

namespace gatewayd::admin {

class Api {
   public:
    explicit Api(Gateway& gateway);

    // Before the body is read: the refusal, or nothing.
    std::optional<Response> refusal(const RequestHead& head) const;
    // For a head that was not refused. Calls `respond` once, maybe before it returns.
    void handle(const RequestHead& head, std::string body, const Respond& respond);

   private:
    struct Route;
    struct Match {
        const Route* route = nullptr;
        std::string id;     // of {id}
        std::string allow;  // without a route: the methods that the path has; empty: no such path
    };
    using Handler = void (Api::*)(const std::string& id, const Target& target, std::string body,
                                  const Respond& respond);
    static const Route routes[];
    static Match match(std::string_view method, const Target& target);

    void livez(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void readyz(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void metrics(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void broadcast(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void send_to_user(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void send_to_client(const std::string& id, const Target& target, std::string body,
                        const Respond& respond);
    void list_clients(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void get_client(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void kick_client(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void get_user(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void stats(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void plugins(const std::string& id, const Target& target, std::string body, const Respond& respond);
    void config(const std::string& id, const Target& target, std::string body, const Respond& respond);

    void publish(DestinationKind kind, const std::string& id, std::string body, const Respond& respond);

    Gateway& gateway_;
    const Access access_;
};

}  // namespace gatewayd::admin

#endif
