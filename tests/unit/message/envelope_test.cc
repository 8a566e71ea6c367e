#include "core/message/envelope.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

using gatewayd::decode;
using gatewayd::Envelope;
using gatewayd::ErrorCode;
using gatewayd::is_valid_id;
using gatewayd::Status;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

// decode() of a copy that ends where its allocation ends, for AddressSanitizer.
Status decode_exact(std::string_view text, Envelope* out, std::unique_ptr<char[]>* storage) {
    storage->reset(new char[text.size()]);
    text.copy(storage->get(), text.size());
    return decode({storage->get(), text.size()}, out);
}

struct Decoded {
    std::unique_ptr<char[]> storage;
    Envelope envelope;
    Status status;

    explicit Decoded(std::string_view text) { status = decode_exact(text, &envelope, &storage); }
};

std::string nested(size_t levels, char open, char close) {
    return std::string(levels, open) + std::string(levels, close);
}

}  // namespace

TEST_CASE("decode: the routing fields are views into the text") {
    const std::string text =
        R"({"id":"m1","type":"text","to":"u2","content":"hi \"you\"","data":{"to":"x","type":[1,{}]},"require_ack":true})";
    Envelope envelope;
    REQUIRE(decode(text, &envelope).ok());
    CHECK(envelope.type == "text");
    CHECK(envelope.to == "u2");
    CHECK(envelope.ticket_id.empty());
    CHECK(envelope.group_id.empty());
    CHECK(envelope.from.empty());
    CHECK(envelope.id_json == "\"m1\"");
    CHECK(envelope.require_ack);
    CHECK(envelope.body == text);
    CHECK(envelope.body.data() == text.data());
    CHECK(envelope.type.data() > text.data());
    CHECK(envelope.type.data() < text.data() + text.size());
}

TEST_CASE("decode: white space around and inside; body is the object alone") {
    Envelope envelope;
    const std::string text =
        " \t\r\n{ \"type\" :\n\"t\" ,\t\"group_id\" : \"g\" , \"n\" : [ 1 , { \"a\" : null } ] }\r\n ";
    REQUIRE(decode(text, &envelope).ok());
    CHECK(envelope.type == "t");
    CHECK(envelope.group_id == "g");
    CHECK(envelope.body.front() == '{');
    CHECK(envelope.body.back() == '}');
}

TEST_CASE("decode: null and \"\" mean absent") {
    Decoded decoded(
        R"({"type":"t","to":"u","ticket_id":null,"group_id":"","from":null,"id":null,"require_ack":null})");
    REQUIRE(decoded.status.ok());
    CHECK(decoded.envelope.to == "u");
    CHECK(decoded.envelope.ticket_id.empty());
    CHECK(decoded.envelope.group_id.empty());
    CHECK(decoded.envelope.from.empty());
    CHECK(decoded.envelope.id_json.empty());
    CHECK_FALSE(decoded.envelope.require_ack);
}

TEST_CASE("decode: escaped keys are compared after unescaping, values are unescaped") {
    Decoded decoded(
        R"({"\u0074ype":"t\u0065xt","\u0074\u006F":"\u7528\u6237\/\ud83d\ude00","from":"b\u006ft"})");
    REQUIRE(decoded.status.ok());
    CHECK(decoded.envelope.type == "text");
    CHECK(decoded.envelope.to == "\xE7\x94\xA8\xE6\x88\xB7/\xF0\x9F\x98\x80");
    CHECK(decoded.envelope.from == "bot");
    CHECK(decoded.envelope.body ==
          R"({"\u0074ype":"t\u0065xt","\u0074\u006F":"\u7528\u6237\/\ud83d\ude00"})");
}

