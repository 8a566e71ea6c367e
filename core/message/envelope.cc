#include "core/message/envelope.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/base/utf8.h"
#include "core/message/json_scan.h"

namespace gatewayd {
namespace {

enum class Field : uint8_t {
    type,
    to,
    ticket_id,
    group_id,
    from,
    msg_id,
    create_at,
    seq_no,
    id,
    require_ack,
    other,
};

constexpr const char* field_names[] = {"type",   "to",        "ticket_id", "group_id", "from",
                                       "msg_id", "create_at", "seq_no",    "id",       "require_ack"};
constexpr size_t longest_field_name_bytes = 11;

Field field_of(std::string_view key) {
    switch (key.size()) {
        case 2:
            return key == "to" ? Field::to : key == "id" ? Field::id : Field::other;
        case 4:
            return key == "type" ? Field::type : key == "from" ? Field::from : Field::other;
        case 6:
            return key == "msg_id" ? Field::msg_id : key == "seq_no" ? Field::seq_no : Field::other;
        case 8:
            return key == "group_id" ? Field::group_id : Field::other;
        case 9:
            return key == "ticket_id"   ? Field::ticket_id
                   : key == "create_at" ? Field::create_at
                                        : Field::other;
        case longest_field_name_bytes:
            return key == "require_ack" ? Field::require_ack : Field::other;
        default:
            return Field::other;
    }
}

// A key with escapes: "\u0074o" is `to`.
Field field_of_escaped(std::string_view key) {
    constexpr size_t longest_escape_bytes = 6;
    char text[longest_field_name_bytes * longest_escape_bytes];
    if (key.size() > sizeof text) return Field::other;
    return field_of({text, static_cast<size_t>(json::unescape(key, text) - text)});
}

// Unicode's control characters: C0, DEL, and C1 (C2 80 to C2 9F in UTF-8).
bool has_control(std::string_view text) {
    unsigned char before = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte < 0xA0)) return true;
        before = byte;
    }
    return false;
}

Status invalid(std::string words, size_t offset_bytes) {
    words += " at byte ";
    words += std::to_string(offset_bytes);
    return {ErrorCode::invalid_message, std::move(words)};
}

// Gathers the fields of one message while the scanner walks over it. A field that breaks a rule is remembered
// and the walk goes on: the syntax of the rest counts too, and `id` may stand behind it.
class Decoder {
   public:
    Decoder(std::string_view text, Envelope* out) : text_(text), out_(out) {}

    Status run();

   private:
    void take(const json::Member& member);
    void take_text(Field field, const json::Member& member, size_t limit_bytes, std::string_view* text);
    void take_id(const json::Member& member);
    void take_require_ack(const json::Member& member);
    [[gnu::cold]] void refuse(Field field, const char* words, const char* at);
    Status failure(Status status);
    size_t offset_of(const char* at) const { return static_cast<size_t>(at - text_.data()); }

    const std::string_view text_;
    Envelope* const out_;
    json::ObjectEditor* editor_ = nullptr;
    uint32_t seen_ = 0;  // a bit for each Field
    bool forged_ = false;
    int destinations_ = 0;
    const char* last_destination_ = nullptr;
    Status refusal_;
};

Status Decoder::run() {
    out_->clear();
    const char* const end = text_.data() + text_.size();
    const char* const begin = json::skip_space(text_.data(), end);
    if (begin == end) return invalid("the message is empty", 0);
    if (*begin != '{') return invalid("a message must be a JSON object: expected '{'", offset_of(begin));
    json::ObjectEditor editor(begin, &out_->rewritten);
    editor_ = &editor;
    json::Error error;
    const char* const behind =
        json::scan_object(begin, end, &error, [this](const json::Member& member) { take(member); });
    if (behind == nullptr) return failure(invalid(error.words, offset_of(error.at)));
    const char* const rest = json::skip_space(behind, end);
    if (rest != end) return failure(invalid("more text behind the object", offset_of(rest)));
    if (!refusal_.ok()) return failure(std::move(refusal_));
    if (out_->type.empty()) return failure(invalid("the object has no type: it ends", offset_of(behind - 1)));
    if (destinations_ > 1) {
        return failure(
            invalid("more than one of to, ticket_id and group_id: the last", offset_of(last_destination_)));
    }
    if (forged_) {
        editor.finish(behind);
        out_->body = out_->rewritten;
    } else {
        out_->body = std::string_view(begin, static_cast<size_t>(behind - begin));
    }
    return {};
}

