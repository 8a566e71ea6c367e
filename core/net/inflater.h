// Inflater: RFC 7692 section 7.2.2: the payload of a compressed message back to what was sent, step by step,
// so that a bomb of a few bytes never becomes more than the limit. Owns zlib's state (about 7 KB and a window
// of 1 << window_bits bytes, made at the first message). One a reactor, and one for each connection whose
// client keeps its context; the reactor's thread. Needs no reactor: a pure machine.
#ifndef GATEWAYD_CORE_NET_INFLATER_H
#define GATEWAYD_CORE_NET_INFLATER_H

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatewayd {

// Bytes that grow without being copied twice or cleared first.
class InflateBuffer {
   public:
    InflateBuffer() = default;
    ~InflateBuffer();
    InflateBuffer(const InflateBuffer&) = delete;
    InflateBuffer& operator=(const InflateBuffer&) = delete;

    char* data() { return data_; }
    size_t size() const { return size_; }
    size_t capacity() const { return capacity_; }
    std::string_view view() const { return {data_, size_}; }

    void clear() { size_ = 0; }
    void add(size_t bytes) { size_ += bytes; }  // of the room that were written
    char* end() { return data_ + size_; }
    size_t room() const { return capacity_ - size_; }
    // Room for more, at most `limit` bytes in all. False: that is reached, or there is no memory.
    bool grow(size_t limit);
    // Gives the memory back when it is more than a usual message needs. Forgets what is in it.
    void trim();

   private:
    char* data_ = nullptr;
    size_t size_ = 0;
    size_t capacity_ = 0;
};

class Inflater {
   public:
    enum class Result : uint8_t {
        whole,
        too_big,    // more than max_bytes would come out
        broken,     // not DEFLATE (RFC 1951), or it ends inside a block
        no_memory,  // zlib got none
    };

    explicit Inflater(int window_bits = MAX_WBITS) : window_bits_(window_bits) {}
    ~Inflater();
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    // One message, which was sent without its last 00 00 ff ff; into *out, in place of what was there.
    // keep_context: the next message may refer back to this one. After anything but `whole` there is no next.
    Result inflate(std::string_view message, size_t max_bytes, bool keep_context, InflateBuffer* out);

    // What one Inflater takes at most.
    static size_t memory_bytes(int window_bits);

   private:
    Result feed(std::string_view bytes, size_t max_bytes, InflateBuffer* out);

    const int window_bits_;
    bool ready_ = false;
    bool ended_ = false;  // the last byte ended a stream: a block with BFINAL (7.2.3.4)
    z_stream stream_{};
};

}  // namespace gatewayd

#endif
