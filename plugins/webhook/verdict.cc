#include "verdict.h"

#include <algorithm>
#include <iterator>

#include "../common/json_read.h"

namespace webhook {
namespace {

constexpr const char* action_names[] = {"allow", "deny", "replace", "answer"};
// The gateway's own, and the type: rules that other plugins have applied would not fit any more.
constexpr const char* fixed_fields[] = {"from", "msg_id", "create_at", "seq_no", "type"};

// At the start of a character.
void cut(size_t most, std::string* text) {
    if (text->size() <= most) return;
    while (most > 0 && (static_cast<unsigned char>((*text)[most]) & 0xC0U) == 0x80)
        --most;
    text->resize(most);
}

std::string read_fields(const rapidjson::Value& message, Verdict* verdict) {
    if (message.MemberCount() == 0) return "its message has no fields";
    if (message.MemberCount() > max_replaced_fields) return "its message has more than 64 fields";
    for (const auto& field : message.GetObject()) {
        const std::string name(field.name.GetString(), field.name.GetStringLength());
        if (std::find(std::begin(fixed_fields), std::end(fixed_fields), name) != std::end(fixed_fields))
            return "its message changes " + name + ", which is fixed";
        verdict->fields.emplace_back(name, field.value.IsNull() ? "" : json::to_text(field.value));
    }
    return {};
}

}  // namespace

std::optional<Verdict> read_verdict(std::string_view body, std::string* why) {
    rapidjson::Document answer;
    if (!json::parse_object(body, &answer, why)) {
        *why = "the answer is no JSON object: " + *why;
        return std::nullopt;
    }
    const std::string action = json::text_member(answer, "action").value_or("");
    const auto found = std::find(std::begin(action_names), std::end(action_names), action);
    if (found == std::end(action_names)) {
        *why = "the answer's action is none of allow, deny, replace, answer";
        return std::nullopt;
    }
    Verdict verdict;
    verdict.action = static_cast<Verdict::Action>(found - std::begin(action_names));
    verdict.reason = json::text_member(answer, "reason").value_or("");
    cut(max_reason_bytes, &verdict.reason);
    if (verdict.action == Verdict::Action::allow || verdict.action == Verdict::Action::deny) return verdict;
    const rapidjson::Value* const message = json::member_of(answer, "message");
    if (!message || !message->IsObject()) {
        *why = "the answer has no object named message";
        return std::nullopt;
    }
    verdict.message = json::to_text(*message);
    if (verdict.action == Verdict::Action::replace) *why = read_fields(*message, &verdict);
    if (verdict.action == Verdict::Action::replace && !why->empty()) {
        why->insert(0, "the answer is of no use: ");
        return std::nullopt;
    }
    return verdict;
}

}  // namespace webhook