TEST_CASE("decode: what only the gateway may say is cut out, byte for byte") {
    struct Example {
        std::string_view text;
        std::string_view body;
    };
    const Example examples[] = {
        {R"({"from":"admin","type":"t"})", R"({"type":"t"})"},
        {R"({"type":"t","from":"admin"})", R"({"type":"t"})"},
        {R"({"type":"t" , "from" : "admin" , "x":1})", R"({"type":"t" , "x":1})"},
        {R"({"type":"t" , "from" : "admin" })", R"({"type":"t"  })"},
        {R"({"from":"a","msg_id":"b","type":"t","create_at":"c","seq_no":4})", R"({"type":"t"})"},
        {R"({"type":"t","from":"a","msg_id":{"b":[]},"create_at":[1,2],"seq_no":-4e9})", R"({"type":"t"})"},
        {R"({"seq_no":null,"type":"t","data":{"from":"kept","seq_no":[1]}})",
         R"({"type":"t","data":{"from":"kept","seq_no":[1]}})"},
        {R"({"fr\u006fm":"a","\u0073eq_no":1,"type":"t"})", R"({"type":"t"})"},
        {R"({"a":1,"from":"","b":1.0e+5,"msg_id":"","a":2,"type":"t"})",
         R"({"a":1,"b":1.0e+5,"a":2,"type":"t"})"},
        {R"(  { "msg_id":1, "type":"t" } )", R"({ "type":"t" })"},
    };
    for (const Example& example : examples) {
        CAPTURE(example.text);
        Decoded decoded(example.text);
        REQUIRE(decoded.status.ok());
        CHECK(decoded.envelope.body == example.body);
        CHECK(decoded.envelope.body.data() == decoded.envelope.rewritten.data());
    }
}

TEST_CASE("decode: from is reported though it is cut out") {
    Decoded decoded(R"({"type":"t","from":"back-office"})");
    REQUIRE(decoded.status.ok());
    CHECK(decoded.envelope.from == "back-office");
}

TEST_CASE("decode: ids as text and as numbers, kept as text") {
    struct Example {
        std::string text;
        std::string id_json;
    };
    const Example examples[] = {
        {R"("a\u0062")", R"("a\u0062")"},
        {"12345678901234567890123456789", "12345678901234567890123456789"},
        {"-0.5e-10", "-0.5e-10"},
        {R"("")", R"("")"},
        {"\"" + std::string(254, 'x') + "\"", "\"" + std::string(254, 'x') + "\""},
        {"\"" + std::string(255, 'x') + "\"", ""},
        {std::string(300, '7'), ""},
    };
    for (const Example& example : examples) {
        const Decoded decoded(R"({"type":"t","id":)" + example.text + "}");
        REQUIRE(decoded.status.ok());
        CHECK(decoded.envelope.id_json == example.id_json);
    }
}

