#include "records.h"

#include <memory>

#include "../common/json_object.h"
#include "../common/json_read.h"

namespace group {
namespace {

using json::JsonObject;

std::string key(char letter, const std::string& group) {
    return std::string{letter, '\t'} + group;
}
std::string key(char letter, const std::string& group, const std::string& user) {
    return key(letter, group) + '\t' + user;
}

std::string group_record(Visibility visibility, bool kept, int64_t created_ms, const std::string& metadata) {
    return JsonObject()
        .text("visibility", word_of(visibility))
        .boolean("kept", kept)
        .number("created", created_ms)
        .text("metadata", metadata)
        .end();
}

std::string member_record(Role role, int64_t joined_ms) {
    return JsonObject().text("role", word_of(role)).number("joined", joined_ms).end();
}

void write_bar(const std::string& group, const std::string& user, const Bar& bar, storage::Batch* batch) {
    if (bar.muted_until_ms == 0 && bar.banned_until_ms == 0) return batch->erase(key('r', group, user));
    batch->put(key('r', group, user),
               JsonObject().number("muted", bar.muted_until_ms).number("banned", bar.banned_until_ms).end());
}

// What is held against the user now; nothing when there is no group yet.
Bar bar_of(const Fact& fact, const Model& model) {
    const Group* const group = model.find(fact.group);
    if (!group) return {};
    const auto found = group->bars.find(fact.user);
    return found == group->bars.end() ? Bar() : found->second;
}

// Who is let in or invited is banned no longer.
void lift_ban(const Fact& fact, const Model& model, storage::Batch* batch) {
    Bar bar = bar_of(fact, model);
    if (bar.banned_until_ms == 0) return;
    bar.banned_until_ms = 0;
    write_bar(fact.group, fact.user, bar, batch);
}

bool load_group_record(std::string_view id, const rapidjson::Document& record, Model* model) {
    const auto visibility = visibility_of(json::text_member(record, "visibility").value_or(""));
    std::string metadata = json::text_member(record, "metadata").value_or("");
    if (!visibility || metadata.empty() || metadata.front() != '{') return false;
    auto group = std::make_unique<Group>();
    group->id = id;
    group->visibility = *visibility;
    const rapidjson::Value* const kept = json::member_of(record, "kept");
    group->kept = kept && kept->IsBool() && kept->GetBool();
    group->created_ms = json::number_member(record, "created");
    group->metadata = std::move(metadata);
    return model->load_group(std::move(group));
}

}  // namespace

void write(const Fact& fact, const Model& model, storage::Batch* batch) {
    const Group* const group = model.find(fact.group);
    switch (fact.kind) {
        case Fact::Kind::created:
            batch->put(key('g', fact.group),
                       group_record(fact.visibility, fact.kept, fact.at_ms, fact.metadata));
            break;
        case Fact::Kind::updated:
            batch->put(key('g', fact.group),
                       group_record(fact.visibility, group->kept, group->created_ms, fact.metadata));
            break;
        case Fact::Kind::deleted:
            batch->erase(key('g', fact.group));
            for (const char letter : {'i', 'm', 'r'})
                batch->erase_prefix(key(letter, fact.group) + '\t');
            break;
        case Fact::Kind::joined:
            batch->put(key('m', fact.group, fact.user), member_record(fact.role, fact.at_ms));
            batch->erase(key('i', fact.group, fact.user));
            lift_ban(fact, model, batch);
            break;
        case Fact::Kind::left:
            batch->erase(key('m', fact.group, fact.user));
            break;
        case Fact::Kind::kicked: {
            batch->erase(key('m', fact.group, fact.user));
            Bar bar = bar_of(fact, model);
            if (fact.until_ms > 0) bar.banned_until_ms = fact.until_ms;
            write_bar(fact.group, fact.user, bar, batch);
            break;
        }
        case Fact::Kind::invited:
            batch->put(key('i', fact.group, fact.user),
                       JsonObject().text("by", fact.by).number("at", fact.at_ms).end());
            lift_ban(fact, model, batch);
            break;
        case Fact::Kind::uninvited:
            batch->erase(key('i', fact.group, fact.user));
            break;
        case Fact::Kind::muted:
        case Fact::Kind::unmuted: {
            Bar bar = bar_of(fact, model);
            bar.muted_until_ms = fact.until_ms;
            write_bar(fact.group, fact.user, bar, batch);
            break;
        }
        case Fact::Kind::role:
            batch->put(key('m', fact.group, fact.user),
                       member_record(fact.role, model.find_member(fact.group, fact.user)->joined_ms));
            break;
    }
}

bool load(const storage::Entry& entry, Model* model) {
    const std::string_view whole = entry.first;
    if (whole == version_key) {
        if (entry.second == records_version) return true;
        throw gateway::Error("the store has groups of version " + entry.second +
                             ", which a later gatewayd wrote; start that one, or move its store away");
    }
    if (whole.size() < 3 || whole[1] != '\t') return false;
    const size_t tab = whole.find('\t', 2);
    const std::string_view id = whole.substr(2, tab == std::string_view::npos ? tab : tab - 2);
    const std::string_view user = tab == std::string_view::npos ? std::string_view() : whole.substr(tab + 1);
    if (!is_id(id) || (whole[0] != 'g' && !is_id(user))) return false;
    rapidjson::Document record;
    std::string why;
    if (!json::parse_object(entry.second, &record, &why)) return false;
    switch (whole[0]) {
        case 'g':
            return load_group_record(id, record, model);
        case 'i':
            return model->load_invitation(
                id, user, {json::text_member(record, "by").value_or(""), json::number_member(record, "at")});
        case 'm': {
            const auto role = role_of(json::text_member(record, "role").value_or(""));
            return role && model->load_member(id, user, *role, json::number_member(record, "joined"));
        }
        case 'r':
            return model->load_bar(
                id, user, {json::number_member(record, "muted"), json::number_member(record, "banned")});
        default:
            return false;
    }
}

}  // namespace group
