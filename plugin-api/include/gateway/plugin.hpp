// gateway/plugin.hpp - the C++17 SDK of gatewayd's plugin ABI, headers only. A whole plugin:
//
//     #include <gateway/plugin.hpp>
//
//     class Hello : public gateway::Interceptor {
//        public:
//         gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&)
//         override {
//             if (request.field("content") == "hello") request.set_field("content", "hello, world");
//             return gateway::Continue;
//         }
//     };
//     GATEWAY_PLUGIN(Hello, "hello", "1.0.0", "message")
//
// Build it as a shared library with -fvisibility=hidden -fno-gnu-unique and the version script
// gateway-plugin.map, so that it exports its entry alone. No exception leaves a hook: it is logged and
// becomes the hook's error. Hooks that a class does not override cost nothing: the gateway does not call
// them.
#ifndef GATEWAY_PLUGIN_HPP
#define GATEWAY_PLUGIN_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

#include "gateway/sdk/admin.hpp"
#include "gateway/sdk/aside.hpp"
#include "gateway/sdk/base.hpp"
#include "gateway/sdk/config.hpp"
#include "gateway/sdk/event.hpp"
#include "gateway/sdk/host.hpp"
#include "gateway/sdk/http.hpp"
#include "gateway/sdk/metrics.hpp"
#include "gateway/sdk/permissions.hpp"
#include "gateway/sdk/publish.hpp"
#include "gateway/sdk/request.hpp"
#include "gateway/sdk/service.hpp"
#include "gateway/sdk/state.hpp"
#include "gateway/sdk/timer.hpp"
#include "gateway/sdk/work.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

// One instance for each entry of plugins.load. Where each hook runs: gateway/plugin.h. Overrides are public.
class Interceptor : public detail::UsedServices {
   public:
    // To be hidden by a class that wants another: where it stands when plugins.load does not place it, and
    // the events that it wants (GW_EV_ bits; required when its kinds have "events").
    static constexpr uint32_t stage = GW_STAGE_MESSAGE;
    static constexpr uint64_t events = 0;
    // Of the bytes that SaveState makes.
    static constexpr uint32_t state_version = 1;

    Interceptor() = default;
    virtual ~Interceptor() = default;
    Interceptor(const Interceptor&) = delete;
    Interceptor& operator=(const Interceptor&) = delete;

    virtual std::string_view Name() const { return id_; }
    virtual int32_t Order() const { return 0; }

    // [control] Reads and checks the configuration; opens and starts nothing. Throw what is wrong.
    virtual void Configure(const Config& config) { config.allow_only({}); }
    // [control] Once, after Configure. Both say what GATEWAY_PLUGIN and `events` say; where the configuration
    // decides, clear what is not wanted: the gateway then never calls for it.
    virtual void Wants(uint32_t* /*wanted_kinds*/, uint64_t* /*wanted_events*/) {}
    virtual void Start() {}    // [control] opens files, starts threads; throw what fails
    virtual void Quiesce() {}  // [control] no new work of its own from here on
    virtual void Stop() {}     // [control] no hook runs any more: ends what Start began

    // [conn] False: this plugin wants nothing of this connection, and no Detach follows.
    virtual bool Attach(Connection&) { return true; }
    virtual void Detach(Connection&) {}
    virtual Verdict Intercept(Request&, Connection&, Next&) { return Continue; }
    // A plugin that calls Next::defer overrides both: the request goes on here, or ends otherwise. ud: what
    // defer was given.
    virtual Verdict OnResume(Request&, Connection&, Next&, void* /*ud*/) { return Continue; }
    virtual void OnCancel(const Request&, Connection&, void* /*ud*/, int32_t /*why*/) {}
    virtual void OnEvent(const Event&, Connection&) {}

    // [control] What the next generation gets at a reload, and this one got of the one before. A plugin that
    // takes something along overrides both; throw what is wrong. Hooks run at the same time:
    // gateway/ext/state.h.
    virtual std::string SaveState(StatePart) { return {}; }
    virtual void LoadState(const State&) {}

   protected:
    // From Configure on.
    const Host& host() const { return host_; }

   private:
    template <typename Plugin, typename Facts>
    friend struct Glue;
    template <typename Plugin>
    friend struct detail::HostOf;
    Host host_;
    std::string_view id_;
    std::string saved_;  // until the next SaveState
};