TEST_CASE("decode: refusals say what and where") {
    struct Example {
        std::string text;
        std::string_view words;
    };
    const std::string long_id(129, 'i');
    const Example examples[] = {
        {"", "the message is empty at byte 0"},
        {" \n", "the message is empty at byte 0"},
        {"null", "a message must be a JSON object: expected '{' at byte 0"},
        {"  [1]", "a message must be a JSON object: expected '{' at byte 2"},
        {"[]", "a message must be a JSON object: expected '{' at byte 0"},
        {"17", "a message must be a JSON object: expected '{' at byte 0"},
        {"\"type\"", "a message must be a JSON object: expected '{' at byte 0"},
        {"\xEF\xBB\xBF{\"type\":\"t\"}", "a message must be a JSON object: expected '{' at byte 0"},
        {"\0"s, "a message must be a JSON object: expected '{' at byte 0"},
        {"{}", "the object has no type: it ends at byte 1"},
        {R"({"type":""})", "the object has no type: it ends at byte 10"},
        {R"({"type":null})", "the object has no type: it ends at byte 12"},
        {R"({"data":{"type":"t"}})", "the object has no type: it ends at byte 20"},
        {R"({"type":"t"}x)", "more text behind the object at byte 12"},
        {R"({"type":"t"} {})", "more text behind the object at byte 13"},
        {"{\"type\":\"t\"}\0"s, "more text behind the object at byte 12"},
        {R"({"type":"t")", "expected ',' or '}' at byte 11"},
        {R"({"type":"t",})", "expected a field name in quotes at byte 12"},
        {R"({"type" "t"})", "expected ':' at byte 8"},
        {R"({"type":})", "expected a value at byte 8"},
        {R"({"type":)", "expected a value at byte 8"},
        {R"({type:"t"})", "expected a field name in quotes at byte 1"},
        {R"({"type":"t)", "a string without its closing quote at byte 10"},
        {R"({"type":"t\)", "a string without its closing quote at byte 11"},
        {"{\"type\":\"t\",\"x\":\"a\0b\"}"s, "a control character in a string at byte 18"},
        {"{\"type\":\"t\",\"x\":\"a\nb\"}", "a control character in a string at byte 18"},
        {"{\"type\":\"t\"\0}"s, "expected ',' or '}' at byte 11"},
        {R"({"type":"t","x":"\x"})", "an unknown escape at byte 17"},
        {R"({"type":"t","x":"\u12G4"})", "\\u without four hexadecimal digits at byte 17"},
        {R"({"type":"t","x":"\ud800"})", "a lone surrogate at byte 17"},
        {R"({"type":"t","x":"\udc00"})", "a lone surrogate at byte 17"},
        {R"({"type":"t","\ud83d\u0020":1})", "a lone surrogate at byte 13"},
        {R"({"type":"t","x":tru})", "expected a value at byte 16"},
        {R"({"type":"t","x":01})", "a number that begins with 0 at byte 17"},
        {R"({"type":"t","x":-})", "a number without digits at byte 17"},
        {R"({"type":"t","x":1.})", "a number without digits behind its point at byte 18"},
        {R"({"type":"t","x":1e+})", "a number without digits in its exponent at byte 19"},
        {R"({"type":"t","x":[1 2]})", "expected ',' or ']' at byte 19"},
        {R"({"type":"t","x":[1}})", "expected ',' or ']' at byte 18"},
        {R"({"type":"t","x":{"a":1]})", "expected ',' or '}' at byte 22"},
        {R"({"type":5})", "type must be text at byte 8"},
        {R"({"type":["t"]})", "type must be text at byte 8"},
        {R"({"type":"t","to":true})", "to must be text at byte 17"},
        {R"({"type":"t","ticket_id":{}})", "ticket_id must be text at byte 24"},
        {R"({"type":"t","group_id":7})", "group_id must be text at byte 23"},
        {R"({"type":"t","from":7})", "from must be text at byte 19"},
        {R"({"type":"t","id":{}})", "id must be text or a number at byte 17"},
        {R"({"type":"t","id":true})", "id must be text or a number at byte 17"},
        {R"({"type":"t","require_ack":1})", "require_ack must be true or false at byte 26"},
        {R"({"type":"t","require_ack":"true"})", "require_ack must be true or false at byte 26"},
        {R"({"type":")" + std::string(65, 't') + R"("})", "type is too long at byte 8"},
        {R"({"type":"t","to":")" + long_id + R"("})", "to is too long at byte 17"},
        {R"({"type":"t","to":")" + std::string(5000, 'i') + R"("})", "to is too long at byte 17"},
        {R"({"type":"t","to":"\n)" + std::string(5000, 'i') + R"("})", "to is too long at byte 17"},
        {R"({"type":"t","to":"a\nb"})", "to has a control character at byte 17"},
        {R"({"type":"t","to":"a\u0000"})", "to has a control character at byte 17"},
        {"{\"type\":\"t\",\"to\":\"a\x7F\"}", "to has a control character at byte 17"},
        {"{\"type\":\"t\",\"group_id\":\"\xC2\x9B\"}", "group_id has a control character at byte 23"},
        {R"({"type":"t","from":"\u0085"})", "from has a control character at byte 19"},
        {R"({"type":"t","to":"a","group_id":"b"})",
         "more than one of to, ticket_id and group_id: the last at byte 21"},
        {R"({"type":"t","ticket_id":"a","group_id":"b"})",
         "more than one of to, ticket_id and group_id: the last at byte 28"},
        {R"({"group_id":"a","ticket_id":"b","to":"c","type":"t"})",
         "more than one of to, ticket_id and group_id: the last at byte 32"},
    };
    for (const Example& example : examples) {
        CAPTURE(example.text);
        const Decoded decoded(example.text);
        CHECK(decoded.status.code() == ErrorCode::invalid_message);
        CHECK(decoded.status.message() == example.words);
        CHECK(decoded.envelope.body.empty());
        CHECK(decoded.envelope.type.empty());
    }
}

