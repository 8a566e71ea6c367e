#include "core/net/deflate_context.h"

#include <algorithm>

namespace gatewayd {
namespace {

// A peer that was told 8 bits may use a zlib that writes for 9 instead.
int inflater_bits(const DeflateParameters& parameters) {
    return std::max<int>(parameters.client_window_bits, 9);
}

}  // namespace

size_t DeflateContext::memory_bytes(const DeflateParameters& parameters) {
    size_t bytes = sizeof(DeflateContext);
    if (parameters.server_keeps_context)
        bytes += sizeof(Deflater) + Deflater::memory_bytes(parameters.server_window_bits);
    if (parameters.client_keeps_context)
        bytes += sizeof(Inflater) + Inflater::memory_bytes(inflater_bits(parameters));
    return bytes;
}

std::unique_ptr<DeflateContext> DeflateContext::make(const DeflateParameters& parameters,
                                                     const DeflateOptions& options, CompressionMemory* memory,
                                                     Counter* counted) {
    const size_t bytes = memory_bytes(parameters);
    if (memory->fetch_add(bytes, std::memory_order_relaxed) + bytes > options.max_memory_bytes) {
        memory->fetch_sub(bytes, std::memory_order_relaxed);
        return nullptr;
    }
    counted->add(bytes);
    std::unique_ptr<DeflateContext> made(new DeflateContext(bytes, memory, counted));
    if (parameters.server_keeps_context)
        made->deflater_ = std::make_unique<Deflater>(options.level, parameters.server_window_bits);
    if (parameters.client_keeps_context)
        made->inflater_ = std::make_unique<Inflater>(inflater_bits(parameters));
    return made;
}

DeflateContext::~DeflateContext() {
    memory_->fetch_sub(bytes_, std::memory_order_relaxed);
    counted_->sub(bytes_);
}

}  // namespace gatewayd
