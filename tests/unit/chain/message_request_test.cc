#include "core/chain/message_request.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/unit/chain/fake_plugins.h"

namespace gatewayd {
namespace {

using testing::Message;

std::string field(Message& message, std::string_view name, int32_t expected = GW_OK) {
    std::string_view text;
    CHECK(message.request->field(name, &text) == expected);
    return std::string(text);
}

gw_destination destination(uint32_t kind, std::string_view id, uint32_t flags = 0) {
    return {sizeof(gw_destination), kind, flags, 0, to_abi(id)};
}

// Numbers, objects and null came back as text, though the ABI promises to tell them apart.
TEST_CASE("fields are text, or the JSON of another value") {
    Message message(
        R"({"type":"text","to":"u2","content":"a\n\u00e9","n":12.50,"o":{"a":[1]},"b":true,"z":null,"e":""})");
    CHECK(field(message, "type") == "text");
    CHECK(field(message, "content") == "a\n\xC3\xA9");
    CHECK(field(message, "e") == "");
    CHECK(field(message, "n", GW_FIELD_JSON) == "12.50");
    CHECK(field(message, "o", GW_FIELD_JSON) == R"({"a":[1]})");
    CHECK(field(message, "b", GW_FIELD_JSON) == "true");
    CHECK(field(message, "z", GW_FIELD_JSON) == "null");
    field(message, "absent", GW_E_NOTFOUND);
    CHECK(field(message, "from") == "u1");
    CHECK(field(message, "msg_id") == "01ID");
    CHECK(field(message, "create_at") == "2026-01-01T00:00:00.000Z");
}

TEST_CASE("set_field writes text, set_json any value, and an empty one removes") {
    Message message(R"({"type":"text","to":"u2","n":1})");
    CHECK(message.request->set_field("content", "he said \"hi\"\n") == GW_OK);
    CHECK(message.request->set_field("type", "note") == GW_OK);
    CHECK(message.request->set_json("n", "[1,2]") == GW_OK);
    CHECK(message.request->set_json("to", "") == GW_OK);
    CHECK(message.request->body() == R"({"type":"note","n":[1,2],"content":"he said \"hi\"\n"})");
    CHECK(message.request->envelope().type == "note");
}

TEST_CASE("what would not be a valid message is refused and changes nothing") {
    const std::string before = R"({"type":"text","to":"u2"})";
    Message message(before);
    for (const char* name : {"from", "msg_id", "create_at", "seq_no", ""}) {
        CAPTURE(name);
        CHECK(message.request->set_field(name, "x") == GW_E_ARG);
        CHECK(message.request->set_json(name, "1") == GW_E_ARG);
    }
    CHECK(message.request->set_field("content", "\xFF") == GW_E_ARG);
    CHECK(message.request->set_field("\xFF", "x") == GW_E_ARG);
    CHECK(message.request->set_json("content", "{") == GW_E_ARG);
    CHECK(message.request->set_json("content", "1,\"from\":\"admin\"") == GW_E_ARG);
    CHECK(message.request->set_json("to", "5") == GW_E_ARG);
    CHECK(message.request->set_field("group_id", std::string(300, 'g')) == GW_E_ARG);
    for (const char* payload :
         {"", "[]", "null", "{", "\xFF", R"({"type":"t","to":"a","to":"b"})", R"({"to":"no type"})"}) {
        CAPTURE(payload);
        CHECK(message.request->replace_payload(payload) == GW_E_ARG);
    }
    CHECK(message.request->body() == before);
    CHECK(message.request->destination().id == "u2");
}

TEST_CASE("a replaced payload cannot say who sent it") {
    Message message(R"({"type":"text","to":"u2"})");
    CHECK(message.request->replace_payload(
              R"({"from":"admin","type":"t","msg_id":"x","seq_no":4,"to":"u3"})") == GW_OK);
    CHECK(field(message, "from") == "u1");
    CHECK(message.request->body() == R"({"type":"t","to":"u3"})");
}

TEST_CASE("the destination follows the fields until a plugin sets it") {
    Message message(R"({"type":"text"})");
    CHECK(message.request->destination().kind == DestinationKind::all);
    CHECK(message.request->destination().not_sender);
    CHECK(message.request->set_field("to", "u2") == GW_OK);
    CHECK(message.request->destination().kind == DestinationKind::user);
    CHECK(message.request->destination().id == "u2");
    CHECK(message.request->set_json("to", "") == GW_OK);
    CHECK(message.request->set_field("group_id", "g") == GW_OK);
    CHECK(message.request->destination().kind == DestinationKind::none);
    CHECK_FALSE(message.request->redirected());
    CHECK(message.request->set_destination(destination(GW_DEST_TOPIC, "group:g", GW_DEST_NOT_SENDER)) ==
          GW_OK);
    CHECK(message.request->redirected());
    CHECK(message.request->set_json("group_id", "") == GW_OK);
    CHECK(message.request->set_field("to", "u9") == GW_OK);
    CHECK(message.request->destination().kind == DestinationKind::topic);
    CHECK(message.request->destination().id == "group:g");
    CHECK(message.request->destination().not_sender);
}

TEST_CASE("destinations that cannot be are refused") {
    Message message(R"({"type":"text","to":"u2"})");
    CHECK(message.request->set_destination(destination(5, "x")) == GW_E_ARG);
    CHECK(message.request->set_destination(destination(GW_DEST_USER, "x", 2)) == GW_E_ARG);
    for (const uint32_t kind : {GW_DEST_CLIENT, GW_DEST_USER, GW_DEST_TOPIC}) {
        CHECK(message.request->set_destination(destination(kind, "")) == GW_E_ARG);
        CHECK(message.request->set_destination(destination(kind, std::string(257, 'x'))) == GW_E_ARG);
    }
    CHECK_FALSE(message.request->redirected());
    CHECK(message.request->destination().id == "u2");
    CHECK(message.request->set_destination(destination(GW_DEST_NONE, "")) == GW_OK);
}

// Under ASan: what a hook was given stays until it returns, whatever the hook changes meanwhile.
TEST_CASE("views outlive the changes that replace what they show") {
    Message message(
        R"({"type":"text","to":"u2","content":"esc\taped and long enough to lie on the heap","from":"x"})");
    const std::string_view payload = message.request->payload();
    const std::string payload_copy(payload);
    std::string_view content;
    REQUIRE(message.request->field("content", &content) == GW_OK);
    const std::string content_copy(content);
    gw_destination first{};
    first.struct_size = sizeof first;
    REQUIRE(message.request->get_destination(&first) == GW_OK);
    std::vector<std::pair<std::string_view, std::string>> later;
    for (int i = 0; i < 50; ++i) {
        REQUIRE(message.request->set_field("content", message.request->payload()) == GW_OK);
        REQUIRE(message.request->set_field("to", "user" + std::to_string(i)) == GW_OK);
        REQUIRE(message.request->set_json("content", R"("short\n")") == GW_OK);
        std::string_view now;
        REQUIRE(message.request->field("content", &now) == GW_OK);
        later.emplace_back(now, std::string(now));
        later.emplace_back(message.request->payload(), std::string(message.request->payload()));
        gw_destination to{};
        to.struct_size = sizeof to;
        REQUIRE(message.request->get_destination(&to) == GW_OK);
        later.emplace_back(from_abi(to.id), std::string(from_abi(to.id)));
        if (i == 25) {
            REQUIRE(message.request->set_destination(to) == GW_OK);
            REQUIRE(message.request->replace_payload(message.request->payload()) == GW_OK);
        }
    }
    CHECK(payload == payload_copy);
    CHECK(content == content_copy);
    CHECK(from_abi(first.id) == "u2");
    for (const auto& [view, copy] : later)
        REQUIRE(view == copy);
}

TEST_CASE("answer and reject go to the sender") {
    Message message(R"({"type":"text","to":"u2","id":7})");
    CHECK(message.request->answer("not json") == GW_E_ARG);
    CHECK(message.request->reject(0, "", "why") == GW_E_ARG);
    CHECK(message.request->reject(0, "x", "\xFF") == GW_E_ARG);
    CHECK(message.sink.log.empty());
    CHECK(message.request->answer(R"({"type":"pong"})") == GW_OK);
    CHECK(message.request->reject(0, "forbidden", "no") == GW_OK);
    CHECK(message.sink.log == std::vector<std::string>{R"(answer {"type":"pong"})", "refuse forbidden no"});
    std::string_view text;
    CHECK(message.request->header("Origin", &text) == GW_E_STATE);
    CHECK(message.request->set_response_header("X", "y") == GW_E_STATE);
}

}  // namespace
}  // namespace gatewayd
