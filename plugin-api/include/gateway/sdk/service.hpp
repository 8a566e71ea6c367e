// Services between plugins (gateway/ext/service.h). Both sides include the provider's header with its struct:
//
//     struct acme_crm_v1 {
//         gw_service_head head;
//         int32_t (*display_name)(void* self, gw_str user_id, char* out, uint64_t size);
//     };
//
// The provider fills one and publishes it in Configure or Start:
//
//     gateway::publish_service(host(), "acme.crm/1", &table_);
//
// The user has a member, and writes kinds "...,events" and `events = GW_EV_SERVICE_CHANGED`:
//
//     gateway::Service<acme_crm_v1> crm_{*this, "acme.crm/1"};
//     ...
//     if (const auto crm = crm_.get()) crm->display_name(crm->head.self, ...);
//
// It is acquired before Start, anew when the provider was swapped, and released after Stop.
#ifndef GATEWAY_SDK_SERVICE_HPP
#define GATEWAY_SDK_SERVICE_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "gateway/ext/service.h"
#include "gateway/sdk/host.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

template <typename Table>
class Service;

namespace detail {

inline const gw_service_v1& services_of(const Host& host) {
    const void* table = host.raw()->extension(host.inst(), to_gw(GW_EXT_SERVICE));
    if (table == nullptr) throw Error("this gatewayd does not offer " GW_EXT_SERVICE, GW_E_STATE);
    return *static_cast<const gw_service_v1*>(table);
}

// One service that a plugin uses. [control] but for what Service says.
class UsedService {
   public:
    UsedService(const UsedService&) = delete;
    UsedService& operator=(const UsedService&) = delete;

   protected:
    explicit UsedService(std::string name) : name_(std::move(name)) {}
    virtual ~UsedService() = default;

    const std::string name_;
    bool needed_ = true;

   private:
    friend class UsedServices;
    virtual void renew(const Host& host) = 0;  // acquires what is there now
    virtual void drop() = 0;                   // nothing from here on
    UsedService* next_ = nullptr;
};

// What every plugin has: the services that are its members.
class UsedServices {
   public:
    UsedServices() = default;
    UsedServices(const UsedServices&) = delete;
    UsedServices& operator=(const UsedServices&) = delete;

   protected:
    ~UsedServices() = default;
    void require_services(const Host& host) const {
        for (const UsedService* at = first_; at; at = at->next_) {
            if (!at->needed_) continue;
            check(services_of(host).require(host.inst(), to_gw(at->name_)), "require_service", at->name_);
        }
    }
    void acquire_services(const Host& host) {
        for (UsedService* at = first_; at; at = at->next_)
            at->renew(host);
    }
    void service_changed(const Host& host, std::string_view name) {
        for (UsedService* at = first_; at; at = at->next_) {
            if (at->name_ == name) at->renew(host);
        }
    }
    void release_services() {
        for (UsedService* at = first_; at; at = at->next_)
            at->drop();
    }

   private:
    template <typename Table>
    friend class ::gateway::Service;
    UsedService* first_ = nullptr;
    void add(UsedService* service) {
        service->next_ = first_;
        first_ = service;
    }
};

// A method of a plugin as a function of its service.
template <auto Method>
struct ServiceMethod;
template <typename Class, typename... Arguments, int32_t (Class::*Method)(Arguments...)>
struct ServiceMethod<Method> {
    static int32_t call(void* self, Arguments... arguments) noexcept {
        try {
            return (static_cast<Class*>(self)->*Method)(arguments...);
        } catch (...) {
            return GW_E_FAIL;
        }
    }
};
template <typename Class, typename... Arguments, int32_t (Class::*Method)(Arguments...) const>
struct ServiceMethod<Method> {
    static int32_t call(void* self, Arguments... arguments) noexcept {
        try {
            return (static_cast<const Class*>(self)->*Method)(arguments...);
        } catch (...) {
            return GW_E_FAIL;
        }
    }
};

}  // namespace detail

// A service that this plugin uses: a member of it. The note says uses=NAME.
template <typename Table>
class Service final : public detail::UsedService {
   public:
    // Without it the plugin is not started, unless Configure calls optional().
    Service(detail::UsedServices& owner, std::string name) : UsedService(std::move(name)) { owner.add(this); }

    // [control] In Configure: the plugin does without when nobody offers it.
    void optional() { needed_ = false; }
    // [any] What is there now; null: nobody offers it. Keep it for the call, not for long: the provider's
    // generation stays as long as somebody has it.
    std::shared_ptr<const Table> get() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return table_;
    }

   private:
    void renew(const Host& host) override {
        const void* table = nullptr;
        uint64_t pin = 0;
        const int32_t code = detail::services_of(host).acquire(host.inst(), to_gw(name_), &table, &pin);
        if (code != GW_E_NOTFOUND) check(code, "acquire_service", name_);
        std::shared_ptr<const Table> now;
        if (code == GW_OK) {
            now = std::shared_ptr<const Table>(static_cast<const Table*>(table), [host, pin](const Table*) {
                detail::services_of(host).release(host.inst(), pin);
            });
        }
        exchange(std::move(now));
    }
    void drop() override { exchange(nullptr); }
    void exchange(std::shared_ptr<const Table> now) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            table_.swap(now);
        }
        now.reset();  // the old one: not under the lock
    }

    mutable std::mutex mutex_;
    std::shared_ptr<const Table> table_;
};

// [control] In Configure or Start. The table is a member of the plugin. The note says offers=NAME.
template <typename Table>
void publish_service(const Host& host, std::string_view name, const Table* table) {
    check(detail::services_of(host).publish(host.inst(), to_gw(name), table), "publish_service", name);
}

// service_function<&Crm::display_name> is a function for a service's struct: its first argument is the plugin
// as void*, the others are the method's. What the method throws becomes GW_E_FAIL.
template <auto Method>
inline constexpr auto service_function = &detail::ServiceMethod<Method>::call;

// What became of what a service was asked for; the text dies with the function that gets it.
struct ServiceResult {
    int32_t status = GW_OK;
    std::string_view message;
    bool ok() const { return status == GW_OK; }
};
using ServiceThen = std::function<void(const ServiceResult&)>;

// For the C++ sides of services (groups.hpp, tickets.hpp): functions of ours that a provider calls. It is
// another plugin, so no exception goes there.
namespace detail {

template <typename Call>
void quietly(Call&& call) noexcept {
    try {
        call();
    } catch (...) {
        static_cast<void>(0);  // nothing else can be done with it
    }
}
// ud: a ServiceThen of its own, which is freed.
inline void call_then(void* ud, int32_t status, gw_str message) {
    const std::unique_ptr<ServiceThen> then(static_cast<ServiceThen*>(ud));
    quietly([&] {
        if (*then) (*then)(ServiceResult{status, to_view(message)});
    });
}
// ud: an Each, which says whether to go on.
template <typename Each, typename Item>
int32_t call_each(void* ud, const Item* item) {
    int32_t go_on = 1;
    quietly([&] { go_on = (*static_cast<Each*>(ud))(*item) ? 0 : 1; });
    return go_on;
}
// call(ud) submits; its code is checked.
template <typename Call>
void submit_to_service(ServiceThen then, const char* function, std::string_view about, Call call) {
    auto kept = std::make_unique<ServiceThen>(std::move(then));
    check(call(static_cast<void*>(kept.get())), function, about);
    static_cast<void>(kept.release());  // call_then() frees it
}

}  // namespace detail

}  // namespace GATEWAY_SDK_HIDDEN

#endif
