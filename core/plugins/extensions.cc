#include "core/plugins/extensions.h"

#include "gateway/ext/admin.h"
#include "gateway/ext/event.h"
#include "gateway/ext/http.h"
#include "gateway/ext/metrics.h"
#include "gateway/ext/permissions.h"
#include "gateway/ext/publish.h"
#include "gateway/ext/service.h"
#include "gateway/ext/timer.h"
#include "gateway/ext/work.h"

namespace gatewayd {
namespace {

struct Extension {
    std::string_view name;
    const void* (*table)();
};

// By name.
const std::vector<Extension>& extensions() {
    static const std::vector<Extension> all{
        {GW_EXT_ADMIN, admin_table},
        {GW_EXT_EVENT, event_table},
        {GW_EXT_METRICS, metrics_table},
        {GW_EXT_HTTP, http_table},
        {GW_EXT_PERMISSIONS, permissions_table},
        {GW_EXT_PUBLISH, publish_table},
        {GW_EXT_SERVICE, service_table},
        {GW_EXT_TIMER, timer_table},
        {GW_EXT_WORK, work_table},
    };
    return all;
}

}  // namespace

const void* find_extension(std::string_view name) {
    for (const Extension& extension : extensions()) {
        if (extension.name == name) return extension.table();
    }
    return nullptr;
}

std::vector<std::string> host_capabilities() {
    std::vector<std::string> names;
    for (const Extension& extension : extensions())
        names.emplace_back(extension.name);
    return names;
}

}  // namespace gatewayd
