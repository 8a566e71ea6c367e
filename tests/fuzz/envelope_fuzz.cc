// The Hub message: core/message/envelope.h and codec.h against the rules of docs/protocol.md read from a
// tree. Both accept and refuse the same, with the same fields; what is sent on has each stamp exactly once,
// with the gateway's value, and everything else as the client wrote it. So no message can forge a stamp.
#include <set>

#include "core/base/utf8.h"
#include "core/message/codec.h"
#include "core/message/envelope.h"
#include "core/session/turn_buffer.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/json_reference.h"
#include "tests/fuzz/utf8_reference.h"

namespace {

using namespace gatewayd;
using namespace gatewayd::fuzz;
using Kind = JsonValue::Kind;

const std::set<std::string, std::less<>> stamped{"from", "msg_id", "create_at", "seq_no"};
const std::set<std::string, std::less<>> known{"type", "to",        "ticket_id", "group_id", "from",
                                               "id",   "create_at", "msg_id",    "seq_no",   "require_ack"};

// U+0000 to U+001F, U+007F to U+009F.
bool has_control_character(std::string_view text) {
    for (size_t at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 0x20 || byte == 0x7F) return true;
        if (byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
    }
    return false;
}

// What a message says, by the rules.
struct Expected {
    std::string type, to, ticket_id, group_id, from;
    std::string_view id_json;
    bool require_ack = false;
};

// False: against a rule.
bool read_text(const JsonValue& message, std::string_view name, size_t max_bytes, std::string* text) {
    const JsonValue* value = message.find(name);
    if (value == nullptr || value->kind == Kind::null) return true;
    *text = value->text;
    return value->kind == Kind::text && text->size() <= max_bytes &&
           (name == "type" || !has_control_character(*text));
}

std::optional<Expected> expected_of(const JsonValue& message) {
    if (message.kind != Kind::object) return std::nullopt;
    for (const std::string& name : known) {
        if (message.count(name) > 1) return std::nullopt;
    }
    Expected expected;
    const bool texts_fit = read_text(message, "type", 64, &expected.type) &&
                           read_text(message, "to", 128, &expected.to) &&
                           read_text(message, "ticket_id", 128, &expected.ticket_id) &&
                           read_text(message, "group_id", 128, &expected.group_id) &&
                           read_text(message, "from", 128, &expected.from);
    if (!texts_fit || expected.type.empty()) return std::nullopt;
    if (!expected.to.empty() + !expected.ticket_id.empty() + !expected.group_id.empty() > 1)
        return std::nullopt;
    if (const JsonValue* id = message.find("id"); id != nullptr && id->kind != Kind::null) {
        if (id->kind != Kind::text && id->kind != Kind::number) return std::nullopt;
        if (id->raw.size() <= 256) expected.id_json = id->raw;
    }
    if (const JsonValue* ack = message.find("require_ack"); ack != nullptr && ack->kind != Kind::null) {
        if (ack->kind != Kind::boolean) return std::nullopt;
        expected.require_ack = ack->raw == "true";
    }
    return expected;
}

// The members that are not stamped are `message`'s, in its order, byte for byte.
void check_kept(const JsonValue& message, const JsonValue& out, size_t from, std::string_view about) {
    size_t at = from;
    for (const auto& [key, value] : message.members) {
        if (stamped.count(key) == 1) continue;
        must(at < out.members.size() && out.members[at].first == key &&
                 out.members[at].second.raw == value.raw,
             "what the client wrote stays as it was", about);
        ++at;
    }
    must(at == out.members.size(), "nothing is added", about);
}

void check_stamps(const JsonValue& message, std::string_view body, const Stamps& stamps) {
    std::string sent;
    append_stamped(body, stamps, &sent);
    must(sent.size() == stamped_size(body, stamps), "stamped_size is exact", sent);
    const auto out = parse_json(sent);
    must(out.has_value(), "what is sent is JSON", sent);
    must(out->count("from") == 1 && out->find("from")->text == stamps.from, "`from` is the gateway's", sent);
    must(out->count("msg_id") == 1 && out->find("msg_id")->text == stamps.msg_id, "`msg_id` is the gateway's",
         sent);
    must(out->count("create_at") == 1 && out->find("create_at")->text == stamps.create_at,
         "`create_at` is the gateway's", sent);
    must(out->count("seq_no") == 0, "`seq_no` is nobody's", sent);
    check_kept(message, *out, 3, sent);
    TurnBuffer buffer;
    must(server_frame_payload(buffer.frame_message(body, stamps).view()) == sent, "it is framed as it is",
         sent);
}

// What a plugin does to a message.
void check_editing(const JsonValue& message, std::string_view body) {
    std::vector<std::string> names{"content", "a\"b"};
    for (size_t i = 0; i < std::min<size_t>(message.members.size(), 4); ++i)
        names.push_back(message.members[i].first);
    for (const std::string& name : names) {
        const std::string set = with_field(body, name, "[1]");
        const auto changed = parse_json(set);
        must(changed && changed->count(name) == 1 && changed->find(name)->raw == "[1]", "a field is set once",
             set);
        const std::string removed = with_field(set, name, {});
        const auto without = parse_json(removed);
        must(without && without->count(name) == 0, "a field is removed", removed);
        must(without->members.size() + 1 == changed->members.size(), "the others stay", removed);
        must(find_field(removed, name).data() == nullptr, "what was removed is not found", removed);
    }
}

void check_accepted(std::string_view text, const Envelope& envelope, const Expected& expected,
                    const JsonValue& message) {
    must(envelope.type == expected.type && envelope.to == expected.to &&
             envelope.ticket_id == expected.ticket_id && envelope.group_id == expected.group_id &&
             envelope.from == expected.from,
         "the routing fields are the same", text);
    must(envelope.id_json == expected.id_json, "id is the same", text);
    must(envelope.require_ack == expected.require_ack, "require_ack is the same", text);
    const auto body = parse_json(envelope.body);
    must(body.has_value(), "the body is JSON", envelope.body);
    check_kept(message, *body, 0, envelope.body);
    // Ids are any text: the sender's may look like JSON.
    const std::string senders[] = {"u1", "a\"},{\\", expected.to, std::string(128, 'x')};
    for (const std::string& sender : senders)
        check_stamps(message, envelope.body,
                     {sender, "01ARYZ6S41TSV4RRFFQ69G5FAV", "2026-11-26T02:00:00.000Z"});
    check_editing(*body, envelope.body);
}

void check_refused(std::string_view text, const Envelope& envelope, const Status& status) {
    must(status.code() == ErrorCode::invalid_message, "a refusal is invalid_message", text);
    must(envelope.type.empty() && envelope.to.empty() && envelope.body.empty() && envelope.from.empty(),
         "a refused message leaves nothing", text);
    std::string answer;
    append_error(status.code(), status.message(), envelope.id_json, &answer);
    const auto error = parse_json(answer);
    must(error && error->find("type")->text == "error" && error->find("code")->text == "invalid_message",
         "an error is JSON", answer);
    const JsonValue* id = error->find("id");
    must((id != nullptr) == !envelope.id_json.empty(), "an error has the message's id", answer);
    must(id == nullptr || id->kind == Kind::text || id->kind == Kind::number, "an id is text or a number",
         answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view input = as_text(data, size);
    must(is_valid_utf8(input) == (utf8_verdict(input) == Utf8::valid), "UTF-8 is UTF-8", input);
    const Exact copy(made_valid_utf8(input));
    const std::string_view text = copy.view();
    const auto message = parse_json(text);
    must(is_valid_json(text) == message.has_value(), "JSON is JSON", text);
    const auto expected = message ? expected_of(*message) : std::nullopt;
    static Envelope envelope;  // reused, as in a connection
    const Status status = decode(text, &envelope);
    must(status.ok() == expected.has_value(),
         status.ok() ? "accepted against the rules" : "refused against the rules", text);
    if (status.ok()) {
        check_accepted(text, envelope, *expected, *message);
    } else {
        check_refused(text, envelope, status);
    }
    return 0;
}
