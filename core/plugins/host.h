// PluginHost: the plugins of this process, from their settings to a chain: finds, loads and creates them in
// their order, starts and stops them. The control thread; the chain that it makes is immutable.
#ifndef GATEWAYD_CORE_PLUGINS_HOST_H
#define GATEWAYD_CORE_PLUGINS_HOST_H

#include <memory>
#include <string>
#include <vector>

#include "core/chain/chain.h"
#include "core/plugins/crash_record.h"
#include "core/plugins/instance.h"
#include "core/plugins/skip.h"

namespace gatewayd {

// Where the file of a configured plugin is. Throws what create() throws when there is none.
std::string plugin_path(const PluginSettings& plugin, const PluginsSettings& all);

class PluginHost {
   public:
    PluginHost(const PluginsSettings& settings, HostServices* services)
        : settings_(settings), services_(services) {}
    ~PluginHost();  // stop, then destroy
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    // Plugins whose files crashed too often may be left out. Before create(); the record outlives this.
    void count_crashes(const CrashRecord* record) { crashes_ = record; }
    // Loads and creates every plugin, and orders them. Throws PluginError: with name, file and reason.
    void create();
    // Providers of services before their users, otherwise in the chain's order; throws PluginError. What was
    // started before is stopped by stop().
    void start();
    // In the reverse order; no hook runs any more. A plugin whose services somebody still holds when its time
    // is over is left as it is, for the rest of the process.
    void quiesce();
    void stop();

    const std::shared_ptr<const InterceptorChain>& chain() const { return chain_; }
    // In the chain's order.
    const std::vector<std::unique_ptr<PluginInstance>>& instances() const { return instances_; }
    // What was left out, and what is worth a warning of files that crashed. Known after create().
    const std::vector<SkippedPlugin>& skipped() const { return skipped_; }
    const std::vector<std::string>& warnings() const { return warnings_; }
    // True when some plugin works in the auth stage.
    bool verifies_identities() const;

   private:
    bool leaves_out(const PluginSettings& settings, const std::string& path);
    // Null: it is left out.
    std::unique_ptr<PluginInstance> create_one(const PluginSettings& settings);
    void make_interceptor(PluginInstance& plugin);
    void order();
    void log_chain() const;
    void start_one(PluginInstance& plugin);
    void stop_one(PluginInstance& plugin);
    void forget_one(PluginInstance& plugin);  // once
    void destroy_one(PluginInstance& plugin);
    std::vector<PluginInstance*> all() const;  // in the chain's order
    std::vector<PluginInstance*> ending_order() const;

    const PluginsSettings settings_;
    HostServices* const services_;
    const CrashRecord* crashes_ = nullptr;
    std::vector<SkippedPlugin> skipped_;
    std::vector<std::string> warnings_;
    std::vector<std::unique_ptr<PluginInstance>> instances_;
    std::vector<PluginInstance*> start_order_;
    std::shared_ptr<const InterceptorChain> chain_;
};

}  // namespace gatewayd

#endif
