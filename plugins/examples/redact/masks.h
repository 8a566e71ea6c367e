// Masks: what redact looks for in a text, and what it puts there. Made once by Configure, constant
// afterwards: any thread. Linear in the length of the text, whatever the patterns (RE2).
#ifndef GATEWAY_EXAMPLES_REDACT_MASKS_H
#define GATEWAY_EXAMPLES_REDACT_MASKS_H

#include <re2/re2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace redact {

class Masks {
   public:
    // In place of each digit of a card or phone number but its last keep_last.
    void set_mask(char mask, size_t keep_last) {
        mask_ = mask;
        keep_last_ = keep_last;
    }
    void look_for_cards() { cards_ = true; }
    void look_for_phones();
    // Every match of regex becomes replacement, where \1 is the first group. The answer: what is wrong, or
    // "".
    std::string add(const std::string& regex, const std::string& replacement);
    bool empty() const { return !cards_ && phones_ == nullptr && patterns_.empty(); }

    // False: there was nothing to mask, and *text is as it was.
    bool apply(std::string* text) const;

   private:
    struct Pattern {
        std::unique_ptr<const re2::RE2> regex;
        std::string replacement;
    };

    bool mask_cards(std::string* text) const;
    bool mask_phones(std::string* text) const;
    void mask_digits(std::string* text, size_t begin, size_t end) const;

    char mask_ = '*';
    size_t keep_last_ = 4;
    bool cards_ = false;
    std::unique_ptr<const re2::RE2> phones_;
    std::vector<Pattern> patterns_;
};

// The check digit of card numbers (ISO/IEC 7812-1). Digits alone.
bool luhn_is_right(std::string_view digits);

}  // namespace redact

#endif
