// The optional capabilities of this host (plugin-api/include/gateway/ext/): gw_host.extension finds each by
// its versioned name. A capability is one file host_<name>.cc, which checks arguments and calls what does the
// work.
#ifndef GATEWAYD_CORE_PLUGINS_EXTENSIONS_H
#define GATEWAYD_CORE_PLUGINS_EXTENSIONS_H

#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

// "gw.timer/1": its table, constant and for the life of the process; null: this host has none of that name.
const void* find_extension(std::string_view name);
// What find_extension knows: what a plugin's note may name under needs.
std::vector<std::string> host_capabilities();

// The tables, a file each.
const void* admin_table();        // host_admin.cc
const void* event_table();        // host_event.cc
const void* metrics_table();      // host_metrics.cc
const void* http_table();         // host_http.cc
const void* permissions_table();  // host_permissions.cc
const void* publish_table();      // host_publish.cc
const void* service_table();      // host_service.cc
const void* timer_table();        // host_timer.cc
const void* work_table();         // host_work.cc

}  // namespace gatewayd

#endif
