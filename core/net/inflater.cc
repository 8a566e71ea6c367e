#include "core/net/inflater.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace gatewayd {
namespace {

constexpr size_t first_buffer_bytes = 16UL * 1024;
constexpr size_t kept_buffer_bytes = 256UL * 1024;  // between messages
constexpr size_t state_bytes = 8UL * 1024;          // of zlib's inflate, besides the window
constexpr std::string_view tail("\0\0\xff\xff", 4);

// In z_stream::data_type after inflate(): it stands between two blocks; bits of the last byte that are not
// used.
constexpr int between_blocks = 128;
constexpr int unused_bits = 63;

}  // namespace

InflateBuffer::~InflateBuffer() {
    std::free(data_);
}

bool InflateBuffer::grow(size_t limit) {
    if (capacity_ >= limit) return false;
    const size_t wanted = std::min(std::max(first_buffer_bytes, capacity_ * 2), limit);
    auto* moved = static_cast<char*>(std::realloc(data_, wanted));
    if (!moved) return false;
    data_ = moved;
    capacity_ = wanted;
    return true;
}

void InflateBuffer::trim() {
    size_ = 0;
    if (capacity_ <= kept_buffer_bytes) return;
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
}

Inflater::~Inflater() {
    if (ready_) ::inflateEnd(&stream_);
}

size_t Inflater::memory_bytes(int window_bits) {
    return state_bytes + (size_t{1} << window_bits);
}

Inflater::Result Inflater::inflate(std::string_view message, size_t max_bytes, bool keep_context,
                                   InflateBuffer* out) {
    out->clear();
    if (!ready_) {
        if (::inflateInit2(&stream_, -window_bits_) != Z_OK) return Result::no_memory;
        ready_ = true;
    }
    Result result = Result::whole;
    ended_ = message.empty();  // nothing is an empty message, though a sender should say 00 (7.2.3.6)
    if (!message.empty()) result = feed(message, max_bytes, out);
    if (result == Result::whole && !ended_) {
        result = feed(tail, max_bytes, out);
        const bool at_border = (stream_.data_type & between_blocks) && !(stream_.data_type & unused_bits);
        if (result == Result::whole && !ended_ && !at_border) result = Result::broken;
    }
    if (result != Result::whole || !keep_context) {
        ::inflateReset(&stream_);
    } else if (ended_ && !message.empty()) {
        ::inflateResetKeep(&stream_);
    }
    return result;
}

Inflater::Result Inflater::feed(std::string_view bytes, size_t max_bytes, InflateBuffer* out) {
    static constexpr size_t max_step = std::numeric_limits<uInt>::max();
    // zlib does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    while (true) {
        if (out->room() == 0 && !out->grow(max_bytes + 1)) return Result::no_memory;
        const size_t room = std::min(out->room(), max_step);
        stream_.next_out = reinterpret_cast<Bytef*>(out->end());
        stream_.avail_out = static_cast<uInt>(room);
        const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
        out->add(room - stream_.avail_out);
        if (out->size() > max_bytes) return Result::too_big;
        ended_ = status == Z_STREAM_END;
        if (ended_) {
            if (stream_.avail_in == 0) return Result::whole;
            ::inflateResetKeep(&stream_);  // what follows BFINAL is a new stream with the same window
            continue;
        }
        if (status == Z_MEM_ERROR) return Result::no_memory;
        if (status != Z_OK && status != Z_BUF_ERROR) return Result::broken;
        // Room that is left over means that it wants more input.
        if (stream_.avail_out > 0) return stream_.avail_in == 0 ? Result::whole : Result::broken;
    }
}

}  // namespace gatewayd
