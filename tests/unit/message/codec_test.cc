#include "core/message/codec.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace gatewayd;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(text, &out);
    return out;
}

std::string stamped(std::string_view body, const Stamps& stamps) {
    std::string out = "before";
    append_stamped(body, stamps, &out);
    CHECK(out.size() == 6 + stamped_size(body, stamps));
    CHECK(out.substr(0, 6) == "before");
    return out.substr(6);
}

std::string text_of(std::string_view json) {
    std::string scratch;
    return std::string(field_text(json, &scratch));
}

const Stamps stamps{"u1", "01ARYZ6S41TSV4RRFFQ69G5FAV", "2026-11-25T22:49:51.123Z"};

}  // namespace

TEST_CASE("append_json_string: what RFC 8259 wants escaped, and nothing else") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted("plain text, / and \x7F and \xE4\xBD\xA0") == "\"plain text, / and \x7F and \xE4\xBD\xA0\"");
    CHECK(quoted("a\"b\\c") == R"("a\"b\\c")");
    CHECK(quoted("\b\f\n\r\t") == R"("\b\f\n\r\t")");
    CHECK(quoted("\0\x01\x1F"sv) == R"("\u0000\u0001\u001f")");
    // A special byte at every place of the blocks that are looked at together.
    for (size_t size = 1; size < 40; ++size) {
        for (size_t at = 0; at < size; ++at) {
            std::string text(size, 'x');
            text[at] = '"';
            const std::string expected =
                "\"" + std::string(at, 'x') + "\\\"" + std::string(size - at - 1, 'x') + "\"";
            REQUIRE(quoted(text) == expected);
            text[at] = '\x1F';
            REQUIRE(quoted(text).size() == size + 7);
            text[at] = '\x20';
            REQUIRE(quoted(text).size() == size + 2);
            text[at] = '\x80';
            REQUIRE(quoted(text).size() == size + 2);
        }
    }
}

TEST_CASE("append_json_string: every text comes back from field_text") {
    for (int byte = 0; byte < 128; ++byte) {
        const std::string text = "a" + std::string(1, static_cast<char>(byte)) + "\xE4\xBD\xA0";
        CHECK(is_valid_json(quoted(text)));
        CHECK(text_of(quoted(text)) == text);
    }
}

TEST_CASE("append_stamped: the stamps stand in front of the fields") {
    CHECK(
        stamped(R"({"type":"t","x":[1, 2]})", stamps) ==
        R"({"from":"u1","msg_id":"01ARYZ6S41TSV4RRFFQ69G5FAV","create_at":"2026-11-25T22:49:51.123Z","type":"t","x":[1, 2]})");
    CHECK(stamped("{}", stamps) ==
          R"({"from":"u1","msg_id":"01ARYZ6S41TSV4RRFFQ69G5FAV","create_at":"2026-11-25T22:49:51.123Z"})");
    CHECK(stamped("{ }", stamps) ==
          R"({"from":"u1","msg_id":"01ARYZ6S41TSV4RRFFQ69G5FAV","create_at":"2026-11-25T22:49:51.123Z"})");
    CHECK(
        stamped("{\n \"a\":1}", stamps) ==
        R"({"from":"u1","msg_id":"01ARYZ6S41TSV4RRFFQ69G5FAV","create_at":"2026-11-25T22:49:51.123Z","a":1})");
}

TEST_CASE("append_stamped: stamps that need escapes or much room") {
    const std::string long_name(2000, 'n');
    for (const std::string& from : {"a\"b"s, "\\"s, "\x01"s, "\xE4\xBD\xA0"s, ""s, long_name,
                                    long_name + "\n", std::string(400, 'x')}) {
        const Stamps odd{from, "m", "c"};
        const std::string text = stamped(R"({"type":"t"})", odd);
        REQUIRE(is_valid_json(text));
        CHECK(text_of(find_field(text, "from")) == from);
        CHECK(text_of(find_field(text, "msg_id")) == "m");
        CHECK(text_of(find_field(text, "create_at")) == "c");
        CHECK(find_field(text, "type") == R"("t")");
    }
}

