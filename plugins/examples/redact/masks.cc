#include "masks.h"

#include <algorithm>

namespace redact {
namespace {

constexpr size_t least_card_digits = 13;
constexpr size_t most_card_digits = 19;
constexpr size_t least_group_digits =
    3;  // "4111 1111 1111 1111", "3782 822463 10005"; no list of small numbers

// "+49 30 1234567", "0049 (30) 123 45 67"; "(202) 555-0175", "202-555-0175"; "030/1234567".
constexpr const char* phone_regex = R"((?:\+|\b00)[1-9](?:[ .()/-]{0,2}\d){6,13}\b)"
                                    R"(|\(\d{3}\) ?\d{3}[-. ]\d{4}\b|\b\d{3}[-.]\d{3}[-.]\d{4}\b)"
                                    R"(|\b0[1-9](?:[ ./-]?\d){7,11}\b)";

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

re2::RE2::Options quiet() {
    re2::RE2::Options options;
    options.set_log_errors(false);  // Configure says them
    return options;
}

// Where the digits stand that belong together: "12 4111-1111" is one run of three groups.
struct Run {
    std::vector<size_t> places;        // of each digit in the text
    std::vector<size_t> group_starts;  // indices into places
    size_t end = 0;                    // in the text
};
Run read_run(const std::string& text, size_t begin) {
    Run run;
    run.group_starts.push_back(0);
    size_t at = begin;
    for (;;) {
        while (at < text.size() && is_digit(text[at]))
            run.places.push_back(at++);
        const bool goes_on =
            at + 1 < text.size() && (text[at] == ' ' || text[at] == '-') && is_digit(text[at + 1]);
        if (!goes_on) break;
        run.group_starts.push_back(run.places.size());
        ++at;
    }
    run.end = at;
    return run;
}

// Whether the digits first..last (not last) are a card number, as issuers give them out.
bool is_card(const std::string& text, const Run& run, size_t first, size_t last) {
    std::string digits;
    for (size_t i = first; i < last; ++i)
        digits += text[run.places[i]];
    return digits[0] >= '2' && digits[0] <= '6' && luhn_is_right(digits);
}

}  // namespace

bool luhn_is_right(std::string_view digits) {
    int sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
        int value = digits[digits.size() - 1 - i] - '0';
        if (i % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
        sum += value;
    }
    return !digits.empty() && sum % 10 == 0;
}

void Masks::look_for_phones() {
    phones_ = std::make_unique<const re2::RE2>(phone_regex, quiet());
}

std::string Masks::add(const std::string& regex, const std::string& replacement) {
    auto compiled = std::make_unique<const re2::RE2>(regex, quiet());
    if (!compiled->ok()) return "is no regular expression (RE2): " + compiled->error();
    if (re2::RE2::PartialMatch("", *compiled)) return "matches the empty text, and so would match everywhere";
    std::string error;
    if (!compiled->CheckRewriteString(replacement, &error)) return "does not fit its replacement: " + error;
    patterns_.push_back({std::move(compiled), replacement});
    return {};
}

bool Masks::apply(std::string* text) const {
    bool changed = false;
    // The team's own first: they may want what the others would take a part of.
    for (const Pattern& pattern : patterns_)
        changed |= re2::RE2::GlobalReplace(text, *pattern.regex, pattern.replacement) > 0;
    if (cards_) changed |= mask_cards(text);
    if (phones_) changed |= mask_phones(text);
    return changed;
}

// A card number begins and ends with a group of its run; the longest that fits is taken.
bool Masks::mask_cards(std::string* text) const {
    bool changed = false;
    for (size_t at = 0; at < text->size(); ++at) {
        if (!is_digit((*text)[at])) continue;
        const Run run = read_run(*text, at);
        at = run.end;
        const auto& starts = run.group_starts;
        for (size_t group = 0; group < starts.size();) {
            size_t found = 0;  // the group behind the card
            for (size_t last = group; last < starts.size(); ++last) {
                const size_t end = last + 1 < starts.size() ? starts[last + 1] : run.places.size();
                const size_t digits = end - starts[group];
                if (end - starts[last] < least_group_digits || digits > most_card_digits) break;
                if (digits >= least_card_digits && is_card(*text, run, starts[group], end)) found = last + 1;
            }
            if (found == 0) {
                ++group;
                continue;
            }
            const size_t end = found < starts.size() ? starts[found] : run.places.size();
            mask_digits(text, run.places[starts[group]], run.places[end - 1] + 1);
            changed = true;
            group = found;
        }
    }
    return changed;
}

bool Masks::mask_phones(std::string* text) const {
    bool changed = false;
    size_t at = 0;
    re2::StringPiece match;
    // The text keeps its length, so positions stay.
    while (at < text->size() && phones_->Match(*text, at, text->size(), re2::RE2::UNANCHORED, &match, 1)) {
        const size_t begin = static_cast<size_t>(match.data() - text->data());
        const size_t end = begin + match.size();
        mask_digits(text, begin, end);
        changed = true;
        at = end;
    }
    return changed;
}

void Masks::mask_digits(std::string* text, size_t begin, size_t end) const {
    const auto first = text->begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = text->begin() + static_cast<std::ptrdiff_t>(end);
    const size_t digits = static_cast<size_t>(std::count_if(first, last, is_digit));
    size_t left = digits > keep_last_ ? digits - keep_last_ : 0;
    for (auto c = first; c != last && left > 0; ++c) {
        if (!is_digit(*c)) continue;
        *c = mask_;
        --left;
    }
}

}  // namespace redact
