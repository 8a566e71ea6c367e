#include "core/plugins/library.h"

#define BOOST_DLL_USE_STD_FS
#include <unistd.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string_view>

#include "core/base/siphash.h"
#include "core/plugins/crash_record.h"
#include "core/plugins/permissions.h"
#include "core/plugins/runtime_folder.h"
#include "core/plugins/table_copy.h"

namespace gatewayd {
namespace {

namespace fs = std::filesystem;

// The sizes of ABI 1.0, for ever (tests/abi/frozen_1_0.c). A later host must not refuse a plugin of 1.0.
constexpr uint32_t plugin_size_1_0 = 56;
constexpr uint32_t interceptor_size_1_0 = 88;
static_assert(sizeof(gw_plugin) >= plugin_size_1_0 && sizeof(gw_interceptor) >= interceptor_size_1_0);

int32_t order_zero(void*) {
    return 0;
}

// Whether a mangled name belongs to namespace std: GCC makes static members and locals of its templates
// unique in every C++ library, and they are the same everywhere.
bool is_std_symbol(std::string_view name) {
    if (name.substr(0, 2) != "_Z") return false;
    name.remove_prefix(2);
    for (const std::string_view special : {"GV", "TV", "TI", "TS"}) {
        if (name.substr(0, 2) == special) {
            name.remove_prefix(2);
            break;
        }
    }
    while (!name.empty() && (name[0] == 'Z' || name[0] == 'N' || name[0] == 'K'))
        name.remove_prefix(1);
    // St: std::; the others are its abbreviated strings and streams.
    return name.size() > 1 && name[0] == 'S' && std::strchr("tabsiod", name[1]) != nullptr;
}

std::string error_text(const gw_error& error) {
    const size_t length = strnlen(error.message, sizeof(error.message));
    if (length == 0) return "it gave no reason (code " + std::to_string(error.code) + ")";
    return std::string(error.message, length);
}

// Boost.DLL wraps the words of dlerror, which alone help, into words of its own.
std::string load_error(std::string_view what) {
    constexpr std::string_view begin = "dlerror system message: ";
    const size_t start = what.find(begin);
    const size_t end = what.rfind("): ");
    if (start == std::string_view::npos || end == std::string_view::npos || end < start)
        return std::string(what);
    return std::string(what.substr(start + begin.size(), end - start - begin.size()));
}

// Members that the ABI does not allow to be missing; empty: none is.
std::string missing_member(const gw_plugin& plugin, const PluginNote& note) {
    if (plugin.create == nullptr) return "gw_plugin.create is null";
    if (plugin.destroy == nullptr) return "gw_plugin.destroy is null";
    const gw_interceptor* interceptor = plugin.interceptor;
    if (interceptor == nullptr) {
        if (note.intercepts() || note.has_kind("events")) {
            return "gw_plugin.interceptor is null, but its note promises kinds of requests or events";
        }
        return {};
    }
    if (interceptor->name == nullptr) return "gw_interceptor.name is null";
    if (interceptor->wants == nullptr) return "gw_interceptor.wants is null";
    if (interceptor->intercept == nullptr && note.intercepts()) {
        return "gw_interceptor.intercept is null, but its note promises kinds of requests";
    }
    if (interceptor->on_event == nullptr && note.has_kind("events")) {
        return "gw_interceptor.on_event is null, but its note promises events";
    }
    return {};
}

// Values that only a later version can give a meaning to; empty: none is used.
std::string unknown_value(const gw_plugin& plugin) {
    if (plugin.flags != 0) return "gw_plugin.flags must be 0";
    const gw_interceptor* interceptor = plugin.interceptor;
    if (interceptor == nullptr) return {};
    if (interceptor->flags != 0) return "gw_interceptor.flags must be 0";
    if (interceptor->reserved != 0) return "gw_interceptor.reserved must be 0";
    if (interceptor->stage > GW_STAGE_TICKETS) {
        return "gw_interceptor.stage " + std::to_string(interceptor->stage) + " is none of GW_STAGE_";
    }
    return {};
}

}  // namespace

PluginError::PluginError(const std::string& name, const std::string& path, const std::string& reason)
    : std::runtime_error("plugin \"" + name + "\"" + (path.empty() ? "" : " (" + path + ")") + ": " + reason),
      plugin_(name) {}

// Boost.DLL loads a library again when its object is copied: it lives here and is never copied.
class PluginLibrary::Handle {
   public:
    explicit Handle(const std::string& path)
        : library_(fs::path(path), boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local) {}

