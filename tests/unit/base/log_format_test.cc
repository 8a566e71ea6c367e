#include "core/base/log_format.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace gatewayd;
using log::Field;

namespace {

// 2026-11-25T22:49:51.123Z
const std::chrono::system_clock::time_point some_time{std::chrono::milliseconds(1'795'646'991'123)};

std::string text_line(std::string_view event, const std::vector<Field>& fields) {
    std::string line;
    log::append_text_line(some_time, LogLevel::info, event, {fields.data(), fields.size()}, &line);
    return line;
}

std::string json_line(std::string_view event, const std::vector<Field>& fields) {
    std::string line;
    log::append_json_line(some_time, LogLevel::warn, event, {fields.data(), fields.size()}, &line);
    return line;
}

}  // namespace

TEST_CASE("a text line is time, level, event and fields") {
    CHECK(text_line("client connected", {{"client_id", "c1"}, {"user_id", "u1"}}) ==
          "2026-11-25T22:49:51.123Z info  client connected client_id=c1 user_id=u1");
    CHECK(
        text_line("numbers", {{"a", -1}, {"b", uint64_t{18446744073709551615U}}, {"c", 1.5}, {"d", true}}) ==
        "2026-11-25T22:49:51.123Z info  numbers a=-1 b=18446744073709551615 c=1.5 d=true");
}

TEST_CASE("a hostile value cannot begin a line or look like another field") {
    const std::string prefix = "2026-11-25T22:49:51.123Z info  e id=";
    CHECK(text_line("e", {{"id", "c1 user_id=admin"}}) == prefix + "\"c1 user_id=admin\"");
    CHECK(text_line("e", {{"id", "c1\n2026 error"}}) == prefix + R"("c1\n2026 error")");
    CHECK(text_line("e", {{"id", "\" x=\""}}) == prefix + R"("\" x=\"")");
    CHECK(text_line("e", {{"id", "\\"}}) == prefix + R"("\\")");
    CHECK(text_line("e", {{"id", "\x1b[2J"}}) == prefix + R"("\u001b[2J")");
    CHECK(text_line("e", {{"id", "a=b"}}) == prefix + R"("a=b")");
    CHECK(text_line("e", {{"id", ""}}) == prefix + R"("")");
    CHECK(text_line("e", {{"id", "\xff\xc3"}}) == prefix + R"("\xff\xc3")");
    // A line separator and a right-to-left override.
    CHECK(text_line("e", {{"id", "\xe2\x80\xa8\xe2\x80\xae"}}) == prefix + R"("\u2028\u202e")");
    // A right-to-left mark and a byte order mark.
    CHECK(text_line("e", {{"id", "\xe2\x80\x8f\xef\xbb\xbf"}}) == prefix + R"("\u200f\ufeff")");
    CHECK(text_line("e", {{"id", "客户一号"}}) == prefix + "\"客户一号\"");
    CHECK(text_line("two\nlines", {}) == "2026-11-25T22:49:51.123Z info  two\\nlines");
}

TEST_CASE("a JSON line is one object whatever the values hold") {
    CHECK(json_line("slow client", {{"client_id", "c\"1\n"}, {"bytes", 7}, {"late", false}}) ==
          R"({"time":"2026-11-25T22:49:51.123Z","level":"warn","event":"slow client",)"
          R"("client_id":"c\"1\n","bytes":7,"late":false})");
    CHECK(json_line("e", {{"id", std::string_view("\0\x7f\xed\xa0\x80", 5)}}) ==
          "{\"time\":\"2026-11-25T22:49:51.123Z\",\"level\":\"warn\",\"event\":\"e\","
          "\"id\":\"\\u0000\\u007f\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}");
    CHECK(json_line("e", {{"n", 0.0 / 0.0}}) ==
          R"({"time":"2026-11-25T22:49:51.123Z","level":"warn","event":"e","n":null})");
}
