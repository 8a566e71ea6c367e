#include "core/net/outbound_queue.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/net/frame.h"

namespace gatewayd {
namespace {

constexpr size_t max_pooled_storages = 256;
constexpr size_t max_pooled_slices = 64;              // capacity of a storage that is worth keeping
constexpr size_t max_own_buffer_bytes = 64UL * 1024;  // then compact() begins another

void advance(Slice* slice, uint32_t count) {
    slice->offset += count;
    slice->length -= count;
}

}  // namespace

std::unique_ptr<OutboundQueue::Storage> OutboundQueue::Pool::take() {
    if (free_.empty()) return std::make_unique<Storage>();
    auto storage = std::move(free_.back());
    free_.pop_back();
    return storage;
}

void OutboundQueue::Pool::give(std::unique_ptr<Storage> storage) {
    if (free_.size() >= max_pooled_storages || storage->slices.capacity() > max_pooled_slices) return;
    storage->slices.clear();
    storage->head = storage->compacted = 0;
    storage->own = BufferRef();
    free_.push_back(std::move(storage));
}

void OutboundQueue::push(Slice slice, Pool* pool) {
    if (!storage_) storage_ = pool->take();
    bytes_ += slice.length;
    messages_ += slice.messages;
    auto& slices = storage_->slices;
    // Neighbours in one buffer become one slice: one iovec, one entry.
    if (slice.messages > 0 && slices.size() > std::max(storage_->head, storage_->compacted)) {
        Slice& last = slices.back();
        if (last.messages > 0 && last.buffer == slice.buffer && last.offset + last.length == slice.offset) {
            last.length += slice.length;
            last.messages += slice.messages;
            return;
        }
    }
    slices.push_back(std::move(slice));
}

void OutboundQueue::push_opaque(std::string bytes, Pool* pool) {
    const auto length = static_cast<uint32_t>(bytes.size());
    if (storage_ && storage_->head < storage_->slices.size()) {
        Slice& last = storage_->slices.back();
        // A buffer that nobody else holds can grow; nobody keeps pointers into it between two writes.
        if (last.messages == 0 && !last.buffer->shared() &&
            last.buffer->bytes.size() == last.offset + last.length &&
            last.buffer->bytes.size() + length <= max_own_buffer_bytes) {
            last.buffer->bytes += bytes;
            last.length += length;
            bytes_ += length;
            return;
        }
    }
    Slice slice{BufferRef::make(), 0, length, 0};
    slice.buffer->bytes = std::move(bytes);
    push(std::move(slice), pool);
}

int OutboundQueue::gather(iovec* out, int limit) const {
    if (!storage_) return 0;
    const auto& slices = storage_->slices;
    int count = 0;
    for (size_t i = storage_->head; i < slices.size() && count < limit; ++i, ++count) {
        out[count].iov_base = slices[i].buffer->bytes.data() + slices[i].offset;
        out[count].iov_len = slices[i].length;
    }
    return count;
}

void OutboundQueue::pop_front() {
    storage_->slices[storage_->head].buffer = BufferRef();
    ++storage_->head;
    // A queue that never runs empty must not keep its past.
    if (storage_->head >= 64 && storage_->head * 2 >= storage_->slices.size()) {
        storage_->slices.erase(storage_->slices.begin(),
                               storage_->slices.begin() + static_cast<std::ptrdiff_t>(storage_->head));
        storage_->compacted -= std::min(storage_->compacted, storage_->head);
        storage_->head = 0;
    }
}

void OutboundQueue::release_if_empty(Pool* pool) {
    if (storage_ && storage_->head == storage_->slices.size()) pool->give(std::move(storage_));
}

void OutboundQueue::consume(size_t count, Pool* pool) {
    bytes_ -= count;
    while (count > 0) {
        Slice& slice = storage_->slices[storage_->head];
        if (count >= slice.length) {
            count -= slice.length;
            messages_ -= slice.messages;
            frame_rest_ = 0;
            pop_front();
            continue;
        }
        if (slice.messages == 0) {  // opaque
            advance(&slice, static_cast<uint32_t>(count));
            break;
        }
        if (frame_rest_ == 0) frame_rest_ = static_cast<uint32_t>(server_frame_size(slice.view()));
        const auto step = static_cast<uint32_t>(std::min<size_t>(frame_rest_, count));
        advance(&slice, step);
        frame_rest_ -= step;
        count -= step;
        if (frame_rest_ == 0) {
            --slice.messages;
            --messages_;
        }
    }
    release_if_empty(pool);
}

bool OutboundQueue::drop_oldest(Pool* pool) {
    if (!storage_) return false;
    auto& slices = storage_->slices;
    for (size_t i = storage_->head; i < slices.size(); ++i) {
        if (slices[i].messages == 0) continue;
        const uint32_t rest = i == storage_->head ? frame_rest_ : 0;
        if (rest > 0) {
            if (slices[i].messages == 1) continue;  // only the one that is partly written
            Slice begun = slices[i];
            begun.length = rest;
            begun.messages = 1;
            advance(&slices[i], rest);
            --slices[i].messages;
            slices.insert(slices.begin() + static_cast<std::ptrdiff_t>(i), std::move(begun));
            if (storage_->compacted > i) ++storage_->compacted;
            ++i;
        }
        Slice& slice = slices[i];
        const auto size = static_cast<uint32_t>(server_frame_size(slice.view()));
        advance(&slice, size);
        --slice.messages;
        --messages_;
        bytes_ -= size;
        if (slice.messages == 0) {
            slices.erase(slices.begin() + static_cast<std::ptrdiff_t>(i));
            if (storage_->compacted > i) --storage_->compacted;
        }
        release_if_empty(pool);
        return true;
    }
    return false;
}

uint32_t OutboundQueue::drop_newest(uint32_t keep_messages, size_t keep_bytes, Pool* pool) {
    if (!storage_) return 0;
    const uint32_t before = messages_;
    auto& slices = storage_->slices;
    messages_ = 0;
    bytes_ = 0;
    size_t to = storage_->head;
    for (size_t i = storage_->head; i < slices.size(); ++i) {
        Slice slice = std::move(slices[i]);
        if (slice.messages > 0) {
            // Frame by frame from the front; one that is partly written always stays.
            uint32_t rest = i == storage_->head ? frame_rest_ : 0;
            uint32_t kept = 0;
            uint32_t kept_bytes = 0;
            while (kept < slice.messages) {
                const std::string_view left = slice.view().substr(kept_bytes);
                const auto size = rest > 0 ? rest : static_cast<uint32_t>(server_frame_size(left));
                const bool fits =
                    messages_ + kept < keep_messages && bytes_ + kept_bytes + size <= keep_bytes;
                if (!fits && rest == 0) break;
                rest = 0;
                ++kept;
                kept_bytes += size;
            }
            if (kept < slice.messages) keep_messages = 0;  // nothing newer than a dropped one may stay
            slice.messages = kept;
            slice.length = kept_bytes;
            if (kept == 0) continue;
        }
        messages_ += slice.messages;
        bytes_ += slice.length;
        if (i < storage_->compacted && to != i) storage_->compacted = to;
        slices[to++] = std::move(slice);
    }
    slices.resize(to);
    storage_->compacted = std::min(storage_->compacted, to);
    release_if_empty(pool);
    return before - messages_;
}

void OutboundQueue::compact(size_t first_bytes) {
    if (!storage_) return;
    auto& slices = storage_->slices;
    for (size_t i = std::max(storage_->head, storage_->compacted); i < slices.size(); ++i) {
        Slice& slice = slices[i];
        if (slice.length * 2UL >= slice.buffer->bytes.size()) continue;
        if (!storage_->own || storage_->own->bytes.size() + slice.length > max_own_buffer_bytes) {
            storage_->own = BufferRef::make();
            storage_->own->bytes.reserve(std::max<size_t>(first_bytes, slice.length));
        }
        const auto offset = static_cast<uint32_t>(storage_->own->bytes.size());
        storage_->own->bytes.append(slice.view());
        slice.buffer = storage_->own;
        slice.offset = offset;
    }
    storage_->compacted = slices.size();
}

void OutboundQueue::clear(Pool* pool) {
    if (storage_) pool->give(std::move(storage_));
    storage_.reset();
    bytes_ = 0;
    messages_ = 0;
    frame_rest_ = 0;
}

}  // namespace gatewayd
