// HostServices: what the host functions of the ABI need of the gateway. All [any]; nothing blocks.
#ifndef GATEWAYD_CORE_PLUGINS_SERVICES_H
#define GATEWAYD_CORE_PLUGINS_SERVICES_H

#include <string>
#include <string_view>
#include <vector>

#include "core/async/services.h"
#include "core/chain/permissions.h"
#include "core/chain/publish.h"
#include "core/http/service.h"
#include "core/hub/identity.h"
#include "core/plugins/admin_routes.h"
#include "core/plugins/metric_registry.h"
#include "core/plugins/plugin_events.h"
#include "core/plugins/service_registry.h"
#include "gateway/host.h"

namespace gatewayd {

class HostServices {
   public:
    virtual ~HostServices() = default;

    // Not ok: nothing happens, done is not called.
    virtual Status publish(PublishOrder order, PublishDone done) = 0;
    // False: there is no such reactor, or it ends.
    virtual bool subscribe(ConnectionHandle connection, std::string topic, bool join) = 0;
    virtual bool kick(ConnectionHandle connection, std::string why) = 0;
    virtual IdentityPtr find_client(std::string_view client_id) = 0;
    virtual std::vector<IdentityPtr> clients_of_user(std::string_view user_id, size_t limit) = 0;
    virtual std::vector<IdentityPtr> list_clients(uint64_t* cursor, size_t limit) = 0;
    virtual void fill_stats(gw_stats* out) = 0;
    // Of a deferred request of this instance: GW_OK or GW_E_STALE.
    virtual int32_t resume(const void* instance, gw_token token) = 0;
    virtual Permissions& permissions() = 0;
    virtual void request_shutdown(std::string why) = 0;

    // --- the optional capabilities, and the life of an instance as they see it ---
    virtual ServiceRegistry& service_registry() = 0;
    virtual TimerService& timers() = 0;
    virtual WorkService& works() = 0;
    virtual HttpService& http() = 0;
    virtual AdminRoutes& admin_routes() = 0;
    virtual MetricRegistry& metric_registry() = 0;
    virtual PluginEvents& plugin_events() = 0;
    // [control] After its start: what it has registered takes effect, in the place of what `replaces` has
    // (the generation before it; null: none).
    virtual void adopt(const void* instance, const void* replaces) = 0;
    // [control] Others find its services no more, and are told so: they release them; it hears no events.
    // Before the stop of a plugin whose next generation starts after it (exclusive).
    virtual void withdraw(const void* instance) = 0;
    // [control] After stop, before destroy: drops all that the optional capabilities hold of this instance.
    // When it returns no callback of it runs or will run.
    virtual void forget(const void* instance) = 0;
    // [control] After destroy: what it could still reach in destroy goes too.
    virtual void destroyed(const void* instance) = 0;
};

}  // namespace gatewayd

#endif
