#include "core/plugins/library.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/plugins/host_table.h"
#include "core/plugins/inspect.h"
#include "core/plugins/permissions.h"
#include "tests/support/temporary_folder.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

std::string fixture(const std::string& name) {
    return fs::canonical(GATEWAYD_TEST_PLUGIN_FOLDER "/" + name + ".so").string();
}

// What load says of the fixture after `plugin "NAME" (PATH): `; "" when it loads.
std::string reason_of(const std::string& name) {
    try {
        PluginLibrary::load("acme", fixture(name), host_table());
        return "";
    } catch (const PluginError& error) {
        const std::string start = "plugin \"acme\" (" + fixture(name) + "): ";
        const std::string what = error.what();
        REQUIRE(what.substr(0, start.size()) == start);
        return what.substr(start.size());
    }
}

TEST_CASE("a plugin loads: its tables are copied, what it left out is null") {
    const auto library = PluginLibrary::load("good", fixture("good"), host_table());
    CHECK(library->path() == fixture("good"));
    CHECK(library->note().id == "good");
    CHECK((library->plugin().create != nullptr));
    CHECK((library->plugin().start == nullptr));
    REQUIRE(library->interceptor() != nullptr);
    CHECK(library->interceptor()->struct_size == sizeof(gw_interceptor));
    CHECK(library->interceptor()->order(nullptr) == 0);  // left out by the plugin
    CHECK((library->interceptor()->attach == nullptr));
}

TEST_CASE("a plugin of a later minor version loads if it uses nothing of it") {
    CHECK(reason_of("newer_minor").empty());
    CHECK(reason_of("newer_tail") ==
          "gw_plugin sets a member that this gatewayd does not know (at byte 64): the plugin needs a later "
          "gatewayd");
}

TEST_CASE("a plugin that only offers services has no interceptor") {
    CHECK((PluginLibrary::load("s", fixture("service_only"), host_table())->interceptor() == nullptr));
}

TEST_CASE("each plugin that must not load is refused with its reason") {
    CHECK(reason_of("no_note") == "no .note.gateway: not a gatewayd plugin");
    CHECK(reason_of("wrong_note") == "a wrong .note.gateway: there is no kind \"mesage\"");
    CHECK(reason_of("other_major") ==
          "built for plugin ABI 2.1, but this gatewayd has 1.1: build it against this gatewayd's headers");
    CHECK(reason_of("needs_capability") == "needs acme.teleport/1, which this gatewayd does not have");
    CHECK(reason_of("no_symbol") == "does not export gw_plugin_entry_v1");
    CHECK(reason_of("unique_symbol") ==
          "exports the unique symbol _ZN7CounterIiE5countE, which would be shared with other versions of "
          "itself: "
          "compile with -fno-gnu-unique");
    CHECK(reason_of("throws_in_entry") == "threw an exception in gw_plugin_entry_v1: no such table");
    CHECK(reason_of("returns_null") == "gw_plugin_entry_v1 refused: the licence ran out on 2026-01-01");
    CHECK(reason_of("returns_null_silently") == "gw_plugin_entry_v1 refused: it gave no reason (code -1)");
    CHECK(reason_of("size_garbage") ==
          "gw_plugin.struct_size is 57: below 56, above 4096 or not a multiple of 4");
    CHECK(reason_of("size_small") ==
          "gw_plugin.struct_size is 48: below 56, above 4096 or not a multiple of 4");
    CHECK(reason_of("size_huge") ==
          "gw_plugin.struct_size is 8192: below 56, above 4096 or not a multiple of 4");
    CHECK(reason_of("interceptor_size_small") ==
          "gw_interceptor.struct_size is 0: below 88, above 4096 or not a multiple of 4");
    CHECK(reason_of("no_create") == "gw_plugin.create is null");
    CHECK(reason_of("no_destroy") == "gw_plugin.destroy is null");
    CHECK(reason_of("no_interceptor") ==
          "gw_plugin.interceptor is null, but its note promises kinds of requests or events");
    CHECK(reason_of("no_name") == "gw_interceptor.name is null");
    CHECK(reason_of("no_wants") == "gw_interceptor.wants is null");
    CHECK(reason_of("no_intercept") ==
          "gw_interceptor.intercept is null, but its note promises kinds of requests");
    CHECK(reason_of("no_on_event") == "gw_interceptor.on_event is null, but its note promises events");
    CHECK(reason_of("unknown_flags") == "gw_plugin.flags must be 0");
    CHECK(reason_of("unknown_stage") == "gw_interceptor.stage 77 is none of GW_STAGE_");
}

TEST_CASE("a missing function is found at the start, not at its first call") {
    CHECK(reason_of("undefined_symbol") == "cannot be loaded: " + fixture("undefined_symbol") +
                                               ": undefined symbol: this_function_is_nowhere");
}

TEST_CASE("verify runs nothing of the file") {
    // Its entry would throw, and its intercept cannot be bound.
    CHECK(PluginLibrary::verify("t", fixture("throws_in_entry")).note.id == "throws_in_entry");
    CHECK(PluginLibrary::verify("u", fixture("undefined_symbol")).note.id == "undefined_symbol");
}

TEST_CASE("a needed capability that the host has is no obstacle") {
    CHECK(PluginLibrary::verify("n", fixture("needs_capability"), {"acme.teleport/1"}).note.id ==
          "needs_capability");
}

