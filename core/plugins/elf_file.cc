#include "core/plugins/elf_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gatewayd {
namespace {

#if defined(__x86_64__)
constexpr uint16_t host_machine = EM_X86_64;
constexpr const char* host_machine_name = "x86-64";
#elif defined(__aarch64__)
constexpr uint16_t host_machine = EM_AARCH64;
constexpr const char* host_machine_name = "aarch64";
#elif defined(__riscv)
constexpr uint16_t host_machine = EM_RISCV;
constexpr const char* host_machine_name = "riscv64";
#else
#error "name this machine's e_machine here"
#endif
constexpr unsigned char host_byte_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
                                              ? static_cast<unsigned char>(ELFDATA2LSB)
                                              : static_cast<unsigned char>(ELFDATA2MSB);

// Whether offset + size lies inside total, without overflow.
bool inside(uint64_t offset, uint64_t size, uint64_t total) {
    return offset <= total && size <= total - offset;
}

// A struct out of unaligned bytes; the caller checked that it lies inside.
template <typename T>
T read_at(std::string_view bytes, uint64_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof(value));
    return value;
}

// The NUL-terminated text at offset of a string table; empty when it is not inside.
std::string_view text_at(std::string_view table, uint64_t offset) {
    if (offset >= table.size()) return {};
    const std::string_view rest = table.substr(offset);
    const size_t end = rest.find('\0');
    return end == std::string_view::npos ? std::string_view() : rest.substr(0, end);
}

bool check_header(const Elf64_Ehdr& header, std::string* error) {
    if (header.e_ident[EI_CLASS] != ELFCLASS64) {
        *error = "not a 64-bit ELF file";
    } else if (header.e_ident[EI_DATA] != host_byte_order) {
        *error = "an ELF file of another byte order";
    } else if (header.e_ident[EI_VERSION] != EV_CURRENT) {
        *error = "an ELF file of an unknown version";
    } else if (header.e_machine != host_machine) {
        *error = "built for another machine (e_machine " + std::to_string(header.e_machine) +
                 "; this gatewayd is " + host_machine_name + ")";
    } else if (header.e_type != ET_DYN) {
        *error = "not a shared library (ELF type " + std::to_string(header.e_type) + ")";
    } else {
        return true;
    }
    return false;
}

}  // namespace

std::optional<ElfFile> ElfFile::parse(std::string_view bytes, std::string* error) {
    if (bytes.size() < SELFMAG || bytes.substr(0, SELFMAG) != ELFMAG) {
        *error = bytes.empty() ? "an empty file" : "not an ELF file";
        return std::nullopt;
    }
    if (bytes.size() < sizeof(Elf64_Ehdr)) {
        *error = "a cut-off ELF file";
        return std::nullopt;
    }
    ElfFile file(bytes);
    if (!check_header(read_at<Elf64_Ehdr>(bytes, 0), error)) return std::nullopt;
    if (!file.read_sections(error)) return std::nullopt;
    return file;
}

bool ElfFile::read_sections(std::string* error) {
    const auto header = read_at<Elf64_Ehdr>(bytes_, 0);
    if (header.e_shoff == 0 || header.e_shnum == 0) {
        *error = "an ELF file without a section table";
        return false;
    }
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shnum > max_elf_sections ||
        !inside(header.e_shoff, uint64_t{header.e_shnum} * sizeof(Elf64_Shdr), bytes_.size()) ||
        header.e_shstrndx >= header.e_shnum) {
        *error = "a cut-off or damaged ELF file: its section table does not lie inside";
        return false;
    }
    const auto section_at = [&](uint64_t index) {
        return read_at<Elf64_Shdr>(bytes_, header.e_shoff + index * sizeof(Elf64_Shdr));
    };
    const Elf64_Shdr names = section_at(header.e_shstrndx);
    if (names.sh_type != SHT_STRTAB || !inside(names.sh_offset, names.sh_size, bytes_.size())) {
        *error = "a cut-off or damaged ELF file: its section names do not lie inside";
        return false;
    }
    const std::string_view name_table = bytes_.substr(names.sh_offset, names.sh_size);
    sections_.reserve(header.e_shnum);
    for (uint64_t i = 0; i < header.e_shnum; ++i) {
        const Elf64_Shdr raw = section_at(i);
        sections_.push_back(
            {text_at(name_table, raw.sh_name), raw.sh_type, raw.sh_link, raw.sh_offset, raw.sh_size});
    }
    return true;
}

std::optional<std::string_view> ElfFile::content(const Section& section) const {
    if (section.type == SHT_NOBITS || !inside(section.offset, section.size, bytes_.size())) {
        return std::nullopt;
    }
    return bytes_.substr(section.offset, section.size);
}

std::optional<std::string_view> ElfFile::section(std::string_view name) const {
    for (const Section& section : sections_) {
        if (section.name == name && section.type != SHT_NULL) return content(section);
    }
    return std::nullopt;
}

