// UTF-8 validation (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). ASCII runs are
// skipped by words; other text is checked 16 bytes at a time where the processor has SSSE3. Any thread.
#ifndef GATEWAYD_CORE_BASE_UTF8_H
#define GATEWAYD_CORE_BASE_UTF8_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatewayd {

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// The same for text that arrives in pieces, cut anywhere. Belongs to one message of one connection.
class Utf8Stream {
   public:
    // False as soon as the text so far cannot be the beginning of valid UTF-8; then only reset() helps.
    [[nodiscard]] bool feed(std::string_view piece);
    // True when the text so far does not end inside a character.
    [[nodiscard]] bool complete() const { return pending_ == 0; }
    void reset() { *this = Utf8Stream(); }

   private:
    [[nodiscard]] bool feed_byte(uint8_t byte);

    uint8_t pending_ = 0;   // continuation bytes still to come
    uint8_t lower_ = 0x80;  // bounds of the next one
    uint8_t upper_ = 0xBF;
};

namespace internal {

// What is_valid_utf8 falls back to on other processors; here for the tests.
[[nodiscard]] bool is_valid_utf8_bytewise(std::string_view text);

}  // namespace internal

}  // namespace gatewayd

#endif
