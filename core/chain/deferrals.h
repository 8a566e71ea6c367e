// Deferrals: the tokens of one reactor's deferred requests, and their deadlines. Any thread may claim a
// token; exactly one of the claim, the deadline and the end of the connection wins it. Owned by the Node, so
// that a late token finds it also when its reactor is gone. The reactor's thread, but what is marked [any].
#ifndef GATEWAYD_CORE_CHAIN_DEFERRALS_H
#define GATEWAYD_CORE_CHAIN_DEFERRALS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "core/base/timer_wheel.h"
#include "core/chain/deferral.h"
#include "gateway/host.h"

namespace gatewayd {

// The longest that a message or a frame may be put aside; a handshake has what is left of its time.
inline constexpr uint32_t max_deferral_ms = 30'000;

// Slots come in chunks, each twice as large as the one before.
inline constexpr uint32_t first_deferral_chunk = 1024;
inline constexpr uint32_t deferral_chunks = 10;
inline constexpr uint32_t max_deferrals = ((1U << deferral_chunks) - 1) * first_deferral_chunk;  // a reactor

struct DeferralSlot {
    // 0: free. Twice the token's generation: waiting; one more: claimed by resume().
    std::atomic<uint64_t> state{0};
    std::atomic<const void*> instance{nullptr};
    Deferral* deferral = nullptr;  // null while claimed: it ended otherwise meanwhile
    DeferralSlot* next = nullptr;  // in the list of the free or of the resumed
    uint32_t number = 0;
};

class Deferrals {
   public:
    Deferrals() = default;
    ~Deferrals();
    Deferrals(const Deferrals&) = delete;
    Deferrals& operator=(const Deferrals&) = delete;

    // [any] Claims the token for on_resume and wakes the reactor. GW_E_STALE: it is over, or another
    // instance's; nothing was touched.
    int32_t resume(const void* instance, gw_token token);
    // [any] How the reactor is told that take_resumed() has something; empty: it is gone.
    void set_wake(std::function<void()> wake);

    // A token that ends after `ticks` at the latest. GW_E_LIMIT: there are too many.
    int32_t add(Deferral* deferral, const void* instance, uint32_t reactor, uint32_t ticks, gw_token* out);
    // Its token is over. Nothing when it is not waiting.
    void remove(Deferral* deferral);
    uint32_t size() const { return size_; }

    // Calls each(Deferral&) for what was claimed since the last time; it is no longer waiting then.
    template <typename Each>
    void take_resumed(Each&& each) {
        DeferralSlot* slot = resumed_in_order();
        while (slot) {
            Deferral* deferral = slot->deferral;
            DeferralSlot* next = slot->next;
            if (deferral) stop_waiting(deferral);
            release(slot);
            slot = next;
            if (deferral) each(*deferral);
        }
    }
    // One tick of time. Calls due(Deferral&) for those whose deadline came; they are no longer waiting then.
    template <typename Due>
    void tick(Due&& due) {
        if (!wheel_) return;
        wheel_->tick([&](TimerWheel::Node* node) {
            auto* deferral = static_cast<Deferral*>(node);
            if (claim(deferral)) due(*deferral);  // else resume() was earlier, and on_resume is on its way
        });
    }

   private:
    DeferralSlot* find(uint32_t number) const;
    DeferralSlot* take_free();
    bool grow();
    void release(DeferralSlot* slot);
    bool claim(Deferral* deferral);
    void stop_waiting(Deferral* deferral);
    DeferralSlot* resumed_in_order();

    // A chunk is made by the reactor's thread and stays as long as this: any thread may look into it.
    std::array<std::atomic<DeferralSlot*>, deferral_chunks> chunks_{};
    std::atomic<DeferralSlot*> resumed_{nullptr};  // claimed, newest first
    std::mutex wake_mutex_;
    std::function<void()> wake_;  // guarded by wake_mutex_

    // the reactor's thread's
    DeferralSlot* free_ = nullptr;
    uint32_t chunks_made_ = 0;
    uint32_t size_ = 0;
    uint64_t last_generation_ = 0;
    std::unique_ptr<TimerWheel> wheel_;  // once something was put aside
};

}  // namespace gatewayd

#endif
