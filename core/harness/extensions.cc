// The optional capabilities, as core/plugins/extensions.cc lists them, with the harness's checks before them.
#include "core/harness/host_calls.h"
#include "gateway/ext/admin.h"
#include "gateway/ext/event.h"
#include "gateway/ext/http.h"
#include "gateway/ext/metrics.h"
#include "gateway/ext/permissions.h"
#include "gateway/ext/publish.h"
#include "gateway/ext/service.h"
#include "gateway/ext/timer.h"
#include "gateway/ext/work.h"

namespace gatewayd::harness {
namespace {

struct Extension {
    std::string_view name;
    const void* (*table)();
};

// By name.
constexpr Extension extensions[] = {
    {GW_EXT_ADMIN, checked_admin_table},
    {GW_EXT_EVENT, checked_event_table},
    {GW_EXT_METRICS, checked_metrics_table},
    {GW_EXT_HTTP, checked_http_table},
    {GW_EXT_PERMISSIONS, checked_permissions_table},
    {GW_EXT_PUBLISH, checked_publish_table},
    {GW_EXT_SERVICE, checked_service_table},
    {GW_EXT_TIMER, checked_timer_table},
    {GW_EXT_WORK, checked_work_table},
};

}  // namespace

const void* checked_extension(std::string_view name) {
    for (const Extension& extension : extensions) {
        if (extension.name == name) return extension.table();
    }
    return nullptr;
}

}  // namespace gatewayd::harness
