// The scanner against RapidJSON, on generated messages and on what mutation makes of them. The seed is fixed:
// every run sees the same cases.
#include <doctest/doctest.h>
#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <random>
#include <string>
#include <string_view>

#include "core/base/utf8.h"
#include "core/message/codec.h"
#include "core/message/envelope.h"

using namespace gatewayd;

namespace {

constexpr unsigned parse_flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

struct DepthHandler : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthHandler> {
    bool StartObject() { return open(); }
    bool StartArray() { return open(); }
    bool EndObject(rapidjson::SizeType) { return close(); }
    bool EndArray(rapidjson::SizeType) { return close(); }
    bool open() {
        if (++depth > deepest) deepest = depth;
        return true;
    }
    bool close() {
        --depth;
        return true;
    }
    int depth = 0;
    int deepest = 0;
};

// RapidJSON 1.1 takes \uDC00 to \uDFFF without a high surrogate in front of them; we must not.
bool has_lone_low_surrogate_escape(std::string_view text) {
    bool behind_high = false;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            behind_high = false;
            continue;
        }
        const std::string_view escape = text.substr(i, 6);
        const bool surrogate = escape.size() == 6 && escape[1] == 'u' && (escape[2] | 0x20) == 'd';
        const bool low = surrogate && std::string_view("cdefCDEF").find(escape[3]) != std::string_view::npos;
        const bool high = surrogate && std::string_view("89abAB").find(escape[3]) != std::string_view::npos;
        if (low && !behind_high) return true;
        behind_high = high;
        i += surrogate ? 5 : 1;
    }
    return false;
}

enum class Verdict { valid, invalid, unknown };

// What RapidJSON makes of it, corrected where it is known to differ from RFC 8259 or from our limits.
Verdict reference_verdict(std::string_view text) {
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    DepthHandler handler;
    const rapidjson::ParseResult result = reader.Parse<parse_flags>(stream, handler);
    // It reads numbers as doubles: 1e400 is an error there and text for us, and it stops at it.
    if (result.Code() == rapidjson::kParseErrorNumberTooBig) return Verdict::unknown;
    if (result.IsError()) return Verdict::invalid;
    // A NUL behind the value ends the text for it.
    if (stream.Tell() != text.size()) return Verdict::invalid;
    if (handler.deepest > static_cast<int>(max_json_depth_levels)) return Verdict::invalid;
    if (has_lone_low_surrogate_escape(text)) return Verdict::invalid;
    return Verdict::valid;
}

class Generator {
   public:
    explicit Generator(unsigned seed) : random_(seed) {}

    unsigned below(unsigned limit) { return random_() % limit; }
    bool chance(unsigned percent) { return below(100) < percent; }

    template <size_t count>
    std::string_view one_of(const char* const (&choices)[count]) {
        return choices[below(count)];
    }

    std::string space() {
        static const char* const spaces[] = {"", "", "", " ", "\n", "\t ", "\r\n"};
        return std::string(one_of(spaces));
    }

    std::string string() {
        static const char* const parts[] = {"a",
                                            "xyz",
                                            "longer than sixteen bytes",
                                            "\xE4\xBD\xA0\xE5\xA5\xBD",
                                            "\xF0\x9F\x98\x80",
                                            "\\n",
                                            "\\\"",
                                            "\\\\",
                                            "\\/",
                                            "\\u0041",
                                            "\\u00e9",
                                            "\\ud83d\\ude00",
                                            "\x7F",
                                            "from",
                                            "{",
                                            "]"};
        std::string text = "\"";
        for (unsigned count = below(5); count != 0; --count) {
            text += one_of(parts);
        }
        return text + "\"";
    }

    std::string number() {
        static const char* const numbers[] = {
            "0", "-0", "1", "-17", "3.25", "1e5", "2E-3", "-1.5e+10", "123456789012345678901"};
        return std::string(one_of(numbers));
    }

