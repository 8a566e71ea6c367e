#include "core/message/codec.h"

#include <algorithm>

#include "core/message/json_scan.h"

namespace gatewayd {
namespace {

constexpr std::string_view from_key = R"({"from":)";
constexpr std::string_view msg_id_key = R"(,"msg_id":)";
constexpr std::string_view create_at_key = R"(,"create_at":)";

// The short escape of a quote, backslash or control character, or 0: \u00XX.
char short_escape(char c) {
    switch (c) {
        case '"':
        case '\\':
            return c;
        case '\b':
            return 'b';
        case '\f':
            return 'f';
        case '\n':
            return 'n';
        case '\r':
            return 'r';
        case '\t':
            return 't';
        default:
            return '\0';
    }
}

// Bytes of text as a JSON string, with its quotes.
size_t json_string_size(std::string_view text) {
    size_t size = text.size() + 2;
    const char* const end = text.data() + text.size();
    for (const char* p = json::find_special(text.data(), end); p != end; p = json::find_special(p + 1, end)) {
        size += short_escape(*p) != '\0' ? 1 : 5;
    }
    return size;
}

// Behind the '{' of an object, its first field or its '}'; null: not an object.
std::string_view fields_of(std::string_view body) {
    const char* const end = body.data() + body.size();
    const char* p = json::skip_space(body.data(), end);
    if (p == end || *p != '{') return {};
    p = json::skip_space(p + 1, end);
    return {p, static_cast<size_t>(end - p)};
}

bool has_fields(std::string_view fields) {
    return !fields.empty() && fields.front() != '}';
}

// Text that stands in a JSON string as it is.
bool is_plain(std::string_view text) {
    const char* const end = text.data() + text.size();
    return json::find_special(text.data(), end) == end;
}

inline char* put(std::string_view text, char* out) {
    return out + text.copy(out, text.size());
}

inline char* put_quoted(std::string_view text, char* out) {
    *out++ = '"';
    out = put(text, out);
    *out++ = '"';
    return out;
}

void reserve_more(size_t bytes, std::string* out) {
    if (out->capacity() - out->size() < bytes)
        out->reserve(std::max(out->size() + bytes, 2 * out->capacity()));
}

}  // namespace

void append_json_string(std::string_view text, std::string* out) {
    constexpr char hex[] = "0123456789abcdef";
    const char* p = text.data();
    const char* const end = p + text.size();
    out->push_back('"');
    for (;;) {
        const char* const special = json::find_special(p, end);
        out->append(p, static_cast<size_t>(special - p));
        if (special == end) break;
        const char escape = short_escape(*special);
        out->push_back('\\');
        if (escape != '\0') {
            out->push_back(escape);
        } else {
            const char digits[] = {'u', '0', '0', hex[*special >> 4], hex[*special & 15]};
            out->append(digits, sizeof digits);
        }
        p = special + 1;
    }
    out->push_back('"');
}

size_t stamped_size(std::string_view body, const Stamps& stamps) {
    const std::string_view fields = fields_of(body);
    return from_key.size() + json_string_size(stamps.from) + msg_id_key.size() +
           json_string_size(stamps.msg_id) + create_at_key.size() + json_string_size(stamps.create_at) +
           (has_fields(fields) ? 1 : 0) + fields.size();
}

void append_stamped(std::string_view body, const Stamps& stamps, std::string* out) {
    const std::string_view fields = fields_of(body);
    const size_t stamps_size = stamps.from.size() + stamps.msg_id.size() + stamps.create_at.size();
    reserve_more(body.size() + stamps_size + 64, out);
    char front[512];
    constexpr size_t around_stamps = from_key.size() + msg_id_key.size() + create_at_key.size() + 7;
    if (stamps_size <= sizeof front - around_stamps && is_plain(stamps.from) && is_plain(stamps.msg_id) &&
        is_plain(stamps.create_at)) {
        char* p = put_quoted(stamps.from, put(from_key, front));
        p = put_quoted(stamps.msg_id, put(msg_id_key, p));
        p = put_quoted(stamps.create_at, put(create_at_key, p));
        *p = ',';
        out->append(front, static_cast<size_t>(p - front) + (has_fields(fields) ? 1 : 0));
    } else {
        out->append(from_key);
        append_json_string(stamps.from, out);
        out->append(msg_id_key);
        append_json_string(stamps.msg_id, out);
        out->append(create_at_key);
        append_json_string(stamps.create_at, out);
        if (has_fields(fields)) out->push_back(',');
    }
    out->append(fields);
}

void append_error(ErrorCode code, std::string_view content, std::string_view id_json, std::string* out) {
    append_error(wire_name(code), content, id_json, out);
}

void append_error(std::string_view code, std::string_view content, std::string_view id_json,
                  std::string* out) {
    reserve_more(code.size() + content.size() + id_json.size() + 64, out);
    out->append(R"({"type":"error",)");
    if (!id_json.empty()) {
        out->append(R"("id":)");
        out->append(id_json);
        out->push_back(',');
    }
    out->append(R"("code":)");
    append_json_string(code, out);
    out->append(R"(,"content":)");
    append_json_string(content, out);
    out->push_back('}');
}

std::string_view find_field(std::string_view object, std::string_view name) {
    const char* const end = object.data() + object.size();
    std::string_view found;
    json::Error error;
    json::scan_object(json::skip_space(object.data(), end), end, &error, [&](const json::Member& member) {
        if (member.is_named(name)) found = member.value;
    });
    return found;
}

std::string_view field_text(std::string_view json_value, std::string* scratch) {
    if (json_value.size() < 2 || json_value.front() != '"') return json_value;
    const std::string_view raw = json_value.substr(1, json_value.size() - 2);
    if (raw.find('\\') == std::string_view::npos) return raw;
    scratch->resize(raw.size());
    scratch->resize(static_cast<size_t>(json::unescape(raw, scratch->data()) - scratch->data()));
    return *scratch;
}

std::string with_field(std::string_view object, std::string_view name, std::string_view json_value) {
    const char* const end = object.data() + object.size();
    const char* const begin = json::skip_space(object.data(), end);
    // The one whose value counts is set where it stands; the others go.
    const char* const kept = json_value.empty() ? nullptr : find_field(object, name).data();
    std::string result;
    result.reserve(object.size() + name.size() + json_value.size() + 8);
    json::ObjectEditor editor(object.data(), &result);
    const char* last = nullptr;  // end of the last field
    json::Error error;
    json::scan_object(begin, end, &error, [&](const json::Member& member) {
        editor.reach(member);
        last = member.end();
        if (!member.is_named(name)) return;
        if (member.value.data() == kept) {
            editor.replace(member, json_value);
        } else {
            editor.cut(member);
        }
    });
    if (error.words != nullptr) return std::string(object);
    if (!json_value.empty() && kept == nullptr) {
        std::string added;
        if (last != nullptr) added.push_back(',');
        append_json_string(name, &added);
        added.push_back(':');
        added.append(json_value);
        editor.insert(last != nullptr ? last : begin + 1, added);
    }
    editor.finish(end);
    return result;
}

bool is_valid_json(std::string_view text) {
    const char* const end = text.data() + text.size();
    json::Error error;
    const char* const behind = json::scan_value(text.data(), end, 0, &error);
    return behind != nullptr && json::skip_space(behind, end) == end;
}

}  // namespace gatewayd
