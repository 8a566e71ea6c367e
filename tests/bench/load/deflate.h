// permessage-deflate (RFC 7692) for the generator, without context takeover on either side. It must cost less
// than the server's: what is sent was deflated once, and what comes is inflated once for all who get the same
// bytes.
#ifndef GATEWAYD_TESTS_BENCH_LOAD_DEFLATE_H
#define GATEWAYD_TESTS_BENCH_LOAD_DEFLATE_H

#include <zlib.h>

#include <array>
#include <string>
#include <string_view>

namespace load {

// The payload of a compressed message. At `patch_at` the patch stands as it is, in a stored block: other
// bytes of the same number may be written over it.
struct Packed {
    std::string bytes;
    size_t patch_at = 0;
};
Packed pack(std::string_view before, std::string_view patch, std::string_view after);

// The other way. One thread.
class Unpacker {
   public:
    Unpacker();
    ~Unpacker();
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;

    // False: no whole message of at most 1 MB. The text is valid until the next call.
    bool unpack(std::string_view packed, std::string_view* text);

   private:
    struct Known {
        std::string packed;
        std::string text;
    };
    bool inflate_into(std::string_view packed, std::string* text);

    z_stream stream_{};
    std::array<Known, 256> known_;  // by a part of the packed bytes' hash
    std::string scratch_;
};

}  // namespace load

#endif
