#include "core/net/deflater.h"

#include <algorithm>
#include <limits>

namespace gatewayd {
namespace {

constexpr int min_zlib_window_bits = 9;           // of a raw stream
constexpr size_t state_bytes = 8UL * 1024;        // of zlib's deflate, besides its tables
constexpr size_t longest_look_ahead_bytes = 262;  // zlib refers back at most by its window less this

// zlib's hash table and its symbols, in proportion to the window: a smaller window is for smaller messages,
// whose cost is mostly that these are cleared for each.
int memory_level(int window_bits) {
    return std::clamp(window_bits - 6, 3, 8);
}

}  // namespace

Deflater::~Deflater() {
    if (ready_) ::deflateEnd(&stream_);
}

size_t Deflater::memory_bytes(int window_bits) {
    const int bits = std::max(window_bits, min_zlib_window_bits);
    return state_bytes + (size_t{1} << (bits + 2)) + (size_t{1} << (memory_level(bits) + 9));
}

int Deflater::window_bits_for(size_t message_bytes) {
    int bits = min_zlib_window_bits;
    while (bits < max_window_bits && (size_t{1} << bits) < message_bytes + longest_look_ahead_bytes)
        ++bits;
    return bits;
}

bool Deflater::start() {
    if (ready_) return true;
    // zlib has no raw window of 8 bits. With Z_RLE it refers back by one byte only, which any window holds.
    const int bits = std::max(window_bits_, min_zlib_window_bits);
    const int strategy = window_bits_ < min_zlib_window_bits ? Z_RLE : Z_DEFAULT_STRATEGY;
    ready_ = ::deflateInit2(&stream_, level_, Z_DEFLATED, -bits, memory_level(bits), strategy) == Z_OK;
    return ready_;
}

size_t Deflater::deflate(std::string_view message, bool keep_context, char* out, size_t room) {
    if (message.empty()) {  // 7.2.3.6; zlib would flush nothing at all
        if (room == 0) return 0;
        out[0] = 0;
        return 1;
    }
    if (!start()) return 0;
    room = std::min<size_t>(room, std::numeric_limits<uInt>::max());
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    stream_.avail_in = static_cast<uInt>(message.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<uInt>(room);
    const int status = ::deflate(&stream_, Z_SYNC_FLUSH);
    const bool whole = status == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0;
    const size_t size = room - stream_.avail_out;
    if (!whole || !keep_context) ::deflateReset(&stream_);
    return whole ? size - extra_room_bytes : 0;
}

}  // namespace gatewayd
