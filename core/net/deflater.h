// Deflater: RFC 7692 section 7.2.1: a message as the payload of a compressed one. Owns zlib's state, made at
// the first message: memory_bytes(). A reactor has one for each size of window; a connection that keeps its
// context has its own. The reactor's thread. Needs no reactor: a pure machine.
#ifndef GATEWAYD_CORE_NET_DEFLATER_H
#define GATEWAYD_CORE_NET_DEFLATER_H

#include <zlib.h>

#include <cstddef>
#include <string_view>

namespace gatewayd {

inline constexpr int min_window_bits = 8;
inline constexpr int max_window_bits = 15;

class Deflater {
   public:
    // window_bits: 8 to 15. level: 1 to 9.
    Deflater(int level, int window_bits) : level_(level), window_bits_(window_bits) {}
    ~Deflater();
    Deflater(const Deflater&) = delete;
    Deflater& operator=(const Deflater&) = delete;

    // Writes the compressed message, without its last 00 00 ff ff, to `out`; returns its size. 0: it does not
    // fit into `room` bytes, or zlib got no memory; the context is then forgotten, and the message may be
    // sent plain. keep_context: it may refer back to the messages before it, and the next one to it.
    size_t deflate(std::string_view message, bool keep_context, char* out, size_t room);
    // zlib's flush needs so much more room than what it gives.
    static constexpr size_t extra_room_bytes = 4;

    // What one Deflater takes at most.
    static size_t memory_bytes(int window_bits);
    // The smallest window that any part of a message of this size can refer back in.
    static int window_bits_for(size_t message_bytes);

   private:
    bool start();

    const int level_;
    const int window_bits_;
    bool ready_ = false;
    z_stream stream_{};
};

}  // namespace gatewayd

#endif
