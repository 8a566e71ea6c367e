#include "tests/bench/load/deflate.h"

#include <cstring>
#include <functional>
#include <stdexcept>

namespace load {
namespace {

constexpr int raw_window_bits = -15;
constexpr size_t max_text_size = 1 << 20;
constexpr std::string_view flush_marker("\0\0\xff\xff", 4);  // RFC 7692, 7.2.1: not sent

// Ends with the marker, on a byte's border; refers to nothing outside of itself.
std::string deflated(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, raw_window_bits, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        throw std::runtime_error("no deflate");
    }
    std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 16, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_SYNC_FLUSH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

}  // namespace

Packed pack(std::string_view before, std::string_view patch, std::string_view after) {
    Packed packed;
    packed.bytes = deflated(before);
    // RFC 1951, 3.2.4: a block of type 00 that is not the last one; its length, and that inverted.
    const auto size = static_cast<uint16_t>(patch.size());
    for (const int byte : {0, size & 0xff, size >> 8, ~size & 0xff, (~size >> 8) & 0xff})
        packed.bytes += static_cast<char>(byte);
    packed.patch_at = packed.bytes.size();
    packed.bytes += patch;
    packed.bytes += deflated(after);
    packed.bytes.resize(packed.bytes.size() - flush_marker.size());
    return packed;
}

Unpacker::Unpacker() : scratch_(max_text_size, '\0') {
    if (inflateInit2(&stream_, raw_window_bits) != Z_OK) throw std::runtime_error("no inflate");
}

Unpacker::~Unpacker() {
    inflateEnd(&stream_);
}

bool Unpacker::unpack(std::string_view packed, std::string_view* text) {
    Known& known = known_[std::hash<std::string_view>()(packed) % known_.size()];
    if (known.packed != packed || packed.empty()) {
        if (!inflate_into(packed, &known.text)) {
            known.packed.clear();
            return false;
        }
        known.packed = packed;
    }
    *text = known.text;
    return true;
}

bool Unpacker::inflate_into(std::string_view packed, std::string* text) {
    inflateReset(&stream_);
    stream_.next_out = reinterpret_cast<Bytef*>(scratch_.data());
    stream_.avail_out = static_cast<uInt>(scratch_.size());
    for (const std::string_view part : {packed, flush_marker}) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
        stream_.avail_in = static_cast<uInt>(part.size());
        const int result = inflate(&stream_, Z_SYNC_FLUSH);
        // A last block (7.2.3.4), as Bun sends: behind it stands at most the beginning of an empty one.
        if (result == Z_STREAM_END && part == packed && stream_.avail_in <= 1) break;
        if ((result != Z_OK && result != Z_BUF_ERROR) || stream_.avail_in != 0) return false;
    }
    text->assign(scratch_.data(), stream_.total_out);
    return true;
}

}  // namespace load
