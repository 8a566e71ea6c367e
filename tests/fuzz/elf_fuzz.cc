// A plugin's file before anything of it runs: core/plugins/elf_file.h and elf_note.h on any bytes. Nothing
// outside the bytes is read, every refusal has its words, and a note that is taken keeps the rules that the
// loader counts on.
#include <fstream>

#include "core/plugins/elf_file.h"
#include "core/plugins/elf_note.h"
#include "core/plugins/inspect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/utf8_reference.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;

bool is_inside(std::string_view part, std::string_view whole) {
    return part.empty() ||
           (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_plain_name(std::string_view name) {
    return !name.empty() &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._/-") == std::string_view::npos;
}

void check_note(const PluginNote& note) {
    must(note.abi_major <= 99999 && note.abi_minor <= 99999, "the version of the ABI is small", note.text);
    must(is_plain_name(note.id) && note.id.find('/') == std::string::npos, "the id is a plain name",
         note.text);
    must(!note.version.empty(), "there is a version", note.text);
    for (const auto& names : {note.kinds, note.needs}) {
        for (const std::string& name : names)
            must(is_plain_name(name), "kinds and needs are plain names", note.text);
    }
    must(utf8_verdict(note.text) == Utf8::valid, "a note is UTF-8", note.text);
    for (const std::string& shown : {note.id, note.version, note.description}) {
        const bool control = std::any_of(shown.begin(), shown.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        must(!control && shown.size() <= 1024, "what is shown is one short line", note.text);
    }
    std::string error;
    const auto again = parse_plugin_note(note.text, &error);
    must(again && again->id == note.id && again->kinds == note.kinds && again->needs == note.needs,
         "the text that is kept is the note", note.text);
}

void check_file(const ElfFile& file, std::string_view bytes) {
    for (const char* name : {".note.gateway", ".text", ".dynsym", ""}) {
        const auto section = file.section(name);
        if (section) must(is_inside(*section, bytes), "a section lies in the file", name);
    }
    std::string error;
    const auto symbols = file.exported_symbols(&error);
    must(symbols.has_value() || !error.empty(), "damaged symbols are said to be");
    if (symbols) {
        must(symbols->size() <= max_elf_symbols, "symbols have a limit");
        for (const ElfSymbol& symbol : *symbols) {
            must(!symbol.name.empty() && is_inside(symbol.name, bytes), "a symbol's name lies in the file");
        }
    }
    const auto libraries = file.needed_libraries();
    must(libraries.size() <= max_elf_sections, "libraries have a limit");
    for (const std::string_view library : libraries)
        must(!library.empty() && is_inside(library, bytes), "a library's name lies in the file");
    error.clear();
    const auto note = read_plugin_note(file, &error);
    must(note.has_value() == error.empty(), "a note or a reason");
    if (note) check_note(*note);
}

void check_inspection(std::string_view bytes) {
    static const testing::TemporaryFolder folder;
    static const std::string path = folder.path() + "/plugin.so";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    const PluginInspection inspection = inspect_plugin(path, {"gw.timer/1"});
    const std::string& text = inspection.text;
    must(utf8_verdict(text) == Utf8::valid && text.back() == '\n', "what is printed is lines of UTF-8", text);
    const bool control = std::any_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
    });
    must(!control, "nothing in it is a control character", text);
    const bool verdict = text.find("\nverdict      this gatewayd can load it\n") != std::string::npos;
    must(verdict || !inspection.loadable, "the verdict is the last word", text);
    must(text.size() < 64 * 1024, "a report has a limit", text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const Exact copy(as_text(data, size));
    const std::string_view bytes = copy.view();
    std::string error;
    const auto file = ElfFile::parse(bytes, &error);
    must(file.has_value() == error.empty(), "a file or a reason", error);
    if (file) {
        check_file(*file, bytes);
        check_inspection(bytes);
    }
    // Bytes that are no ELF file are tried as the text of a note.
    error.clear();
    const auto note = parse_plugin_note(bytes, &error);
    must(note.has_value() == error.empty(), "a note or a reason", error);
    if (note) check_note(*note);
    return 0;
}
