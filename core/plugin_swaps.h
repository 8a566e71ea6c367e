// PluginSwaps: takes a running gateway from one set of plugins to the next while its connections stay: the
// steps of PluginHost in their order, between the control thread and the reactors.
//
//   plan      every file is read and verified, what comes is created: a failure here changes nothing
//   start     states move (gw.state/1), what comes is started: a failure here changes nothing
//   switch    one chain replaces the other; each reactor takes it in one turn and moves its connections
//   drain     what the old generation has put aside finishes there, until plugins.drain_timeout
//   end       the rest of its state moves, stop, forget, destroy
//
// A plugin that is exclusive stops before its next generation starts: stand-ins take its place meanwhile. One
// change at a time until the switch is done; drains go on beside the next. The control thread.
#ifndef GATEWAYD_CORE_PLUGIN_SWAPS_H
#define GATEWAYD_CORE_PLUGIN_SWAPS_H

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/plugin_reload.h"
#include "core/plugins/host.h"
#include "core/session/node.h"

namespace gatewayd {

// Changes whose old generations may drain at once.
inline constexpr size_t max_draining_changes = 8;

class PluginSwaps {
   public:
    // From any thread to the control thread; does nothing when the gateway is gone. May outlive it.
    using Post = std::function<void(std::function<void()>)>;

    PluginSwaps(PluginHost* plugins, Node* node, boost::asio::io_context* control, Post post)
        : plugins_(plugins), node_(node), control_(control), post_(std::move(post)) {}

    // `restart`: the name of a plugin that gets a new generation in any case; may be empty. `done` is called
    // when every connection that is not busy is in the new chain, or with what was in the way.
    void begin(const PluginsSettings& target, const std::string& restart, PluginReloaded done);
    bool busy() const { return change_ != nullptr; }
    // The lease or the calls of an instance are gone: see InstanceSignal.
    void left(uint64_t number);
    // Some instance has lost the last pin on its services.
    void released();
    // The gateway ends: whoever waits is answered.
    void abandon();

   private:
    struct Change {
        PluginChange plan;
        PluginReloaded done;
        uint64_t began_ns = 0;
        PluginInstances exclusive;  // of those that leave
        PluginReload report;
    };
    using ChangePtr = std::shared_ptr<Change>;
    struct Retirement {
        explicit Retirement(boost::asio::io_context* control) : deadline(*control) {}
        PluginInstances instances;
        PluginInstances to_stop;       // drained; those whose services somebody holds
        std::set<uint64_t> in_chains;  // numbers of those that hooks may still run of
        std::set<uint64_t> owed;       // of those that were stopped, and may still be called
        boost::asio::steady_timer deadline;
        std::function<void()> before_stop;
        std::function<void()> then;
    };

    void go_on(const ChangePtr& change);
    void refuse(const ChangePtr& change, const std::exception& error);
    void finish(const ChangePtr& change);
    void publish(const ChainPtr& chain, const std::shared_ptr<void>& until_moved);
    void retire(PluginInstances leaving, std::function<void()> before_stop, std::function<void()> then);
    using RetirementPtr = std::shared_ptr<Retirement>;
    void stop(const RetirementPtr& retirement);
    void try_stop(const RetirementPtr& retirement);
    void end_if_over(const RetirementPtr& retirement);
    void drain_now(const Retirement& retirement);
    void save_exclusive(Change* change);

    PluginHost* const plugins_;
    Node* const node_;
    boost::asio::io_context* const control_;
    const Post post_;
    ChangePtr change_;  // null: none is under way
    std::list<std::shared_ptr<Retirement>> retirements_;
    bool ended_ = false;
};

}  // namespace gatewayd

#endif
