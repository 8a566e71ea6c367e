#include "core/guard/stack_text.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>

#include "core/chain/plugin_call.h"
#include "core/plugins/elf_file.h"

namespace gatewayd {
namespace {

constexpr size_t max_name_bytes = 160;  // templates can have names of kilobytes

std::string readable(const std::string& mangled) {
    int status = 0;
    char* plain = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
    std::string name = status == 0 ? plain : mangled;
    std::free(plain);
    if (name.size() > max_name_bytes) name.replace(max_name_bytes, std::string::npos, "...");
    return name;
}

// The files of one stack, each read once.
class Files {
   public:
    std::string function_at(const std::string& path, uint64_t offset) {
        const auto [found, is_new] = files_.try_emplace(path);
        File& file = found->second;
        if (is_new) {
            std::string error;
            if (auto bytes = read_plugin_file(path, &error)) {
                file.bytes = std::move(*bytes);
                file.elf = ElfFile::parse(file.bytes, &error);
            }
        }
        return file.elf ? std::string(file.elf->function_at(offset)) : std::string();
    }

   private:
    struct File {
        std::string bytes;
        std::optional<ElfFile> elf;
    };
    std::map<std::string, File> files_;
};

}  // namespace

std::vector<std::string> stack_text(void* const* frames, int count) {
    std::vector<std::string> lines;
    Files files;
    for (int i = 0; i < count; ++i) {
        const CodePlace place = place_of(frames[i]);
        if (place.file == nullptr) {
            lines.push_back(fmt::format("{}", frames[i]));
            continue;
        }
        // A return address may be the beginning of the next function.
        const uint64_t back = i > 0 && place.offset > 0 ? 1 : 0;
        const std::string loaded = place.loaded[0] ? place.loaded : "/proc/self/exe";
        const std::string name = files.function_at(loaded, place.offset - back);
        lines.push_back(fmt::format("{}+{:#x}{}{}", place.file, place.offset, name.empty() ? "" : " ",
                                    name.empty() ? name : readable(name)));
    }
    return lines;
}

}  // namespace gatewayd
