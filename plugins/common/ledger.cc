#include "ledger.h"

#include <algorithm>
#include <chrono>

namespace storage {
namespace {

constexpr std::chrono::seconds landing_timeout{10};
constexpr uint32_t page_entries = 5000;
constexpr uint32_t first_retry_ms = 20;
constexpr uint32_t last_retry_ms = 10'000;

}  // namespace

Ledger::Ledger(const gateway::Host& host, Space::Source store, const std::string& space, std::string what,
               std::vector<KeyRange> ranges)
    : host_(host), what_(std::move(what)), ranges_(std::move(ranges)), space_(std::move(store), space) {}

Ledger::Entries Ledger::load() {
    Entries entries;
    for (const auto& [from, to] : ranges_)
        space_.load(from, to, [&](const Entry& entry) { entries.push_back(entry); });
    return entries;
}

void Ledger::begin(Adopt adopt) {
    adopt_ = std::move(adopt);
}

void Ledger::stop() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    if (!all_landed_.wait_for(lock, landing_timeout, [&] { return flights_ == 0; })) {
        host_.error("the store has not answered for 10 s; what became of the last changes of " + what_ +
                    " is not known");
    }
}

bool Ledger::is_open() const {
    const std::lock_guard lock(mutex_);
    return !failed_ && !stopping_;
}

// False: the plugin ends, or the store has failed.
bool Ledger::take_off() {
    const std::lock_guard lock(mutex_);
    if (failed_ || stopping_) return false;
    ++flights_;
    return true;
}

void Ledger::landed() {
    const std::lock_guard lock(mutex_);
    if (--flights_ == 0) all_landed_.notify_all();
}

std::string Ledger::commit(const Batch& batch, Done done) {
    if (!take_off()) return what_ + " cannot be changed now; try again";
    const int32_t code = space_.commit(batch, [self = shared_from_this(), done = std::move(done)](
                                                  const Answer& answer) { self->committed(done, answer); });
    if (code == GW_OK) return {};
    landed();
    return "the store takes no changes now; try again";
}

void Ledger::committed(const Done& done, const Answer& answer) {
    if (answer.ok()) {
        const std::lock_guard lock(mutex_);
        retry_ms_ = 0;
    } else {
        failed(answer.message);
    }
    done(answer);
    landed();
}

int32_t Ledger::scan(std::string_view from, std::string_view to, uint32_t limit, bool reverse, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return GW_E_STATE;
        ++flights_;
    }
    const int32_t code = space_.scan(
        from, to, limit, reverse, [self = shared_from_this(), done = std::move(done)](const Answer& answer) {
            done(answer);
            self->landed();
        });
    if (code != GW_OK) landed();
    return code;
}

// --- when the store fails ---

void Ledger::failed(const std::string& why) {
    {
        const std::lock_guard lock(mutex_);
        if (failed_ || stopping_) return;
        failed_ = true;
    }
    host_.error("a change of " + what_ + " could not be stored: " + why + "; changes are refused until the " +
                what_ + " are loaded again");
    reload_later();
}

void Ledger::reload_later() {
    uint32_t wait_ms = 0;
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) return;
        retry_ms_ = std::clamp(retry_ms_ * 2, first_retry_ms, last_retry_ms);
        wait_ms = retry_ms_;
    }
    try {
        gateway::after(host_, std::chrono::milliseconds(wait_ms),
                       [self = shared_from_this()] { self->reload(0, {}, std::make_shared<Entries>()); });
    } catch (const gateway::Error& failure) {
        host_.warn(what_ + " stay as they are: " + failure.what());  // the plugin ends
    }
}

void Ledger::reload(size_t range, const std::string& from, std::shared_ptr<Entries> read) {
    if (range == ranges_.size()) return adopt(*read);
    const auto page_read = [self = shared_from_this(), range, read](const Answer& answer) {
        if (!answer.ok()) {
            self->host_.error(self->what_ + " could not be loaded: " + answer.message);
            return self->reload_later();
        }
        read->insert(read->end(), answer.entries.begin(), answer.entries.end());
        if (answer.more && !answer.entries.empty()) {
            self->reload(range, answer.entries.back().first + '\0', read);
        } else {
            self->reload(range + 1, {}, read);
        }
    };
    const auto& [first, to] = ranges_[range];
    if (scan(std::max(from, first), to, page_entries, false, page_read) != GW_OK) reload_later();
}

// On the store's thread. Nothing was submitted since the failure.
void Ledger::adopt(const Entries& entries) {
    if (space_.recover() != GW_OK) return reload_later();
    adopt_(entries);
    {
        const std::lock_guard lock(mutex_);
        failed_ = false;
    }
    host_.info("the " + what_ + " were loaded again after a failure of the store");
}

}  // namespace storage
