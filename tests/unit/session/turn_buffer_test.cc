#include "core/session/turn_buffer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace gatewayd {
namespace {

// Under ASan: hooks hold views of frames while others are framed behind them.
TEST_CASE("frames stay where they are while more are framed, and neighbours lie side by side") {
    TurnBuffer buffer;
    struct Framed {
        Slice slice;
        std::string_view view;
        std::string payload;
    };
    std::vector<Framed> all;
    for (int i = 0; i < 3000; ++i) {
        const std::string payload(static_cast<size_t>(i % 300), static_cast<char>('a' + i % 26));
        const Slice slice = buffer.frame_text(payload);
        all.push_back({slice, slice.view(), payload});
    }
    size_t bytes = 0;
    size_t neighbours = 0;
    for (size_t i = 0; i < all.size(); ++i) {
        REQUIRE(all[i].view.data() == all[i].slice.view().data());
        REQUIRE(server_frame_payload(all[i].view) == all[i].payload);
        REQUIRE(all[i].slice.messages == 1);
        bytes += all[i].slice.length;
        if (i > 0 && all[i].slice.buffer == all[i - 1].slice.buffer) {
            REQUIRE(all[i].slice.offset == all[i - 1].slice.offset + all[i - 1].slice.length);
            ++neighbours;
        }
    }
    CHECK(buffer.size() == bytes);
    CHECK(neighbours > 2900);
    buffer.recycle();
    CHECK(buffer.size() == 0);
    for (const Framed& each : all)
        REQUIRE(server_frame_payload(each.slice.view()) == each.payload);
}

TEST_CASE("a payload may lie in the buffer itself") {
    TurnBuffer buffer;
    const Slice first = buffer.frame_text("hello");
    const Slice second = buffer.frame(Opcode::binary, server_frame_payload(first.view()));
    CHECK(server_frame_payload(second.view()) == "hello");
    CHECK(static_cast<unsigned char>(second.view()[0]) == 0x82);
}

TEST_CASE("memory is used again when nobody holds it, and not when somebody does") {
    TurnBuffer buffer;
    const char* place = buffer.frame_text("one").view().data();
    buffer.recycle();
    CHECK(buffer.frame_text("two").view().data() == place);
    const Slice held = buffer.frame_text("held");
    buffer.recycle();
    const Slice next = buffer.frame_text("next");
    CHECK_FALSE(next.buffer == held.buffer);
    CHECK(server_frame_payload(held.view()) == "held");
    buffer.recycle();
    buffer.recycle();  // nothing was framed since
}

TEST_CASE("a stamped message is one text frame of the exact size") {
    TurnBuffer buffer;
    const std::string body = R"({"type":"text","content":")" + std::string(200, 'x') + "\"}";
    const Slice slice = buffer.frame_message(body, {"u1", "01ID", "2026-01-01T00:00:00.000Z"});
    CHECK(server_frame_size(slice.view()) == slice.length);
    CHECK(server_frame_payload(slice.view()) ==
          R"({"from":"u1","msg_id":"01ID","create_at":"2026-01-01T00:00:00.000Z","type":"text","content":")" +
              std::string(200, 'x') + "\"}");
    const std::string big(300'000, 'b');
    CHECK(server_frame_payload(buffer.frame_text(big).view()) == big);
}

}  // namespace
}  // namespace gatewayd
