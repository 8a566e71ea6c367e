#include "core/net/message_assembler.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/unit/net/client_frames.h"

namespace gatewayd {
namespace {

using testing::client_frame;
using testing::compressed_frame;
using Result = MessageAssembler::Result;

struct Outcome {
    std::vector<std::string> messages;  // "<opcode>:<payload>"; compressed ones begin with 'z'
    std::string error;
    CloseCode code = close_normal;
    bool operator==(const Outcome& other) const {
        return messages == other.messages && error == other.error && code == other.code;
    }
};

// Feeds the pieces as reads would bring them, with the assembler living as long as in a connection: until
// nothing is incomplete.
Outcome feed(const std::vector<std::string>& pieces, const NetOptions& options, bool deflate = false) {
    InboundMemory memory{0};
    Outcome outcome;
    std::unique_ptr<MessageAssembler> assembler;
    for (std::string piece : pieces) {
        char* data = piece.data();
        size_t size = piece.size();
        while (size > 0 && outcome.error.empty()) {
            if (!assembler) assembler = std::make_unique<MessageAssembler>(options, &memory, deflate);
            switch (assembler->consume(&data, &size)) {
                case Result::need_more:
                    REQUIRE(size == 0);
                    break;
                case Result::error:
                    outcome.error = assembler->error().text;
                    outcome.code = assembler->error().code;
                    break;
                case Result::message:
                    outcome.messages.push_back((assembler->compressed() ? "z" : "") +
                                               std::to_string(static_cast<int>(assembler->opcode())) + ":" +
                                               std::string(assembler->payload()));
                    CHECK(assembler->mutable_payload() == assembler->payload().data());
                    if (assembler->idle()) assembler.reset();
                    break;
            }
        }
    }
    CHECK(memory.load() <= options.max_inbound_bytes);
    assembler.reset();
    CHECK(memory.load() == 0);
    return outcome;
}

// A stream with fragments, control frames between them, empty frames, and text whose characters are cut.
std::string mixed_stream() {
    const std::string umlauts = "gr\xC3\xBC\xC3\x9F\x65 \xE4\xBD\xA0\xE5\xA5\xBD \xF0\x9F\x91\x8B";
    std::string stream = client_frame(Opcode::text, umlauts);
    stream += client_frame(Opcode::text, umlauts.substr(0, 3), false, 0xA1B2C3D4);
    stream += client_frame(Opcode::ping, "are you there");
    stream += client_frame(Opcode::continuation, "", false);
    stream += client_frame(Opcode::continuation, umlauts.substr(3, 8), false);
    stream += client_frame(Opcode::pong, "");
    stream += client_frame(Opcode::continuation, umlauts.substr(11), true, 0xFFFFFFFF);
    stream += client_frame(Opcode::binary, std::string("\0\xFF\x80", 3));
    stream += client_frame(Opcode::text, "");
    stream += client_frame(Opcode::binary, std::string(300, 'b'), false);
    stream += client_frame(Opcode::continuation, std::string(70, 'c'));
    stream += client_frame(Opcode::close, "\x03\xE8");
    return stream;
}

TEST_CASE("a stream of frames gives the same messages wherever reads cut it") {
    const NetOptions options;
    const std::string stream = mixed_stream();
    const Outcome whole = feed({stream}, options);
    CHECK(whole.error.empty());
    REQUIRE(whole.messages.size() == 8);
    CHECK(whole.messages[1] == "9:are you there");
    CHECK(whole.messages[3] == whole.messages[0]);
    CHECK(whole.messages[6] == "2:" + std::string(300, 'b') + std::string(70, 'c'));
    for (size_t cut = 1; cut < stream.size(); ++cut) {
        CAPTURE(cut);
        REQUIRE(feed({stream.substr(0, cut), stream.substr(cut)}, options) == whole);
    }
    std::vector<std::string> bytes;
    for (const char c : stream)
        bytes.emplace_back(1, c);
    CHECK(feed(bytes, options) == whole);
    std::mt19937 random(3);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::string> pieces;
        for (size_t at = 0; at < stream.size();) {
            const size_t size = 1 + random() % 40;
            pieces.push_back(stream.substr(at, size));
            at += size;
        }
        REQUIRE(feed(pieces, options) == whole);
    }
}

TEST_CASE("fragments out of their order are protocol errors") {
    const NetOptions options;
    CHECK(feed({client_frame(Opcode::continuation, "x")}, options).error == "continuation of no message");
    CHECK(feed({client_frame(Opcode::text, "x", false) + client_frame(Opcode::text, "y")}, options).error ==
          "new message inside a fragmented one");
    CHECK(feed({client_frame(Opcode::binary, "x", false) + client_frame(Opcode::text, "y", false)}, options)
              .code == close_protocol_error);
    // After a whole one, a continuation continues nothing.
    const Outcome after =
        feed({client_frame(Opcode::text, "x") + client_frame(Opcode::continuation, "y")}, options);
    CHECK(after.messages.size() == 1);
    CHECK(after.error == "continuation of no message");
}

TEST_CASE("text that is not UTF-8 ends as soon as it can be told") {
    const NetOptions options;
    for (const char* bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "ok\x80"}) {
        const Outcome outcome = feed({client_frame(Opcode::text, bad, false)}, options);
        CHECK(outcome.code == close_invalid_payload);
        CHECK(outcome.error == "text is not UTF-8");
        CHECK(feed({client_frame(Opcode::binary, bad)}, options).messages.size() == 1);
    }
    CHECK(feed({client_frame(Opcode::text, "\xE4\xBD")}, options).error == "text ends inside a character");
    const std::string cut =
        client_frame(Opcode::text, "\xE4", false) + client_frame(Opcode::continuation, "x");
    CHECK(feed({cut}, options).error == "text is not UTF-8");
    // What one message left open does not reach into the next.
    const std::string two = client_frame(Opcode::binary, "\xE4") + client_frame(Opcode::text, "abc");
    CHECK(feed({two}, options).messages.size() == 2);
}

