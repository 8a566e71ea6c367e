// TimerWheel: deadlines of a reactor's connections, one node in each connection, no allocation, no timer
// object. Resolution 100 ms; a deadline beyond the wheel's 51 s is looked at once each round. A node that is
// due is handed out; its owner decides what is due and schedules it again. One reactor's thread.
#ifndef GATEWAYD_CORE_BASE_TIMER_WHEEL_H
#define GATEWAYD_CORE_BASE_TIMER_WHEEL_H

#include <array>
#include <cstdint>

namespace gatewayd {

inline constexpr uint32_t tick_ms = 100;

// Milliseconds as ticks, rounded up.
inline constexpr uint32_t to_ticks(uint32_t ms) {
    return (ms + tick_ms - 1) / tick_ms;
}

class TimerWheel {
   public:
    struct Node {
        Node* previous = nullptr;
        Node* next = nullptr;
        uint32_t due_tick = 0;
        bool scheduled() const { return next != nullptr; }
    };

    TimerWheel() {
        for (Node& slot : slots_)
            slot.previous = slot.next = &slot;
    }

    uint32_t now_tick() const { return now_; }

    // Replaces the node's deadline. One in the past is due at the next tick.
    void schedule(Node* node, uint32_t due_tick) {
        cancel(node);
        node->due_tick = due_tick;
        uint32_t at = static_cast<int32_t>(due_tick - now_) <= 0 ? now_ + 1 : due_tick;
        if (at - now_ >= slot_count) at = now_ + slot_count - 1;
        Node* slot = &slots_[at % slot_count];
        node->previous = slot->previous;
        node->next = slot;
        slot->previous->next = node;
        slot->previous = node;
    }

    void cancel(Node* node) {
        if (!node->scheduled()) return;
        node->previous->next = node->next;
        node->next->previous = node->previous;
        node->previous = node->next = nullptr;
    }

    // Moves time on by one tick and calls due(node) for each node whose deadline came. due may schedule or
    // cancel any node.
    template <typename Due>
    void tick(Due&& due) {
        ++now_;
        Node* slot = &slots_[now_ % slot_count];
        Node waiting;  // what due() schedules anew must not be met again in this round
        if (slot->next == slot) return;
        waiting.next = slot->next;
        waiting.previous = slot->previous;
        waiting.next->previous = waiting.previous->next = &waiting;
        slot->previous = slot->next = slot;
        while (waiting.next != &waiting) {
            Node* node = waiting.next;
            cancel(node);
            if (static_cast<int32_t>(node->due_tick - now_) > 0) {
                schedule(node, node->due_tick);
            } else {
                due(node);
            }
        }
    }

   private:
    static constexpr uint32_t slot_count = 512;
    std::array<Node, slot_count> slots_;
    uint32_t now_ = 0;
};

}  // namespace gatewayd

#endif
