// PluginHost: the plugins of this process, from their settings to a chain: finds, loads and creates them in
// their order, starts and stops them, and makes the steps of a change from one set to the next, which
// core/plugin_swaps.h puts in their order. The control thread, but for what is marked [any]; the chain that
// it makes is immutable.
#ifndef GATEWAYD_CORE_PLUGINS_HOST_H
#define GATEWAYD_CORE_PLUGINS_HOST_H

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/chain/chain.h"
#include "core/plugins/chain_order.h"
#include "core/plugins/instance.h"
#include "core/plugins/instance_life.h"
#include "core/plugins/runtime_folder.h"
#include "core/plugins/skip.h"

namespace gatewayd {

using ChainPtr = std::shared_ptr<const InterceptorChain>;

// What a new set of plugins means for the one that runs. Each list is in the order of its chain.
struct PluginChange {
    PluginsSettings settings;
    std::vector<SkippedPlugin> skipped;        // of the new set: not loaded
    PluginInstances next;                      // all of the new set: those that stay and those that come
    PluginInstances coming;                    // created, not started
    PluginInstances leaving;                   // run on until the new set is in place
    bool reordered = false;                    // those that stay stand in another order
    std::map<std::string, PluginState> saved;  // of leaving ones that had to stop first, by name

    bool empty() const { return coming.empty() && leaving.empty() && !reordered; }
};

// Who is there, as others than the control thread may see it.
struct PluginView {
    PluginInstances current;  // in the chain's order
    PluginInstances leaving;
    std::vector<SkippedPlugin> skipped;  // left out, because their files crashed too often
    std::vector<std::weak_ptr<const InterceptorChain>> chains;  // that may have connections still
    bool verifies_identities = false;                           // some plugin works in the auth stage

    // Connections in chains that have it.
    uint64_t connections_of(const PluginInstance& instance) const;
};

// Where the file of a configured plugin is. Throws what create() throws when there is none.
std::string plugin_path(const PluginSettings& plugin, const PluginsSettings& all);

class PluginHost {
   public:
    PluginHost(const PluginsSettings& settings, HostServices* services)
        : settings_(settings), services_(services) {}
    ~PluginHost();  // stop, then destroy
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    // Who hears of it; before create(). See InstanceSignal.
    void set_signal(InstanceSignal signal) { signal_ = std::move(signal); }
    // Plugins whose files crashed too often may be left out. Before create(); the record outlives this.
    void count_crashes(const CrashRecord* record) { crashes_ = record; }
    // What is worth a warning of files that crashed. Known after create().
    const std::vector<std::string>& warnings() const { return warnings_; }
    // Loads and creates every plugin, and orders them. Throws PluginError: with name, file and reason.
    void create();
    // Providers of services before their users, otherwise in the chain's order; throws PluginError. What was
    // started before is stopped by stop().
    void start();
    // In the reverse order; no hook runs any more. A plugin whose services somebody still holds when its time
    // is over is left as it is, for the rest of the process.
    void quiesce();
    void stop();

    const ChainPtr& chain() const { return chain_; }
    std::shared_ptr<const PluginView> view() const;                           // [any]
    bool verifies_identities() const { return view()->verifies_identities; }  // [any]
    uint32_t drain_timeout_s() const { return settings_.drain_timeout_s; }
    void count_failed(const std::string& name) { ++lineage_of(name)->failed; }
    // To this instance alone, whoever else is in the chain: events that are about no connection.
    static void emit_to(const PluginInstance& instance, uint64_t event);

    // --- a change, step by step ---
    // Reads every file and creates what comes: new ones, those whose file or entry has changed, and the one
    // of the name `restart`. Throws PluginError or std::runtime_error; then nothing has changed.
    PluginChange plan(const PluginsSettings& settings, std::string_view restart);
    // Moves states, then starts what comes. Throws as plan(); what comes is gone then.
    void start_coming(PluginChange* change);
    // Puts the new set in its place and gives up the old one: returns the new chain.
    ChainPtr switch_to(const PluginChange& change);
    // The same set, with stand-ins for some, which leave.
    ChainPtr switch_to_stand_ins(const PluginInstances& leaving);
    // Another generation of each of these, of the same file and entry, put back in its place after
    // switch_to_stand_ins; where that fails the stand-in stays, and the log says so loudly.
    ChainPtr put_back(const PluginInstances& gone, const PluginChange& change);
    // No hook of it runs any more: the rest of its state moves, then it stops. False, and nothing was done:
    // somebody holds a service of it.
    bool stop_left(const PluginInstancePtr& instance, bool moves_rest);
    // Somebody holds a service of it for too long: it is left as it is, for the rest of the process.
    void abandon_left(const PluginInstancePtr& instance);
    // It was stopped and nobody owes it a call.
    void destroy_left(const PluginInstancePtr& instance);

   private:
    PluginInstancePtr create_one(const PluginSettings& settings, const PluginLibrary::File& file);
    bool leaves_out(const PluginSettings& settings, const PluginLibrary::File& file, uint32_t crash_limit,
                    std::vector<SkippedPlugin>* skipped);
    PluginInstancePtr find(std::string_view name) const;
    std::shared_ptr<PluginLineage> lineage_of(const std::string& name);
    PluginInstances ending_order() const;  // of all that are there
    void start_one(PluginInstance& plugin, const PluginInstances& all);
    void stop_at_end(PluginInstance& plugin);
    ChainPtr make_chain();
    void leave(const PluginInstances& leaving);
    void publish_view();
    void log_chain() const;

    PluginsSettings settings_;
    HostServices* const services_;
    const CrashRecord* crashes_ = nullptr;
    std::vector<SkippedPlugin> skipped_;
    std::vector<std::string> warnings_;
    InstanceSignal signal_ = [](uint64_t) {};
    RuntimeFolder folder_;
    std::map<std::string, std::shared_ptr<PluginLineage>> lineages_;
    std::deque<std::shared_ptr<const PluginLibrary>> old_libraries_;  // still mapped, oldest first
    PluginInstances instances_;                                       // in the chain's order
    PluginInstances leaving_;
    PluginInstances abandoned_;
    ChainPtr chain_;
    std::vector<std::weak_ptr<const InterceptorChain>> chains_;

    mutable std::mutex view_mutex_;
    std::shared_ptr<const PluginView> view_ = std::make_shared<PluginView>();  // guarded by view_mutex_
};

}  // namespace gatewayd

#endif