TEST_CASE("compressed messages come out as they are, wherever reads cut them, with others between them") {
    const NetOptions options;
    const std::string bytes("\xff\x00\x80no UTF-8", 11);
    std::string stream = compressed_frame(Opcode::text, bytes);
    stream += compressed_frame(Opcode::text, bytes.substr(0, 1), false);
    stream += client_frame(Opcode::ping, "p");
    stream += client_frame(Opcode::continuation, bytes.substr(1));
    stream += client_frame(Opcode::text, "plain");
    stream += compressed_frame(Opcode::binary, "");
    stream += client_frame(Opcode::text, "pl", false) + client_frame(Opcode::continuation, "ain");
    const Outcome whole = feed({stream}, options, true);
    CHECK(whole.error.empty());
    CHECK(whole.messages ==
          std::vector<std::string>{"z1:" + bytes, "9:p", "z1:" + bytes, "1:plain", "z2:", "1:plain"});
    for (size_t cut = 1; cut < stream.size(); ++cut) {
        CAPTURE(cut);
        REQUIRE(feed({stream.substr(0, cut), stream.substr(cut)}, options, true) == whole);
    }
    std::vector<std::string> singles;
    for (const char c : stream)
        singles.emplace_back(1, c);
    CHECK(feed(singles, options, true) == whole);
}

TEST_CASE("RSV1 stands on the first frame of a message alone, and only when that was negotiated") {
    const NetOptions options;
    const std::string begin = compressed_frame(Opcode::text, "x", false);
    CHECK(feed({begin + compressed_frame(Opcode::continuation, "y")}, options, true).error ==
          "reserved bits are set");
    CHECK(feed({compressed_frame(Opcode::ping, "")}, options, true).error == "reserved bits are set");
    CHECK(feed({compressed_frame(Opcode::close, "")}, options, true).error == "reserved bits are set");
    CHECK(feed({begin}, options, false).error == "reserved bits are set");
    for (const int bits : {0x20, 0x10, 0x60, 0x50, 0x70}) {
        std::string frame = client_frame(Opcode::text, "x");
        frame[0] = static_cast<char>(frame[0] | bits);
        CHECK(feed({frame}, options, true).error == "reserved bits are set");
    }
    // Text is checked when it is plain, also where others are compressed.
    CHECK(feed({client_frame(Opcode::text, "\xff")}, options, true).code == close_invalid_payload);
}

