#include "core/base/http_text.h"

#include <doctest/doctest.h>

using namespace gatewayd;

TEST_CASE("escapes become bytes, a plus becomes a space in queries alone") {
    CHECK(percent_decoded("", false) == "");
    CHECK(percent_decoded("%41%c3%A4", false) == "A\xc3\xa4");
    CHECK(percent_decoded("%00", false) == std::string(1, '\0'));
    CHECK(percent_decoded("a+b", true) == "a b");
    CHECK(percent_decoded("a+b%2B", false) == "a+b+");
    CHECK(percent_decoded("%2541", false) == "%41");  // once
}

TEST_CASE("a broken escape is nothing") {
    for (const char* text : {"%", "%4", "%4g", "%g4", "a%", "%%41"}) {
        CAPTURE(text);
        CHECK_FALSE(percent_decoded(text, false));
    }
}

TEST_CASE("only ASCII letters have two cases") {
    CHECK(equal_ignoring_case("Content-Type", "cONTENT-tYPE"));
    CHECK_FALSE(equal_ignoring_case("a", "ab"));
    CHECK_FALSE(equal_ignoring_case("@", "`"));
    CHECK_FALSE(equal_ignoring_case("[", "{"));
    CHECK_FALSE(equal_ignoring_case("\xc4", "\xe4"));
}

TEST_CASE("a token is visible ASCII without delimiters") {
    for (const char* text : {"x", "permessage-deflate", "!#$%&'*+-.^_`|~09azAZ"})
        CHECK(is_token(text));
    for (const char* text :
         {"", " ", "a b", "a;", "a=b", "\"a\"", "a,", "a\t", "\x7f", "\xc3\xa4", "(", "a/b"})
        CHECK_FALSE(is_token(text));
}