const ElfFile::Section* ElfFile::find_type(uint32_t type) const {
    for (const Section& section : sections_) {
        if (section.type == type) return &section;
    }
    return nullptr;
}

std::optional<std::vector<ElfSymbol>> ElfFile::exported_symbols(std::string* error) const {
    const Section* table = find_type(SHT_DYNSYM);
    if (table == nullptr) return std::vector<ElfSymbol>();
    const auto entries = content(*table);
    const auto names = table->link < sections_.size() ? content(sections_[table->link]) : std::nullopt;
    if (!entries || !names || entries->size() % sizeof(Elf64_Sym) != 0) {
        *error = "a cut-off or damaged ELF file: its dynamic symbols do not lie inside";
        return std::nullopt;
    }
    const uint64_t count = entries->size() / sizeof(Elf64_Sym);
    if (count > max_elf_symbols) {
        *error = "more than " + std::to_string(max_elf_symbols) + " dynamic symbols";
        return std::nullopt;
    }
    std::vector<ElfSymbol> symbols;
    for (uint64_t i = 1; i < count; ++i) {  // the first is the null symbol
        const auto raw = read_at<Elf64_Sym>(*entries, i * sizeof(Elf64_Sym));
        const auto binding = ELF64_ST_BIND(raw.st_info);
        const auto visibility = ELF64_ST_VISIBILITY(raw.st_other);
        if (raw.st_shndx == SHN_UNDEF || binding == STB_LOCAL || visibility == STV_HIDDEN ||
            visibility == STV_INTERNAL) {
            continue;
        }
        const std::string_view name = text_at(*names, raw.st_name);
        if (name.empty()) {
            *error = "a damaged ELF file: a dynamic symbol without a name";
            return std::nullopt;
        }
        symbols.push_back({name, binding == STB_GNU_UNIQUE});
    }
    return symbols;
}

std::string_view ElfFile::function_at(uint64_t address) const {
    for (const uint32_t type : {SHT_SYMTAB, SHT_DYNSYM}) {  // the first has hidden ones too, unless stripped
        const Section* table = find_type(type);
        if (table == nullptr || table->link >= sections_.size()) continue;
        const auto entries = content(*table);
        const auto names = content(sections_[table->link]);
        if (!entries || !names) continue;
        for (uint64_t at = 0; inside(at, sizeof(Elf64_Sym), entries->size()); at += sizeof(Elf64_Sym)) {
            const auto raw = read_at<Elf64_Sym>(*entries, at);
            if (ELF64_ST_TYPE(raw.st_info) != STT_FUNC || raw.st_shndx == SHN_UNDEF) continue;
            if (raw.st_value <= address && address - raw.st_value < raw.st_size)
                return text_at(*names, raw.st_name);
        }
    }
    return {};
}

std::vector<std::string_view> ElfFile::needed_libraries() const {
    std::vector<std::string_view> libraries;
    const Section* table = find_type(SHT_DYNAMIC);
    if (table == nullptr || table->link >= sections_.size()) return libraries;
    const auto entries = content(*table);
    const auto names = content(sections_[table->link]);
    if (!entries || !names) return libraries;
    for (uint64_t at = 0; inside(at, sizeof(Elf64_Dyn), entries->size()); at += sizeof(Elf64_Dyn)) {
        const auto raw = read_at<Elf64_Dyn>(*entries, at);
        if (raw.d_tag == DT_NULL || libraries.size() >= max_elf_sections) break;
        const auto name = raw.d_tag == DT_NEEDED ? text_at(*names, raw.d_un.d_val) : std::string_view();
        if (!name.empty()) libraries.push_back(name);
    }
    return libraries;
}

std::optional<std::string> read_plugin_file(const std::string& path, std::string* error, uint32_t* mode) {
    struct Descriptor {
        int fd;
        ~Descriptor() {
            if (fd >= 0) ::close(fd);
        }
    };
    // O_NONBLOCK: opening a FIFO must not wait for a writer.
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    struct stat info {};
    if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
        *error = std::string("cannot be opened: ") + std::strerror(errno);
        return std::nullopt;
    }
    if (!S_ISREG(info.st_mode)) {
        *error = S_ISDIR(info.st_mode) ? "is a folder, not a file" : "is not a regular file";
        return std::nullopt;
    }
    if (static_cast<uint64_t>(info.st_size) > max_plugin_file_mb << 20) {
        *error = "is larger than " + std::to_string(max_plugin_file_mb) + " MB";
        return std::nullopt;
    }
    if (mode != nullptr) *mode = info.st_mode;
    std::string bytes(static_cast<size_t>(info.st_size), '\0');
    size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::read(file.fd, bytes.data() + done, bytes.size() - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            *error = std::string("cannot be read: ") + std::strerror(errno);
            return std::nullopt;
        }
        if (count == 0) break;
        done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    return bytes;
}

}  // namespace gatewayd
