#include "core/session/delivery_request.h"

#include <doctest/doctest.h>

#include <string>

namespace gatewayd {
namespace {

const std::string message = R"({"from":"u1","msg_id":"01ID","type":"text","content":"hi","n":5})";

TEST_CASE("a delivery shows the stamped message and shares it until it is changed") {
    DeliveryRequest request(nullptr, message);
    CHECK(request.kind == GW_KIND_DELIVERY);
    CHECK(request.payload().data() == message.data());
    CHECK_FALSE(request.changed());
    std::string_view text;
    CHECK(request.field("from", &text) == GW_OK);
    CHECK(text == "u1");
    CHECK(request.field("n", &text) == GW_FIELD_JSON);
    CHECK(text == "5");
    CHECK(request.field("absent", &text) == GW_E_NOTFOUND);
    CHECK(request.finish() == GW_ST_PASSED);
}

TEST_CASE("changes are this recipient's alone, and views of before stay") {
    DeliveryRequest request(nullptr, message);
    std::string_view before;
    REQUIRE(request.field("content", &before) == GW_OK);
    const std::string_view whole = request.payload();
    for (int i = 0; i < 20; ++i) {
        REQUIRE(request.set_field("content", "change " + std::to_string(i) + "\n") == GW_OK);
        REQUIRE(request.set_json("n", std::to_string(i)) == GW_OK);
    }
    CHECK(before == "hi");
    CHECK(whole == message);
    CHECK(request.changed());
    CHECK(request.payload() ==
          R"({"from":"u1","msg_id":"01ID","type":"text","content":"change 19\n","n":19})");
    CHECK(request.set_json("n", "") == GW_OK);
    CHECK(request.replace_payload(request.payload()) == GW_OK);
    CHECK(request.payload() == R"({"from":"u1","msg_id":"01ID","type":"text","content":"change 19\n"})");
}

TEST_CASE("what is no message, or says who sent it, is refused") {
    DeliveryRequest request(nullptr, message);
    for (const char* name : {"from", "msg_id", "create_at", ""})
        CHECK(request.set_field(name, "x") == GW_E_ARG);
    CHECK(request.set_field("content", "\xFF") == GW_E_ARG);
    CHECK(request.set_json("content", "nul") == GW_E_ARG);
    for (const char* payload : {"", "[]", "1", "{", "\xFF"})
        CHECK(request.replace_payload(payload) == GW_E_ARG);
    request.frozen = true;
    CHECK(request.set_field("content", "x") == GW_E_STATE);
    CHECK(request.set_json("content", "1") == GW_E_STATE);
    CHECK(request.replace_payload("{}") == GW_E_STATE);
    CHECK_FALSE(request.changed());
}

}  // namespace
}  // namespace gatewayd