TEST_CASE("append_stamped: empty stamps, and views of nothing at all") {
    CHECK(stamped("{}", Stamps{}) == R"({"from":"","msg_id":"","create_at":""})");
    CHECK(quoted(std::string_view()) == R"("")");
    CHECK_FALSE(is_valid_json(std::string_view()));
    CHECK(find_field(std::string_view(), "a").data() == nullptr);
    CHECK(with_field(std::string_view(), "a", "1").empty());
}

TEST_CASE("append_error") {
    std::string out;
    append_error(ErrorCode::user_offline, "u2 is \"away\"", "\"m1\"", &out);
    CHECK(out == R"({"type":"error","id":"m1","code":"user_offline","content":"u2 is \"away\""})");
    out.clear();
    append_error("custom", "", "", &out);
    CHECK(out == R"({"type":"error","code":"custom","content":""})");
    append_error(ErrorCode::conflict, "x", "-1.5", &out);
    CHECK(
        out ==
        R"({"type":"error","code":"custom","content":""}{"type":"error","id":-1.5,"code":"conflict","content":"x"})");
}

TEST_CASE("find_field: top level only, by unescaped name, the last one counts") {
    const std::string text = R"( { "a" : 1 , "b":{"c":[2]}, "\u0064":"\n", "a" : [ 3, 4 ] , "":null } )";
    CHECK(find_field(text, "a") == "[ 3, 4 ]");
    CHECK(find_field(text, "b") == R"({"c":[2]})");
    CHECK(find_field(text, "c").data() == nullptr);
    CHECK(find_field(text, "d") == R"("\n")");
    CHECK(find_field(text, "\\u0064").data() == nullptr);
    CHECK(find_field(text, "") == "null");
    CHECK(find_field("{}", "a").data() == nullptr);
    CHECK(find_field(R"({"\"\\":1})", "\"\\") == "1");
}

TEST_CASE("field_text") {
    CHECK(text_of(R"("")") == "");
    CHECK(text_of(R"("abc")") == "abc");
    CHECK(text_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
    CHECK(text_of(R"("\u0000\u007f\u0080\u07ff\u0800\uFFFF\ud800\udc00\uDBFF\uDFFF")") ==
          "\0\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"s);
    CHECK(text_of("12.50") == "12.50");
    CHECK(text_of("true") == "true");
    CHECK(text_of("null") == "null");
    CHECK(text_of(R"({"a":"\n"})") == R"({"a":"\n"})");
    CHECK(text_of("") == "");
    const std::string plain = R"("in place")";
    std::string scratch;
    CHECK(field_text(plain, &scratch).data() == plain.data() + 1);
}

TEST_CASE("with_field: sets, adds, removes; every other byte stays") {
    struct Example {
        std::string_view object;
        std::string_view name;
        std::string_view value;
        std::string_view result;
    };
    const Example examples[] = {
        // set
        {R"({"a":1})", "a", "2", R"({"a":2})"},
        {R"( { "a" : 1 , "b":2 } )", "a", R"("x")", R"( { "a" : "x" , "b":2 } )"},
        {R"({"\u0061":1})", "a", "2", R"({"\u0061":2})"},
        // add
        {"{}", "a", "1", R"({"a":1})"},
        {" { } ", "a", "1", R"( {"a":1 } )"},
        {R"({"b":2})", "a", "[1]", R"({"b":2,"a":[1]})"},
        {R"({ "b": 2 })", "a", "null", R"({ "b": 2,"a":null })"},
        {R"({"b":{"a":0}})", "a", "1", R"({"b":{"a":0},"a":1})"},
        {"{}", "q\"\n", "1", R"({"q\"\n":1})"},
        // remove
        {R"({"a":1})", "a", "", "{}"},
        {R"({ "a":1 })", "a", "", "{  }"},
        {R"({"a":1,"b":2})", "a", "", R"({"b":2})"},
        {R"({"b":2,"a":1})", "a", "", R"({"b":2})"},
        {R"({"b":2 , "a":1 , "c":3})", "a", "", R"({"b":2 , "c":3})"},
        {R"({"b":2})", "a", "", R"({"b":2})"},
        {"{}", "a", "", "{}"},
        // a key that stands twice
        {R"({"a":1,"a":2})", "a", "3", R"({"a":3})"},
        {R"({"a":1,"b":0,"a":2})", "a", "3", R"({"b":0,"a":3})"},
        {R"({"a":1,"b":0,"\u0061":2,"c":0})", "a", "3", R"({"b":0,"\u0061":3,"c":0})"},
        {R"({"a":1,"b":0,"a":2})", "a", "", R"({"b":0})"},
        {R"({"a":1,"a":2,"a":3})", "a", "", "{}"},
    };
    for (const Example& example : examples) {
        CAPTURE(example.object);
        CAPTURE(example.name);
        const std::string result = with_field(example.object, example.name, example.value);
        CHECK(result == example.result);
        CHECK(is_valid_json(result));
        CHECK(find_field(result, example.name) == example.value);
    }
}