    std::string value(int depth) {
        switch (below(depth > 4 ? 5 : 7)) {
            case 0:
                return "null";
            case 1:
                return chance(50) ? "true" : "false";
            case 2:
                return number();
            case 5:
                return array(depth + 1);
            case 6:
                return object(depth + 1);
            default:
                return string();
        }
    }

    std::string array(int depth) {
        std::string text = "[" + space();
        for (unsigned i = 0, count = below(4); i < count; ++i) {
            if (i != 0) text += "," + space();
            text += value(depth) + space();
        }
        return text + "]";
    }

    std::string object(int depth) {
        std::string text = "{" + space();
        for (unsigned i = 0, count = below(4); i < count; ++i) {
            if (i != 0) text += "," + space();
            text += string() + space() + ":" + space() + value(depth) + space();
        }
        return text + "}";
    }

    // A key as it stands or with one character of it as an escape.
    std::string key(std::string_view name) {
        std::string text(name);
        if (chance(20)) {
            constexpr char hex[] = "0123456789abcdef";
            const size_t at = below(static_cast<unsigned>(text.size()));
            const char c = text[at];
            text.replace(at, 1, std::string("\\u00") + hex[c >> 4] + hex[c & 15]);
        }
        return "\"" + text + "\"";
    }

    // A message: routing and stamped keys with values that are mostly right, among others.
    std::string message() {
        static const char* const names[] = {"type",    "to",        "ticket_id", "group_id", "from",
                                            "msg_id",  "create_at", "seq_no",    "id",       "require_ack",
                                            "content", "data",      "priority",  "status"};
        static const char* const ids[] = {
            "\"u1\"", "\"\\u0075\\u0031\"", "\"\"", "null", "\"\xE7\x94\xA8\"", "5", "\"a\\n\""};
        std::string text = space() + "{" + space() + key("type") + ":\"text\"";
        for (unsigned count = below(7); count != 0; --count) {
            const std::string_view name = one_of(names);
            const bool id = name == "to" || name == "ticket_id" || name == "group_id" || name == "from";
            text += space() + "," + space() + key(name) + space() + ":" + space();
            if (id && !chance(5)) {
                text += chance(80) ? std::string(ids[below(5)]) : std::string(one_of(ids));
            } else if (name == "require_ack" && !chance(10)) {
                text += chance(50) ? "true" : "null";
            } else if (name == "id" && !chance(10)) {
                text += chance(50) ? number() : string();
            } else {
                text += value(1);
            }
            text += space();
        }
        return text + "}" + space();
    }

    // One to three small damages.
    std::string mutate(std::string text) {
        static const char* const inserts[] = {"\"",
                                              "\\",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "0",
                                              "-",
                                              ".",
                                              "e",
                                              " ",
                                              "\n",
                                              "\t",
                                              "\x01",
                                              "null",
                                              "\\u",
                                              "\\ud800",
                                              "\\udc00",
                                              "a",
                                              "t",
                                              "\xE4",
                                              "\xBD",
                                              "\xFF",
                                              "\xED\xA0\x80",
                                              "\\uDBFF\\uDFFF",
                                              "1e400",
                                              "[[[[[[[["};
        for (unsigned count = 1 + below(3); count != 0; --count) {
            const size_t at = below(static_cast<unsigned>(text.size()) + 1);
            switch (below(6)) {
                case 0:
                    text.erase(at, 1);
                    break;
                case 1:
                    text.erase(at, below(8));
                    break;
                case 2:
                    text.insert(at, one_of(inserts));
                    break;
                case 3:
                    text.insert(at, text.substr(below(static_cast<unsigned>(text.size()) + 1), below(12)));
                    break;
                case 4:
                    if (at < text.size()) text[at] = static_cast<char>(below(256));
                    break;
                default:
                    text.resize(at);
                    break;
            }
        }
        return text;
    }

   private:
    std::mt19937 random_;
};

std::string_view view_of(const rapidjson::Value& value) {
    return {value.GetString(), value.GetStringLength()};
}

