#include "event.h"

namespace webhook {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

json::JsonObject begin_event(std::string_view name, const std::string& id, int64_t at_ms) {
    json::JsonObject event;
    event.text("event", name).text("id", id).time("time", at_ms);
    return event;
}

void add_client(const gateway::Connection& connection, json::JsonObject* event) {
    const gateway::Client client = connection.client();
    event->number("connection_id", static_cast<int64_t>(client.conn.generation))
        .text("client_id", client.client_id)
        .text("user_id", client.user_id)
        .text("user_type", client.user_type)
        .text("remote_address", client.remote_address);
}

std::string message_json(const gateway::Request& request) {
    json::JsonObject message;
    std::string_view object = trimmed(request.payload());
    if (object.size() >= 2 && !trimmed(object.substr(1, object.size() - 2)).empty())
        message.members_of(object);
    for (const char* stamped : {"from", "msg_id", "create_at"})
        message.optional_text(stamped, request.field(stamped).value_or(""));
    return message.end();
}

}  // namespace webhook
