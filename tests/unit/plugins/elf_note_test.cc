#include "core/plugins/elf_note.h"

#include <doctest/doctest.h>
#include <elf.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "gateway/plugin.h"

namespace gatewayd {
namespace {

std::string plugin_bytes(const std::string& name) {
    std::string error;
    const auto bytes = read_plugin_file(GATEWAYD_TEST_PLUGIN_FOLDER "/" + name + ".so", &error);
    REQUIRE_MESSAGE(bytes, error);
    return *bytes;
}

// Everything that reads a plugin's file, as verify and inspect do it. The error, or "".
std::string read_all(std::string_view bytes) {
    std::string error;
    const auto file = ElfFile::parse(bytes, &error);
    if (!file) return error;
    static_cast<void>(file->needed_libraries());
    static_cast<void>(file->function_at(4096));
    if (!file->exported_symbols(&error)) return error;
    return read_plugin_note(*file, &error) ? "" : error;
}

std::string note_error(std::string_view text) {
    std::string error;
    return parse_plugin_note(text, &error) ? "" : error;
}

Elf64_Ehdr header_of(const std::string& bytes) {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes.data(), sizeof(header));
    return header;
}

std::string with_header(std::string bytes, const Elf64_Ehdr& header) {
    std::memcpy(bytes.data(), &header, sizeof(header));
    return bytes;
}

TEST_CASE("a function is found by an address of it, hidden ones too") {
    const std::string bytes = plugin_bytes("crashes");
    std::string error;
    const auto file = ElfFile::parse(bytes, &error);
    REQUIRE(file);
    std::vector<std::string> found;
    for (uint64_t address = 0; address < bytes.size(); address += 4) {
        const std::string name(file->function_at(address));
        if (!name.empty() && (found.empty() || found.back() != name)) found.push_back(name);
    }
    CHECK(std::count(found.begin(), found.end(), "crashes") == 1);
    CHECK(std::count(found.begin(), found.end(), "gw_plugin_entry_v1") == 1);
    CHECK(file->function_at(UINT64_MAX).empty());
}

TEST_CASE("the note of a built plugin is read without loading it") {
    const std::string bytes = plugin_bytes("good");
    std::string error;
    const auto file = ElfFile::parse(bytes, &error);
    REQUIRE_MESSAGE(file, error);
    const auto note = read_plugin_note(*file, &error);
    REQUIRE_MESSAGE(note, error);
    CHECK(note->abi_major == 1);
    CHECK(note->abi_minor == 1);
    CHECK(note->id == "good");
    CHECK(note->version == "1.0.0");
    CHECK(note->kinds == std::vector<std::string>{"message"});
    CHECK(note->needs.empty());
    CHECK(note->intercepts());
    CHECK(note->text == "abi=1.1\nid=good\nversion=1.0.0\nkinds=message\n");

    const auto symbols = file->exported_symbols(&error);
    REQUIRE_MESSAGE(symbols, error);
    bool has_entry = false;
    for (const ElfSymbol& symbol : *symbols)
        has_entry = has_entry || symbol.name == GW_PLUGIN_ENTRY_NAME;
    CHECK(has_entry);
}

TEST_CASE("what is no shared library for this machine is said in words") {
    const std::string good = plugin_bytes("good");
    Elf64_Ehdr header = header_of(good);
    CHECK(read_all("") == "an empty file");
    CHECK(read_all("plugins:\n  load: []\n") == "not an ELF file");
    CHECK(read_all(good.substr(0, 40)) == "a cut-off ELF file");

    header.e_ident[EI_CLASS] = ELFCLASS32;
    CHECK(read_all(with_header(good, header)) == "not a 64-bit ELF file");
    header = header_of(good);
    header.e_ident[EI_DATA] = header.e_ident[EI_DATA] == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
    CHECK(read_all(with_header(good, header)) == "an ELF file of another byte order");
    header = header_of(good);
    header.e_machine = EM_S390;
    CHECK(read_all(with_header(good, header)).find("built for another machine (e_machine 22;") == 0);
    header = header_of(good);
    header.e_type = ET_REL;
    CHECK(read_all(with_header(good, header)) == "not a shared library (ELF type 1)");
    header = header_of(good);
    header.e_shoff = 0;
    CHECK(read_all(with_header(good, header)) == "an ELF file without a section table");
    header = header_of(good);
    header.e_shoff = UINT64_MAX - 8;
    CHECK(read_all(with_header(good, header)).find("its section table does not lie inside") !=
          std::string::npos);
    CHECK(read_all(plugin_bytes("no_note")) == "no .note.gateway: not a gatewayd plugin");
}

TEST_CASE("a file cut off at any length is refused, never misread") {
    const std::string good = plugin_bytes("good");
    REQUIRE(read_all(good).empty());
    // The section table stands at the end of the file: whatever is cut off, some of it is missing.
    size_t refused = 0;
    for (size_t length = 0; length < good.size(); ++length) {
        const std::string cut(good, 0, length);  // a copy: a read beyond it is seen by ASan
        refused += read_all(cut).empty() ? 0 : 1;
    }
    CHECK(refused == good.size());
}

TEST_CASE("a file with changed bytes is read within its bounds") {
    const std::string good = plugin_bytes("good");
    const Elf64_Ehdr header = header_of(good);
    std::mt19937 random(20261125);
    size_t refused = 0;
    constexpr int rounds = 20000;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes = good;
        // Mostly where it hurts: the file header and the section table.
        const bool in_table = round % 2 == 0;
        const size_t start = in_table ? header.e_shoff : 0;
        const size_t size = in_table ? good.size() - start : sizeof(Elf64_Ehdr);
        for (unsigned i = 0; i <= random() % 4; ++i) {
            bytes[start + random() % size] = static_cast<char>(random() % 2 == 0 ? 0xFF : random());
        }
        refused += read_all(bytes).empty() ? 0 : 1;
    }
    CHECK(refused > rounds / 10);
    CHECK(refused < rounds);
}

