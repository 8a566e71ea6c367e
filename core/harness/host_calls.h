// What the checked host functions begin with: is the handle one that was given out, does its hook still run,
// on this thread? And the texts that go in and out. [any]
#ifndef GATEWAYD_CORE_HARNESS_HOST_CALLS_H
#define GATEWAYD_CORE_HARNESS_HOST_CALLS_H

#include <string>
#include <string_view>

#include "core/harness/engine.h"

namespace gatewayd::harness {

// One call of a host function.
class HostCall {
   public:
    // pointer: the gw_ctx, gw_req, gw_next or gw_inst of the call; kind: what it should be.
    HostCall(const char* function, const void* pointer, Handle::Kind kind);

    // GW_OK, or what the function answers at once.
    int32_t error() const { return error_; }
    bool ok() const { return error_ == GW_OK; }
    Engine& engine() const { return *engine_; }
    HookCall& hook() const { return *hook_; }
    const HookCall::Real& real() const { return hook_->real; }
    PluginInstance* instance() const { return engine_->instance(); }
    gw_inst* real_inst() const { return gatewayd::to_abi(engine_->instance()); }

    // A text that the plugin hands in: GW_E_ARG for none at all, or one of a hook that is over.
    HostCall& takes(gw_str text);
    HostCall& needs(const void* out);

   private:
    void resolve(const void* pointer, Handle::Kind kind);
    void refuse(int32_t error, const std::string& problem);

    const char* const function_;
    Engine* engine_ = nullptr;
    HookCall* hook_ = nullptr;
    int32_t error_ = GW_OK;
};

// The checked table of an optional capability; null: the host has none of that name.
const void* checked_extension(std::string_view name);  // extensions.cc
const void* checked_admin_table();                     // host_admin.cc
const void* checked_event_table();                     // host_event.cc
const void* checked_metrics_table();                   // host_metrics.cc
const void* checked_permissions_table();               // host_permissions.cc
const void* checked_publish_table();                   // host_publish.cc
const void* checked_service_table();                   // host_service.cc
const void* checked_timer_table();                     // host_async.cc
const void* checked_work_table();                      // host_async.cc

void fill_checked_request_functions(gw_host* table);        // host_request.cc
void fill_checked_hub_functions(gw_host* table);            // host_hub.cc
void fill_checked_configuration_functions(gw_host* table);  // host_configuration.cc

// The checked table of an optional capability; null: the host has none of that name.
const void* checked_extension(std::string_view name);  // extensions.cc
const void* checked_http_table();                      // host_http.cc

}  // namespace gatewayd::harness

#endif
