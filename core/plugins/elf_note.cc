#include "core/plugins/elf_note.h"

#include <elf.h>

#include <algorithm>
#include <cstring>

#include "core/base/utf8.h"
#include "core/chain/plugin_stats.h"
#include "gateway/plugin.h"

namespace gatewayd {
namespace {

constexpr std::string_view other_kinds[] = {"events", "service"};
constexpr size_t max_note_value = 1024;   // bytes of one value
constexpr size_t max_service_name = 128;  // bytes

template <typename Range>
bool contains(const Range& range, std::string_view value) {
    return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

// The text of the first note of the owner "gateway" and the type GW_NOTE_TYPE in a section of notes: each has
// three sizes, an owner and a description, both padded to 4 bytes.
std::optional<std::string_view> find_note_text(std::string_view section) {
    while (section.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr header;
        std::memcpy(&header, section.data(), sizeof(header));
        section.remove_prefix(sizeof(header));
        const uint64_t owner_size = (uint64_t{header.n_namesz} + 3) / 4 * 4;
        const uint64_t text_size = (uint64_t{header.n_descsz} + 3) / 4 * 4;
        if (owner_size > section.size() || header.n_descsz > section.size() - owner_size) return std::nullopt;
        const std::string_view owner = section.substr(0, header.n_namesz);
        const std::string_view text = section.substr(owner_size, header.n_descsz);
        if (owner == std::string_view(GW_NOTE_OWNER, sizeof(GW_NOTE_OWNER)) &&
            header.n_type == GW_NOTE_TYPE) {
            return text.substr(0, text.find('\0'));
        }
        section.remove_prefix(std::min<uint64_t>(owner_size + text_size, section.size()));
    }
    return std::nullopt;
}

std::optional<uint32_t> parse_number(std::string_view text) {
    if (text.empty() || text.size() > 5) return std::nullopt;
    uint32_t value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return std::nullopt;
        value = value * 10 + static_cast<uint32_t>(c - '0');
    }
    return value;
}

bool parse_abi(std::string_view value, PluginNote* note) {
    const size_t dot = value.find('.');
    if (dot == std::string_view::npos) return false;
    const auto major = parse_number(value.substr(0, dot));
    const auto minor = parse_number(value.substr(dot + 1));
    if (!major || !minor) return false;
    note->abi_major = *major;
    note->abi_minor = *minor;
    return true;
}

// Empty when one of the names is empty or has other characters than [a-z0-9._/-].
std::vector<std::string> parse_names(std::string_view value) {
    std::vector<std::string> names;
    for (;;) {
        const size_t comma = value.find(',');
        const std::string_view name = value.substr(0, comma);
        const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '/' ||
                   c == '-';
        });
        if (name.empty() || !plain) return {};
        names.emplace_back(name);
        if (comma == std::string_view::npos) return names;
        value.remove_prefix(comma + 1);
    }
}

// Of offers= and uses=.
std::string take_services(std::string_view key, std::string_view value, std::vector<std::string>* names) {
    *names = parse_names(value);
    if (!names->empty() && std::all_of(names->begin(), names->end(), is_service_name)) return {};
    return "its " + std::string(key) + " \"" + std::string(value) +
           "\" are not services such as acme.crm/1 with commas between";
}

// Why this key=value line is wrong; empty: it is right. Keys of later versions are left alone.
std::string take_line(std::string_view key, std::string_view value, PluginNote* note) {
    const std::string shown(value);
    if (key == "abi") {
        if (!parse_abi(value, note)) return "its abi \"" + shown + "\" is not MAJOR.MINOR";
    } else if (key == "id") {
        const auto names = parse_names(value);
        if (names.size() != 1 || value.find('/') != std::string_view::npos) {
            return "its id \"" + shown + "\" is not made of a-z, 0-9, '.', '_' and '-'";
        }
        note->id = value;
    } else if (key == "version") {
        if (value.empty()) return "its version is empty";
        note->version = value;
    } else if (key == "kinds") {
        note->kinds = parse_names(value);
        if (note->kinds.empty()) return "its kinds \"" + shown + "\" are not names with commas between";
    } else if (key == "needs") {
        note->needs = parse_names(value);
        if (note->needs.empty()) return "its needs \"" + shown + "\" are not names with commas between";
    } else if (key == "offers") {
        return take_services(key, value, &note->offers);
    } else if (key == "uses") {
        return take_services(key, value, &note->uses);
    } else if (key == "exclusive") {
        if (value != "yes" && value != "no") return "its exclusive \"" + shown + "\" is neither yes nor no";
        note->exclusive = value == "yes";
    } else if (key == "description") {
        note->description = value;
    }
    return {};
}

