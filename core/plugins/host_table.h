// The host function table of the ABI: each entry checks its arguments and calls what does the work. One
// immutable table a process.
#ifndef GATEWAYD_CORE_PLUGINS_HOST_TABLE_H
#define GATEWAYD_CORE_PLUGINS_HOST_TABLE_H

#include <cstdint>
#include <string_view>

#include "core/chain/publish.h"
#include "gateway/host.h"

namespace gatewayd {

const gw_host* host_table();

// Frees what configuration functions handed out during create. [control], after each create.
void release_configuration_texts();

// What a plugin wants to publish: GW_OK or GW_E_ARG. host_hub.cc
int32_t make_publish_order(gw_inst* instance, const gw_destination* to, gw_str message, PublishOrder* order);

// Fills *err, when the caller gave one that has the room; returns `code`.
int32_t refuse(gw_error* err, int32_t code, std::string_view why);

// The parts of the table, a file each.
void fill_hub_functions(gw_host* table);            // host_hub.cc
void fill_configuration_functions(gw_host* table);  // host_configuration.cc
void fill_request_functions(gw_host* table);        // host_request.cc

}  // namespace gatewayd

#endif