    gw_plugin_entry_fn entry() const {
        return &library_.get<const gw_plugin*(const gw_host*, gw_error*)>(GW_PLUGIN_ENTRY_NAME);
    }

   private:
    boost::dll::shared_library library_;
};

std::string plugin_file_problem(const ElfFile& file, const PluginNote& note,
                                const HostCapabilities& capabilities) {
    if (note.abi_major != GW_ABI_MAJOR) {
        return "built for plugin ABI " + std::to_string(note.abi_major) + "." +
               std::to_string(note.abi_minor) + ", but this gatewayd has " + std::to_string(GW_ABI_MAJOR) +
               "." + std::to_string(GW_ABI_MINOR) + ": build it against this gatewayd's headers";
    }
    for (const std::string& need : note.needs) {
        if (std::find(capabilities.begin(), capabilities.end(), need) == capabilities.end()) {
            return "needs " + need + ", which this gatewayd does not have";
        }
    }
    std::string error;
    const auto symbols = file.exported_symbols(&error);
    if (!symbols) return error;
    const auto is_entry = [](const ElfSymbol& symbol) { return symbol.name == GW_PLUGIN_ENTRY_NAME; };
    if (std::none_of(symbols->begin(), symbols->end(), is_entry)) {
        return "does not export " GW_PLUGIN_ENTRY_NAME;
    }
    for (const ElfSymbol& symbol : *symbols) {
        if (symbol.unique && !is_std_symbol(symbol.name)) {
            return "exports the unique symbol " + std::string(symbol.name.substr(0, 200)) +
                   ", which would be shared with other versions of itself: compile with -fno-gnu-unique";
        }
    }
    return {};
}

PluginLibrary::File PluginLibrary::read(const std::string& name, const std::string& path) {
    std::error_code failure;
    const fs::path canonical = fs::canonical(path, failure);
    if (failure) throw PluginError(name, path, "cannot be opened: " + failure.message());
    File file;
    file.path = canonical.string();
    std::string error;
    uint32_t mode = 0;
    auto bytes = read_plugin_file(file.path, &error, &mode);
    if (!bytes) throw PluginError(name, file.path, error);
    if (!allows_writable_plugins()) {
        error = permission_problem(file.path, mode);
        if (!error.empty()) throw PluginError(name, file.path, error);
    }
    file.bytes = std::move(*bytes);
    file.fingerprint = siphash(file.bytes);
    return file;
}

PluginLibrary::Verified PluginLibrary::verify(const std::string& name, const File& read,
                                              const HostCapabilities& capabilities) {
    Verified result;
    result.path = read.path;
    std::string error;
    const auto file = ElfFile::parse(read.bytes, &error);
    if (!file) throw PluginError(name, result.path, error);
    auto note = read_plugin_note(*file, &error);
    if (!note) throw PluginError(name, result.path, error);
    error = plugin_file_problem(*file, *note, capabilities);
    if (!error.empty()) throw PluginError(name, result.path, error);
    result.note = std::move(*note);
    result.identity = file_identity(result.path, fixed_siphash(read.bytes));
    return result;
}

PluginLibrary::Verified PluginLibrary::verify(const std::string& name, const std::string& path,
                                              const HostCapabilities& capabilities) {
    return verify(name, read(name, path), capabilities);
}

std::shared_ptr<PluginLibrary> PluginLibrary::of_file(const std::string& name, const File& file,
                                                      const HostCapabilities& capabilities) {
    Verified verified = verify(name, file, capabilities);
    std::shared_ptr<PluginLibrary> library(new PluginLibrary());
    library->path_ = std::move(verified.path);
    library->note_ = std::move(verified.note);
    library->fingerprint_ = file.fingerprint;
    library->identity_ = std::move(verified.identity);
    return library;
}

std::shared_ptr<const PluginLibrary> PluginLibrary::load(const std::string& name, const std::string& path,
                                                         const gw_host* host,
                                                         const HostCapabilities& capabilities) {
    const std::shared_ptr<PluginLibrary> library = of_file(name, read(name, path), capabilities);
    library->enter(name, library->path_, host);
    return library;
}

std::shared_ptr<const PluginLibrary> PluginLibrary::load_copy(const std::string& name, const File& file,
                                                              RuntimeFolder* folder, const gw_host* host,
                                                              const HostCapabilities& capabilities) {
    const std::shared_ptr<PluginLibrary> library = of_file(name, file, capabilities);
    try {
        library->copy_ = folder->put(name, file.bytes);
    } catch (const std::runtime_error& failure) {
        throw PluginError(name, library->path_, failure.what());
    }
    library->enter(name, library->copy_, host);
    return library;
}

PluginLibrary::~PluginLibrary() {
    module_.reset();
    {
        const CallScope call(tag_.get(), "dlclose");
        handle_.reset();
    }
    if (!copy_.empty()) ::unlink(copy_.c_str());
}

// Loads the file and takes what its entry gives.
void PluginLibrary::enter(const std::string& name, const std::string& loaded_path, const gw_host* host) {
    const auto refuse = [&](const std::string& why) { throw PluginError(name, path_, why); };

    const auto tag = std::make_shared<PluginTag>();
    *tag = {name, path_, note_.version, identity_, may_guard(note_)};
    tag_ = tag;

    gw_plugin_entry_fn entry = nullptr;
    try {
        const CallScope call(tag_.get(), "dlopen");
        handle_ = std::make_unique<Handle>(loaded_path);
        entry = handle_->entry();
    } catch (const std::exception& failure) {
        std::string why = load_error(failure.what());
        const size_t at = why.find(loaded_path);
        if (at != std::string::npos) why.replace(at, loaded_path.size(), path_);
        refuse("cannot be loaded: " + why);
    }

    module_ = own_module(reinterpret_cast<const void*>(entry), tag);

    gw_error error{};
    error.struct_size = sizeof(error);
    const gw_plugin* plugin = nullptr;
    try {
        const CallScope call(tag.get(), GW_PLUGIN_ENTRY_NAME);
        plugin = entry(host, &error);
    } catch (const std::exception& failure) {
        refuse(std::string("threw an exception in " GW_PLUGIN_ENTRY_NAME ": ") + failure.what());
    } catch (...) {
        refuse("threw an exception in " GW_PLUGIN_ENTRY_NAME);
    }
    if (plugin == nullptr) refuse(GW_PLUGIN_ENTRY_NAME " refused: " + error_text(error));

    std::string problem = copy_table(plugin, plugin_size_1_0, "gw_plugin", &plugin_);
    if (problem.empty() && plugin_.interceptor != nullptr) {
        problem = copy_table(plugin_.interceptor, interceptor_size_1_0, "gw_interceptor", &interceptor_);
        plugin_.interceptor = &interceptor_;
        if (interceptor_.order == nullptr) interceptor_.order = order_zero;
    }
    if (problem.empty()) problem = missing_member(plugin_, note_);
    if (problem.empty()) problem = unknown_value(plugin_);
    if (!problem.empty()) refuse(problem);
    tag->guards = is_guard_stage(interceptor_.stage);
}

bool is_guard_stage(uint32_t stage) {
    return stage == GW_STAGE_HANDSHAKE || stage == GW_STAGE_AUTH;
}

bool may_guard(const PluginNote& note) {
    return note.has_kind("handshake");
}

std::string default_plugin_folder() {
    std::error_code error;
    const auto binary = fs::read_symlink("/proc/self/exe", error);
    if (error) return "/usr/lib/gatewayd/plugins";
    return (binary.parent_path().parent_path() / "lib" / "gatewayd" / "plugins").string();
}

std::string find_plugin(const std::string& name, const std::vector<std::string>& search_path) {
    const bool plain = !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
               c == '_' || c == '-';
    });
    if (!plain) {
        throw PluginError(name, "", "only letters, digits, '.', '_' and '-' name a plugin without `path`");
    }
    std::string folders;
    for (const std::string& folder : search_path) {
        std::error_code failure;
        const fs::path candidate = fs::absolute(folder, failure) / (name + ".so");
        if (!failure && fs::exists(candidate, failure) && !failure) return fs::canonical(candidate).string();
        folders += (folders.empty() ? "" : ", ") + folder;
    }
    throw PluginError(name, "",
                      "there is no " + name + ".so in " + (folders.empty() ? "any folder" : folders) +
                          ": install it, or set plugins.path, or its `path`");
}

}  // namespace gatewayd
