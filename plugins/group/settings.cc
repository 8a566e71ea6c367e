#include "settings.h"

namespace group {
namespace {

size_t size_of(const gateway::Config& config, const char* key, size_t otherwise, int64_t min, int64_t max) {
    return static_cast<size_t>(config.get(key).integer_or(static_cast<int64_t>(otherwise), min, max));
}

// True: the first word; false: the second.
bool is_first(const gateway::Config& node, const char* first, const char* second) {
    const auto word = node.string_or(first);
    if (word == first) return true;
    if (word != second) node.fail(std::string("must be ") + first + " or " + second);
    return false;
}

}  // namespace

Settings Settings::read(const gateway::Config& config) {
    config.allow_only({"max_group_size", "max_groups_per_user", "max_groups", "create", "visibility",
                       "notice_limit", "max_metadata_size", "changes_per_minute", "join_token_groups"});
    Settings settings;
    settings.max_group_size = size_of(config, "max_group_size", settings.max_group_size, 1, 10'000'000);
    settings.max_groups_per_user =
        size_of(config, "max_groups_per_user", settings.max_groups_per_user, 1, 1000);
    settings.max_groups = size_of(config, "max_groups", settings.max_groups, 1, 10'000'000);
    settings.clients_create = is_first(config.get("create"), "join", "api");
    settings.visibility =
        is_first(config.get("visibility"), "public", "invite") ? Visibility::open : Visibility::invite;
    settings.notice_limit = size_of(config, "notice_limit", settings.notice_limit, 0, 10'000'000);
    settings.max_metadata_bytes =
        size_of(config, "max_metadata_size", settings.max_metadata_bytes, 2, 65'536);
    settings.changes_per_minute =
        static_cast<uint32_t>(config.get("changes_per_minute").integer_or(120, 0, 1'000'000));
    settings.join_token_groups = config.get("join_token_groups").bool_or(true);
    return settings;
}

}  // namespace group
