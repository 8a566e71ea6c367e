// Scripts in a folder of their own, run by the built plugin lua.
#ifndef GATEWAYD_TESTS_UNIT_PLUGINS_LUA_FIXTURE_H
#define GATEWAYD_TESTS_UNIT_PLUGINS_LUA_FIXTURE_H

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "gateway/harness.hpp"

namespace gatewayd {

// A folder of a test's own, gone with it.
struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/gatewayd-lua-XXXXXX";
        path = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    // As an editor does: another file in its place.
    void write(const std::string& name, const std::string& text) const {
        const std::string there = path + "/" + name;
        std::ofstream(there + ".new") << text;
        ::chmod((there + ".new").c_str(), 0644);
        std::filesystem::rename(there + ".new", there);
    }
};

struct Lua : Folder, gateway::harness::Plugin {
    Lua() : Plugin(GATEWAYD_PLUGIN_FOLDER "/lua.so") {}
    // `filter.lua` alone, with more lines of `config`.
    explicit Lua(const std::string& script, const std::string& yaml = {}) : Lua() {
        write("filter.lua", script);
        create("scripts: [filter.lua]\n" + yaml, path);
        start();
    }
    static std::string text(const std::string& content) {
        return R"({"type":"text","to":"u2","content":")" + content + "\"}";
    }
    std::string last_log() { return log().empty() ? std::string() : log().back(); }
    bool logged(const std::string& words) {
        for (const std::string& line : log()) {
            if (line.find(words) != std::string::npos) return true;
        }
        return false;
    }
};

}  // namespace gatewayd

#endif