const char* const stamped_names[] = {"from", "msg_id", "create_at", "seq_no"};
const char* const routing_names[] = {"type", "to", "ticket_id", "group_id", "from"};

bool is_known(std::string_view name) {
    for (const char* known : {"type", "to", "ticket_id", "group_id", "from", "msg_id", "create_at", "seq_no",
                              "id", "require_ack"}) {
        if (name == known) return true;
    }
    return false;
}

// The text of a routing field by the DOM; *fits: the rules allow it.
std::string routing_text(const rapidjson::Document& document, const char* name, bool* fits) {
    const auto member = document.FindMember(name);
    if (member == document.MemberEnd() || member->value.IsNull()) return {};
    if (!member->value.IsString()) {
        *fits = false;
        return {};
    }
    const std::string text(view_of(member->value));
    const size_t limit = std::string_view(name) == "type" ? max_type_bytes : max_id_bytes;
    if (text.size() > limit) *fits = false;
    if (std::string_view(name) != "type" && !text.empty() && !is_valid_id(text)) *fits = false;
    return text;
}

// The rules of docs/protocol.md, by the DOM.
bool dom_accepts(const rapidjson::Document& document) {
    if (!document.IsObject()) return false;
    for (auto a = document.MemberBegin(); a != document.MemberEnd(); ++a) {
        for (auto b = a + 1; b != document.MemberEnd(); ++b) {
            if (a->name == b->name && is_known(view_of(a->name))) return false;
        }
    }
    bool fits = true;
    int destinations = 0;
    for (const char* name : routing_names) {
        const std::string text = routing_text(document, name, &fits);
        const std::string_view field(name);
        if (field == "type" && text.empty()) return false;
        if (field != "type" && field != "from" && !text.empty()) ++destinations;
    }
    const auto ack = document.FindMember("require_ack");
    if (ack != document.MemberEnd() && !ack->value.IsBool() && !ack->value.IsNull()) return false;
    const auto id = document.FindMember("id");
    if (id != document.MemberEnd() && !id->value.IsString() && !id->value.IsNumber() && !id->value.IsNull())
        return false;
    return fits && destinations <= 1;
}

// An accepted message, its body and what is sent on, against the DOM of the original.
void check_accepted(std::string_view text, const Envelope& envelope, rapidjson::Document& document) {
    bool fits = true;
    REQUIRE(envelope.type == routing_text(document, "type", &fits));
    REQUIRE(envelope.to == routing_text(document, "to", &fits));
    REQUIRE(envelope.ticket_id == routing_text(document, "ticket_id", &fits));
    REQUIRE(envelope.group_id == routing_text(document, "group_id", &fits));
    REQUIRE(envelope.from == routing_text(document, "from", &fits));
    const auto ack = document.FindMember("require_ack");
    REQUIRE(envelope.require_ack == (ack != document.MemberEnd() && ack->value.IsTrue()));

    bool forged = false;
    for (const char* name : stamped_names) {
        forged = document.EraseMember(name) || forged;
    }
    if (!forged) REQUIRE(text.find(envelope.body) != std::string_view::npos);
    rapidjson::Document body;
    body.Parse<parse_flags>(envelope.body.data(), envelope.body.size());
    REQUIRE_FALSE(body.HasParseError());
    // Same fields in the same order, repeated ones too (operator== of RapidJSON looks at the first only).
    REQUIRE(body.MemberCount() == document.MemberCount());
    auto expected = document.MemberBegin();
    for (auto member = body.MemberBegin(); member != body.MemberEnd(); ++member, ++expected) {
        REQUIRE(member->name == expected->name);
        REQUIRE(member->value.GetType() == expected->value.GetType());
    }

    const Stamps stamps{"the \"sender\"", "01ARYZ6S41TSV4RRFFQ69G5FAV", "2026-11-25T22:49:51.123Z"};
    std::string sent;
    append_stamped(envelope.body, stamps, &sent);
    REQUIRE(sent.size() == stamped_size(envelope.body, stamps));
    rapidjson::Document out;
    out.Parse<parse_flags>(sent.data(), sent.size());
    REQUIRE_FALSE(out.HasParseError());
    REQUIRE(out.MemberCount() == document.MemberCount() + 3);
    REQUIRE(view_of(out["from"]) == stamps.from);
    REQUIRE(view_of(out["msg_id"]) == stamps.msg_id);
    REQUIRE(view_of(out["create_at"]) == stamps.create_at);
    int stamped_members = 0;
    for (auto member = out.MemberBegin(); member != out.MemberEnd(); ++member) {
        for (const char* name : stamped_names) {
            stamped_members += view_of(member->name) == name;
        }
    }
    REQUIRE(stamped_members == 3);
}

}  // namespace

