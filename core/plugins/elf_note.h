// PluginNote: what a plugin says about itself in its ELF note (GW_PLUGIN_NOTE of gateway/plugin.h), read
// without running any of its code. The bytes may be hostile. Values: any thread.
#ifndef GATEWAYD_CORE_PLUGINS_ELF_NOTE_H
#define GATEWAYD_CORE_PLUGINS_ELF_NOTE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plugins/elf_file.h"

namespace gatewayd {

inline constexpr uint32_t max_plugin_note_kb = 16;

struct PluginNote {
    uint32_t abi_major = 0;
    uint32_t abi_minor = 0;
    std::string id;
    std::string version;
    std::vector<std::string> kinds;   // handshake, frame, message, publish, delivery, events, service
    std::vector<std::string> needs;   // capabilities of the host: "gw.timer/1"
    std::vector<std::string> offers;  // services that it publishes: "acme.crm/1"
    std::vector<std::string> uses;    // services that it acquires
    bool exclusive = false;           // two generations cannot run at once
    std::string description;
    std::string text;  // the note as it stands in the file

    bool has_kind(std::string_view kind) const;
    // Whether it sees requests at all, and so must have an intercept hook.
    bool intercepts() const;
    bool offers_service(std::string_view name) const;
    bool uses_service(std::string_view name) const;
};

// "acme.crm/1": a name of a-z, 0-9, '.', '_' and '-', a slash, a number; at most 128 bytes.
bool is_service_name(std::string_view text);

// Nothing, with *error in words ("no .note.gateway: not a gatewayd plugin"), when there is none or it is
// wrong.
std::optional<PluginNote> read_plugin_note(const ElfFile& file, std::string* error);

// The same of a note's text alone.
std::optional<PluginNote> parse_plugin_note(std::string_view text, std::string* error);

}  // namespace gatewayd

#endif