TEST_CASE("decode: a routing or stamped key may stand once, other keys may repeat") {
    for (const std::string key : {"type", "to", "ticket_id", "group_id", "from", "msg_id", "create_at",
                                  "seq_no", "id", "require_ack"}) {
        CAPTURE(key);
        const Decoded plain(R"({"type":"t",")" + key + R"(":null,"x":1,")" + key + R"(":null})");
        CHECK(plain.status.code() == ErrorCode::invalid_message);
        CHECK(plain.status.message().find(key + " stands twice") == 0);
        const std::string escaped = "\\u00" + std::string(1, "0123456789abcdef"[key[0] >> 4]) +
                                    std::string(1, "0123456789abcdef"[key[0] & 15]) + key.substr(1);
        const Decoded hidden(R"({"type":"t",")" + key + R"(":null,")" + escaped + R"(":null})");
        CHECK(hidden.status.code() == ErrorCode::invalid_message);
    }
    const Decoded other(R"({"x":1,"type":"t","x":2,"To":1,"to ":2,"typ":3,"types":4})");
    CHECK(other.status.ok());
}

TEST_CASE("decode: a refused message still has its id, for the error frame") {
    struct Example {
        std::string_view text;
        std::string_view id_json;
    };
    const Example examples[] = {
        {R"({"to":5,"type":"t","id":"m1"})", "\"m1\""},
        {R"({"id":7,"to":"a","group_id":"b","type":"t"})", "7"},
        {R"({"id":7,"type":"t","x":tru})", "7"},
        {R"({"id":7})", "7"},
        {R"({"type":"t","x":tru,"id":7})", ""},
        {R"({"id":[7],"type":"t"})", ""},
    };
    for (const Example& example : examples) {
        const Decoded decoded(example.text);
        CHECK_FALSE(decoded.status.ok());
        CHECK(decoded.envelope.id_json == example.id_json);
    }
}

TEST_CASE("decode: at most 64 levels, the message's own object counted") {
    for (const auto& [open, close] : {std::pair('[', ']'), std::pair('{', '}')}) {
        const std::string front = R"({"type":"t","x":)";
        const auto with_levels = [&, o = open, c = close](size_t levels) {
            if (o == '[') return front + nested(levels, o, c) + "}";
            std::string text = front;
            for (size_t i = 0; i + 1 < levels; ++i) {
                text += R"({"":)";
            }
            return text + "{}" + std::string(levels, '}');
        };
        CHECK(Decoded(with_levels(63)).status.ok());
        CHECK(Decoded(with_levels(64)).status.message().find("more than 64 levels") == 0);
    }
}

TEST_CASE("decode: hostile input costs nothing but an answer") {
    Envelope none;
    CHECK_FALSE(decode(std::string_view(), &none).ok());
    CHECK_FALSE(Decoded(std::string(200000, '[')).status.ok());
    CHECK_FALSE(Decoded(R"({"type":"t","x":)" + std::string(200000, '[')).status.ok());
    std::string objects;
    for (int i = 0; i < 200000; ++i) {
        objects += R"({"a":)";
    }
    CHECK_FALSE(Decoded(objects).status.ok());
    // Numbers are text: no arithmetic that could overflow (RapidJSON's CVE-2024-38517).
    const std::string number = "0." + std::string(700, '9') + "e-2147483639";
    const std::string text = R"({"type":"t","x":)" + number + "}";
    const Decoded decoded(text);
    REQUIRE(decoded.status.ok());
    CHECK(decoded.envelope.body == text);
    const Decoded as_id(R"({"type":"t","id":)" + number + "}");
    REQUIRE(as_id.status.ok());
    CHECK(as_id.envelope.id_json.empty());
}