TEST_CASE("json: the same verdict as RapidJSON") {
    Generator generator(1);
    int valid = 0;
    int invalid = 0;
    int unknown = 0;
    for (int round = 0; round < 150000; ++round) {
        std::string text = generator.chance(50) ? generator.message() : generator.value(0);
        if (generator.chance(70)) text = generator.mutate(std::move(text));
        const Verdict expected = reference_verdict(text);
        const bool ours = is_valid_utf8(text) && is_valid_json(text);
        unknown += expected == Verdict::unknown;
        if (expected == Verdict::unknown) continue;
        (ours ? valid : invalid) += 1;
        if (ours != (expected == Verdict::valid)) {
            CAPTURE(text);
            REQUIRE(ours == (expected == Verdict::valid));
        }
    }
    CHECK(valid > 40000);
    CHECK(invalid > 40000);
    CHECK(unknown < 3000);
}

TEST_CASE("json: decode agrees with the rules read from a DOM, and forged stamps never survive") {
    Generator generator(2);
    Envelope envelope;  // reused, as in a connection
    int accepted = 0;
    int forged = 0;
    int refused = 0;
    for (int round = 0; round < 100000; ++round) {
        std::string text = generator.message();
        if (generator.chance(30)) text = generator.mutate(std::move(text));
        if (!is_valid_utf8(text)) continue;
        const Verdict syntax = reference_verdict(text);
        if (syntax == Verdict::unknown) continue;
        rapidjson::Document document;
        document.Parse<parse_flags>(text.data(), text.size());
        const bool expected = syntax == Verdict::valid && dom_accepts(document);
        const Status status = decode(text, &envelope);
        CAPTURE(text);
        CAPTURE(status.message());
        REQUIRE(status.ok() == expected);
        if (!status.ok()) {
            ++refused;
            REQUIRE(status.code() == ErrorCode::invalid_message);
            REQUIRE(status.message().find(" at byte ") != std::string::npos);
            continue;
        }
        ++accepted;
        forged += !envelope.rewritten.empty();
        check_accepted(text, envelope, document);
    }
    CHECK(accepted > 20000);
    CHECK(forged > 5000);
    CHECK(refused > 20000);
}

TEST_CASE("json: with_field and find_field round trip") {
    Generator generator(3);
    for (int round = 0; round < 30000; ++round) {
        const std::string object = generator.message();
        std::string scratch;
        const std::string name(generator.chance(30) ? "content" : field_text(generator.string(), &scratch));
        const std::string value = generator.value(0);
        CAPTURE(object);
        CAPTURE(name);
        CAPTURE(value);
        const std::string set = with_field(object, name, value);
        REQUIRE(is_valid_json(set));
        REQUIRE(find_field(set, name) == value);
        const std::string removed = with_field(set, name, "");
        REQUIRE(is_valid_json(removed));
        REQUIRE(find_field(removed, name).data() == nullptr);
        // Nothing else was touched: without the field, both are the same.
        REQUIRE(removed == with_field(object, name, ""));
        for (const char* other : {"type", "to", "data", "from"}) {
            if (name != other) REQUIRE(find_field(set, other) == find_field(object, other));
        }
        REQUIRE(with_field(set, name, value) == set);
    }
}
