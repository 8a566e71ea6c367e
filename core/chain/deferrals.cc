#include "core/chain/deferrals.h"

#include "core/chain/chain.h"

namespace gatewayd {
namespace {

constexpr uint64_t max_generation = UINT64_MAX >> 1;

constexpr uint64_t waiting_state(uint64_t generation) {
    return generation << 1;
}

uint32_t chunk_of(uint32_t number) {
    return 31U - static_cast<uint32_t>(__builtin_clz(number / first_deferral_chunk + 1));
}
uint32_t size_of_chunk(uint32_t chunk) {
    return first_deferral_chunk << chunk;
}
uint32_t first_of_chunk(uint32_t chunk) {
    return size_of_chunk(chunk) - first_deferral_chunk;
}

}  // namespace

Deferral::Deferral(const InterceptorChain* of, Request* its)
    : chain(of), keeps_chain(of ? of->weak_from_this().lock() : nullptr), request(its) {}

Deferral::~Deferral() {
    if (table) table->remove(this);
}

Deferrals::~Deferrals() {
    for (auto& chunk : chunks_)
        delete[] chunk.load(std::memory_order_relaxed);
}

// --- [any] ---

int32_t Deferrals::resume(const void* instance, gw_token token) {
    DeferralSlot* slot = find(static_cast<uint32_t>(token.slot));
    if (!slot || token.generation == 0 || token.generation > max_generation) return GW_E_STALE;
    uint64_t waiting = waiting_state(token.generation);
    if (slot->state.load(std::memory_order_acquire) != waiting) return GW_E_STALE;
    // When this is the instance of a later token, the exchange below fails.
    if (slot->instance.load(std::memory_order_relaxed) != instance) return GW_E_STALE;
    if (!slot->state.compare_exchange_strong(waiting, waiting | 1, std::memory_order_acq_rel))
        return GW_E_STALE;
    // The slot is ours until it is in the list: nobody gives it to another request before it was taken out.
    DeferralSlot* head = resumed_.load(std::memory_order_relaxed);
    do {
        slot->next = head;
    } while (
        !resumed_.compare_exchange_weak(head, slot, std::memory_order_release, std::memory_order_relaxed));
    if (head == nullptr) {
        const std::lock_guard lock(wake_mutex_);  // held, so that the reactor does not go meanwhile
        if (wake_) wake_();
    }
    return GW_OK;
}

void Deferrals::set_wake(std::function<void()> wake) {
    const std::lock_guard lock(wake_mutex_);
    wake_ = std::move(wake);
}

DeferralSlot* Deferrals::find(uint32_t number) const {
    if (number >= max_deferrals) return nullptr;
    const uint32_t chunk = chunk_of(number);
    DeferralSlot* slots = chunks_[chunk].load(std::memory_order_acquire);
    return slots ? slots + (number - first_of_chunk(chunk)) : nullptr;
}

// --- the reactor's thread ---

int32_t Deferrals::add(Deferral* deferral, const void* instance, uint32_t reactor, uint32_t ticks,
                       gw_token* out) {
    DeferralSlot* slot = take_free();
    if (!slot) return GW_E_LIMIT;
    if (!wheel_) wheel_ = std::make_unique<TimerWheel>();
    ++size_;
    slot->deferral = deferral;
    slot->instance.store(instance, std::memory_order_relaxed);
    deferral->table = this;
    deferral->slot = slot;
    deferral->generation = ++last_generation_;
    wheel_->schedule(deferral, wheel_->now_tick() + ticks);
    slot->state.store(waiting_state(last_generation_), std::memory_order_release);
    *out = {uint64_t{reactor} << 32 | slot->number, last_generation_};
    return GW_OK;
}

void Deferrals::remove(Deferral* deferral) {
    if (!deferral->slot) return;
    DeferralSlot* slot = deferral->slot;
    if (claim(deferral)) return;
    slot->deferral = nullptr;  // resume() has it: released when it was taken out of the list
    stop_waiting(deferral);
}

// Takes the token away from resume(). False: resume() was earlier, and nothing has changed.
bool Deferrals::claim(Deferral* deferral) {
    DeferralSlot* slot = deferral->slot;
    uint64_t waiting = waiting_state(deferral->generation);
    if (!slot->state.compare_exchange_strong(waiting, 0, std::memory_order_acq_rel)) return false;
    stop_waiting(deferral);
    release(slot);
    return true;
}

void Deferrals::stop_waiting(Deferral* deferral) {
    wheel_->cancel(deferral);
    deferral->slot = nullptr;
    --size_;
}

DeferralSlot* Deferrals::take_free() {
    if (!free_ && !grow()) return nullptr;
    DeferralSlot* slot = free_;
    free_ = slot->next;
    return slot;
}

bool Deferrals::grow() {
    if (chunks_made_ == deferral_chunks) return false;
    const uint32_t count = size_of_chunk(chunks_made_);
    const uint32_t first = first_of_chunk(chunks_made_);
    auto* slots = new DeferralSlot[count];
    for (uint32_t i = count; i-- > 0;) {
        slots[i].number = first + i;
        slots[i].next = free_;
        free_ = &slots[i];
    }
    chunks_[chunks_made_++].store(slots, std::memory_order_release);
    return true;
}

void Deferrals::release(DeferralSlot* slot) {
    slot->state.store(0, std::memory_order_release);
    slot->deferral = nullptr;
    slot->next = free_;
    free_ = slot;
}

DeferralSlot* Deferrals::resumed_in_order() {
    DeferralSlot* newest = resumed_.exchange(nullptr, std::memory_order_acquire);
    DeferralSlot* oldest = nullptr;
    while (newest) {
        DeferralSlot* next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

}  // namespace gatewayd
