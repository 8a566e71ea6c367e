/* Compiled in every language mode with -Wpadded: the headers alone, twice, and each macro used once. */
#include "gateway/ext/admin.h"
#include "gateway/ext/event.h"
#include "gateway/ext/groups.h"
#include "gateway/ext/http.h"
#include "gateway/ext/metrics.h"
#include "gateway/ext/permissions.h"
#include "gateway/ext/publish.h"
#include "gateway/ext/service.h"
#include "gateway/ext/state.h"
#include "gateway/ext/store.h"
#include "gateway/ext/tickets.h"
#include "gateway/ext/timer.h"
#include "gateway/ext/work.h"
#include "gateway/host.h"
#include "gateway/plugin.h"

GW_PLUGIN_NOTE("id=headers\nversion=1.0.0\nkinds=message\n");

int32_t use_macros(const gw_host* host, gw_req* req);
int32_t use_macros(const gw_host* host, gw_req* req) {
    if (!GW_HAS(host, close)) return GW_E_STATE;
    return host->set_field(req, GW_STR("content"), GW_STR(""));
}
