#include "core/plugins/plugin_events.h"

#include <algorithm>
#include <iterator>

#include "core/chain/context.h"

namespace gatewayd {

using Lock = std::unique_lock<std::mutex>;

namespace {

// Of what is emitted on this thread now: 0 outside of listeners.
thread_local uint32_t hops_here = 0;

class HopScope {
   public:
    explicit HopScope(uint32_t hops) { hops_here = hops; }
    ~HopScope() { hops_here = before_; }
    HopScope(const HopScope&) = delete;
    HopScope& operator=(const HopScope&) = delete;

   private:
    const uint32_t before_ = hops_here;
};

bool is_part_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Parts with dots between.
bool is_dotted(std::string_view text) {
    if (text.empty() || text.size() > GW_EVENT_MAX_NAME) return false;
    bool in_part = false;
    for (const char c : text) {
        if (c != '.' && !is_part_byte(c)) return false;
        if (c == '.' && !in_part) return false;
        in_part = c != '.';
    }
    return in_part;
}

bool is_own_word(std::string_view part) {
    static constexpr std::string_view words[] = {"client", "message", "websocket", "gateway",
                                                 "files",  "service", "error"};
    return std::find(std::begin(words), std::end(words), part) != std::end(words);
}

bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.back() != '*') return pattern == name;
    pattern.remove_suffix(1);
    return name.size() > pattern.size() && name.substr(0, pattern.size()) == pattern;
}

}  // namespace

bool is_event_name(std::string_view text) {
    return is_dotted(text) && !is_own_word(text.substr(0, text.find('.')));
}

bool is_event_pattern(std::string_view text) {
    if (text == "*") return true;
    if (text.size() > 2 && text.substr(text.size() - 2) == ".*") text.remove_suffix(2);
    return is_event_name(text);
}

// --- one plugin that listens; under the lock ---

bool PluginEvents::Subscriber::hears(std::string_view name) const {
    return std::any_of(listeners.begin(), listeners.end(),
                       [&](const Listener& each) { return matches(each.pattern, name); });
}

bool PluginEvents::Subscriber::is_live() const {
    return std::any_of(listeners.begin(), listeners.end(), [](const Listener& each) { return !each.staged; });
}

PluginEvents::EventPtr PluginEvents::Subscriber::take() {
    EventPtr event = std::move(waiting.front());
    waiting.pop_front();
    waiting_bytes -= event->bytes();
    return event;
}

// --- listeners ---

int32_t PluginEvents::listen(const CallbackOwner* owner, const std::string& plugin, std::string_view pattern,
                             gw_event_fn fn, void* ud) {
    const Lock lock(mutex_);
    Subscriber& subscriber = subscribers_[plugin];
    const auto own = std::count_if(subscriber.listeners.begin(), subscriber.listeners.end(),
                                   [&](const Listener& each) { return each.owner == owner; });
    if (static_cast<uint32_t>(own) >= GW_EVENT_MAX_PATTERNS) return GW_E_LIMIT;
    subscriber.listeners.push_back({owner, std::string(pattern), fn, ud, true});
    return GW_OK;
}

void PluginEvents::commit(const void* instance, const void* replaces) {
    if (replaces) forget(replaces);
    {
        const Lock lock(mutex_);
        for (auto& [name, subscriber] : subscribers_) {
            for (Listener& each : subscriber.listeners)
                each.staged = each.staged && each.owner->instance != instance;
        }
    }
    wake_if_due();
}

void PluginEvents::forget(const void* instance) {
    {
        const Lock lock(mutex_);
        for (auto& [name, subscriber] : subscribers_) {
            auto& all = subscriber.listeners;
            all.erase(std::remove_if(all.begin(), all.end(),
                                     [&](const Listener& each) { return each.owner->instance == instance; }),
                      all.end());
        }
    }
    wake_if_due();
}

// --- emitters ---

bool PluginEvents::wanted(std::string_view emitter, std::string_view name) const {
    const Lock lock(mutex_);
    return std::any_of(subscribers_.begin(), subscribers_.end(),
                       [&](const auto& each) { return each.first != emitter && each.second.hears(name); });
}