TEST_CASE("a compressed message may be a little longer than its limit when it is not compressed") {
    NetOptions options;
    options.max_message_bytes = 800;
    options.read_buffer_bytes = 16;
    const size_t most = max_compressed_bytes(800);
    CHECK(most == 800 + 100 + 64);
    const std::string text(most, 'a');
    CHECK(feed({compressed_frame(Opcode::binary, text)}, options, true).messages.size() == 1);
    CHECK(feed({compressed_frame(Opcode::binary, text + "a")}, options, true).code == close_too_big);
    const std::string begin = compressed_frame(Opcode::binary, text.substr(0, 500), false);
    CHECK(
        feed({begin + client_frame(Opcode::continuation, text.substr(500))}, options, true).messages.size() ==
        1);
    CHECK(feed({begin + client_frame(Opcode::continuation, text.substr(499))}, options, true).code ==
          close_too_big);
    CHECK(feed({client_frame(Opcode::binary, text)}, options, true).code == close_too_big);
    // And it counts against the memory of all.
    options.max_inbound_bytes = 600;
    CHECK(feed({begin + client_frame(Opcode::continuation, text.substr(500))}, options, true).code ==
          close_try_again_later);
}

TEST_CASE("limits: the size of a message, its fragments, the memory of all") {
    NetOptions options;
    options.max_message_bytes = 1000;
    options.max_fragments = 3;
    options.read_buffer_bytes = 16;
    std::string fragments = client_frame(Opcode::text, std::string(600, 'a'), false);
    CHECK(feed({fragments + client_frame(Opcode::continuation, std::string(400, 'a'))}, options)
              .messages.size() == 1);
    const Outcome big =
        feed({fragments + client_frame(Opcode::continuation, std::string(401, 'a'))}, options);
    CHECK(big.code == close_too_big);
    CHECK(feed({client_frame(Opcode::text, std::string(1001, 'a'))}, options).code == close_too_big);

    fragments = client_frame(Opcode::text, "", false) + client_frame(Opcode::continuation, "", false);
    CHECK(feed({fragments + client_frame(Opcode::continuation, "")}, options).messages.size() == 1);
    const std::string fourth =
        client_frame(Opcode::continuation, "", false) + client_frame(Opcode::continuation, "");
    CHECK(feed({fragments + fourth}, options).error == "message has more than max_fragments");

    options.max_inbound_bytes = 500;
    const Outcome full = feed({client_frame(Opcode::text, std::string(600, 'a'))}, options);
    CHECK(full.code == close_try_again_later);
}

TEST_CASE("memory is counted for all connections together and given back") {
    NetOptions options;
    options.read_buffer_bytes = 100;
    options.max_inbound_bytes = 240;
    InboundMemory memory{0};
    const std::string begin = client_frame(Opcode::binary, std::string(50, 'x'), false);
    auto send = [&](MessageAssembler* assembler) {
        std::string copy = begin;
        char* data = copy.data();
        size_t size = copy.size();
        return assembler->consume(&data, &size);
    };
    auto first = std::make_unique<MessageAssembler>(options, &memory);
    auto second = std::make_unique<MessageAssembler>(options, &memory);
    CHECK(send(first.get()) == Result::need_more);
    CHECK(send(second.get()) == Result::need_more);
    CHECK(memory.load() == 200);
    {
        MessageAssembler third(options, &memory);
        CHECK(send(&third) == Result::error);
        CHECK(third.error().reason == DisconnectReason::out_of_memory);
    }
    CHECK(memory.load() == 200);
    first.reset();
    CHECK(memory.load() == 100);
    MessageAssembler fourth(options, &memory);
    CHECK(send(&fourth) == Result::need_more);
    second.reset();
    CHECK(memory.load() == 100);
}

}  // namespace
}  // namespace gatewayd