std::string check_whole(const PluginNote& note, const std::vector<std::string_view>& seen) {
    for (const char* key : {"abi", "id", "version"}) {
        if (!contains(seen, std::string_view(key))) return std::string("it has no ") + key + "= line";
    }
    // A kind that this version does not know is a mistake, unless the plugin was built for a later version.
    if (note.abi_major != GW_ABI_MAJOR || note.abi_minor > GW_ABI_MINOR) return {};
    for (const std::string& kind : note.kinds) {
        if (!contains(kind_names, kind) && !contains(other_kinds, kind)) {
            return "there is no kind \"" + kind + "\"";
        }
    }
    return {};
}

}  // namespace

bool is_service_name(std::string_view text) {
    const size_t slash = text.find('/');
    if (slash == 0 || slash == std::string_view::npos || text.size() > max_service_name) return false;
    const auto plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    };
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(slash), plain) &&
           parse_number(text.substr(slash + 1)).has_value();
}

bool PluginNote::offers_service(std::string_view name) const {
    return contains(offers, name);
}

bool PluginNote::uses_service(std::string_view name) const {
    return contains(uses, name);
}

bool PluginNote::has_kind(std::string_view kind) const {
    return contains(kinds, kind);
}

bool PluginNote::intercepts() const {
    return std::any_of(std::begin(kind_names), std::end(kind_names),
                       [this](std::string_view kind) { return has_kind(kind); });
}

std::optional<PluginNote> parse_plugin_note(std::string_view text, std::string* error) {
    const auto refuse = [error](const std::string& why) {
        *error = "a wrong .note.gateway: " + why;
        return std::nullopt;
    };
    if (!is_valid_utf8(text)) return refuse("it is not valid UTF-8");
    PluginNote note;
    note.text = text;
    std::vector<std::string_view> seen;
    while (!text.empty()) {
        const size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty()) continue;
        const bool control = std::any_of(line.begin(), line.end(), [](char c) {
            const auto byte = static_cast<unsigned char>(c);
            return byte < 0x20 || byte == 0x7F;
        });
        const size_t equals = line.find('=');
        if (control) return refuse("it contains control characters");
        if (equals == std::string_view::npos) return refuse("a line of it is not key=value");
        const std::string_view key = line.substr(0, equals);
        if (contains(seen, key)) return refuse("it has " + std::string(key) + "= twice");
        if (line.size() - equals > max_note_value) return refuse(std::string(key) + "= is too long");
        seen.push_back(key);
        const std::string why = take_line(key, line.substr(equals + 1), &note);
        if (!why.empty()) return refuse(why);
    }
    const std::string why = check_whole(note, seen);
    if (!why.empty()) return refuse(why);
    return note;
}

std::optional<PluginNote> read_plugin_note(const ElfFile& file, std::string* error) {
    const auto section = file.section(".note.gateway");
    if (!section) {
        *error = "no .note.gateway: not a gatewayd plugin";
        return std::nullopt;
    }
    if (section->size() > uint64_t{max_plugin_note_kb} * 1024) {
        *error = "a wrong .note.gateway: larger than " + std::to_string(max_plugin_note_kb) + " KB";
        return std::nullopt;
    }
    const auto text = find_note_text(*section);
    if (!text) {
        *error = "a wrong .note.gateway: no whole note of the owner \"" GW_NOTE_OWNER "\" and type 1 in it";
        return std::nullopt;
    }
    return parse_plugin_note(*text, error);
}

}  // namespace gatewayd