int32_t PluginEvents::emit(const std::string& emitter, std::string_view name, std::string_view json,
                           int64_t at_ms) {
    auto event =
        std::make_shared<Event>(Event{std::string(name), std::string(json), emitter, at_ms, 0, hops_here});
    int32_t result = GW_OK;
    {
        const Lock lock(mutex_);
        ++subscribers_[emitter].numbers.emitted;
        event->number = ++last_number_;
        result = put(event);
    }
    wake_if_due();
    return result;
}

int32_t PluginEvents::put(const EventPtr& event) {
    int32_t result = GW_OK;
    for (auto& [plugin, subscriber] : subscribers_) {
        if (plugin == event->emitter || !subscriber.hears(event->name)) continue;
        if (event->hops > GW_EVENT_MAX_HOPS || subscriber.waiting.size() >= GW_EVENT_MAX_WAITING ||
            subscriber.waiting_bytes + event->bytes() > GW_EVENT_MAX_WAITING_BYTES) {
            ++subscriber.numbers.lost;
            result = GW_E_LIMIT;
            continue;
        }
        subscriber.waiting.push_back(event);
        subscriber.waiting_bytes += event->bytes();
    }
    return result;
}

// --- [control] ---

// Whose oldest is the oldest of all that can be heard now. What waits for nobody goes.
PluginEvents::Subscriber* PluginEvents::first_due() {
    Subscriber* first = nullptr;
    for (auto& [name, subscriber] : subscribers_) {
        if (subscriber.waiting.empty()) continue;
        if (subscriber.listeners.empty()) {
            subscriber.waiting.clear();
            subscriber.waiting_bytes = 0;
        } else if (subscriber.is_live() &&
                   (!first || subscriber.waiting.front()->number < first->waiting.front()->number)) {
            first = &subscriber;
        }
    }
    return first;
}

// False: nothing is due.
bool PluginEvents::deliver_one() {
    EventPtr event;
    std::vector<Listener> who;
    {
        const Lock lock(mutex_);
        Subscriber* const subscriber = first_due();
        if (!subscriber) return false;
        event = subscriber->take();
        for (const Listener& each : subscriber->listeners) {
            if (!each.staged && matches(each.pattern, event->name)) who.push_back(each);
        }
        if (!who.empty()) ++subscriber->numbers.heard;
    }
    gw_plugin_event shown{};
    shown.struct_size = sizeof shown;
    shown.name = to_abi(std::string_view(event->name));
    shown.json = to_abi(std::string_view(event->json));
    shown.emitter = to_abi(std::string_view(event->emitter));
    shown.at_ms = event->at_ms;
    shown.number = event->number;
    const HopScope scope(event->hops + 1);
    for (const Listener& each : who) {
        call_back(*each.owner, nullptr, Hook::plugin_event,
                  [&](void*, gw_ctx*) { each.fn(each.ud, &shown); });
    }
    return true;
}

void PluginEvents::deliver() {
    {
        const Lock lock(mutex_);
        woken_ = false;
    }
    for (size_t i = 0; i < max_events_per_turn; ++i) {
        if (!deliver_one()) return;
    }
    wake_if_due();
}

// Bounded, because hops are, and by what other threads may have added meanwhile.
void PluginEvents::deliver_all() {
    constexpr size_t most = size_t{GW_EVENT_MAX_WAITING} * (GW_EVENT_MAX_HOPS + 1);
    for (size_t i = 0; i < most && deliver_one(); ++i) {
    }
}

void PluginEvents::wake_if_due() {
    {
        const Lock lock(mutex_);
        if (woken_) return;
        const bool due = std::any_of(subscribers_.begin(), subscribers_.end(), [](const auto& each) {
            const Subscriber& subscriber = each.second;
            return !subscriber.waiting.empty() && (subscriber.is_live() || subscriber.listeners.empty());
        });
        if (!due) return;
        woken_ = true;
    }
    if (wake_) wake_();
}

std::vector<PluginEventNumbers> PluginEvents::numbers() const {
    const Lock lock(mutex_);
    std::vector<PluginEventNumbers> all;
    for (const auto& [name, subscriber] : subscribers_) {
        PluginEventNumbers one = subscriber.numbers;
        one.plugin = name;
        one.waiting = subscriber.waiting.size();
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace gatewayd
