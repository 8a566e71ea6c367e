#include "core/plugins/crash_record.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/plugins/crash_line.h"
#include "core/plugins/skip.h"
#include "tests/support/temporary_folder.h"

namespace gatewayd {
namespace {

using testing::TemporaryFolder;

PluginScene scene_of(const std::string& identity, const char* function = "intercept", bool guards = false) {
    PluginScene scene;
    std::strcpy(scene.plugin, "acme");
    std::strcpy(scene.function, function);
    std::strcpy(scene.identity, identity.c_str());
    scene.guards = guards;
    return scene;
}

std::string line_of(const PluginScene& scene, const char* signal = "SIGSEGV", int64_t ms = 1700000000000) {
    char line[max_crash_line_bytes];
    return std::string(line, make_crash_line(scene, signal, ms, line));
}

void append(const CrashRecord& record, const std::string& text) {
    REQUIRE(::write(record.descriptor(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::unique_ptr<CrashRecord> opened(const std::string& folder) {
    std::string why;
    auto record = CrashRecord::open(folder, &why);
    CAPTURE(why);
    REQUIRE(record);
    return record;
}

TEST_CASE("a crash is one line of words, whatever the names are") {
    CHECK(line_of(scene_of("0123456789abcdef", "intercept", true)) ==
          "crash 0123456789abcdef 1700000000000 SIGSEGV acme intercept 1\n");
    CHECK(line_of(scene_of("")).empty());
    PluginScene odd = scene_of("id", "a b\nc");
    odd.plugin[0] = '\0';
    CHECK(line_of(odd) == "crash id 1700000000000 SIGSEGV - a_b_c 0\n");
}

TEST_CASE("crashes count in a row, by file, across starts") {
    const TemporaryFolder folder;
    const std::string state = folder.path() + "/a/b";  // made
    CHECK(opened(state)->count_of("one").in_a_row == 0);
    {
        const auto record = opened(state);
        append(*record, line_of(scene_of("one")));
        append(*record, line_of(scene_of("two", "start", true), "SIGABRT", 1700000000001));
        append(*record, line_of(scene_of("one", "on_event"), "SIGBUS", 1700000000002));
        CHECK(record->count_of("one").in_a_row == 0);  // of the starts before
    }
    const auto record = opened(state);
    const CrashCount one = record->count_of("one");
    CHECK(one.in_a_row == 2);
    CHECK(one.at_ms == 1700000000002);
    CHECK(one.signal == "SIGBUS");
    CHECK(one.function == "on_event");
    CHECK_FALSE(one.guards);
    CHECK(record->count_of("two").guards);
    record->clean({"one", "never crashed"});
    CHECK(record->count_of("one").in_a_row == 0);
    append(*record, line_of(scene_of("one")));
    std::string why;
    const auto looked = CrashRecord::look(state, &why);
    REQUIRE(looked);
    CHECK(looked->count_of("one").in_a_row == 1);
    CHECK(looked->count_of("two").in_a_row == 1);
}

TEST_CASE("an operator forgives, beside a gateway that runs") {
    const TemporaryFolder folder;
    const auto record = opened(folder.path());
    append(*record, line_of(scene_of("one")) + line_of(scene_of("one")));
    CHECK(CrashRecord::forgive(folder.path(), "one").empty());
    std::string why;
    CHECK(CrashRecord::look(folder.path(), &why)->count_of("one").in_a_row == 0);
    CHECK(CrashRecord::forgive(folder.path() + "/nowhere", "one") ==
          folder.path() + "/nowhere/crashes cannot be written: No such file or directory");
}

TEST_CASE("what is no line of ours says nothing, and a cut one no more") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/crashes")
        << "garbage\n\ncrash\ncrash one 1\n  crash two x SIGSEGV acme intercept 0\nclean\n"
        << line_of(scene_of("one")) << std::string("\0\xFF\n", 3) << "crash one 17";
    const auto record = opened(folder.path());
    CHECK(record->count_of("one").in_a_row == 1);
    CHECK(record->count_of("two").in_a_row == 1);
    CHECK(record->count_of("two").at_ms == 0);
}

TEST_CASE("a long record is shortened to what still counts") {
    const TemporaryFolder folder;
    {
        std::ofstream file(folder.path() + "/crashes");
        for (int i = 0; i < 2000; ++i)
            file << line_of(scene_of("other")) << "clean other 1\n";
        file << line_of(scene_of("one", "stop", true)) << line_of(scene_of("one"));
    }
    opened(folder.path());
    std::ostringstream text;
    text << std::ifstream(folder.path() + "/crashes").rdbuf();
    CHECK(text.str().size() < 200);
    const auto record = opened(folder.path());
    CHECK(record->count_of("one").in_a_row == 2);
    CHECK(record->count_of("one").guards);
    CHECK(record->count_of("other").in_a_row == 0);
}

TEST_CASE("a folder is one gateway's, and one that cannot be had says why") {
    const TemporaryFolder folder;
    const auto record = opened(folder.path());
    std::string why;
    CHECK_FALSE(CrashRecord::open(folder.path(), &why));
    CHECK(why == folder.path() + " is used by another gatewayd: give each a plugins.state_dir of its own");
    CHECK_FALSE(CrashRecord::open("", &why));
    CHECK(why == "there is no place for them: set plugins.state_dir, or $STATE_DIRECTORY");
    std::ofstream(folder.path() + "/file") << "x";
    CHECK_FALSE(CrashRecord::open(folder.path() + "/file/state", &why));
    CHECK(why == folder.path() + "/file/state cannot be made: Not a directory; set plugins.state_dir");
    CHECK(CrashRecord::look(folder.path() + "/file/state", &why));  // there are no crashes
}

class Variables {
   public:
    Variables() {
        for (const char* name : {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"}) {
            const char* value = std::getenv(name);
            if (value) before_.emplace_back(name, value);
            ::unsetenv(name);
        }
    }
    ~Variables() {
        for (const auto& [name, value] : before_)
            ::setenv(name.c_str(), value.c_str(), 1);
    }

   private:
    std::vector<std::pair<std::string, std::string>> before_;
};

TEST_CASE("the state folder is the configured one, or the system's, or the user's") {
    const Variables none;
    PluginsSettings settings;
    CHECK(state_folder(settings).empty());
    ::setenv("HOME", "/home/ada", 1);
    CHECK(state_folder(settings) == "/home/ada/.local/state/gatewayd");
    ::setenv("XDG_STATE_HOME", "/home/ada/state", 1);
    CHECK(state_folder(settings) == "/home/ada/state/gatewayd");
    ::setenv("STATE_DIRECTORY", "/var/lib/gatewayd:/var/lib/more", 1);
    CHECK(state_folder(settings) == "/var/lib/gatewayd");
    settings.state_dir = "/srv/state";
    CHECK(state_folder(settings) == "/srv/state");
}

TEST_CASE("a file is known again, and another one is another") {
    CHECK(file_identity("/opt/a.so", 1) == file_identity("/opt/a.so", 1));
    CHECK(file_identity("/opt/a.so", 1) != file_identity("/opt/a.so", 2));
    CHECK(file_identity("/opt/a.so", 1) != file_identity("/opt/b.so", 1));
    CHECK(file_identity("/opt/a.so", 1).size() == 16);
}

TEST_CASE("who is left out") {
    const TemporaryFolder folder;
    std::ofstream(folder.path() + "/crashes")
        << line_of(scene_of("acme")) << line_of(scene_of("acme")) << line_of(scene_of("auth", "create", true))
        << line_of(scene_of("auth"));
    std::string why;
    const auto record = CrashRecord::look(folder.path(), &why);
    PluginSettings entry;
    entry.name = "acme";
    PluginLibrary::Verified file;
    file.path = "/opt/acme.so";
    file.identity = "acme";
    const auto decide = [&](uint32_t limit) { return decide_to_skip(entry, file, *record, limit); };
    CHECK(decide(3).why.empty());
    CHECK(decide(3).crashes == 2);
    CHECK_FALSE(decide(2).skip);
    CHECK(decide(2).why ==
          "plugin \"acme\" (/opt/acme.so) crashed the gateway 2 times in a row, last by SIGSEGV in intercept "
          "at "
          "2023-11-14T22:13:20.000Z; it is loaded again: repair its file, or set on_crash: skip");
    entry.on_crash = OnCrash::skip;
    CHECK_FALSE(decide(3).skip);
    CHECK(decide(2).skip);
    file.identity = "auth";
    CHECK_FALSE(decide(2).skip);
    CHECK(decide(2).why.find("without it everyone is let in") != std::string::npos);
    entry.allow_unsafe = true;
    CHECK(decide(2).skip);
    file.identity = "repaired";
    CHECK(decide(1).why.empty());
}

}  // namespace
}  // namespace gatewayd
