// Tokens and deadlines by themselves: who may claim, once, and what a late one finds.
#include "core/chain/deferrals.h"

#include <doctest/doctest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace gatewayd {
namespace {

const int instance = 0;
const int stranger = 0;

struct Waiting {
    explicit Waiting(Deferrals* table, uint32_t ticks = 10) : deferral(nullptr, nullptr) {
        REQUIRE(table->add(&deferral, &instance, 3, ticks, &token) == GW_OK);
    }
    Deferral deferral;
    gw_token token{0, 0};
};

std::vector<Deferral*> resumed(Deferrals* table) {
    std::vector<Deferral*> all;
    table->take_resumed([&](Deferral& deferral) { all.push_back(&deferral); });
    return all;
}

TEST_CASE("a token is claimed once, by its instance alone; then its request goes on") {
    Deferrals table;
    int wakes = 0;
    table.set_wake([&] { ++wakes; });
    Waiting a(&table);
    Waiting b(&table);
    CHECK((a.token.slot >> 32) == 3);
    CHECK(a.token.generation != 0);
    CHECK(table.size() == 2);
    CHECK(table.resume(&stranger, a.token) == GW_E_STALE);
    CHECK(table.resume(&instance, b.token) == GW_OK);
    CHECK(table.resume(&instance, b.token) == GW_E_STALE);
    CHECK(table.resume(&instance, a.token) == GW_OK);
    CHECK(wakes == 1);  // the second was with the first
    CHECK(resumed(&table) == std::vector<Deferral*>{&b.deferral, &a.deferral});
    CHECK(table.resume(&instance, a.token) == GW_E_STALE);
    CHECK(table.size() == 0);
    CHECK(resumed(&table).empty());
}

TEST_CASE("tokens that were never given are stale") {
    Deferrals table;
    CHECK(table.resume(&instance, {0, 0}) == GW_E_STALE);
    CHECK(table.resume(&instance, {0, 1}) == GW_E_STALE);
    Waiting a(&table);
    for (const uint64_t slot : {uint64_t{0}, uint64_t{1023}, uint64_t{1024}, uint64_t{max_deferrals - 1},
                                uint64_t{max_deferrals}, uint64_t{UINT32_MAX}}) {
        for (const uint64_t generation :
             {uint64_t{0}, a.token.generation + 1, UINT64_MAX, a.token.generation + (uint64_t{1} << 63)}) {
            CHECK(table.resume(&instance, {slot, generation}) == GW_E_STALE);
        }
    }
    CHECK(table.resume(&instance, a.token) == GW_OK);
}

TEST_CASE("what was removed is stale, and its slot's next token is another") {
    Deferrals table;
    Waiting a(&table);
    table.remove(&a.deferral);
    table.remove(&a.deferral);
    CHECK(table.resume(&instance, a.token) == GW_E_STALE);
    Waiting b(&table);
    CHECK(b.token.slot == a.token.slot);
    CHECK(table.resume(&instance, a.token) == GW_E_STALE);
    CHECK(table.resume(&instance, b.token) == GW_OK);
}

TEST_CASE("removed after it was claimed: its turn does not come, and nobody else gets the slot before") {
    Deferrals table;
    auto a = std::make_unique<Waiting>(&table);
    const gw_token token = a->token;
    CHECK(table.resume(&instance, token) == GW_OK);
    a.reset();  // a deferral that goes removes itself
    Waiting b(&table);
    CHECK(b.token.slot != token.slot);
    CHECK(resumed(&table).empty());
    Waiting c(&table);
    CHECK(c.token.slot == token.slot);
    CHECK(table.resume(&instance, token) == GW_E_STALE);
}

TEST_CASE("a deadline claims the token, unless resume was earlier") {
    Deferrals table;
    table.tick([](Deferral&) { FAIL_CHECK("nothing waits"); });
    Waiting late(&table, 2);
    Waiting early(&table, 2);
    Waiting far(&table, 2000);  // beyond the wheel
    std::vector<Deferral*> due;
    const auto tick = [&] { table.tick([&](Deferral& deferral) { due.push_back(&deferral); }); };
    tick();
    CHECK(due.empty());
    CHECK(table.resume(&instance, early.token) == GW_OK);
    tick();
    CHECK(due == std::vector<Deferral*>{&late.deferral});
    CHECK(table.resume(&instance, late.token) == GW_E_STALE);
    CHECK(resumed(&table) == std::vector<Deferral*>{&early.deferral});
    for (int i = 2; i < 1999; ++i)
        tick();
    CHECK(due.size() == 1);
    tick();
    CHECK(due.size() == 2);
    CHECK(table.size() == 0);
}

TEST_CASE("slots grow in chunks, and there is a limit") {
    Deferrals table;
    std::vector<std::unique_ptr<Deferral>> all;
    gw_token first{0, 0};
    gw_token last{0, 0};
    for (uint32_t i = 0; i < max_deferrals; ++i) {
        all.push_back(std::make_unique<Deferral>(nullptr, nullptr));
        REQUIRE(table.add(all.back().get(), &instance, 0, 100, i == 0 ? &first : &last) == GW_OK);
    }
    Deferral one_more(nullptr, nullptr);
    gw_token none{0, 0};
    CHECK(table.add(&one_more, &instance, 0, 100, &none) == GW_E_LIMIT);
    CHECK(none.generation == 0);
    CHECK(table.resume(&instance, first) == GW_OK);
    CHECK(table.resume(&instance, last) == GW_OK);
    CHECK(resumed(&table).size() == 2);
    CHECK(table.add(&one_more, &instance, 0, 100, &none) == GW_OK);
}

// Each token is claimed by two threads, and by the owner's thread now and then: one of them wins.
TEST_CASE("of many claims of a token exactly one succeeds") {
    constexpr int rounds = 200;
    constexpr int tokens = 64;
    Deferrals table;
    std::atomic<int> wakes{0};
    table.set_wake([&] { ++wakes; });
    std::mt19937 random(42);
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::unique_ptr<Waiting>> waiting;
        for (int i = 0; i < tokens; ++i)
            waiting.push_back(std::make_unique<Waiting>(&table));
        std::vector<gw_token> given;
        for (const auto& one : waiting)
            given.push_back(one->token);
        std::atomic<int> claimed{0};
        const auto claim_all = [&](bool backwards) {
            for (int i = 0; i < tokens; ++i) {
                const auto at = static_cast<size_t>(backwards ? tokens - 1 - i : i);
                if (table.resume(&instance, given[at]) == GW_OK) ++claimed;
            }
        };
        std::thread one(claim_all, false);
        std::thread other(claim_all, true);
        int went_on = 0;
        int removed = 0;
        for (auto& each : waiting) {
            went_on += static_cast<int>(resumed(&table).size());
            if (random() % 3 == 0) {
                const bool was_waiting = each->deferral.slot != nullptr;
                each.reset();
                if (was_waiting) ++removed;
            }
        }
        one.join();
        other.join();
        went_on += static_cast<int>(resumed(&table).size());
        CHECK(went_on + removed == tokens);
        CHECK(claimed >= went_on);  // some were removed after they were claimed
        CHECK(claimed <= tokens);
        CHECK(table.size() == 0);
    }
    CHECK(wakes > 0);
}

}  // namespace
}  // namespace gatewayd
