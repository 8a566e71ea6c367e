// ElfFile: reads an ELF64 shared object without running any of its code: its named sections and dynamic
// symbols. The bytes may be hostile: every offset and size is checked against the file and against a limit,
// and nothing is mapped, so that a file that shrinks meanwhile cannot crash the reader.
//
// A value that borrows the bytes it was made of. Any thread.
#ifndef GATEWAYD_CORE_PLUGINS_ELF_FILE_H
#define GATEWAYD_CORE_PLUGINS_ELF_FILE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

inline constexpr uint64_t max_plugin_file_mb = 512;
inline constexpr uint32_t max_elf_sections = 4096;
inline constexpr uint32_t max_elf_symbols = 1u << 20;

struct ElfSymbol {
    std::string_view name;
    bool unique = false;  // STB_GNU_UNIQUE: one address in the whole process, whoever defined it first
};

class ElfFile {
   public:
    // Nothing, with *error in words, unless the bytes are a shared object for this machine. `bytes` must
    // outlive the result and every view it hands out.
    static std::optional<ElfFile> parse(std::string_view bytes, std::string* error);

    // The bytes of the section with this name; nothing when there is none or it lies outside the file.
    std::optional<std::string_view> section(std::string_view name) const;
    // What the file itself defines and exports, in the file's order. Nothing, with *error, when the table is
    // damaged.
    std::optional<std::vector<ElfSymbol>> exported_symbols(std::string* error) const;
    // The name, as it is mangled, of the function that has this address (as the file counts); empty when the
    // file does not say. For stacks.
    std::string_view function_at(uint64_t address) const;
    // The shared libraries that it needs (DT_NEEDED), in the file's order; damaged entries are left out.
    std::vector<std::string_view> needed_libraries() const;

   private:
    struct Section {
        std::string_view name;
        uint32_t type = 0;
        uint32_t link = 0;
        uint64_t offset = 0;
        uint64_t size = 0;
    };

    explicit ElfFile(std::string_view bytes) : bytes_(bytes) {}
    bool read_sections(std::string* error);
    std::optional<std::string_view> content(const Section& section) const;
    const Section* find_type(uint32_t type) const;

    std::string_view bytes_;
    std::vector<Section> sections_;
};

// The whole file, at most max_plugin_file_mb; nothing, with *error in words, when it cannot be read or is no
// regular file. It is opened once: *mode, when asked for, is that of the file that was read.
std::optional<std::string> read_plugin_file(const std::string& path, std::string* error,
                                            uint32_t* mode = nullptr);

}  // namespace gatewayd

#endif