TEST_CASE("decode: every prefix of a valid message is refused") {
    const std::string text =
        R"({"id":"m1","type":"t\u0065xt","to":"u2","data":[-1.5e+10,true,null,{"k":"\ud83d\ude00"}],"from":"x"})";
    CHECK(Decoded(text).status.ok());
    for (size_t size = 0; size < text.size(); ++size) {
        CHECK_FALSE(Decoded(std::string_view(text).substr(0, size)).status.ok());
    }
}

TEST_CASE("decode: longest values, all of them escaped, keep their views") {
    const auto escaped = [](char c, size_t count) {
        std::string text;
        while (count-- != 0) {
            text += "\\u00";
            text += "0123456789abcdef"[c >> 4];
            text += "0123456789abcdef"[c & 15];
        }
        return "\"" + text + "\"";
    };
    const Decoded decoded("{\"type\":" + escaped('a', 64) + ",\"to\":" + escaped('b', 128) +
                          ",\"from\":" + escaped('c', 128) + "}");
    REQUIRE(decoded.status.ok());
    CHECK(decoded.envelope.type == std::string(64, 'a'));
    CHECK(decoded.envelope.to == std::string(128, 'b'));
    CHECK(decoded.envelope.from == std::string(128, 'c'));
    CHECK_FALSE(Decoded(R"({"type":"t","to":)" + escaped('b', 129) + "}").status.ok());
}

TEST_CASE("envelope: reuse leaves nothing behind, a move keeps the views") {
    Envelope envelope;
    REQUIRE(decode(R"({"type":"\u0061","to":"\u0062","from":"\u0063","id":1,"require_ack":true})", &envelope)
                .ok());
    Envelope moved = std::move(envelope);
    CHECK(moved.type == "a");
    CHECK(moved.to == "b");
    CHECK(moved.from == "c");
    CHECK(moved.body == R"({"type":"\u0061","to":"\u0062","id":1,"require_ack":true})");
    REQUIRE(decode(R"({"type":"t"})", &moved).ok());
    CHECK(moved.to.empty());
    CHECK(moved.from.empty());
    CHECK(moved.id_json.empty());
    CHECK_FALSE(moved.require_ack);
    CHECK(moved.body == R"({"type":"t"})");
    // A short message that is rewritten: its text must not live inside the Envelope itself.
    Envelope small;
    REQUIRE(decode(R"({"type":"t","from":"x"})", &small).ok());
    const Envelope moved_small = std::move(small);
    CHECK(moved_small.body == R"({"type":"t"})");
    CHECK(moved_small.body.data() == moved_small.rewritten.data());
}

TEST_CASE("is_valid_id") {
    CHECK(is_valid_id("u1"));
    CHECK(is_valid_id("\xE7\x94\xA8\xE6\x88\xB7"));
    CHECK(is_valid_id(std::string(128, 'x')));
    CHECK(is_valid_id("a b"));
    CHECK(is_valid_id("\xC2\xA0"));
    CHECK_FALSE(is_valid_id(""));
    CHECK_FALSE(is_valid_id(std::string(129, 'x')));
    CHECK_FALSE(is_valid_id("a\nb"));
    CHECK_FALSE(is_valid_id("a\x7F"));
    CHECK_FALSE(is_valid_id("\0"sv));
    CHECK_FALSE(is_valid_id("\xC2\x80"));
    CHECK_FALSE(is_valid_id("\xFF"));
    CHECK_FALSE(is_valid_id("\xE7\x94"));
}
