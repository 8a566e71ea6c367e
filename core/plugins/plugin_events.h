// PluginEvents: the events of plugins (gw.event/1) on their way to the plugins that listen. One a gateway,
// owned by it. [any] unless it says otherwise; the lock is its own, nothing is called while it is held.
//
// Listeners belong to a plugin by its name in plugins.load, and so does the queue of what waits for it; its
// instances come and go. What an instance listens to is *staged* until commit(): its events wait, and are
// heard by it once it is in place, or by the generation that is. gateway/ext/event.h has the promise.
#ifndef GATEWAYD_CORE_PLUGINS_PLUGIN_EVENTS_H
#define GATEWAYD_CORE_PLUGINS_PLUGIN_EVENTS_H

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/async/callback_owner.h"
#include "gateway/ext/event.h"

namespace gatewayd {

// Heard in one turn of the control thread; then others have theirs.
inline constexpr size_t max_events_per_turn = 256;

// "ticket.assigned", of a plugin's own.
bool is_event_name(std::string_view text);
// An event's name, "ticket.*" or "*".
bool is_event_pattern(std::string_view text);

// Of one plugin, by its name in plugins.load.
struct PluginEventNumbers {
    std::string plugin;
    uint64_t emitted = 0;  // that somebody listened to
    uint64_t heard = 0;
    uint64_t lost = 0;  // that it did not hear, because too many waited
    uint64_t waiting = 0;
};

class PluginEvents {
   public:
    // [any] Called when deliver() has something to do. Before the first event.
    void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

    // --- listeners; [control] ---
    // Stages. The pattern is one. GW_OK, GW_E_LIMIT.
    int32_t listen(const CallbackOwner* owner, const std::string& plugin, std::string_view pattern,
                   gw_event_fn fn, void* ud);
    // What the instance has staged takes the place of what `replaces` listens to (null: of nothing).
    void commit(const void* instance, const void* replaces);
    // It hears nothing any more. What waits goes to the next generation, if one is staged or comes in the
    // same turn.
    void forget(const void* instance);

    // --- emitters ---
    // Whether another plugin than this listens.
    bool wanted(std::string_view emitter, std::string_view name) const;
    // The name and the JSON are valid. GW_OK; GW_E_LIMIT: lost for somebody.
    int32_t emit(const std::string& emitter, std::string_view name, std::string_view json, int64_t at_ms);

    // --- [control] ---
    // Calls listeners of at most max_events_per_turn; wakes when there are more.
    void deliver();
    // All that was emitted until now, and what the listeners emit on that.
    void deliver_all();

    // By name: of plugins that have listened or emitted.
    std::vector<PluginEventNumbers> numbers() const;

   private:
    struct Event {
        std::string name;
        std::string json;
        std::string emitter;
        int64_t at_ms;
        uint64_t number;
        uint32_t hops;
        size_t bytes() const { return name.size() + json.size(); }
    };
    using EventPtr = std::shared_ptr<const Event>;
    struct Listener {
        const CallbackOwner* owner;
        std::string pattern;
        gw_event_fn fn;
        void* ud;
        bool staged;
    };
    struct Subscriber {
        std::vector<Listener> listeners;
        std::deque<EventPtr> waiting;
        size_t waiting_bytes = 0;
        PluginEventNumbers numbers;

        bool hears(std::string_view name) const;
        bool is_live() const;
        EventPtr take();
    };

    int32_t put(const EventPtr& event);  // holds mutex_
    Subscriber* first_due();             // holds mutex_
    bool deliver_one();
    void wake_if_due();

    std::function<void()> wake_;
    mutable std::mutex mutex_;
    std::map<std::string, Subscriber, std::less<>> subscribers_;  // by the plugin's name
    uint64_t last_number_ = 0;
    bool woken_ = false;
};

}  // namespace gatewayd

#endif
