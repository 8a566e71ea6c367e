// Messages of every kind that compression meets, and zlib used plainly, as a peer would: for the tests of
// this folder.
#ifndef GATEWAYD_TESTS_UNIT_NET_DEFLATE_SAMPLES_H
#define GATEWAYD_TESTS_UNIT_NET_DEFLATE_SAMPLES_H

#include <doctest/doctest.h>
#include <zlib.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd::testing {

inline std::string noise(size_t size, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::string bytes(size, '\0');
    for (char& byte : bytes)
        byte = static_cast<char>(random());
    return bytes;
}

// Text in which words come again from near and far.
inline std::string prose(size_t size, unsigned seed = 1) {
    static const std::vector<std::string> words{"gateway", "{\"type\":\"text\",", "\"to\":\"ada\"", "grüße",
                                                "漢字",    " and again ",         "0123456789"};
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size) {
        text += words[random() % words.size()];
        if (random() % 5 == 0) text += std::to_string(random());
    }
    text.resize(size);
    return text;
}

inline std::vector<std::string> samples() {
    return {"",
            "x",
            "Hello",
            std::string(1, '\0'),
            std::string(100'000, 'a'),
            noise(1),
            noise(300),
            noise(70'000),
            prose(250),
            prose(251),
            prose(4096),
            prose(70'000),
            prose(300'000, 7),
            noise(40'000) + prose(40'000) + noise(40'000)};
}

// What zlib makes of `bytes`, raw, with this flush at its end.
inline std::string zlib_deflated(std::string_view bytes, int level = 6, int window_bits = 15,
                                 int flush = Z_SYNC_FLUSH, int strategy = Z_DEFAULT_STRATEGY) {
    z_stream stream{};
    REQUIRE(::deflateInit2(&stream, level, Z_DEFLATED, -window_bits, 8, strategy) == Z_OK);
    std::string out(::deflateBound(&stream, bytes.size()) + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, flush);
    out.resize(stream.total_out);
    ::deflateEnd(&stream);
    return out;
}

// A payload as RFC 7692 section 7.2.1 makes it.
inline std::string compressed(std::string_view message, int level = 6, int window_bits = 15) {
    if (message.empty()) return std::string(1, '\0');
    std::string payload = zlib_deflated(message, level, window_bits);
    REQUIRE(payload.substr(payload.size() - 4) == std::string("\0\0\xff\xff", 4));
    return payload.substr(0, payload.size() - 4);
}

// A reader with a window of its own that goes on from message to message, as a client with context takeover.
class PlainReader {
   public:
    explicit PlainReader(int window_bits) { REQUIRE(::inflateInit2(&stream_, -window_bits) == Z_OK); }
    ~PlainReader() { ::inflateEnd(&stream_); }
    PlainReader(const PlainReader&) = delete;
    PlainReader& operator=(const PlainReader&) = delete;

    // Byte by byte: what zlib still has of its output besides its window does not count. Not readable:
    // "broken".
    std::string read(std::string payload, size_t size) {
        payload.append("\0\0\xff\xff", 4);
        std::string out(size, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(payload.data());
        stream_.avail_in = static_cast<uInt>(payload.size());
        for (char& byte : out) {
            stream_.next_out = reinterpret_cast<Bytef*>(&byte);
            stream_.avail_out = 1;
            if (::inflate(&stream_, Z_SYNC_FLUSH) != Z_OK || stream_.avail_out != 0) return "broken";
        }
        char more;
        stream_.next_out = reinterpret_cast<Bytef*>(&more);
        stream_.avail_out = 1;
        const int status = ::inflate(&stream_, Z_SYNC_FLUSH);
        const bool taken = (status == Z_OK || status == Z_BUF_ERROR) && stream_.avail_in == 0;
        return taken && stream_.avail_out == 1 ? out : "broken";
    }

   private:
    z_stream stream_{};
};

}  // namespace gatewayd::testing

#endif
