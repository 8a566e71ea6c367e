// How a worker's connections get from one chain of plugins to the next: in slices, so that no turn is held
// for long. The reactor's thread.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/session/session.h"
#include "core/session/worker.h"

namespace gatewayd {
namespace {

constexpr uint64_t slice_ns = 500'000;
constexpr size_t places_per_clock = 32;

}  // namespace

void Worker::enter(ChainPtr chain, std::shared_ptr<void> until_moved) {
    chain_ = std::move(chain);
    go_on(std::make_shared<Walk>(Walk{false, {}, 0, std::move(until_moved)}));
}

void Worker::drain(LeavingPlugins leaving) {
    drain_upgrades(leaving);
    go_on(std::make_shared<Walk>(Walk{true, std::move(leaving), 0, nullptr}));
}

bool Worker::is_old(const InterceptorChain& chain, const LeavingPlugins& leaving) const {
    return &chain != chain_.get() &&
           std::any_of(leaving.begin(), leaving.end(),
                       [&](const Interceptor* plugin) { return chain.has(plugin); });
}

// Connections that come meanwhile are in the new chain from their beginning: it does not matter whether the
// walk meets them, or where.
void Worker::go_on(std::shared_ptr<Walk> walk) {
    const uint64_t until_ns = monotonic_now_ns() + slice_ns;
    while (walk->place < hub_.places()) {
        if (auto* session = static_cast<Session*>(hub_.at_place(walk->place++)))
            walk->drains ? session->drain(walk->leaving) : session->move_on();
        if (walk->place % places_per_clock == 0 && monotonic_now_ns() >= until_ns) {
            reactor_->post([this, walk = std::move(walk)] { go_on(walk); }, false);
            return;
        }
    }
}

// Handshakes are few: max_connections bounds them, and their time is short.
void Worker::drain_upgrades(const LeavingPlugins& leaving) {
    std::vector<uint64_t> old;
    for (const auto& [connection_id, upgrade] : deferred_upgrades_) {
        if (is_old(*upgrade->deferral->chain, leaving)) old.push_back(connection_id);
    }
    for (const uint64_t connection_id : old) {
        const auto found = deferred_upgrades_.find(connection_id);
        if (found != deferred_upgrades_.end()) chain_->take_over(*found->second, [] {});
    }
}

}  // namespace gatewayd
