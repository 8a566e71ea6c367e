#include "message.h"

#include "../common/json_object.h"
#include "../common/json_read.h"

namespace group {

std::string with_group(std::string_view message, std::string_view group_id, std::string* why) {
    rapidjson::Document document;
    if (!json::parse_object(message, &document, why)) return {};
    for (const char* name : {"to", "ticket_id", "group_id"}) {
        if (!document.HasMember(name)) continue;
        *why = "to, ticket_id and group_id do not belong here: the group is named already";
        return {};
    }
    const std::string_view members = message.substr(message.find('{') + 1);
    std::string with = R"({"group_id":)";
    json::append_quoted(group_id, &with);
    if (document.MemberCount() > 0) with.push_back(',');
    return with.append(members);
}

}  // namespace group
