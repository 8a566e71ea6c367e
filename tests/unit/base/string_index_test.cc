#include "core/base/string_index.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>
#include <unordered_map>

namespace gatewayd {
namespace {

struct Item {
    std::string name;
    int value = 0;
};
struct ByName {
    static std::string_view key(const std::unique_ptr<Item>& entry) { return entry->name; }
};
using Index = StringIndex<std::unique_ptr<Item>, ByName>;

std::unique_ptr<Item> item(std::string name, int value) {
    return std::make_unique<Item>(Item{std::move(name), value});
}

TEST_CASE("an index that was never filled finds and erases nothing") {
    Index index;
    CHECK(index.find("a") == nullptr);
    CHECK(index.erase("a") == nullptr);
    CHECK(index.size() == 0);
    index.for_each([](const auto&) { FAIL("there is nothing"); });
}

TEST_CASE("random inserts and erases give what a standard map gives") {
    for (unsigned seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        // Few keys keep the table crowded, many make it grow.
        const unsigned keys = 4U << (seed % 10);
        Index index;
        std::unordered_map<std::string, int> model;
        for (int step = 0; step < 4000; ++step) {
            const std::string key = std::to_string(random() % keys);
            auto* found = index.find(key);
            const auto expected = model.find(key);
            REQUIRE((found != nullptr) == (expected != model.end()));
            if (found) {
                REQUIRE((*found)->value == expected->second);
                if (random() % 2) {
                    const auto taken = index.erase(key);
                    REQUIRE(taken);
                    REQUIRE(taken->value == expected->second);
                    model.erase(expected);
                }
            } else if (random() % 3) {
                index.insert(item(key, step));
                model.emplace(key, step);
            } else {
                REQUIRE(index.erase(key) == nullptr);
            }
            REQUIRE(index.size() == model.size());
        }
        for (const auto& [key, value] : model) {
            const auto* found = index.find(key);
            REQUIRE(found);
            REQUIRE((*found)->value == value);
        }
        size_t seen = 0;
        index.for_each([&](const std::unique_ptr<Item>& entry) {
            ++seen;
            REQUIRE(model.at(entry->name) == entry->value);
        });
        REQUIRE(seen == model.size());
    }
}

TEST_CASE("the empty text and texts with NULs are keys like others") {
    Index index;
    index.insert(item("", 1));
    index.insert(item(std::string("a\0b", 3), 2));
    index.insert(item("a", 3));
    CHECK((*index.find(""))->value == 1);
    CHECK((*index.find(std::string_view("a\0b", 3)))->value == 2);
    CHECK((*index.find("a"))->value == 3);
    CHECK(index.erase("")->value == 1);
    CHECK(index.find("") == nullptr);
}

}  // namespace
}  // namespace gatewayd
