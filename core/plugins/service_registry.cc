#include "core/plugins/service_registry.h"

#include <algorithm>
#include <chrono>

#include "gateway/ext/service.h"

namespace gatewayd {

using Lock = std::unique_lock<std::mutex>;

namespace {

template <typename Item>
void sort_and_thin(std::vector<Item>* items) {
    std::sort(items->begin(), items->end());
    items->erase(std::unique(items->begin(), items->end()), items->end());
}

}  // namespace

const ServiceRegistry::Offer* ServiceRegistry::find_live(std::string_view name) const {
    for (const Offer& offer : offers_) {
        if (!offer.staged && offer.name == name) return &offer;
    }
    return nullptr;
}

bool ServiceRegistry::pinned_locked(const void* provider) const {
    return std::any_of(pins_.begin(), pins_.end(),
                       [provider](const auto& entry) { return entry.second.provider == provider; });
}

// --- providers ---

int32_t ServiceRegistry::offer(const Party& provider, std::string_view name, const void* table) {
    const Lock lock(mutex_);
    size_t own = 0;
    for (const Offer& offer : offers_) {
        const bool mine = offer.provider.instance == provider.instance;
        own += mine ? 1 : 0;
        // Of two that are staged, what their notes say has the better words: start_order().
        const bool other = !offer.staged && offer.provider.name != provider.name;
        if (offer.name == name && (mine || other)) return GW_E_STATE;
    }
    if (own >= max_services_per_plugin) return GW_E_LIMIT;
    offers_.push_back({provider, std::string(name), table, true});
    return GW_OK;
}

ServiceRegistry::Changes ServiceRegistry::commit(const void* provider, const void* replaces) {
    const Lock lock(mutex_);
    Changes changes;
    std::vector<std::string> before;
    const auto old = [&](const Offer& offer) {
        return replaces != nullptr && offer.provider.instance == replaces;
    };
    for (const Offer& offer : offers_) {
        if (old(offer) && !offer.staged) before.push_back(offer.name);
    }
    offers_.erase(std::remove_if(offers_.begin(), offers_.end(), old), offers_.end());
    for (Offer& offer : offers_) {
        if (offer.provider.instance != provider || !offer.staged) continue;
        offer.staged = false;
        changes.push_back({offer.name, GW_SERVICE_OFFERED});
    }
    for (const std::string& name : before) {
        if (find_live(name) == nullptr) changes.push_back({name, GW_SERVICE_GONE});
    }
    return changes;
}

ServiceRegistry::Changes ServiceRegistry::withdraw(const void* provider) {
    const Lock lock(mutex_);
    Changes changes;
    for (auto offer = offers_.begin(); offer != offers_.end();) {
        if (offer->provider.instance != provider) {
            ++offer;
            continue;
        }
        if (!offer->staged) changes.push_back({offer->name, GW_SERVICE_GONE});
        offer = offers_.erase(offer);
    }
    return changes;
}

// --- users ---

int32_t ServiceRegistry::acquire(const Party& user, std::string_view name, const void** table,
                                 uint64_t* pin) {
    const Lock lock(mutex_);
    const Offer* offer = find_live(name);
    if (offer == nullptr) return GW_E_NOTFOUND;
    const auto held = std::count_if(pins_.begin(), pins_.end(), [&](const auto& entry) {
        return entry.second.user.instance == user.instance;
    });
    if (static_cast<size_t>(held) >= max_service_pins_per_plugin) return GW_E_LIMIT;
    pins_.emplace(++last_pin_, Pin{user, offer->name, offer->provider.instance});
    *table = offer->table;
    *pin = last_pin_;
    return GW_OK;
}

int32_t ServiceRegistry::release(const void* user, uint64_t pin) {
    const void* provider = nullptr;
    std::function<void(const void*)> tell;
    {
        const Lock lock(mutex_);
        const auto found = pins_.find(pin);
        if (found == pins_.end() || found->second.user.instance != user) return GW_E_STALE;
        provider = found->second.provider;
        pins_.erase(found);
        if (!pinned_locked(provider)) tell = on_released_;
        released_.notify_all();
    }
    if (tell) tell(provider);
    return GW_OK;
}

bool ServiceRegistry::is_offered(std::string_view name) const {
    const Lock lock(mutex_);
    return find_live(name) != nullptr;
}

std::vector<std::string> ServiceRegistry::held_by(const void* user) const {
    const Lock lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [number, pin] : pins_) {
        if (pin.user.instance == user) found.push_back(pin.service);
    }
    sort_and_thin(&found);
    return found;
}

// --- the end of an instance ---

bool ServiceRegistry::pinned(const void* provider) const {
    const Lock lock(mutex_);
    return pinned_locked(provider);
}

std::vector<std::string> ServiceRegistry::holders(const void* provider) const {
    const Lock lock(mutex_);
    std::vector<std::string> found;
    for (const auto& [number, pin] : pins_) {
        if (pin.provider == provider) found.push_back(pin.user.name + " holds " + pin.service);
    }
    sort_and_thin(&found);
    return found;
}

bool ServiceRegistry::await_released(const void* provider, uint32_t timeout_ms) const {
    Lock lock(mutex_);
    return released_.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                              [&] { return !pinned_locked(provider); });
}

void ServiceRegistry::on_released(std::function<void(const void*)> released) {
    const Lock lock(mutex_);
    on_released_ = std::move(released);
}

std::vector<std::string> ServiceRegistry::destroyed(const void* user) {
    std::vector<std::string> kept;
    std::vector<const void*> free;
    std::function<void(const void*)> tell;
    {
        const Lock lock(mutex_);
        std::vector<const void*> providers;
        for (auto pin = pins_.begin(); pin != pins_.end();) {
            if (pin->second.user.instance != user) {
                ++pin;
                continue;
            }
            kept.push_back(pin->second.service);
            providers.push_back(pin->second.provider);
            pin = pins_.erase(pin);
        }
        sort_and_thin(&providers);
        for (const void* provider : providers) {
            if (!pinned_locked(provider)) free.push_back(provider);
        }
        tell = on_released_;
        released_.notify_all();
    }
    for (const void* provider : free) {
        if (tell) tell(provider);
    }
    sort_and_thin(&kept);
    return kept;
}

}  // namespace gatewayd