namespace detail {

template <typename Plugin>
struct HostOf {
    static const Host& of(const Interceptor& plugin) { return plugin.host_; }
};

// The kinds of a GATEWAY_PLUGIN as bits; UINT32_MAX when one of them is no kind.
constexpr uint32_t event_kind_bit = UINT32_C(1) << 30;
constexpr uint32_t service_kind_bit = UINT32_C(1) << 29;
constexpr uint32_t kind_bit(std::string_view name) {
    if (name == "handshake") return GW_KIND_HANDSHAKE;
    if (name == "frame") return GW_KIND_FRAME;
    if (name == "message") return GW_KIND_MESSAGE;
    if (name == "publish") return GW_KIND_PUBLISH;
    if (name == "delivery") return GW_KIND_DELIVERY;
    if (name == "events") return event_kind_bit;
    if (name == "service") return service_kind_bit;
    return 0;
}
constexpr uint32_t kind_bits(std::string_view kinds) {
    uint32_t bits = 0;
    for (;;) {
        const size_t comma = kinds.find(',');
        const uint32_t bit = kind_bit(kinds.substr(0, comma));
        if (bit == 0) return UINT32_MAX;
        bits |= bit;
        if (comma == std::string_view::npos) return bits;
        kinds.remove_prefix(comma + 1);
    }
}

}  // namespace detail

// The C tables of one plugin class. Facts: what GATEWAY_PLUGIN says of it.
template <typename Plugin, typename Facts>
struct Glue {
    static_assert(std::is_base_of_v<Interceptor, Plugin>, "a plugin derives from gateway::Interceptor");
    static constexpr uint32_t bits = detail::kind_bits(Facts::kinds());
    static_assert(
        bits != UINT32_MAX,
        "kinds: handshake, frame, message, publish, delivery, events, service, with commas between");
    static_assert(((bits & detail::event_kind_bit) != 0) == (Plugin::events != 0),
                  "kinds has \"events\" exactly when the class names its `events`");

    static Interceptor& at(void* self) { return *static_cast<Interceptor*>(self); }
    template <typename Hook>
    static int32_t guarded(void* self, const char* name, Hook&& hook) noexcept {
        return detail::guarded(at(self).host_.raw(), at(self).host_.inst(), name, hook);
    }

    // --- gw_plugin ---
    static int32_t create(const gw_host* host, gw_inst* inst, const gw_node* node, void** self,
                          gw_error* err) {
        return detail::guarded(err, [&] {
            std::unique_ptr<Interceptor> made = std::make_unique<Plugin>();
            made->host_ = Host(host, inst);
            made->id_ = Facts::id();
            made->Configure(Config(host, node));
            made->require_services(made->host_);
            *self = made.release();
        });
    }
    static int32_t start(void* self, gw_error* err) {
        return detail::guarded(err, [&] {
            try {
                at(self).acquire_services(at(self).host_);
                at(self).Start();
            } catch (...) {
                at(self).release_services();
                throw;
            }
        });
    }
    static void quiesce(void* self) {
        guarded(self, "Quiesce", [&] { return at(self).Quiesce(), GW_OK; });
    }
    static void stop(void* self) {
        guarded(self, "Stop", [&] { return at(self).Stop(), GW_OK; });
        guarded(self, "Stop", [&] { return at(self).release_services(), GW_OK; });
    }
    static void destroy(void* self) { delete static_cast<Interceptor*>(self); }
    static const void* extension(void*, gw_str name) {
        static constexpr gw_state_v1 state = {
            static_cast<uint32_t>(sizeof(gw_state_v1)),
            Plugin::state_version,
            save_state,
            load_state,
        };
        return to_view(name) == GW_EXT_STATE ? &state : nullptr;
    }

    // --- gw_state_v1 ---
    static int32_t save_state(void* self, uint32_t part, gw_str* bytes, gw_error* err) {
        return detail::guarded(err, [&] {
            at(self).saved_ = at(self).SaveState(static_cast<StatePart>(part));
            *bytes = to_gw(at(self).saved_);
        });
    }
    static int32_t load_state(void* self, uint32_t part, uint32_t version, gw_str bytes, gw_error* err) {
        return detail::guarded(err, [&] {
            at(self).LoadState(State{static_cast<StatePart>(part), version, to_view(bytes)});
        });
    }

