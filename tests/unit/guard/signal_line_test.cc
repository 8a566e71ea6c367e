#include "core/guard/signal_line.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <regex>
#include <string>

namespace gatewayd {
namespace {

std::string written(SignalLine& line) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    line.write(ends[1]);
    ::close(ends[1]);
    char bytes[4096];
    const ssize_t size = ::read(ends[0], bytes, sizeof bytes);
    ::close(ends[0]);
    return std::string(bytes, static_cast<size_t>(size));
}

// Without the time, whose form is checked.
std::string text_of(SignalLine& line) {
    const std::string text = written(line);
    static const std::regex time(R"(20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d\d\dZ)");
    REQUIRE(std::regex_search(text, time));
    return std::regex_replace(text, time, "TIME");
}

TEST_CASE("a line looks like every other line of the log") {
    SignalLine text(false, "it ends");
    text.field("plugin", "acme")
        .field("cause", "no \"way\"")
        .field("none", "")
        .number("n", 120)
        .address("at", 255);
    text.place("in", "/opt/a b.so", 4660);
    CHECK(
        text_of(text) ==
        "TIME error it ends plugin=acme cause=\"no \\\"way\\\"\" n=120 at=0xff in=\"/opt/a b.so+0x1234\"\n");
    SignalLine json(true, "it ends");
    json.field("plugin", "acme").field("none", "").number("n", 0).address("at", 255).place("in", "a.so", 1);
    CHECK(text_of(json) ==
          "{\"time\":\"TIME\",\"level\":\"error\",\"event\":\"it ends\",\"plugin\":\"acme\",\"n\":0,"
          "\"at\":\"0xff\",\"in\":\"a.so+0x1\"}\n");
}

TEST_CASE("no text begins a line of its own, and none is longer than there is room") {
    SignalLine line(false, "it ends");
    line.field("name", ("a\n" + std::string(5000, 'x')).c_str());
    const std::string text = written(line);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(text.size() < 1600);
    CHECK(text.find("name=\"a?xxx") != std::string::npos);
}

}  // namespace
}  // namespace gatewayd
