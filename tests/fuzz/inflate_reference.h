// DEFLATE (RFC 1951) and what RFC 7692 section 7.2.2 makes of it, a bit at a time: what core/net/inflater.h
// is compared with. As strict as zlib about code tables.
#ifndef GATEWAYD_TESTS_FUZZ_INFLATE_REFERENCE_H
#define GATEWAYD_TESTS_FUZZ_INFLATE_REFERENCE_H

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd::fuzz {

class InflateReference {
   public:
    enum class Verdict : uint8_t { whole, too_big, broken };

    // `window`: what came out before, when the context is kept.
    InflateReference(std::string_view message, size_t max_bytes, std::string window = {})
        : message_(message), base_(window.size()), max_bytes_(max_bytes), text_(std::move(window)) {}

    Verdict run() {
        if (message_.empty()) return Verdict::whole;
        // The sender took 00 00 ff ff away, unless its last block was a final one that ended with the
        // message.
        const std::string with_tail = std::string(message_) + std::string("\0\0\xff\xff", 4);
        bits_ = with_tail;
        while (at_ < bits_.size() * 8) {
            if (ended_ && at_ == message_.size() * 8) break;
            ended_ = false;
            if (!take_block()) return too_big_ ? Verdict::too_big : Verdict::broken;
            if (ended_) at_ = (at_ + 7) / 8 * 8;  // a new stream begins with the next byte (7.2.3.4)
        }
        return Verdict::whole;
    }
    std::string_view text() const { return std::string_view(text_).substr(base_); }
    std::string take_window() { return std::move(text_); }
    // How far back the farthest reference went.
    size_t farthest() const { return farthest_; }

   private:
    static constexpr size_t max_distance = 32768;

    bool take(unsigned count, unsigned* value) {
        *value = 0;
        if (at_ + count > bits_.size() * 8) return false;
        for (unsigned i = 0; i < count; ++i, ++at_)
            *value |= (static_cast<unsigned char>(bits_[at_ / 8]) >> at_ % 8 & 1U) << i;
        return true;
    }

    bool put(char c) {
        text_.push_back(c);
        too_big_ = text_.size() - base_ > max_bytes_;
        return !too_big_;
    }

    struct Code {
        std::array<unsigned, 16> count{};
        std::vector<unsigned> symbols;

        // False: over-subscribed, or incomplete where that is not allowed.
        bool make(const std::vector<unsigned>& lengths, bool may_be_incomplete) {
            for (const unsigned length : lengths)
                ++count[length];
            unsigned longest = 0;
            int left = 1;
            for (unsigned length = 1; length < 16; ++length) {
                if (count[length] > 0) longest = length;
                left = left * 2 - static_cast<int>(count[length]);
                if (left < 0) return false;
            }
            for (unsigned length = 1; length < 16; ++length) {
                for (unsigned symbol = 0; symbol < lengths.size(); ++symbol) {
                    if (lengths[symbol] == length) symbols.push_back(symbol);
                }
            }
            // zlib: no code at all is taken until it is used; one of a single bit is allowed.
            return left == 0 || longest == 0 || (may_be_incomplete && longest == 1);
        }
    };

    bool take_symbol(const Code& code, unsigned* symbol) {
        unsigned value = 0;
        unsigned first = 0;
        unsigned index = 0;
        for (unsigned length = 1; length < 16; ++length) {
            unsigned bit;
            if (!take(1, &bit)) return false;
            value |= bit;
            if (value < first + code.count[length]) {
                *symbol = code.symbols[index + value - first];
                return true;
            }
            index += code.count[length];
            first = (first + code.count[length]) << 1;
            value <<= 1;
        }
        return false;
    }

    bool take_block() {
        unsigned final_block;
        unsigned kind;
        if (!take(1, &final_block) || !take(2, &kind)) return false;
        bool taken = false;
        if (kind == 0) taken = take_stored();
        if (kind == 1) taken = take_codes(fixed_lengths(), std::vector<unsigned>(32, 5));
        if (kind == 2) taken = take_dynamic();
        ended_ = taken && final_block == 1;
        return taken;
    }

    bool take_stored() {
        at_ = (at_ + 7) / 8 * 8;
        unsigned size;
        unsigned inverse;
        if (!take(16, &size) || !take(16, &inverse) || (size ^ inverse) != 0xFFFF) return false;
        for (unsigned c; size > 0; --size) {
            if (!take(8, &c) || !put(static_cast<char>(c))) return false;
        }
        return true;
    }

    static std::vector<unsigned> fixed_lengths() {
        std::vector<unsigned> lengths(288, 8);
        for (size_t i = 144; i < 256; ++i)
            lengths[i] = 9;
        for (size_t i = 256; i < 280; ++i)
            lengths[i] = 7;
        return lengths;
    }

    bool take_dynamic() {
        unsigned literals;
        unsigned distances;
        unsigned codes;
        if (!take(5, &literals) || !take(5, &distances) || !take(4, &codes)) return false;
        literals += 257;
        distances += 1;
        if (literals > 286 || distances > 30) return false;
        static constexpr unsigned order[] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                             11, 4,  12, 3, 13, 2, 14, 1, 15};
        std::vector<unsigned> lengths(19);
        for (unsigned i = 0; i < codes + 4; ++i) {
            if (!take(3, &lengths[order[i]])) return false;
        }
        Code of_lengths;
        if (!of_lengths.make(lengths, false)) return false;
        std::vector<unsigned> all;
        while (all.size() < literals + distances) {
            unsigned symbol;
            unsigned more = 0;
            if (!take_symbol(of_lengths, &symbol)) return false;
            if (symbol < 16) {
                all.push_back(symbol);
                continue;
            }
            if (symbol == 16 && all.empty()) return false;
            if (!take(symbol == 16 ? 2 : symbol == 17 ? 3 : 7, &more)) return false;
            const unsigned times = more + (symbol == 18 ? 11 : 3);
            all.insert(all.end(), times, symbol == 16 ? all.back() : 0);
        }
        if (all.size() > literals + distances || all[256] == 0) return false;
        const auto border = all.begin() + literals;
        return take_codes({all.begin(), border}, {border, all.end()});
    }

    bool take_codes(const std::vector<unsigned>& literal_lengths,
                    const std::vector<unsigned>& distance_lengths) {
        static constexpr unsigned bases[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                             31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
        static constexpr unsigned extras[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                              2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
        Code literals;
        Code distances;
        if (!literals.make(literal_lengths, true) || !distances.make(distance_lengths, true)) return false;
        for (;;) {
            unsigned symbol;
            if (!take_symbol(literals, &symbol)) return false;
            if (symbol == 256) return true;
            if (symbol < 256) {
                if (!put(static_cast<char>(symbol))) return false;
                continue;
            }
            unsigned more;
            if (symbol > 285 || !take(extras[symbol - 257], &more)) return false;
            if (!copy(bases[symbol - 257] + more, distances)) return false;
        }
    }

    bool copy(unsigned length, const Code& distances) {
        unsigned symbol;
        unsigned more;
        if (!take_symbol(distances, &symbol) || symbol > 29) return false;
        const unsigned extra = symbol < 4 ? 0 : symbol / 2 - 1;
        if (!take(extra, &more)) return false;
        const size_t distance = 1 + more + (symbol < 4 ? symbol : (2 + symbol % 2) << extra);
        if (distance > text_.size() || distance > max_distance) return false;
        farthest_ = std::max(farthest_, distance);
        for (; length > 0; --length) {
            if (!put(text_[text_.size() - distance])) return false;
        }
        return true;
    }

    const std::string_view message_;
    std::string_view bits_;
    size_t at_ = 0;  // in bits
    bool ended_ = false;
    const size_t base_;
    const size_t max_bytes_;
    bool too_big_ = false;
    std::string text_;
    size_t farthest_ = 0;
};

}  // namespace gatewayd::fuzz

#endif
