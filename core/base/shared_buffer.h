// SharedBuffer: bytes with a reference count, so that one framed message can wait in many queues, on many
// threads. While only one reactor knows a buffer it may append to it; readers keep offsets, not pointers.
// Once a buffer was handed to another thread it is immutable.
#ifndef GATEWAYD_CORE_BASE_SHARED_BUFFER_H
#define GATEWAYD_CORE_BASE_SHARED_BUFFER_H

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gatewayd {

class SharedBuffer {
   public:
    std::string bytes;

    bool shared() const { return references_.load(std::memory_order_acquire) > 1; }

   private:
    friend class BufferRef;
    std::atomic<uint32_t> references_{0};
};

// Owns one reference.
class BufferRef {
   public:
    BufferRef() = default;
    static BufferRef make() { return BufferRef(new SharedBuffer); }
    BufferRef(const BufferRef& other) : buffer_(other.buffer_) { acquire(); }
    BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
    BufferRef& operator=(BufferRef other) noexcept {
        std::swap(buffer_, other.buffer_);
        return *this;
    }
    ~BufferRef() {
        if (buffer_ && buffer_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete buffer_;
    }

    explicit operator bool() const { return buffer_ != nullptr; }
    SharedBuffer* operator->() const { return buffer_; }
    bool operator==(const BufferRef& other) const { return buffer_ == other.buffer_; }

   private:
    explicit BufferRef(SharedBuffer* buffer) : buffer_(buffer) { acquire(); }
    void acquire() {
        if (buffer_) buffer_->references_.fetch_add(1, std::memory_order_relaxed);
    }

    SharedBuffer* buffer_ = nullptr;
};

// Whole frames inside a buffer.
struct Slice {
    BufferRef buffer;
    uint32_t offset = 0;
    uint32_t length = 0;
    uint32_t messages = 0;

    std::string_view view() const { return std::string_view(buffer->bytes).substr(offset, length); }
};

}  // namespace gatewayd

#endif
