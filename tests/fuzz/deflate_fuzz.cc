// permessage-deflate's two machines, core/net/inflater.h and deflater.h. Any bytes inflate to what RFC 1951
// and RFC 7692 say, and never to more than the limit; whatever was deflated, with any window, level and
// context, inflates to what it was, also after a message that did not fit. Input: two bytes of choices, then
// a compressed message, or with choice 1 texts to compress, a line each.
#include "core/net/deflater.h"
#include "core/net/inflater.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/inflate_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using Verdict = InflateReference::Verdict;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// Compressed messages of one connection, a part of the input each.
void check_inflate(std::string_view input, size_t max_bytes, bool keep_context, Random* random) {
    Inflater inflater;
    InflateBuffer buffer;
    std::string window;
    const size_t messages = keep_context ? 3 : 1;
    for (size_t i = 1; i <= messages; ++i) {
        const size_t size = i == messages ? input.size() : random->below(input.size() + 1);
        const Exact message(input.substr(0, size));
        input.remove_prefix(size);
        InflateReference reference(message.view(), max_bytes, window);
        const Verdict verdict = reference.run();
        const auto result = inflater.inflate(message.view(), max_bytes, keep_context, &buffer);
        must(buffer.capacity() <= std::max<size_t>(max_bytes + 1, 16384), "the output has its limit");
        must((result == Inflater::Result::too_big) == (verdict == Verdict::too_big),
             "the same messages are too big");
        must((result == Inflater::Result::whole) == (verdict == Verdict::whole),
             "the same messages are whole");
        if (result != Inflater::Result::whole) return;
        must(buffer.size() <= max_bytes && buffer.view() == reference.text(), "a message is the same");
        window = reference.take_window();
    }
}

void check_round_trip(std::string_view input, int level, int window_bits, bool keep_context, Random* random) {
    Deflater deflater(level, window_bits);
    Inflater inflater(std::max(window_bits, 9));
    InflateBuffer buffer;
    std::string window;
    for (const std::string_view line : lines_of(input)) {
        std::string text(line);
        // Long enough that windows matter.
        for (size_t times = line.empty() ? 0 : random->below(6) * 200 / (line.size() + 1); times > 0; --times)
            text += line.substr(random->below(line.size()));
        const Exact message(text);
        const size_t room = random->below(4) == 0 ? random->below(text.size() + 20) : text.size() * 2 + 100;
        Exact out(std::string(room, 'x'));
        const size_t size = deflater.deflate(message.view(), keep_context, out.data(), room);
        if (size == 0) {
            must(room < text.size() * 2 + 100, "where there is room, a message is compressed", text);
            continue;  // it is sent plain; what the inflater knows stays
        }
        must(size <= room, "what is written fits", text);
        const std::string_view compressed = out.view().substr(0, size);
        InflateReference reference(compressed, text.size(), window);
        must(reference.run() == Verdict::whole, "what was written is a whole message", text);
        must(reference.text() == text, "a message is what it was", text);
        must(reference.farthest() <= size_t{1} << window_bits, "no reference goes beyond the window", text);
        const auto result = inflater.inflate(compressed, text.size(), keep_context, &buffer);
        must(result == Inflater::Result::whole && buffer.view() == text, "and inflates within its size",
             text);
        window = keep_context ? reference.take_window() : std::string();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 2) return 0;
    const std::string_view input = as_text(data + 2, size - 2);
    Random random(hash_of(as_text(data, size)));
    const bool keep_context = (data[0] & 2) != 0;
    if ((data[0] & 1) != 0) {
        check_round_trip(input, 1 + data[1] % 9, 8 + data[1] / 16 % 8, keep_context, &random);
    } else {
        static constexpr size_t limits[] = {0, 1, 100, 300, 1000, 16384, 70'000, 1 << 20};
        check_inflate(input, limits[data[1] & 7], keep_context, &random);
    }
    return 0;
}
