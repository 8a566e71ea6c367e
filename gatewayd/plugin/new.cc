#include "gatewayd/plugin/new.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "core/plugins/permissions.h"
#include "gatewayd/command_line.h"
#include "gatewayd/plugin/templates.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

constexpr size_t max_name_bytes = 64;

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

// acme-filter: the class AcmeFilter, the C identifier acme_filter.
std::string class_name(const std::string& name) {
    std::string result;
    bool upper = true;
    for (const char c : name) {
        if (c == '-' || c == '_') {
            upper = true;
        } else {
            result += upper && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
            upper = false;
        }
    }
    return result + "Plugin";  // no word of C++ is one
}

std::string unit_name(std::string name) {
    std::replace(name.begin(), name.end(), '-', '_');
    return name + "_plugin";
}

// The argument of cmake that finds the package of the gatewayd that runs; empty where cmake looks by itself.
std::string prefix_argument() {
    std::error_code failure;
    const fs::path prefix = fs::read_symlink("/proc/self/exe", failure).parent_path().parent_path();
    const bool found =
        !failure && fs::exists(prefix / "lib/cmake/GatewayPlugin/GatewayPluginConfig.cmake", failure);
    if (!found || prefix == "/usr" || prefix == "/usr/local") return {};
    return " -DCMAKE_PREFIX_PATH=" + prefix.string();
}

std::string filled(std::string text, const std::vector<std::pair<std::string, std::string>>& values) {
    for (const auto& [name, value] : values) {
        const std::string mark = "@" + name + "@";
        for (size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
            text.replace(at, mark.size(), value);
    }
    return text;
}

// What the umask makes is what the gateway loads or does not.
void warn_of_umask() {
    const mode_t mask = ::umask(022);
    ::umask(mask);
    if ((mask & 022) == 022 || allows_writable_plugins()) return;
    std::printf(
        "Your umask (%03o) makes files that others may write, and gatewayd loads none of those. First one "
        "of\n\n"
        "    umask 022\n    export %s=1     # while you develop\n\n",
        static_cast<unsigned>(mask), allow_writable_plugins_variable);
}

int refuse(const std::string& why) {
    std::fprintf(stderr, "gatewayd: %s\n", why.c_str());
    return exit_refused;
}

}  // namespace

std::string plugin_name_problem(const std::string& name) {
    const bool plain =
        !name.empty() && is_lower(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
            return is_lower(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
    if (!plain) return "a plugin's name has a-z, 0-9, '-' and '_', and begins with a letter";
    if (name.size() > max_name_bytes) return "a plugin's name has at most 64 characters";
    // It is also a target of CMake, where these are taken.
    static const char* const taken[] = {"all",     "clean",   "edit_cache",    "help",
                                        "install", "package", "rebuild_cache", "test"};
    for (const char* word : taken) {
        if (name == word) return "\"" + name + "\" means something to CMake: choose another name";
    }
    return {};
}

int new_plugin(const std::string& name, bool in_c) {
    const std::string problem = plugin_name_problem(name);
    if (!problem.empty()) return refuse(problem);
    // Only its owner may write it, whatever the umask: the gateway would load it from nowhere else.
    if (::mkdir(name.c_str(), 0755) != 0) {
        return refuse(errno == EEXIST ? name + " is already there: choose another name, or remove it"
                                      : "cannot make the folder " + name + ": " + std::strerror(errno));
    }
    const std::string source = name + (in_c ? ".c" : ".cc");
    const std::string prefix = prefix_argument();
    const std::map<std::string, const char*> files = {
        {source, in_c ? templates::source_c : templates::source_cpp},
        {"CMakeLists.txt", templates::cmake},
        {unit_name(name) + "_test.cc", templates::test},
        {"gateway.yaml", templates::config},
        {"README.md", templates::readme},
    };
    for (const auto& [file, text] : files) {
        std::ofstream out(fs::path(name) / file);
        out << filled(text, {{"NAME", name},
                             {"CLASS", class_name(name)},
                             {"UNIT", unit_name(name)},
                             {"SOURCE", source},
                             {"PREFIX", prefix}});
        if (!out.flush()) return refuse("cannot write " + name + "/" + file + ": " + std::strerror(errno));
    }
    std::printf("%s: a plugin that builds, tests and loads.\n\n", name.c_str());
    warn_of_umask();
    std::printf("Now:\n\n");
    std::printf(
        "    cd %s\n    cmake -B build%s && cmake --build build\n"
        "    ctest --test-dir build --output-on-failure\n",
        name.c_str(), prefix.c_str());
    std::printf("    gatewayd plugin check build/%s.so --config gateway.yaml\n\nREADME.md says more.\n",
                name.c_str());
    return exit_clean;
}

}  // namespace gatewayd