void Decoder::take(const json::Member& member) {
    editor_->reach(member);
    const Field field = member.key_escaped ? field_of_escaped(member.key) : field_of(member.key);
    if (field == Field::other) return;
    const uint32_t bit = 1U << static_cast<unsigned>(field);
    if ((seen_ & bit) != 0) return refuse(field, "stands twice: the second", member.begin);
    seen_ |= bit;
    switch (field) {
        case Field::type:
            return take_text(field, member, max_type_bytes, &out_->type);
        case Field::to:
            return take_text(field, member, max_id_bytes, &out_->to);
        case Field::ticket_id:
            return take_text(field, member, max_id_bytes, &out_->ticket_id);
        case Field::group_id:
            return take_text(field, member, max_id_bytes, &out_->group_id);
        case Field::id:
            return take_id(member);
        case Field::require_ack:
            return take_require_ack(member);
        case Field::from:
            take_text(field, member, max_id_bytes, &out_->from);
            break;
        default:
            break;
    }
    // What only the gateway may say. Kept on the heap at any length, so that an Envelope can be moved.
    if (!forged_) out_->rewritten.reserve(std::max<size_t>(text_.size(), 64));
    forged_ = true;
    editor_->cut(member);
}

void Decoder::take_text(Field field, const json::Member& member, size_t limit_bytes, std::string_view* text) {
    if (member.value == "null") return;
    if (member.value.front() != '"') return refuse(field, "must be text", member.value.data());
    std::string_view raw = member.value.substr(1, member.value.size() - 2);
    if (raw.empty()) return;
    char buffer[max_id_bytes * 6];
    if (member.value_escaped && raw.size() <= sizeof buffer) {
        raw = {buffer, static_cast<size_t>(json::unescape(raw, buffer) - buffer)};
    }
    if (raw.size() > limit_bytes) return refuse(field, "is too long", member.value.data());
    if (field != Field::type && has_control(raw)) {
        return refuse(field, "has a control character", member.value.data());
    }
    if (member.value_escaped) {
        std::string& kept = out_->unescaped;
        kept.reserve(max_type_bytes + 4 * max_id_bytes);  // all that can come, so that no view moves
        kept.append(raw);
        raw = std::string_view(kept).substr(kept.size() - raw.size());
    }
    *text = raw;
    if (field == Field::to || field == Field::ticket_id || field == Field::group_id) {
        ++destinations_;
        last_destination_ = member.begin;
    }
}

void Decoder::take_id(const json::Member& member) {
    const std::string_view value = member.value;
    if (value == "null") return;
    const bool number = value.front() == '-' || (value.front() >= '0' && value.front() <= '9');
    if (value.front() != '"' && !number) return refuse(Field::id, "must be text or a number", value.data());
    if (value.size() <= max_echoed_id_bytes) out_->id_json = value;
}

void Decoder::take_require_ack(const json::Member& member) {
    if (member.value == "true") {
        out_->require_ack = true;
    } else if (member.value != "false" && member.value != "null") {
        refuse(Field::require_ack, "must be true or false", member.value.data());
    }
}

void Decoder::refuse(Field field, const char* words, const char* at) {
    if (!refusal_.ok()) return;
    refusal_ = invalid(std::string(field_names[static_cast<size_t>(field)]) + " " + words, offset_of(at));
}

Status Decoder::failure(Status status) {
    const std::string_view id_json = out_->id_json;  // points into the text
    out_->clear();
    out_->id_json = id_json;
    return status;
}

}  // namespace

void Envelope::clear() {
    body = type = to = ticket_id = group_id = from = id_json = {};
    require_ack = false;
    rewritten.clear();
    unescaped.clear();
}

Status decode(std::string_view text, Envelope* out) {
    return Decoder(text, out).run();
}

bool is_valid_id(std::string_view id) {
    return !id.empty() && id.size() <= max_id_bytes && is_valid_utf8(id) && !has_control(id);
}

}  // namespace gatewayd
