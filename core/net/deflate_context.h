// DeflateContext: zlib's state of one connection that negotiated context takeover, and its share of the
// node's memory for that (max_compression_memory), which is taken whole at the handshake. A connection
// without context takeover has none. Owned by its Connection, on its reactor's thread.
#ifndef GATEWAYD_CORE_NET_DEFLATE_CONTEXT_H
#define GATEWAYD_CORE_NET_DEFLATE_CONTEXT_H

#include <atomic>
#include <cstddef>
#include <memory>

#include "core/base/counters.h"
#include "core/net/deflate_offer.h"
#include "core/net/deflater.h"
#include "core/net/inflater.h"
#include "core/net/options.h"

namespace gatewayd {

// Of all kept contexts of the node, against DeflateOptions::max_memory_bytes. Any thread.
using CompressionMemory = std::atomic<size_t>;

class DeflateContext {
   public:
    // For parameters that keep a context. Null: max_compression_memory has no room for it.
    static std::unique_ptr<DeflateContext> make(const DeflateParameters& parameters,
                                                const DeflateOptions& options, CompressionMemory* memory,
                                                Counter* counted);
    ~DeflateContext();
    DeflateContext(const DeflateContext&) = delete;
    DeflateContext& operator=(const DeflateContext&) = delete;

    // Null: that side keeps no context.
    Deflater* deflater() { return deflater_.get(); }
    Inflater* inflater() { return inflater_.get(); }

    static size_t memory_bytes(const DeflateParameters& parameters);

   private:
    DeflateContext(size_t bytes, CompressionMemory* memory, Counter* counted)
        : bytes_(bytes), memory_(memory), counted_(counted) {}

    const size_t bytes_;
    CompressionMemory* const memory_;
    Counter* const counted_;  // the reactor's
    std::unique_ptr<Deflater> deflater_;
    std::unique_ptr<Inflater> inflater_;
};

}  // namespace gatewayd

#endif
