// PluginLibrary: one plugin's shared library in this process: verified, loaded, entered once. The way of a
// file to its tables: bytes read -> ELF checks -> note -> dlopen (now, local) -> entry symbol -> entry ->
// tables copied by the size rules of the ABI. Up to the note no code of the file has run.
//
// library.cc is the only file that sees Boost.DLL. Loading is for start-up and throws; everything else is
// immutable afterwards. Owned by shared pointer: whoever may still call the plugin's code keeps one.
// [control] thread to load and to let go; any thread to read.
#ifndef GATEWAYD_CORE_PLUGINS_LIBRARY_H
#define GATEWAYD_CORE_PLUGINS_LIBRARY_H

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/chain/plugin_call.h"
#include "core/plugins/elf_note.h"
#include "core/plugins/extensions.h"
#include "gateway/host.h"
#include "gateway/plugin.h"

namespace gatewayd {

class RuntimeFolder;

// Says the plugin's name, its file and the reason.
class PluginError : public std::runtime_error {
   public:
    PluginError(const std::string& name, const std::string& path, const std::string& reason);
    const std::string& plugin() const { return plugin_; }

   private:
    std::string plugin_;
};

// The optional capabilities of this host, as a note's `needs` names them ("gw.timer/1").
using HostCapabilities = std::vector<std::string>;

class PluginLibrary {
   public:
    // A file that was read from one descriptor, and may be loaded as far as others' rights to change it go.
    struct File {
        std::string path;  // canonical
        std::string bytes;
        uint64_t fingerprint = 0;  // of the bytes, in this process
    };
    static File read(const std::string& name, const std::string& path);

    // The canonical path of a file that may be loaded, and what its note says. Runs nothing of the file.
    struct Verified {
        std::string path;
        std::string identity;  // of this file with these bytes (crash_record.h)
        PluginNote note;
    };
    static Verified verify(const std::string& name, const std::string& path,
                           const HostCapabilities& capabilities = host_capabilities());
    static Verified verify(const std::string& name, const File& file,
                           const HostCapabilities& capabilities = host_capabilities());

    // verify, then load and enter. `host` must outlive the library.
    static std::shared_ptr<const PluginLibrary> load(
        const std::string& name, const std::string& path, const gw_host* host,
        const HostCapabilities& capabilities = host_capabilities());
    // The same of what was read, as a copy of its own: code and statics are shared with nobody, and the file
    // may change meanwhile. The copy is removed with this object.
    static std::shared_ptr<const PluginLibrary> load_copy(
        const std::string& name, const File& file, RuntimeFolder* folder, const gw_host* host,
        const HostCapabilities& capabilities = host_capabilities());
    ~PluginLibrary();
    PluginLibrary(const PluginLibrary&) = delete;
    PluginLibrary& operator=(const PluginLibrary&) = delete;

    const std::string& path() const { return path_; }  // of the file, not of the copy
    uint64_t fingerprint() const { return fingerprint_; }
    const PluginNote& note() const { return note_; }
    // What its calls and its code are known by (core/chain/plugin_call.h). Never null.
    const std::shared_ptr<const PluginTag>& tag() const { return tag_; }
    // The plugin's table as this host knows it: members that the plugin's version lacks are null. Its
    // interceptor is the copy below, or null.
    const gw_plugin& plugin() const { return plugin_; }
    // Null for a plugin that only offers services. name, order and wants are never null.
    const gw_interceptor* interceptor() const { return plugin_.interceptor; }

   private:
    class Handle;  // hides Boost.DLL
    PluginLibrary() = default;
    static std::shared_ptr<PluginLibrary> of_file(const std::string& name, const File& file,
                                                  const HostCapabilities& capabilities);
    void enter(const std::string& name, const std::string& loaded_path, const gw_host* host);

    std::shared_ptr<const PluginTag> tag_;
    std::unique_ptr<Handle> handle_;
    std::shared_ptr<const void> module_;  // its addresses are known; gone before the library is
    std::string path_;
    std::string identity_;  // of the tag
    std::string copy_;      // to be removed; empty: the file itself is loaded
    uint64_t fingerprint_ = 0;
    PluginNote note_;
    gw_plugin plugin_{};
    gw_interceptor interceptor_{};
};

// A plugin of these stages lets everyone in when it is not there; whether the file may hold one, before its
// tables are known.
bool is_guard_stage(uint32_t stage);
bool may_guard(const PluginNote& note);

// Where plugins are looked for when plugins.path is empty: ../lib/gatewayd/plugins beside the binary.
std::string default_plugin_folder();

// The canonical path of `name`.so in the first of these folders that has it. PluginError names all of them.
std::string find_plugin(const std::string& name, const std::vector<std::string>& search_path);

// Why the file may not be loaded although it is a plugin's; empty: it may. For verify and inspect.
std::string plugin_file_problem(const ElfFile& file, const PluginNote& note,
                                const HostCapabilities& capabilities = host_capabilities());

}  // namespace gatewayd

#endif
