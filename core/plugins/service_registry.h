// ServiceRegistry: the services that plugins offer to each other (gw.service/1), by name, and who holds a pin
// on which provider. One a gateway, owned by it. [any] unless it says otherwise; the lock is its own, nothing
// is called while it is held.
//
// Instances are known by their address; two generations of one plugin are two instances of one name. What an
// instance offers is *staged* until commit() and found by nobody. So a swap of g for g+1 is: create and start
// g+1, which offers what g does; commit(g+1, g), which puts its tables in the place of g's in one step; tell
// what changed to the users (GW_EV_SERVICE_CHANGED); wait until g is no longer pinned(); stop and destroy it.
// A provider that is still pinned when its time is over is neither stopped nor destroyed: its code and its
// tables stay, and holders() says who keeps it.
#ifndef GATEWAYD_CORE_PLUGINS_SERVICE_REGISTRY_H
#define GATEWAYD_CORE_PLUGINS_SERVICE_REGISTRY_H

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gatewayd {

inline constexpr size_t max_services_per_plugin = 64;
inline constexpr size_t max_service_pins_per_plugin = 1024;

class ServiceRegistry {
   public:
    // For GW_EV_SERVICE_CHANGED.
    struct Change {
        std::string name;
        int32_t code;  // GW_SERVICE_OFFERED or GW_SERVICE_GONE
    };
    using Changes = std::vector<Change>;
    // An instance of a plugin, and its name in plugins.load.
    struct Party {
        const void* instance;
        std::string name;
    };

    // --- providers ---
    // Stages. GW_OK; GW_E_STATE: it has staged that, or a plugin of another name offers it; GW_E_LIMIT.
    int32_t offer(const Party& provider, std::string_view name, const void* table);
    // What the provider has staged takes the place of what `replaces` offers (null: of nothing).
    Changes commit(const void* provider, const void* replaces);
    // It offers nothing any more; pins on it stay.
    Changes withdraw(const void* provider);

    // --- users ---
    // GW_OK; GW_E_NOTFOUND; GW_E_LIMIT.
    int32_t acquire(const Party& user, std::string_view name, const void** table, uint64_t* pin);
    // GW_OK; GW_E_STALE.
    int32_t release(const void* user, uint64_t pin);
    bool is_offered(std::string_view name) const;
    // The services of the pins that it holds, each once.
    std::vector<std::string> held_by(const void* user) const;

    // --- the end of an instance ---
    bool pinned(const void* provider) const;
    // "greet holds acme.crm/1", one for each user and service.
    std::vector<std::string> holders(const void* provider) const;
    // [control] Waits until nobody holds a pin on it. False: not within this time; for the end of the
    // process.
    bool await_released(const void* provider, uint32_t timeout_ms) const;
    // Called when a provider loses its last pin, on the thread that released it; null: nobody.
    void on_released(std::function<void(const void* provider)> released);
    // The user was destroyed: its pins keep nobody any more. Returns the services that it had not released.
    std::vector<std::string> destroyed(const void* user);

   private:
    struct Offer {
        Party provider;
        std::string name;
        const void* table;
        bool staged;
    };
    struct Pin {
        Party user;
        std::string service;
        const void* provider;
    };

    const Offer* find_live(std::string_view name) const;
    bool pinned_locked(const void* provider) const;

    mutable std::mutex mutex_;
    mutable std::condition_variable released_;
    std::vector<Offer> offers_;
    std::map<uint64_t, Pin> pins_;
    uint64_t last_pin_ = 0;
    std::function<void(const void*)> on_released_;
};

}  // namespace gatewayd

#endif
