#include "core/chain/attributes.h"

#include <doctest/doctest.h>

#include <string>

namespace gatewayd {
namespace {

TEST_CASE("attributes are set, changed and removed by name") {
    Attributes attributes;
    CHECK(attributes.get("a") == nullptr);
    CHECK(attributes.set("a", ""));  // removes what is not there
    CHECK(attributes.set("a", "1"));
    CHECK(attributes.set("b", "2"));
    CHECK(*attributes.get("a") == "1");
    CHECK(attributes.set("a", "3"));
    CHECK(*attributes.get("a") == "3");
    CHECK(attributes.set("a", ""));
    CHECK(attributes.get("a") == nullptr);
    CHECK(*attributes.get("b") == "2");
}

TEST_CASE("limits: how many, how long") {
    Attributes attributes;
    CHECK_FALSE(attributes.set("", "x"));
    CHECK_FALSE(attributes.set(std::string(max_attribute_name_bytes + 1, 'n'), "x"));
    CHECK_FALSE(attributes.set("n", std::string(max_attribute_bytes + 1, 'x')));
    CHECK(attributes.get("n") == nullptr);
    CHECK(attributes.set(std::string(max_attribute_name_bytes, 'n'), std::string(max_attribute_bytes, 'x')));
    for (size_t i = 1; i < max_attributes; ++i)
        REQUIRE(attributes.set("a" + std::to_string(i), "x"));
    CHECK_FALSE(attributes.set("one more", "x"));
    CHECK(attributes.set("a1", "changed"));
    CHECK(attributes.set("a2", ""));
    CHECK(attributes.set("one more", "x"));
}

// A plugin read an attribute, set another, and looked at freed memory: texts moved when the list grew.
TEST_CASE("a text that was read stays while others come, and while it is changed or removed") {
    Attributes attributes;
    attributes.set("a", "short");
    attributes.set("b", std::string(100, 'b'));
    const std::string_view a = *attributes.get("a");
    const std::string_view b = *attributes.get("b");
    for (int i = 0; i < 40; ++i)
        attributes.set("x" + std::to_string(i), "value");
    attributes.set("a", std::string(a) + std::string(50, '+'));
    attributes.set("a", *attributes.get("a"));  // its own text
    attributes.set("b", "");
    CHECK(a == "short");
    CHECK(b == std::string(100, 'b'));
    CHECK(*attributes.get("a") == "short" + std::string(50, '+'));
    CHECK(attributes.has_replaced());
    attributes.forget_replaced();
    CHECK_FALSE(attributes.has_replaced());
    CHECK(attributes.get("a")->size() == 55);
}

}  // namespace
}  // namespace gatewayd
