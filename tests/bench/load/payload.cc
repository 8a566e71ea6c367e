#include "tests/bench/load/payload.h"

#include <array>
#include <cstring>
#include <stdexcept>

namespace load {
namespace {

constexpr std::string_view mark = "@@";
constexpr size_t sender_digits = 5;
constexpr size_t sequence_digits = 8;
constexpr size_t stamp_size = mark.size() + sender_digits + sequence_digits;

void write_hex(char* out, size_t digits, uint32_t value) {
    for (size_t i = digits; i-- > 0; value >>= 4)
        out[i] = "0123456789abcdef"[value & 15];
}

constexpr std::array<int8_t, 256> hex_values() {
    std::array<int8_t, 256> values{};
    for (auto& value : values)
        value = -1;
    for (int i = 0; i < 10; ++i)
        values['0' + i] = static_cast<int8_t>(i);
    for (int i = 0; i < 6; ++i)
        values['a' + i] = static_cast<int8_t>(10 + i);
    return values;
}

bool read_hex(const char* text, size_t digits, uint32_t& value) {
    static constexpr auto values = hex_values();
    value = 0;
    int bad = 0;
    for (size_t i = 0; i < digits; ++i) {
        const int digit = values[static_cast<unsigned char>(text[i])];
        bad |= digit;
        value = value << 4 | static_cast<uint32_t>(digit & 15);
    }
    return bad >= 0;
}

// As much of a talk as fits, another one for each sender.
std::string words(size_t size, uint32_t seed) {
    static constexpr const char* some[] = {
        "the ",    "order ",   "has ",      "not ",     "arrived ", "yet ",     "could ",   "you ",
        "please ", "look ",    "into ",     "it ",      "we ",      "have ",    "checked ", "with ",
        "our ",    "depot ",   "tomorrow ", "morning ", "thanks ",  "for ",     "waiting ", "number ",
        "is ",     "4711 ",    "and ",      "my ",      "address ", "changed ", "to ",      "street ",
        "since ",  "last ",    "Tuesday ",  "would ",   "like ",    "a ",       "refund ",  "instead ",
        "of ",     "another ", "parcel ",   "sorry ",   "about ",   "that ",    "which ",   "colour ",
        "did ",    "want "};
    std::string text;
    uint32_t state = seed * 2654435761U + 12345;
    while (text.size() < size) {
        state = state * 1664525U + 1013904223U;
        text += some[(state >> 16) % std::size(some)];
    }
    text.resize(size);
    return text;
}

}  // namespace

bool find_stamp(std::string_view text, Stamp& stamp) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos || text.size() - at < stamp_size) return false;
    const char* digits = text.data() + at + mark.size();
    stamp.end = at + stamp_size;
    return read_hex(digits, sender_digits, stamp.sender) &&
           read_hex(digits + sender_digits, sequence_digits, stamp.sequence);
}

Payload::Payload(const Options& options, uint32_t sender, const std::string& to, const std::string& field)
    : raw_(options.dialect == Dialect::raw || options.mode == Mode::echo) {
    std::string before;
    std::string after;
    if (!raw_) {
        before = R"({"type":"text",)";
        if (!to.empty()) before += '"' + field + R"(":")" + to + R"(",)";
        if (options.group != 0) before += R"("group_id":"bench",)";
        before += R"("content":")";
        after = R"("})";
    }
    const size_t fixed_size = before.size() + stamp_size + after.size();
    if (fixed_size > options.size_bytes) {
        throw std::runtime_error("--size must be at least " + std::to_string(fixed_size));
    }
    const size_t padding_size = options.size_bytes - fixed_size;
    text_ = before + std::string(mark) + std::string(sender_digits + sequence_digits, '0') +
            (options.deflate != 0 ? words(padding_size, sender) : std::string(padding_size, 'x')) + after;
    write_hex(text_.data() + before.size() + mark.size(), sender_digits, sender);
    sequence_at_ = before.size() + mark.size() + sender_digits;
    tail_size_ = padding_size + (raw_ ? 0 : 1);  // a gateway may add fields after the content's closing quote
    if (options.deflate != 0) {
        const std::string_view text = text_;
        packed_ = pack(text.substr(0, sequence_at_), text.substr(sequence_at_, sequence_digits),
                       text.substr(sequence_at_ + sequence_digits));
    }
}

std::string_view Payload::text(uint32_t sequence) {
    write_hex(text_.data() + sequence_at_, sequence_digits, sequence);
    return text_;
}

std::string_view Payload::wire(uint32_t sequence) {
    if (packed_.bytes.empty()) return text(sequence);
    write_hex(packed_.bytes.data() + packed_.patch_at, sequence_digits, sequence);
    return packed_.bytes;
}

bool Payload::carried_by(std::string_view received, const Stamp& stamp) const {
    if (raw_ && received.size() != text_.size()) return false;
    if (received.size() - stamp.end < tail_size_) return false;
    return std::memcmp(received.data() + stamp.end, text_.data() + sequence_at_ + sequence_digits,
                       tail_size_) == 0;
}

}  // namespace load
