#include "core/plugins/runtime_folder.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "core/plugins/host_table.h"
#include "core/plugins/library.h"
#include "tests/support/temporary_folder.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

// The environment names the folder for as long as this lives.
class TmpDir {
   public:
    explicit TmpDir(const std::string& path) {
        if (const char* before = std::getenv("TMPDIR")) before_ = before;
        ::setenv("TMPDIR", path.c_str(), 1);
    }
    ~TmpDir() {
        if (before_) {
            ::setenv("TMPDIR", before_->c_str(), 1);
        } else {
            ::unsetenv("TMPDIR");
        }
    }

   private:
    std::optional<std::string> before_;
};

size_t entries(const std::string& folder) {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

mode_t mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

TEST_CASE("the folder is private, its files have names of their own, and all goes at the end") {
    const TemporaryFolder base;
    const TmpDir tmp(base.path());
    {
        RuntimeFolder folder;
        CHECK(entries(base.path()) == 0);  // not before it is needed
        const std::string one = folder.put("p", "bytes");
        const std::string two = folder.put("p", "");
        CHECK(one != two);
        CHECK(one.find(base.path() + "/gatewayd-") == 0);
        CHECK(mode_of(folder.path()) == 0700);
        CHECK((mode_of(one) & 0377) == 0100);
        CHECK(fs::file_size(one) == 5);
        CHECK(entries(base.path()) == 1);
    }
    CHECK(entries(base.path()) == 0);
}

TEST_CASE("what a killed process left is removed; what lives, or is not ours to judge, stays") {
    const TemporaryFolder base;
    const TmpDir tmp(base.path());
    RuntimeFolder living;
    const std::string file = living.put("p", "x");
    const auto make = [&](const std::string& name, mode_t mode, bool lock) {
        const std::string path = base.path() + "/" + name;
        fs::create_directory(path);
        if (lock) std::ofstream(path + "/lock") << "";
        ::chmod(path.c_str(), mode);
        return path;
    };
    const std::string left = make("gatewayd-left00", 0700, true);
    const std::string open_to_others = make("gatewayd-open00", 0755, true);
    const std::string being_made = make("gatewayd-made00", 0700, false);
    const std::string another = make("other-000000", 0700, true);
    RuntimeFolder next;
    next.put("p", "x");
    CHECK_FALSE(fs::exists(left));
    CHECK(fs::exists(file));
    CHECK(fs::exists(open_to_others));
    CHECK(fs::exists(being_made));
    CHECK(fs::exists(another));
}

TEST_CASE("a folder that cannot be used is passed over") {
    const TmpDir tmp("/proc");
    RuntimeFolder folder;
    CHECK(folder.put("p", "x").find("/proc") == std::string::npos);
}

TEST_CASE("each copy of a library is loaded by itself, and goes with its object") {
    const TemporaryFolder base;
    const TmpDir tmp(base.path());
    RuntimeFolder folder;
    const std::string path = GATEWAYD_TEST_PLUGIN_FOLDER "/good.so";
    const PluginLibrary::File file = PluginLibrary::read("p", path);
    CHECK(file.fingerprint == PluginLibrary::read("p", path).fingerprint);
    auto one = PluginLibrary::load_copy("p", file, &folder, host_table());
    auto two = PluginLibrary::load_copy("p", file, &folder, host_table());
    CHECK(one->path() == file.path);
    CHECK((one->plugin().create != two->plugin().create));
    CHECK(entries(folder.path()) == 3);  // and the lock
    one.reset();
    CHECK(entries(folder.path()) == 2);
    // What does not load leaves no copy, and the words name the file, not the copy.
    const PluginLibrary::File bad =
        PluginLibrary::read("p", GATEWAYD_TEST_PLUGIN_FOLDER "/undefined_symbol.so");
    std::string why;
    try {
        PluginLibrary::load_copy("p", bad, &folder, host_table());
    } catch (const PluginError& error) {
        why = error.what();
        CHECK(error.plugin() == "p");
    }
    CHECK(why.find(bad.path + ": undefined symbol") != std::string::npos);
    CHECK(why.find(base.path()) == std::string::npos);
    CHECK(entries(folder.path()) == 2);
}

}  // namespace
}  // namespace gatewayd
