// Groups when the store fails: everything is loaded anew from what is durable, and the connections are
// subscribed to what that says. Meanwhile changes are refused and messages go on. The tries are paced: 20 ms
// to 10 s apart while it goes on failing.
#include <algorithm>
#include <chrono>

#include "groups.h"
#include "records.h"

namespace group {
namespace {

constexpr uint32_t page_entries = 5000;
constexpr uint32_t first_retry_ms = 20;
constexpr uint32_t last_retry_ms = 10'000;

}  // namespace

void Groups::failed(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (failed_ || stopping_) return;
        failed_ = true;
    }
    host_.error("a change of groups could not be stored: " + why +
                "; changes are refused until the groups are loaded again");
    reload_later();
}

void Groups::reload_later() {
    uint32_t wait_ms = 0;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        retry_ms_ = std::clamp(retry_ms_ * 2, first_retry_ms, last_retry_ms);
        wait_ms = retry_ms_;
    }
    try {
        gateway::after(host_, std::chrono::milliseconds(wait_ms),
                       [self = shared_from_this()] { self->reload({}, std::make_shared<Entries>()); });
    } catch (const gateway::Error& failure) {
        host_.warn(std::string("groups stay as they are: ") + failure.what());  // the plugin ends
    }
}

void Groups::reload(const std::string& from, std::shared_ptr<Entries> read) {
    const auto page_read = [self = shared_from_this(), read](const storage::Answer& answer) {
        if (!answer.ok()) {
            self->host_.error("groups could not be loaded: " + answer.message);
            self->reload_later();
        } else {
            read->insert(read->end(), answer.entries.begin(), answer.entries.end());
            if (answer.more && !answer.entries.empty()) {
                self->reload(answer.entries.back().first + '\0', read);
            } else {
                self->adopt(*read);
            }
        }
        self->landed();
    };
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        ++flights_;
    }
    if (space_.scan(from, {}, page_entries, false, page_read) == GW_OK) return;
    landed();
    reload_later();
}

// On the store's thread. Nothing was submitted since the failure.
void Groups::adopt(const Entries& entries) {
    if (space_.recover() != GW_OK) return reload_later();
    size_t skipped = 0;
    {
        const std::lock_guard lock(mutex_);
        std::vector<std::pair<std::string, std::vector<std::string>>> before;  // of users who are here
        for (const auto& [id, user] : model_.users()) {
            if (!user->online()) continue;
            auto& groups = before.emplace_back(id, std::vector<std::string>()).second;
            for (const auto& [group, member] : user->groups)
                groups.emplace_back(group);
        }
        model_.clear_groups();
        for (const storage::Entry& entry : entries)
            load(entry, &skipped);
        for (const auto& [id, groups] : before)
            subscribe_all(*model_.find_user(id), groups);
        failed_ = false;
    }
    count();
    host_.info("the groups were loaded again after a failure of the store; records passed over: " +
               std::to_string(skipped));
}

// Under the lock, or before anything runs.
void Groups::load(const storage::Entry& entry, size_t* skipped) {
    if (!group::load(entry, &model_)) ++*skipped;
}

// Under the lock.
void Groups::subscribe_all(User& user, const std::vector<std::string>& before) {
    for (const std::string& group : before)
        sync_locked(group, user.id);
    for (const auto& [group, member] : user.groups)
        sync_locked(std::string(group), user.id);
}

}  // namespace group
