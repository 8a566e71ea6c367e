#include "core/net/turn_compressor.h"

#include <string>
#include <vector>

#include "core/net/frame.h"
#include "tests/unit/net/deflate_samples.h"

namespace gatewayd {
namespace {

using testing::noise;
using testing::PlainReader;
using testing::prose;

DeflateOptions with_threshold(size_t bytes) {
    DeflateOptions options;
    options.enabled = true;
    options.threshold_bytes = bytes;
    return options;
}

// Frames one behind the other in one buffer.
Slice frames(const std::vector<std::string>& payloads, Opcode opcode = Opcode::text) {
    Slice slice{BufferRef::make(), 0, 0, static_cast<uint32_t>(payloads.size())};
    for (const std::string& payload : payloads) {
        append_server_header(opcode, payload.size(), &slice.buffer->bytes);
        slice.buffer->bytes += payload;
    }
    slice.length = static_cast<uint32_t>(slice.buffer->bytes.size());
    return slice;
}

// The messages of a slice as a client gets them; compressed ones begin with "z:".
std::vector<std::string> read(const Slice& slice, PlainReader* reader, size_t size) {
    std::vector<std::string> messages;
    for (std::string_view rest = slice.view(); !rest.empty();) {
        const std::string_view frame = rest.substr(0, server_frame_size(rest));
        const std::string payload(server_frame_payload(frame));
        CHECK((frame[0] & 0x80) != 0);
        CHECK(server_frame_opcode(frame) == Opcode::text);
        messages.push_back(frame[0] & 0x40 ? "z:" + reader->read(payload, size) : payload);
        rest.remove_prefix(frame.size());
    }
    return messages;
}

TEST_CASE("a slice is deflated once for each window, however often it is asked for") {
    const DeflateOptions options = with_threshold(0);
    TurnCompressor compressor(options);
    const Slice big = frames({prose(50'000)});
    for (int round = 0; round < 100; ++round) {
        for (const int bits : {15, 12, 9, 8})
            compressor.shared(big, bits);
    }
    CHECK(compressor.runs() == 4);
    CHECK(compressor.shared(big, 15).slice.buffer == compressor.shared(big, 15).slice.buffer);
    // Small messages need no large window, so that those who have one share with those who have not.
    const Slice small = frames({prose(600)});
    for (const int bits : {15, 12, 10})
        compressor.shared(small, bits);
    CHECK(compressor.runs() == 5);
    compressor.shared(small, 9);
    CHECK(compressor.runs() == 6);
    // Another turn is another cache.
    compressor.end_turn();
    compressor.shared(small, 9);
    CHECK(compressor.runs() == 7);
}

TEST_CASE("each window reads what was made for it") {
    const DeflateOptions options = with_threshold(0);
    TurnCompressor compressor(options);
    const std::string text = prose(20'000);
    const Slice slice = frames({text});
    for (int bits = min_window_bits; bits <= max_window_bits; ++bits) {
        CAPTURE(bits);
        PlainReader reader(bits);
        const auto& output = compressor.shared(slice, bits);
        CHECK(output.messages == 1);
        CHECK(output.plain_bytes == text.size());
        CHECK(output.wire_bytes < text.size());
        CHECK(output.slice.length == server_header_size(output.wire_bytes) + output.wire_bytes);
        REQUIRE(read(output.slice, &reader, text.size()) == std::vector<std::string>{"z:" + text});
    }
}

TEST_CASE("below the threshold, or not smaller for it: the frames stay, in their order") {
    const DeflateOptions options = with_threshold(500);
    TurnCompressor compressor(options);
    const std::string random = noise(2000);
    const Slice plain = frames({"small", random, prose(499)});
    CHECK(compressor.is_worth_it(plain));
    const auto& same = compressor.shared(plain, 15);
    CHECK(same.messages == 0);
    CHECK(same.slice.buffer == plain.buffer);
    CHECK(same.slice.length == plain.length);
    CHECK(compressor.runs() == 1);  // only the noise was tried, and only once
    compressor.shared(plain, 15);
    CHECK(compressor.runs() == 1);

    const Slice mixed = frames({"small", prose(500), "", random, prose(500)});
    PlainReader reader(15);
    const auto& output = compressor.shared(mixed, 15);
    CHECK(output.messages == 2);
    CHECK(output.slice.messages == 5);
    CHECK(output.plain_bytes == 1000);
    CHECK(read(output.slice, &reader, 500) ==
          std::vector<std::string>{"small", "z:" + prose(500), "", random, "z:" + prose(500)});
    CHECK_FALSE(compressor.is_worth_it(frames({"small"})));
}

TEST_CASE("compressed neighbours stand behind each other, so that they leave in one write") {
    const DeflateOptions options = with_threshold(0);
    TurnCompressor compressor(options);
    const Slice first = compressor.shared(frames({prose(1000)}), 15).slice;
    const Slice second = compressor.shared(frames({prose(900)}), 15).slice;
    CHECK(first.buffer == second.buffer);
    CHECK(second.offset == first.offset + first.length);
}

TEST_CASE("at the end of the turn it holds on to nothing, and uses its own memory again") {
    const DeflateOptions options = with_threshold(0);
    TurnCompressor compressor(options);
    const Slice slice = frames({prose(1000)});
    const SharedBuffer* buffer = compressor.shared(slice, 15).slice.buffer.operator->();
    CHECK(slice.buffer->shared());
    compressor.end_turn();
    CHECK_FALSE(slice.buffer->shared());
    {
        const Slice kept = compressor.shared(slice, 15).slice;  // as in the queue of a slow client
        CHECK(kept.buffer.operator->() == buffer);
        const std::string before(kept.view());
        compressor.end_turn();
        compressor.shared(frames({prose(1000, 5)}), 15);
        CHECK(kept.view() == before);
    }
    for (int i = 0; i < 300; ++i)
        compressor.shared(frames({prose(5000, static_cast<unsigned>(i))}), 15);
    CHECK(compressor.full());
    compressor.end_turn();
    CHECK_FALSE(compressor.full());
}

TEST_CASE("a context of its own goes on from message to message") {
    const DeflateOptions options = with_threshold(100);
    TurnCompressor compressor(options);
    Deflater own(6, 15);
    PlainReader reader(15);
    const std::string text = prose(1000);
    size_t first = 0;
    for (int round = 0; round < 10; ++round) {
        // What is too small or not smaller goes plain in between; the context survives the one and is new
        // after the other.
        const bool broken = round == 5;
        const Slice slice =
            frames(broken ? std::vector<std::string>{noise(3000)} : std::vector<std::string>{"tiny", text});
        const auto output = compressor.with_context(slice, &own);
        if (round == 0) first = output.wire_bytes;
        CHECK(output.messages == (broken ? 0 : 1));
        if (!broken) {
            CHECK((output.wire_bytes == first) == (round == 0 || round == 6));
            REQUIRE(read(output.slice, &reader, text.size()) ==
                    std::vector<std::string>{"tiny", "z:" + text});
        }
        if (round % 3 == 0) compressor.end_turn();
    }
}

}  // namespace
}  // namespace gatewayd