TEST_CASE("with_field: what is not an object stays as it is") {
    CHECK(with_field("", "a", "1") == "");
    CHECK(with_field("[1]", "a", "1") == "[1]");
    CHECK(with_field(R"({"a":)", "a", "1") == R"({"a":)");
}

TEST_CASE("is_valid_json: valid") {
    for (const std::string_view text : {
             "null"sv,
             "true"sv,
             "false"sv,
             "0"sv,
             "-0"sv,
             "10"sv,
             "1.5"sv,
             "-0.0e-0"sv,
             "1E+9"sv,
             "1e400"sv,
             R"("")"sv,
             R"("a")"sv,
             "[]"sv,
             "[ ]"sv,
             "{}"sv,
             "{ }"sv,
             " [1,2 , 3] "sv,
             R"({"":""})"sv,
             R"(["\/"])"sv,
             R"("\u0000")"sv,
             R"({"a":{},"b":[]})"sv,
             "[[],[[]],{}]"sv,
             "\"\x7F\""sv,
             "\t\n\r null"sv,
             R"({"a":1,"a":2})"sv,
             R"("\ud83d\ude00")"sv,
             R"("\uD83D\uDE00x")"sv,
         }) {
        CAPTURE(text);
        CHECK(is_valid_json(text));
    }
    CHECK(is_valid_json(std::string(64, '[') + std::string(64, ']')));
}

TEST_CASE("is_valid_json: invalid") {
    for (const std::string_view text : {
             ""sv,
             " "sv,
             "nul"sv,
             "nulL"sv,
             "nullx"sv,
             "NaN"sv,
             "Infinity"sv,
             "+1"sv,
             "-"sv,
             "01"sv,
             "-01"sv,
             "1."sv,
             ".5"sv,
             "1e"sv,
             "1e+"sv,
             "0x10"sv,
             "1 2"sv,
             "\""sv,
             "\"\\\""sv,
             "'a'"sv,
             "["sv,
             "]"sv,
             "[1"sv,
             "[1,"sv,
             "[1,]"sv,
             "[,1]"sv,
             "[1}"sv,
             "{"sv,
             "}"sv,
             "{]"sv,
             "{\"a\"}"sv,
             "{\"a\":}"sv,
             "{\"a\":1"sv,
             "{\"a\":1,}"sv,
             "{,}"sv,
             "{1:2}"sv,
             "{\"a\" 1}"sv,
             "{\"a\":1]"sv,
             "[1]]"sv,
             "{}}"sv,
             "[1] x"sv,
             "\"\t\""sv,
             "\"\0\""sv,
             "null\0"sv,
             "\0null"sv,
             "[\0]"sv,
             "\"\\a\""sv,
             "\"\\u123\""sv,
             "\"\\uD800\""sv,
             "\"\\uD800\\uD800\""sv,
             "\"\\uDC00\""sv,
             "\"\\uD800\\n\""sv,
             "\"\\uD800\\u12\""sv,
             "// x\n1"sv,
             "\xEF\xBB\xBF"
             "1"sv,
             "\xC2\xA0"
             "1"sv,
             "\f1"sv,
             "\v1"sv,
         }) {
        CAPTURE(text);
        CHECK_FALSE(is_valid_json(text));
    }
    CHECK_FALSE(is_valid_json(std::string(65, '[') + std::string(65, ']')));
}
