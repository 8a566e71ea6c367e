#include "replies.h"

#include <charconv>

#include "json_read.h"

namespace replies {
namespace {

using json::JsonObject;

constexpr size_t max_message_id_bytes = 256;

}  // namespace

std::string id_json(const gateway::Request& request) {
    std::string id;
    if (const auto text = request.field("id")) {
        json::append_quoted(*text, &id);
    } else if (const auto number = request.json_field("id")) {
        const char first = number->empty() ? ' ' : number->front();
        if (first == '-' || (first >= '0' && first <= '9')) id = *number;
    }
    return id.size() <= max_message_id_bytes ? id : std::string();
}

JsonObject answer_to(const gateway::Request& request, std::string_view type) {
    JsonObject object;
    object.text("type", type);
    if (const std::string id = id_json(request); !id.empty()) object.raw("id", id);
    return object;
}

gateway::Verdict answer_rate_limited(gateway::Request& request, std::string_view why, int64_t wait_ms) {
    return request.answer(answer_to(request, "error")
                              .text("code", "rate_limited")
                              .text("content", why)
                              .number("retry_after_ms", wait_ms)
                              .end());
}

int status_of(std::string_view code) {
    if (code == "invalid_message" || code == "bad_request") return 400;
    if (code == "forbidden") return 403;
    if (code == "not_found") return 404;
    if (code == "conflict") return 409;
    if (code == "too_large") return 413;
    if (code == "rate_limited") return 429;
    return code == "plugin_error" ? 500 : 503;
}

std::string error_body(std::string_view code, std::string_view why) {
    return JsonObject().raw("error", JsonObject().text("code", code).text("message", why).end()).end();
}

void refuse(const gateway::AdminRequest& request, std::string_view code, std::string_view why) {
    request.answer(status_of(code), error_body(code, why));
}

size_t read_limit(const gateway::AdminRequest& request, size_t otherwise, size_t max) {
    const auto text = request.query("limit");
    if (!text) return otherwise;
    size_t limit = 0;
    const char* const end = text->data() + text->size();
    const auto [stopped, error] = std::from_chars(text->data(), end, limit);
    if (error == std::errc() && stopped == end && limit >= 1 && limit <= max) return limit;
    refuse(request, "bad_request", "limit is a number from 1 to " + std::to_string(max));
    return 0;
}

std::string addressed(std::string_view message, const char* name, std::string_view id, std::string* why) {
    rapidjson::Document document;
    if (!json::parse_object(message, &document, why)) return {};
    for (const char* other : {"to", "ticket_id", "group_id"}) {
        if (!document.HasMember(other)) continue;
        *why = "to, ticket_id and group_id do not belong here: it is named already where the message goes";
        return {};
    }
    std::string with = "{";
    json::append_quoted(name, &with);
    with.push_back(':');
    json::append_quoted(id, &with);
    if (document.MemberCount() > 0) with.push_back(',');
    return with.append(message.substr(message.find('{') + 1));
}

}  // namespace replies
