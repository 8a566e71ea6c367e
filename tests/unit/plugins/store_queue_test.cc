// What gw.store/1 promises, kept by both bundled providers.
#include "plugins/common/store_queue.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "plugins/store-memory/memory_engine.h"
#include "plugins/store-sqlite/sqlite_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/plugins/store_user.h"

namespace gatewayd {
namespace {

using store::number_bytes;
using store::Op;
using store::Ops;
using testing::Entries;
using testing::StoreAnswer;
using testing::StoreUser;
using testing::TemporaryFolder;

// A provider of each kind; `max_bytes` is a full disk.
struct Provider {
    explicit Provider(bool sqlite, uint64_t max_bytes = 64UL << 20) {
        std::unique_ptr<store::Engine> engine;
        if (sqlite) {
            engine = std::make_unique<store::SqliteEngine>(
                store::FileOptions{std::filesystem::path(folder.path()) / "s.sqlite", max_bytes, true});
        } else {
            engine = std::make_unique<store::MemoryEngine>(max_bytes);
        }
        queue.start(std::move(engine), {});
    }
    TemporaryFolder folder;
    store::StoreQueue queue;
    StoreUser user{queue.table(), "test"};
};

TEST_CASE("a store keeps, finds, counts up and forgets") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        Provider provider(sqlite);
        StoreUser& user = provider.user;
        CHECK(user.get("a").get().status == GW_E_NOTFOUND);
        CHECK(user.put("a", "1") == GW_OK);
        CHECK(user.put("a", "2") == GW_OK);
        CHECK(user.put("b", "") == GW_OK);
        const std::string odd("\0\xFF\0'\"", 5);
        CHECK(user.put(odd, odd) == GW_OK);
        CHECK(user.get("a").get().entries == Entries{{"a", "2"}});
        CHECK(user.get("b").get().entries == Entries{{"b", ""}});
        CHECK(user.get(odd).get().entries == Entries{{odd, odd}});
        // Appended keys have a number of 8 bytes; longer keys with the same beginning do not count.
        user.put("log/" + number_bytes(7) + "x", "");
        for (int i = 1; i <= 300; ++i)
            CHECK(user.commit({{GW_STORE_APPEND, "log/", std::to_string(i)}}).get().status == GW_OK);
        const StoreAnswer last = user.scan("log/", "log0", 2, true).get();
        CHECK(last.entries ==
              Entries{{"log/" + number_bytes(300), "300"}, {"log/" + number_bytes(299), "299"}});
        CHECK(last.more);
        CHECK(user.commit({{GW_STORE_DELETE_PREFIX, "log/", ""},
                           {GW_STORE_DELETE, odd, ""},
                           {GW_STORE_DELETE, "no", ""}})
                  .get()
                  .status == GW_OK);
        CHECK(user.all() == Entries{{"a", "2"}, {"b", ""}});
        // Another space is another map.
        StoreUser other(provider.queue.table(), "other");
        CHECK(other.all().empty());
        CHECK(other.put("a", "x") == GW_OK);
        CHECK(user.commit({{GW_STORE_DELETE_PREFIX, "", ""}}).get().status == GW_OK);
        CHECK(user.all().empty());
        CHECK(other.all() == Entries{{"a", "x"}});
    }
}

TEST_CASE("a commit happens whole or not at all, and does not touch its neighbours in a group") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        Provider provider(sqlite);
        StoreUser& user = provider.user;
        std::vector<std::future<StoreAnswer>> answers;
        for (int i = 0; i < 200; ++i) {
            const std::string key = std::to_string(i);
            // Every third expects what is not so, after it has changed something.
            if (i % 3 == 0) {
                answers.push_back(
                    user.commit({{GW_STORE_PUT, "bad" + key, ""}, {GW_STORE_EXPECT, "nothing", "here"}}));
            } else if (i % 3 == 1) {
                answers.push_back(user.commit({{GW_STORE_PUT, "all", key}, {GW_STORE_EXPECT, "all", key}}));
            } else {
                answers.push_back(
                    user.commit({{GW_STORE_EXPECT_NONE, "bad" + key, ""}, {GW_STORE_APPEND, "log", key}}));
            }
        }
        for (int i = 0; i < 200; ++i)
            CHECK(answers[i].get().status == (i % 3 == 0 ? GW_E_STATE : GW_OK));
        const Entries all = user.all();
        REQUIRE(all.size() == 1 + 66);
        CHECK(all[0] == std::pair<std::string, std::string>{"all", "199"});
        CHECK(all[66] == std::pair<std::string, std::string>{"log" + number_bytes(66), "197"});
    }
}

TEST_CASE("a scan has a beginning, an end, a limit and a direction") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        Provider provider(sqlite);
        StoreUser& user = provider.user;
        Entries expected;
        for (const char* key : {"a", "b", "c", "d", "e"}) {
            user.put(key, key);
            expected.emplace_back(key, key);
        }
        CHECK(user.all() == expected);
        CHECK(user.scan("b", "d").get().entries == Entries{{"b", "b"}, {"c", "c"}});
        CHECK(user.scan("b", "d", 1, true).get().entries == Entries{{"c", "c"}});
        CHECK(user.scan("", "", 5).get().more == false);
        CHECK(user.scan("", "", 4).get().more == true);
        CHECK(user.scan("", "", 4, true).get().entries.back() ==
              std::pair<std::string, std::string>{"b", "b"});
        CHECK(user.scan("d", "b").get().entries.empty());
        CHECK(user.scan("bb").get().entries.size() == 3);
    }
}

