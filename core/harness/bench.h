// PluginBench: what one call of a plugin's hooks costs, in the gateway's chain and on its host table, without
// the checks of Engine. Batches of requests are made first and run then; the clock is looked at around a
// batch. One thread.
#ifndef GATEWAYD_CORE_HARNESS_BENCH_H
#define GATEWAYD_CORE_HARNESS_BENCH_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/chain/chain.h"
#include "core/harness/flight.h"
#include "core/harness/services.h"
#include "core/plugins/instance.h"

namespace gatewayd::harness {

class PluginBench {
   public:
    static constexpr size_t batch_size = 256;
    static constexpr size_t batches = 400;

    struct Cost {
        double ns = 0;       // of a request through a chain of this plugin alone, the median of the batches
        double noop_ns = 0;  // the same of a plugin that returns GW_CONTINUE at once
        size_t failed = 0;   // requests on which the plugin failed
        size_t seen = 0;     // all of them
    };

    // Loads, creates and starts. Throws std::runtime_error: why not.
    explicit PluginBench(const PluginSettings& entry);
    ~PluginBench();
    PluginBench(const PluginBench&) = delete;
    PluginBench& operator=(const PluginBench&) = delete;

    uint32_t kinds() const { return plugin_.interceptor ? plugin_.interceptor->kinds : 0; }
    Cost measure(uint32_t kind);

   private:
    using Batch = std::vector<std::unique_ptr<Flight>>;
    Batch make_batch(uint32_t kind);
    double run(const InterceptorChain& chain, uint32_t kind, Cost* cost);

    FakeHub hub_;
    PluginInstance plugin_;
    std::shared_ptr<const InterceptorChain> chain_;
    std::shared_ptr<const InterceptorChain> noop_chain_;
    std::shared_ptr<Peer> peer_;
    std::shared_ptr<Peer> noop_peer_;
};

}  // namespace gatewayd::harness

#endif
