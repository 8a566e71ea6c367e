#include "core/net/turn_compressor.h"

#include <algorithm>
#include <string>

#include "core/net/frame.h"

namespace gatewayd {
namespace {

constexpr size_t max_kept_buckets = 4096;

}  // namespace

size_t TurnCompressor::KeyHash::operator()(const Key& key) const {
    size_t hash = reinterpret_cast<size_t>(key.buffer) >> 4;
    hash = hash * 31 + key.offset;
    hash = hash * 31 + key.length;
    return hash * 31 + static_cast<size_t>(key.window_bits);
}

const TurnCompressor::Output& TurnCompressor::shared(const Slice& plain, int window_bits) {
    // A window that holds all of it is as good as a larger one, cheaper to clear, and more can read it.
    window_bits = std::min(window_bits, Deflater::window_bits_for(plain.length));
    const Key key{plain.buffer.operator->(), plain.offset, plain.length, window_bits};
    const auto [place, is_new] = entries_.try_emplace(key);
    Entry& entry = place->second;
    if (is_new) {
        entry.source = plain.buffer;
        entry.output = compress(plain, deflater(window_bits), false);
    }
    return entry.output;
}

TurnCompressor::Output TurnCompressor::with_context(const Slice& plain, Deflater* own) {
    return compress(plain, own, true);
}

TurnCompressor::Output TurnCompressor::compress(const Slice& plain, Deflater* deflater, bool keep_context) {
    Output output;
    std::string& bytes = room_for(plain.length);
    const size_t offset = bytes.size();
    for (std::string_view rest = plain.view(); !rest.empty();) {
        const std::string_view frame = rest.substr(0, server_frame_size(rest));
        rest.remove_prefix(frame.size());
        if (!append_compressed(frame, deflater, keep_context, &bytes, &output)) bytes.append(frame);
    }
    if (output.messages == 0) {
        bytes.resize(offset);
        output.slice = plain;
        return output;
    }
    const size_t size = bytes.size() - offset;
    turn_bytes_ += size;
    output.slice = {buffer_, static_cast<uint32_t>(offset), static_cast<uint32_t>(size), plain.messages};
    return output;
}

// False: it stays as it is.
bool TurnCompressor::append_compressed(std::string_view frame, Deflater* deflater, bool keep_context,
                                       std::string* to, Output* output) {
    const std::string_view payload = server_frame_payload(frame);
    const Opcode opcode = server_frame_opcode(frame);
    if (payload.size() < options_.threshold_bytes || payload.empty() || is_control(opcode)) return false;
    const size_t room = payload.size() + Deflater::extra_room_bytes;  // what is not smaller does not fit
    scratch_.clear();
    while (scratch_.room() < room) {
        if (!scratch_.grow(room)) return false;
    }
    ++runs_;
    const size_t size = deflater->deflate(payload, keep_context, scratch_.data(), room);
    if (size == 0) return false;
    append_server_header(opcode, size, to, true);
    to->append(scratch_.data(), size);
    ++output->messages;
    output->plain_bytes += static_cast<uint32_t>(payload.size());
    output->wire_bytes += static_cast<uint32_t>(size);
    return true;
}

Deflater* TurnCompressor::deflater(int window_bits) {
    auto& made = deflaters_[static_cast<size_t>(window_bits)];
    if (!made) made = std::make_unique<Deflater>(options_.level, window_bits);
    return made.get();
}

// A buffer is never moved while it fills: a gathered write may hold pointers into it.
std::string& TurnCompressor::room_for(size_t bytes) {
    if (!buffer_ || buffer_->bytes.size() + bytes > buffer_->bytes.capacity()) {
        buffer_ = BufferRef::make();
        buffer_->bytes.reserve(std::max(buffer_bytes, bytes));
    }
    return buffer_->bytes;
}

void TurnCompressor::end_turn() {
    if (entries_.empty() && turn_bytes_ == 0) return;
    if (entries_.bucket_count() > max_kept_buckets) {
        entries_ = decltype(entries_)();
    } else {
        entries_.clear();
    }
    turn_bytes_ = 0;
    scratch_.trim();
    if (buffer_->shared() || buffer_->bytes.capacity() > 2 * buffer_bytes) {
        buffer_ = BufferRef();
    } else {
        buffer_->bytes.clear();
    }
}

}  // namespace gatewayd
