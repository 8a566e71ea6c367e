// Peer: a connection of a plugin under test, as its context. The test's thread.
#ifndef GATEWAYD_CORE_HARNESS_PEER_H
#define GATEWAYD_CORE_HARNESS_PEER_H

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "core/chain/context.h"
#include "gateway/harness.hpp"

namespace gatewayd::harness {

struct Flight;

class Peer final : public Context {
   public:
    Peer(gateway::harness::Client client, uint64_t number, int64_t connected_at_ms);

    gw_conn_id conn_id() const override { return id_; }
    bool client(gw_client* out) const override;
    bool is_open() const override { return open; }
    int32_t send(std::string_view message) override;
    int32_t close(uint16_t code, std::string_view reason) override;
    const InterceptorChain* current_chain() const override { return in_chain; }

    const InterceptorChain* in_chain = nullptr;
    gateway::harness::Client who;
    bool upgraded = false;  // false: still a handshake
    bool open = true;
    bool gone = false;  // disconnected: no hook follows
    bool attached = false;
    void* slot = nullptr;
    uint32_t kinds = 0;
    std::vector<std::string> sent;
    gateway::harness::Closing closing;
    std::shared_ptr<Flight> reading;             // the pending request that reading waits for
    std::deque<std::shared_ptr<Flight>> unread;  // behind it

   private:
    const gw_conn_id id_;
    const int64_t connected_at_ms_;
};

}  // namespace gatewayd::harness

#endif