TEST_CASE("a note's text: required lines, known words, no surprises") {
    std::string error;
    const auto note = parse_plugin_note(
        "abi=1.12\nid=acme.filter-2\nversion=3.1\nkinds=message,events\nneeds=gw.timer/1,gw.http/2\n"
        "description=Filters; 100% = all\nlater_key=left alone\n",
        &error);
    REQUIRE_MESSAGE(note, error);
    CHECK(note->abi_minor == 12);
    CHECK(note->kinds == std::vector<std::string>{"message", "events"});
    CHECK(note->needs == std::vector<std::string>{"gw.timer/1", "gw.http/2"});
    CHECK(note->description == "Filters; 100% = all");

    CHECK(note_error("") == "a wrong .note.gateway: it has no abi= line");
    CHECK(note_error("abi=1.0\nversion=1\n") == "a wrong .note.gateway: it has no id= line");
    CHECK(note_error("abi=1.0\nid=a\n") == "a wrong .note.gateway: it has no version= line");
    CHECK(note_error("abi=1.0\nid=a\nid=b\nversion=1\n") == "a wrong .note.gateway: it has id= twice");
    CHECK(note_error("abi=1\nid=a\nversion=1\n") ==
          "a wrong .note.gateway: its abi \"1\" is not MAJOR.MINOR");
    CHECK(note_error("abi=1.999999\nid=a\nversion=1\n").find("is not MAJOR.MINOR") != std::string::npos);
    CHECK(note_error("abi=1.0\nid=A b\nversion=1\n").find("its id \"A b\" is not made of") !=
          std::string::npos);
    CHECK(note_error("abi=1.0\nid=a\nversion=\n") == "a wrong .note.gateway: its version is empty");
    CHECK(note_error("abi=1.0\nid=a\nversion=1\nkinds=message,,frame\n").find("commas between") !=
          std::string::npos);
    CHECK(note_error("abi=1.0\nid=a\nversion=1\nkinds=mesage\n") ==
          "a wrong .note.gateway: there is no kind \"mesage\"");
    CHECK(note_error("abi=1.0\nid\nversion=1\n") == "a wrong .note.gateway: a line of it is not key=value");
    CHECK(note_error("abi=1.0\nid=a\nversion=1\ndescription=\x1b[2J\n") ==
          "a wrong .note.gateway: it contains control characters");
    CHECK(note_error("abi=1.0\nid=a\nversion=1\ndescription=\xFF\n") ==
          "a wrong .note.gateway: it is not valid UTF-8");
    CHECK(note_error("abi=1.0\nid=a\nversion=" + std::string(2000, '1') + "\n") ==
          "a wrong .note.gateway: version= is too long");
    // A later version may have more kinds, and another major other words altogether.
    CHECK(note_error("abi=1.3\nid=a\nversion=1\nkinds=telepathy\n").empty());
    CHECK(note_error("abi=2.0\nid=a\nversion=1\nkinds=telepathy\n").empty());
}

}  // namespace
}  // namespace gatewayd