    // --- gw_interceptor ---
    static gw_str name(void* self) {
        gw_str text = to_gw(Facts::id());
        guarded(self, "Name", [&] { return text = to_gw(at(self).Name()), GW_OK; });
        return text;
    }
    static int32_t order(void* self) {
        int32_t value = 0;
        guarded(self, "Order", [&] { return value = at(self).Order(), GW_OK; });
        return value;
    }
    static void wants(void* self, uint32_t* kinds, uint64_t* events) {
        *kinds = bits & ~(detail::event_kind_bit | detail::service_kind_bit);
        *events = Plugin::events;
        guarded(self, "Wants", [&] { return at(self).Wants(kinds, events), GW_OK; });
    }
    static int32_t attach(void* self, gw_ctx* ctx, void** slot, uint32_t* kinds) {
        return guarded(self, "Attach", [&] {
            Connection connection(at(self).host_.raw(), ctx, nullptr);
            const bool wanted = at(self).Attach(connection);
            *slot = connection.raw_slot();
            *kinds &= connection.kept_kinds();
            return wanted ? GW_OK : GW_SKIP;
        });
    }
    static void detach(void* self, void* slot, gw_ctx* ctx) {
        guarded(self, "Detach", [&] {
            Connection connection(at(self).host_.raw(), ctx, slot);
            return at(self).Detach(connection), GW_OK;
        });
    }
    static int32_t intercept(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next) {
        return guarded(self, "Intercept", [&] {
            const Host& host = at(self).host_;
            Request request(host.raw(), req);
            Connection connection(host.raw(), ctx, slot);
            Next rest(host, next, slot, resumes());
            return static_cast<int32_t>(rest.returned(at(self).Intercept(request, connection, rest)));
        });
    }
    static int32_t on_resume(void* self, void* slot, gw_ctx* ctx, gw_req* req, gw_next* next, void* ud) {
        return guarded(self, "OnResume", [&] {
            const Host& host = at(self).host_;
            Request request(host.raw(), req);
            Connection connection(host.raw(), ctx, slot);
            Next rest(host, next, slot, resumes());
            detail::Aside* const aside = detail::Aside::from_ud(ud);
            return static_cast<int32_t>(
                rest.returned(aside != nullptr ? aside->resumed(request, connection, rest)
                                               : at(self).OnResume(request, connection, rest, ud)));
        });
    }
    static void on_cancel(void* self, void* slot, gw_ctx* ctx, const gw_req* req, void* ud, int32_t why) {
        if (detail::Aside* const aside = detail::Aside::from_ud(ud)) return aside->cancelled();
        guarded(self, "OnCancel", [&] {
            const gw_host* host = at(self).host_.raw();
            const Request request(host, const_cast<gw_req*>(req));
            Connection connection(host, ctx, slot);
            return at(self).OnCancel(request, connection, ud, why), GW_OK;
        });
    }
    static void on_event(void* self, void* slot, const gw_event* event) {
        guarded(self, "OnEvent", [&] {
            const gw_host* host = at(self).host_.raw();
            Connection connection(host, event->ctx, slot);
            if (event->type == GW_EV_SERVICE_CHANGED)
                at(self).service_changed(at(self).host_, to_view(event->reason));
            return at(self).OnEvent(Event(host, event), connection), GW_OK;
        });
    }

    // Null unless the class overrides it: then a pointer to it is no longer one into Interceptor.
    template <typename Own, typename Base, typename Function>
    static constexpr Function* when_overridden(Own, Base, Function* function) {
        return std::is_same_v<Own, Base> ? nullptr : function;
    }
    static constexpr bool resumes() {
        return when_overridden(&Plugin::OnResume, &Interceptor::OnResume, on_resume) != nullptr;
    }
#define GATEWAY_SDK_HOOK(Method, function) when_overridden(&Plugin::Method, &Interceptor::Method, function)
    static const gw_plugin* table() {
        static constexpr gw_interceptor interceptor = {
            static_cast<uint32_t>(sizeof(gw_interceptor)),
            0,
            Plugin::stage,
            0,
            name,
            order,
            wants,
            GATEWAY_SDK_HOOK(Attach, attach),
            GATEWAY_SDK_HOOK(Detach, detach),
            intercept,
            on_resume,
            on_cancel,
            (Plugin::events & GW_EV_SERVICE_CHANGED) != 0 ? on_event : GATEWAY_SDK_HOOK(OnEvent, on_event),
        };
        static constexpr gw_plugin plugin = {
            static_cast<uint32_t>(sizeof(gw_plugin)),
            0,
            create,
            start,  // overridden or not: acquires services, as stop releases them
            GATEWAY_SDK_HOOK(Quiesce, quiesce),
            stop,
            destroy,
            &interceptor,
            GATEWAY_SDK_HOOK(SaveState, extension),
        };
        return &plugin;
    }
#undef GATEWAY_SDK_HOOK
};

}  // namespace GATEWAY_SDK_HIDDEN

// Once, in one source file, at the outermost level: the entry and the ELF note. All but the class are string
// literals. kinds: handshake, frame, message, publish, delivery, events, service, with commas between.
#define GATEWAY_PLUGIN(Class, plugin_id, plugin_version, plugin_kinds) \
    GATEWAY_PLUGIN_WITH(Class, plugin_id, plugin_version, plugin_kinds, "")

// The same with more lines for the note: "description=Says hello\n", "needs=gw.timer/1\n".
#define GATEWAY_PLUGIN_WITH(Class, plugin_id, plugin_version, plugin_kinds, plugin_lines)                  \
    GW_PLUGIN_NOTE("id=" plugin_id "\nversion=" plugin_version "\nkinds=" plugin_kinds "\n" plugin_lines); \
    extern "C" GW_EXPORT const gw_plugin* gw_plugin_entry_v1(const gw_host*, gw_error*) {                  \
        struct Facts {                                                                                     \
            static constexpr std::string_view id() { return plugin_id; }                                   \
            static constexpr std::string_view kinds() { return plugin_kinds; }                             \
        };                                                                                                 \
        return ::gateway::Glue<Class, Facts>::table();                                                     \
    }

#endif
