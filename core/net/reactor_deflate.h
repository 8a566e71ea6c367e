// ReactorDeflate: what one reactor has for permessage-deflate, when it is enabled: the state that connections
// without a context of their own share, and the memory that messages are in between two forms. The reactor's
// thread.
#ifndef GATEWAYD_CORE_NET_REACTOR_DEFLATE_H
#define GATEWAYD_CORE_NET_REACTOR_DEFLATE_H

#include <vector>

#include "core/net/inflater.h"
#include "core/net/turn_compressor.h"

namespace gatewayd {

struct ReactorDeflate {
    explicit ReactorDeflate(const DeflateOptions& options) : compressor(options) {}

    TurnCompressor compressor;
    Inflater inflater;
    InflateBuffer inflated;      // the message that is being handled
    std::vector<Slice> swapped;  // of one enqueue_now(), while it works

    void end_turn() {
        compressor.end_turn();
        inflated.trim();
    }
};

}  // namespace gatewayd

#endif
