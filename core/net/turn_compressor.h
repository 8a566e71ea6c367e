// TurnCompressor: what a reactor sends compressed. Within one turn a slice of frames is deflated once for
// each size of window and shared by all connections that negotiated it; what DEFLATE does not make smaller,
// and what is below the threshold, stays plain. Works on copies: handlers and hooks never see compressed
// bytes.
//
// One a reactor, on its thread. Holds on to the turn's buffers until end_turn(). Its deflaters, made when
// they are first needed, take Deflater::memory_bytes() each: 0.7 MB when all windows are in use.
#ifndef GATEWAYD_CORE_NET_TURN_COMPRESSOR_H
#define GATEWAYD_CORE_NET_TURN_COMPRESSOR_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>

#include "core/base/shared_buffer.h"
#include "core/net/deflater.h"
#include "core/net/inflater.h"
#include "core/net/options.h"

namespace gatewayd {

class TurnCompressor {
   public:
    // The same messages, some of them compressed.
    struct Output {
        Slice slice;
        uint32_t messages = 0;     // that are compressed; 0: slice is what came in
        uint32_t plain_bytes = 0;  // of their payloads before
        uint32_t wire_bytes = 0;   // and after
    };

    explicit TurnCompressor(const DeflateOptions& options) : options_(options) {}
    TurnCompressor(const TurnCompressor&) = delete;
    TurnCompressor& operator=(const TurnCompressor&) = delete;

    // False: nothing in it can be worth it.
    bool is_worth_it(const Slice& plain) const { return plain.length > options_.threshold_bytes; }
    // For everyone who has this window and no context. Valid until the end of the turn.
    const Output& shared(const Slice& plain, int window_bits);
    // For one connection with a context of its own.
    Output with_context(const Slice& plain, Deflater* own);

    // Messages that went through DEFLATE so far.
    uint64_t runs() const { return runs_; }
    // So much was made that the turn should be flushed before more is read.
    bool full() const { return turn_bytes_ > max_turn_bytes; }
    void end_turn();

   private:
    static constexpr size_t max_turn_bytes = 256UL * 1024;
    static constexpr size_t buffer_bytes = 64UL * 1024;

    struct Key {
        const SharedBuffer* buffer;
        uint32_t offset;
        uint32_t length;
        int window_bits;
        bool operator==(const Key& other) const {
            return buffer == other.buffer && offset == other.offset && length == other.length &&
                   window_bits == other.window_bits;
        }
    };
    struct KeyHash {
        size_t operator()(const Key& key) const;
    };
    struct Entry {
        BufferRef source;  // keeps the key's buffer from being another one's
        Output output;
    };

    Output compress(const Slice& plain, Deflater* deflater, bool keep_context);
    bool append_compressed(std::string_view frame, Deflater* deflater, bool keep_context, std::string* to,
                           Output* output);
    Deflater* deflater(int window_bits);
    std::string& room_for(size_t bytes);

    const DeflateOptions& options_;
    std::array<std::unique_ptr<Deflater>, max_window_bits + 1> deflaters_;  // by window
    std::unordered_map<Key, Entry, KeyHash> entries_;
    BufferRef buffer_;  // the turn's compressed frames, one behind the other
    size_t turn_bytes_ = 0;
    uint64_t runs_ = 0;
    InflateBuffer scratch_;
};

}  // namespace gatewayd

#endif
