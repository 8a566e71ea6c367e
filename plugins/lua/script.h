// Script: a Lua file as it was read, and what the gateway's YAML says of it. Constant once made, shared by
// the states of all threads.
#ifndef GATEWAY_PLUGINS_LUA_SCRIPT_H
#define GATEWAY_PLUGINS_LUA_SCRIPT_H

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace lua {

constexpr size_t max_script_bytes = 1 << 20;

// The functions of a script that the gateway calls. The first five in the order of the GW_KIND_ bits.
enum class Hook : uint32_t { handshake, frame, message, publish, delivery, connected, disconnected };
constexpr size_t hook_count = 7;
constexpr const char* hook_names[hook_count] = {"handshake", "frame",     "message",     "publish",
                                                "delivery",  "connected", "disconnected"};

// Which content a path had: another one when a file was written, replaced, or a link was pointed elsewhere.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    int64_t changed_ns = -1;  // -1: there is no such file
    int64_t size = 0;
    bool operator==(const FileIdentity& other) const {
        return device == other.device && inode == other.inode && changed_ns == other.changed_ns &&
               size == other.size;
    }
};
FileIdentity identity_of(const std::string& path);

struct Script {
    std::string path;
    std::string name;         // as errors show it: "filter.lua"
    std::string config_json;  // gateway.config
    std::string source;
    FileIdentity identity;
};

// Throws gateway::Error: no such file, too long, or one that others than its owner may write (unless
// GATEWAYD_ALLOW_WRITABLE_PLUGINS=1: a script decides about messages as a plugin's file does).
std::shared_ptr<const Script> read_script(const std::string& path, const std::string& config_json);

}  // namespace lua

#endif