TEST_CASE("a store does what a map does, whatever is asked") {
    std::mt19937 random(7);
    const auto any = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
    const auto key = [&] { return std::string(1 + any(3), static_cast<char>('a' + any(3))); };
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        Provider provider(sqlite);
        std::map<std::string, std::string> model;
        std::vector<std::future<StoreAnswer>> answers;
        std::vector<int32_t> expected;
        for (int round = 0; round < 3000; ++round) {
            std::map<std::string, std::string> next = model;
            Ops ops;
            bool holds = true;
            for (int i = any(4) + 1; i > 0 && holds; --i) {
                const Op op{static_cast<uint32_t>(GW_STORE_PUT + any(6)), key(), ""};
                ops.push_back(op);
                const auto found = next.find(op.key);
                if (op.kind == GW_STORE_PUT) {
                    ops.back().value = next[op.key] = std::to_string(round);
                } else if (op.kind == GW_STORE_DELETE) {
                    next.erase(op.key);
                } else if (op.kind == GW_STORE_APPEND) {
                    uint64_t last = 0;
                    for (const auto& entry : next) {
                        if (entry.first.size() == op.key.size() + 8 &&
                            entry.first.compare(0, op.key.size(), op.key) == 0)
                            last = store::number_of(entry.first);
                    }
                    next[op.key + number_bytes(last + 1)] = "";
                } else if (op.kind == GW_STORE_DELETE_PREFIX) {
                    next.erase(next.lower_bound(op.key), next.lower_bound(store::end_of_prefix(op.key)));
                } else if (op.kind == GW_STORE_EXPECT) {
                    ops.back().value = std::to_string(round - any(9));
                    holds = found != next.end() && found->second == ops.back().value;
                } else {
                    holds = found == next.end();
                }
            }
            expected.push_back(holds ? GW_OK : GW_E_STATE);
            answers.push_back(provider.user.commit(ops));
            if (holds) model = next;
        }
        for (size_t i = 0; i < answers.size(); ++i)
            REQUIRE(answers[i].get().status == expected[i]);
        CHECK(provider.user.all() == Entries(model.begin(), model.end()));
    }
}

TEST_CASE("after a full disk a space waits for recover(), others go on, and then all is well") {
    for (const bool sqlite : {false, true}) {
        CAPTURE(sqlite);
        Provider provider(sqlite, 200 * 1024);
        StoreUser& user = provider.user;
        StoreUser other(provider.queue.table(), "other");
        REQUIRE(other.put("small", "1") == GW_OK);
        const std::string large(100 * 1024, 'x');
        int32_t status = GW_OK;
        std::string kept;
        for (int i = 0; status == GW_OK; ++i) {
            REQUIRE(i < 10);
            const StoreAnswer answer = user.commit({{GW_STORE_PUT, std::to_string(i), large}}).get();
            status = answer.status;
            if (status == GW_OK) kept = std::to_string(i);
            if (status != GW_OK) CHECK(answer.message.find("full") != std::string::npos);
        }
        CHECK(status == GW_E_FAIL);
        CHECK(user.put("small", "2") == GW_E_STATE);
        CHECK(user.get(kept).get().status == GW_OK);
        CHECK(other.put("small", "3") == GW_OK);
        CHECK(user.recover() == GW_OK);
        CHECK(user.commit({{GW_STORE_DELETE, kept, ""}}).get().status == GW_OK);
        CHECK(user.put("again", large.substr(0, 1000)) == GW_OK);
        CHECK(user.get("small").get().status == GW_E_NOTFOUND);
    }
}

TEST_CASE("what is no call is refused at once") {
    Provider provider(false);
    StoreUser& user = provider.user;
    CHECK(user.commit({}).get().taken == GW_E_ARG);
    CHECK(user.commit({{0, "a", ""}}).get().taken == GW_E_ARG);
    CHECK(user.commit({{GW_STORE_EXPECT_NONE + 1, "a", ""}}).get().taken == GW_E_ARG);
    CHECK(user.commit({{GW_STORE_PUT, "", "x"}}).get().taken == GW_E_ARG);
    CHECK(user.commit({{GW_STORE_DELETE, "a", "x"}}).get().taken == GW_E_ARG);
    CHECK(user.commit({{GW_STORE_PUT, std::string(513, 'k'), ""}}).get().taken == GW_E_LIMIT);
    CHECK(user.commit({{GW_STORE_APPEND, std::string(505, 'k'), ""}}).get().taken == GW_E_LIMIT);
    CHECK(user.commit({{GW_STORE_PUT, "k", std::string(GW_STORE_MAX_VALUE + 1, 'v')}}).get().taken ==
          GW_E_LIMIT);
    CHECK(user.commit(Ops(GW_STORE_MAX_OPS + 1, Op{GW_STORE_PUT, "k", ""})).get().taken == GW_E_LIMIT);
    CHECK(user.commit(Ops(9, Op{GW_STORE_PUT, "k", std::string(GW_STORE_MAX_VALUE, 'v')})).get().taken ==
          GW_E_LIMIT);
    CHECK(user.get("").get().taken == GW_E_ARG);
    CHECK(user.scan("", "", 0).get().taken == GW_E_ARG);
    CHECK(user.scan("", "", GW_STORE_MAX_SCAN + 1).get().taken == GW_E_ARG);
    for (const char* space : {"", "Upper", "a b"})
        CHECK(StoreUser(provider.queue.table(), space).put("a", "b") == GW_E_ARG);
    // What was submitted before the end is done, what comes later is refused.
    std::future<StoreAnswer> last = user.commit({{GW_STORE_PUT, "last", "1"}});
    provider.queue.stop();
    CHECK(last.get().status == GW_OK);
    CHECK(user.put("late", "1") == GW_E_STATE);
}

}  // namespace
}  // namespace gatewayd