TEST_CASE("what is no plugin file at all is named with its path") {
    const TemporaryFolder folder;
    const std::string text = folder.path() + "/text.so";
    std::ofstream(text) << "not a library\n";
    const std::string missing = folder.path() + "/missing.so";
    const std::string fifo = folder.path() + "/fifo.so";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    const auto error_of = [](const std::string& path) -> std::string {
        try {
            PluginLibrary::load("p", path, host_table());
            return "";
        } catch (const PluginError& error) {
            return error.what();
        }
    };
    CHECK(error_of(text) == "plugin \"p\" (" + text + "): not an ELF file");
    CHECK(error_of(missing) == "plugin \"p\" (" + missing + "): cannot be opened: No such file or directory");
    CHECK(error_of(fifo) == "plugin \"p\" (" + fifo + "): is not a regular file");
    CHECK(error_of(folder.path()) == "plugin \"p\" (" + folder.path() + "): is a folder, not a file");
}

TEST_CASE("find_plugin takes the first folder that has the file and names all of them otherwise") {
    const TemporaryFolder folder;
    CHECK(find_plugin("good", {folder.path(), GATEWAYD_TEST_PLUGIN_FOLDER}) == fixture("good"));
    CHECK_THROWS_WITH(find_plugin("nobody", {folder.path(), "/nowhere"}),
                      ("plugin \"nobody\": there is no nobody.so in " + folder.path() +
                       ", /nowhere: install it, or set plugins.path, or its `path`")
                          .c_str());
    CHECK_THROWS_AS(find_plugin("../good", {GATEWAYD_TEST_PLUGIN_FOLDER}), PluginError);
    CHECK_THROWS_AS(find_plugin("", {GATEWAYD_TEST_PLUGIN_FOLDER}), PluginError);
    CHECK_THROWS_AS(find_plugin("..", {GATEWAYD_TEST_PLUGIN_FOLDER}), PluginError);
}

TEST_CASE("inspect says what a file says and whether it would load") {
    const PluginInspection good = inspect_plugin(GATEWAYD_PLUGIN_FOLDER "/cors.so");
    CHECK(good.loadable);
    CHECK(good.text.find("id           cors\n") != std::string::npos);
    CHECK(good.text.find("abi          1.1 (this gatewayd: 1.1)\n") != std::string::npos);
    CHECK(good.text.find("kinds        handshake\n") != std::string::npos);
    CHECK(good.text.find("description  Refuses handshakes from web pages") != std::string::npos);
    CHECK(good.text.find("exports      gw_plugin_entry_v1\n") != std::string::npos);
    CHECK(good.text.find("libc.so.6") != std::string::npos);
    CHECK(good.text.find("verdict      this gatewayd can load it\n") != std::string::npos);

    const PluginInspection major = inspect_plugin(fixture("other_major"));
    CHECK_FALSE(major.loadable);
    CHECK(major.text.find("exports      gw_plugin_entry_v2\n") != std::string::npos);
    CHECK(major.text.find("verdict      not loadable: built for plugin ABI 2.1") != std::string::npos);

    CHECK_FALSE(inspect_plugin("/etc/hostname").loadable);
    const PluginInspection missing = inspect_plugin("/nowhere/x.so");
    CHECK(missing.text ==
          "file         /nowhere/x.so\nverdict      not loadable: cannot be opened: No such file or "
          "directory\n");
}

// Without the override that the tests' main sets.
class Strictly {
   public:
    Strictly() { ::unsetenv(allow_writable_plugins_variable); }
    ~Strictly() { ::setenv(allow_writable_plugins_variable, "1", 1); }
};

TEST_CASE("a file that others can change, or that lies where they can replace it, is refused") {
    const TemporaryFolder folder;  // in a folder with the sticky bit
    const std::string place = folder.path() + "/deep/deeper";
    fs::create_directories(place);
    const std::string copy = place + "/copy.so";
    fs::copy_file(fixture("good"), copy);
    const auto mode = [](const std::string& path, mode_t bits) { REQUIRE(::chmod(path.c_str(), bits) == 0); };
    for (const std::string& path : {copy, place, folder.path() + "/deep"})
        mode(path, 0755);
    const auto problem = [&]() -> std::string {
        try {
            PluginLibrary::verify("p", copy);
            return "";
        } catch (const PluginError& error) {
            const std::string start = "plugin \"p\" (" + copy + "): ";
            return std::string(error.what()).substr(start.size());
        }
    };
    const Strictly strictly;
    CHECK(problem().empty());
    CHECK(inspect_plugin(copy).loadable);

    mode(copy, 0775);
    CHECK(problem() == "others than its owner can change the file (mode 0775): chmod go-w " + copy +
                           ", or for development set GATEWAYD_ALLOW_WRITABLE_PLUGINS=1");
    mode(copy, 0757);
    CHECK(problem().find("(mode 0757)") != std::string::npos);
    CHECK(inspect_plugin(copy).text.find("verdict      not loadable: others than its owner") !=
          std::string::npos);
    mode(copy, 0755);

    mode(place, 0775);
    CHECK(problem() == "others than its owner can replace files in " + place + " (mode 0775): chmod go-w " +
                           place + ", or for development set GATEWAYD_ALLOW_WRITABLE_PLUGINS=1");
    mode(place, 0755);
    mode(folder.path() + "/deep", 0757);
    CHECK(problem().find("replace files in " + folder.path() + "/deep (mode 0757)") != std::string::npos);
    mode(folder.path() + "/deep", 01777);
    CHECK(problem().empty());
}

TEST_CASE("for development the environment allows it, and inspect still warns") {
    const TemporaryFolder folder;
    const std::string copy = folder.path() + "/copy.so";
    fs::copy_file(fixture("good"), copy);
    REQUIRE(::chmod(copy.c_str(), 0777) == 0);
    CHECK(PluginLibrary::verify("p", copy).note.id == "good");
    const PluginInspection inspection = inspect_plugin(copy);
    CHECK(inspection.loadable);
    CHECK(inspection.text.find("warning      others than its owner can change the file") !=
          std::string::npos);
}

}  // namespace
}  // namespace gatewayd
