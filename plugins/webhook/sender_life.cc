// Sender's part in the plugin's life: start, the end, and the reload between two generations. [control]
#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "sender.h"

namespace webhook {
namespace {

// Of a generation that is about to leave: what it has comes when no hook of it runs any more. It may wait for
// others itself. These bytes say how many rests will come in all.
constexpr size_t most_rests = 64;

size_t rests_of(std::string_view bytes) {
    const std::string text(bytes);
    const unsigned long rests = text.find_first_not_of("0123456789") == std::string::npos && text.size() < 3
                                    ? std::strtoul(text.c_str(), nullptr, 10)
                                    : 0;
    if (rests == 0 || rests > most_rests)
        throw gateway::Error("what the generation before says makes no sense");
    return rests;
}

}  // namespace

void Sender::start() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (phase_ != Phase::holding) return;
    }
    gateway::after(host_, std::chrono::milliseconds(hold_timeout_ms), [this] {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (phase_ != Phase::holding) return;
            phase_ = Phase::running;
        }
        host_.warn("the generation before has handed over nothing yet; new events go out first");
        pump();
    });
}

void Sender::quiesce() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        phase_ = saved_whole_ ? Phase::handing_over : Phase::flushing;
    }
    pump();
}

void Sender::stop() {
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::milliseconds(settings_.flush_timeout_ms);
    uint64_t left = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (phase_ == Phase::over) return;  // handed over
        phase_ = Phase::flushing;
        retry_ns_ = 0;
    }
    while (Clock::now() < deadline) {
        pump();
        std::unique_lock<std::mutex> lock(mutex_);
        left = waiting();
        if (left == 0) break;
        const uint64_t now_ns = host_.now_ns();
        auto until = deadline;
        if (!in_flight_ && retry_ns_ > now_ns)
            until = std::min(deadline, Clock::now() + std::chrono::nanoseconds(retry_ns_ - now_ns));
        if (in_flight_) {
            progress_.wait_until(lock, until, [this] { return !in_flight_; });
        } else {
            progress_.wait_until(lock, until);
        }
    }
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        left = waiting();
        phase_ = Phase::over;
    }
    if (left == 0) return;
    meters_->of(Reason::stopped).add(static_cast<double>(left));
    host_.error(events_words(left) + " given up: the plugin stops, and flush_timeout_ms is over");
}

std::string Sender::save(gateway::StatePart part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (part == gateway::StatePart::whole) {
        saved_whole_ = true;
        return std::to_string(std::min(most_rests, 1 + awaited_rests_));
    }
    Handover handover;
    if (batch_) handover.batches.push_back(*batch_);  // it may arrive still: sent again, under its id
    handover.batches.insert(handover.batches.end(), begun_.begin(), begun_.end());
    handover.events = queue_.take(SIZE_MAX, SIZE_MAX);
    handover.lost = lost_;
    batch_.reset();
    begun_.clear();
    in_flight_ = false;
    phase_ = Phase::over;
    return handover.bytes();
}

void Sender::load(const gateway::State& state) {
    size_t gone = 0;
    size_t moved = 0;
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (state.part == gateway::StatePart::whole) {
            awaited_rests_ = rests_of(state.bytes);
            phase_ = Phase::holding;
            return;
        }
        std::optional<Handover> handover = Handover::of(state.bytes);
        if (!handover) throw gateway::Error("what the generation before hands over makes no sense");
        const size_t before = waiting();
        gone = queue_.merge(std::move(handover->events));
        lost_ += handover->lost + gone;
        for (Batch& batch : handover->batches) {
            const auto later = std::find_if(begun_.begin(), begun_.end(), [&](const Batch& other) {
                return other.oldest_ns > batch.oldest_ns;
            });
            begun_.insert(later, std::move(batch));
        }
        moved = waiting() + gone - before;
        if (awaited_rests_ > 0) --awaited_rests_;
        if (phase_ == Phase::holding && awaited_rests_ == 0) phase_ = Phase::running;
        count_locked();
    }
    if (moved > 0) host_.info(events_words(moved) + " taken over from the generation before");
    if (gone > 0) meters_->of(Reason::queue_full).add(static_cast<double>(gone));
    pump();
}

}  // namespace webhook
