// The file of store-sqlite: what survives, and what is refused.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "plugins/store-sqlite/sqlite_engine.h"
#include "tests/support/temporary_folder.h"
#include "tests/unit/plugins/store_user.h"

namespace gatewayd {
namespace {

using store::FileOptions;
using store::SqliteEngine;
using testing::Entries;
using testing::StoreUser;
using testing::TemporaryFolder;

struct Opened {
    explicit Opened(const FileOptions& options) { queue.start(std::make_unique<SqliteEngine>(options), {}); }
    store::StoreQueue queue;
    StoreUser user{queue.table(), "test"};
};

std::string refusal(const FileOptions& options) {
    try {
        const SqliteEngine engine(options);
        return "";
    } catch (const std::runtime_error& failure) {
        return failure.what();
    }
}

bool says(const std::string& text, const std::string& words) {
    CAPTURE(text);
    return text.find(words) != std::string::npos;
}

void execute(const std::string& file, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
    CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(database);
}

TEST_CASE("what was kept is there the next time; files are nobody else's to read") {
    const TemporaryFolder folder;
    const FileOptions options{std::filesystem::path(folder.path()) / "new" / "data" / "s.sqlite", 0, true};
    {
        Opened opened(options);
        CHECK(opened.user.put("a", "1") == GW_OK);
    }
    CHECK(Opened(options).user.all() == Entries{{"a", "1"}});
    namespace fs = std::filesystem;
    CHECK((fs::status(options.file).permissions() & fs::perms::mask) == fs::perms(0600));
    CHECK((fs::status(fs::path(options.file).parent_path()).permissions() & fs::perms::mask) ==
          fs::perms(0700));
    CHECK_FALSE(fs::exists(options.file + "-wal"));
}

TEST_CASE("a second process on the same file is refused") {
    const TemporaryFolder folder;
    const FileOptions options{std::filesystem::path(folder.path()) / "s.sqlite", 0, true};
    const Opened opened(options);
    CHECK(says(refusal(options), "in use by another gatewayd"));
}

TEST_CASE("files that are no store of this version are refused with what to do") {
    const TemporaryFolder folder;
    const FileOptions garbage{std::filesystem::path(folder.path()) / "garbage", 0, true};
    std::ofstream(garbage.file) << std::string(9000, 'g');
    CHECK(says(refusal(garbage), "damaged"));
    CHECK(says(refusal(garbage), "restore a backup"));

    const FileOptions foreign{std::filesystem::path(folder.path()) / "foreign", 0, true};
    execute(foreign.file, "CREATE TABLE t (a)");
    CHECK(says(refusal(foreign), "another program"));

    const FileOptions newer{std::filesystem::path(folder.path()) / "newer", 0, true};
    CHECK(refusal(newer) == "");
    execute(newer.file, "PRAGMA user_version=2");
    CHECK(says(refusal(newer), "newer gatewayd (schema 2, this one knows 1)"));

    CHECK(says(refusal({std::filesystem::path(folder.path()) / "garbage" / "x", 0, true}), "garbage"));
}

TEST_CASE("a store that was damaged in its middle is found at the start") {
    const TemporaryFolder folder;
    const FileOptions options{std::filesystem::path(folder.path()) / "s.sqlite", 0, true};
    {
        Opened opened(options);
        for (int i = 0; i < 200; ++i)
            opened.user.put(std::to_string(i), std::string(500, 'x'));
    }
    CHECK(refusal(options) == "");
    {
        std::fstream file(options.file, std::ios::in | std::ios::out | std::ios::binary);
        for (int at = 3 * 4096; at < 12 * 4096; at += 4096) {
            file.seekp(at);
            file << std::string(200, '\x55');
        }
    }
    CHECK(says(refusal(options), "damaged"));
}

// A process that commits pairs and says which are confirmed, until it is killed.
int start_writer(const FileOptions& options, int from, pid_t* process) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    *process = ::fork();
    if (*process != 0) {
        ::close(ends[1]);
        return ends[0];
    }
    ::close(ends[0]);
    Opened opened(options);
    for (int i = from;; ++i) {
        const std::string number = std::to_string(i);
        opened.user
            .commit({{GW_STORE_PUT, "a" + number, number},
                     {GW_STORE_PUT, "b" + number, number},
                     {GW_STORE_PUT, "last", number}})
            .wait();
        if (::write(ends[1], &i, sizeof i) != sizeof i) ::_exit(1);
    }
}

TEST_CASE("what was confirmed survives kill -9, and no commit is there by halves") {
    const TemporaryFolder folder;
    const FileOptions options{std::filesystem::path(folder.path()) / "s.sqlite", 0, true};
    int confirmed = 0;
    for (int round = 0; round < 12; ++round) {
        pid_t process = 0;
        const int confirmations = start_writer(options, confirmed + 1, &process);
        const int wanted = confirmed + 3 + round * 2;
        int said = 0;
        while (said < wanted && ::read(confirmations, &said, sizeof said) == sizeof said)
            confirmed = said;
        ::kill(process, SIGKILL);
        ::waitpid(process, nullptr, 0);
        while (::read(confirmations, &said, sizeof said) == sizeof said)
            confirmed = said;
        ::close(confirmations);
        Opened opened(options);
        const int last = std::stoi(opened.user.get("last").get().entries.at(0).second);
        CHECK(last >= confirmed);
        CHECK(last <= confirmed + 1);
        for (int i = 1; i <= last; ++i) {
            CHECK(opened.user.get("a" + std::to_string(i)).get().status == GW_OK);
            CHECK(opened.user.get("b" + std::to_string(i)).get().status == GW_OK);
        }
        CHECK(opened.user.get("a" + std::to_string(last + 1)).get().status == GW_E_NOTFOUND);
        confirmed = last;
    }
    CHECK(confirmed > 50);
}

}  // namespace
}  // namespace gatewayd
