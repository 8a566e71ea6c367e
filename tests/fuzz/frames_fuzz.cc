// A client's frames cut anywhere: MessageAssembler gives the messages and the close code that a plain reading
// of RFC 6455 gives of the whole stream, wherever reads cut it; and what it counts as memory is given back.
// Input: a byte of choices, a byte for the limits, then a stream of bytes or a script of frames.
#include "core/net/message_assembler.h"
#include "tests/fuzz/frames_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using Result = MessageAssembler::Result;

// As a connection feeds it: the assembler lives until nothing is incomplete.
StreamOutcome assembled(const std::vector<std::string>& pieces, const NetOptions& options, bool deflate) {
    InboundMemory memory{0};
    StreamOutcome outcome;
    std::unique_ptr<MessageAssembler> assembler;
    for (const std::string& piece : pieces) {
        Exact copy(piece);
        char* data = copy.data();
        size_t size = copy.size();
        while (size > 0 && outcome.error == 0) {
            if (!assembler) assembler = std::make_unique<MessageAssembler>(options, &memory, deflate);
            const Result result = assembler->consume(&data, &size);
            if (result == Result::need_more) must(size == 0, "need_more has taken every byte");
            if (result == Result::error) outcome.error = assembler->error().code;
            if (result != Result::message) continue;
            const std::string opcode = std::to_string(static_cast<int>(assembler->opcode()));
            outcome.events.push_back(opcode + (assembler->compressed() ? "z:" : ":") +
                                     std::string(assembler->payload()));
            if (assembler->idle()) assembler.reset();
        }
    }
    must(memory.load() <= options.max_inbound_bytes, "memory stays within its limit");
    assembler.reset();
    must(memory.load() == 0, "memory is given back");
    return outcome;
}

void check_same(const StreamOutcome& expected, const StreamOutcome& found, const char* how) {
    if (expected == found) return;
    std::string about = std::string(how) + ": expected " + std::to_string(expected.events.size()) +
                        " messages and error " + std::to_string(expected.error) + ", found " +
                        std::to_string(found.events.size()) + " and " + std::to_string(found.error);
    must(false, "the same messages and the same error, whatever the cuts", about);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    static constexpr size_t message_limits[] = {1, 125, 126, 300, 1000, 65535, 65536, 1 << 20};
    static constexpr uint32_t fragment_limits[] = {1, 2, 3, 5, 10, 100, 1000, 65536};
    static constexpr size_t first_sizes[] = {1, 16, 256, 4096};
    NetOptions options;
    options.max_message_bytes = message_limits[data[1] & 7];
    options.max_fragments = fragment_limits[data[1] >> 3 & 7];
    options.read_buffer_bytes = first_sizes[data[1] >> 6];
    const bool scripted = (data[0] & 1) != 0;
    const bool deflate = (data[0] & 8) != 0;
    const bool little_memory = (data[0] & 2) != 0;
    if (little_memory) options.max_inbound_bytes = 200;
    const std::string_view input = as_text(data + 2, size - 2);
    const std::string stream = scripted ? frames_of_script(input, (data[0] & 4) != 0) : std::string(input);
    StreamOutcome expected =
        StreamReference(stream, {options.max_message_bytes, options.max_fragments, deflate}).run();
    Random random(hash_of(as_text(data, size)));
    const bool is_short = stream.size() <= 2000;
    std::vector<std::vector<std::string>> ways{{stream}, cut(stream, is_short ? 40 : 40'000, &random)};
    if (is_short) ways.push_back(cut(stream, 1, &random));
    for (const auto& pieces : ways) {
        const StreamOutcome found = assembled(pieces, options, deflate);
        // Which byte finds the memory used up depends on the cuts; what came before does not.
        if (little_memory && found.error == close_try_again_later) {
            must(found.events.size() <= expected.events.size() &&
                     std::equal(found.events.begin(), found.events.end(), expected.events.begin()),
                 "what was whole before the memory ran out is the same");
            continue;
        }
        check_same(expected, found, pieces.size() == 1 ? "whole" : "in pieces");
    }
    return 0;
}
