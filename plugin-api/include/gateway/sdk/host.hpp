// Host: the gateway as a plugin's instance calls it: log, time, the Hub. A value; any thread, from Configure
// until the plugin is destroyed. Destination: whom a message goes to.
#ifndef GATEWAY_SDK_HOST_HPP
#define GATEWAY_SDK_HOST_HPP

#include <cstdint>
#include <string_view>

#include "gateway/sdk/base.hpp"

namespace gateway GATEWAY_SDK_HIDDEN {

struct Destination {
    uint32_t kind = GW_DEST_NONE;
    uint32_t flags = 0;
    std::string_view id;

    static Destination client(std::string_view id) { return {GW_DEST_CLIENT, 0, id}; }
    static Destination user(std::string_view id) { return {GW_DEST_USER, 0, id}; }
    static Destination topic(std::string_view name) { return {GW_DEST_TOPIC, 0, name}; }
    static Destination everyone() { return {GW_DEST_ALL, 0, {}}; }
    Destination but_not_sender() const { return {kind, flags | GW_DEST_NOT_SENDER, id}; }

    gw_destination raw() const {
        return gw_destination{static_cast<uint32_t>(sizeof(gw_destination)), kind, flags, 0, to_gw(id)};
    }
};

// One connected client; its texts live as long as the call that handed it out.
struct Client {
    gw_conn_id conn{0, 0};
    std::string_view client_id;
    std::string_view user_id;
    std::string_view user_type;
    std::string_view remote_address;
    int64_t connected_at_ms = 0;

    static Client from(const gw_client& raw) {
        return {raw.conn,
                to_view(raw.client_id),
                to_view(raw.user_id),
                to_view(raw.user_type),
                to_view(raw.remote_address),
                raw.connected_at_ms};
    }
};

class Host {
   public:
    Host() = default;
    Host(const gw_host* host, gw_inst* inst) : host_(host), inst_(inst) {}

    void debug(std::string_view text) const { log(GW_LOG_DEBUG, text); }
    void info(std::string_view text) const { log(GW_LOG_INFO, text); }
    void warn(std::string_view text) const { log(GW_LOG_WARN, text); }
    void error(std::string_view text) const { log(GW_LOG_ERROR, text); }

    std::string_view instance_name() const { return to_view(host_->instance_name(inst_)); }
    uint64_t now_ns() const { return host_->now_ns(); }
    int64_t wall_time_ms() const { return host_->wall_time_ms(); }

    void publish(const Destination& to, std::string_view message) const {
        const gw_destination raw = to.raw();
        check(offered(host_->publish, "publish")(inst_, &raw, to_gw(message), nullptr, nullptr), "publish");
    }
    // False: that connection is gone.
    bool subscribe(gw_conn_id conn, std::string_view topic) const {
        return not_stale(offered(host_->subscribe, "subscribe")(inst_, conn, to_gw(topic)), "subscribe",
                         topic);
    }
    bool unsubscribe(gw_conn_id conn, std::string_view topic) const {
        return not_stale(offered(host_->unsubscribe, "unsubscribe")(inst_, conn, to_gw(topic)), "unsubscribe",
                         topic);
    }
    bool kick(gw_conn_id conn, std::string_view why) const {
        return not_stale(offered(host_->kick, "kick")(inst_, conn, to_gw(why)), "kick", why);
    }
    // Calls each(const Client&) -> bool until it returns false; user_id empty: everyone. The number of calls.
    template <typename Each>
    int64_t for_each_client(std::string_view user_id, uint32_t limit, Each each) const {
        Visit<Each> visit{*this, each};
        const int64_t count = offered(host_->client_list, "client_list")(inst_, to_gw(user_id), limit,
                                                                         Visit<Each>::call, &visit);
        if (count < 0) check(static_cast<int32_t>(count), "client_list", user_id);
        return count;
    }
    // False: there is no client with this id.
    template <typename Each>
    bool find_client(std::string_view client_id, Each each) const {
        Visit<Each> visit{*this, each};
        const int32_t code =
            offered(host_->client_get, "client_get")(inst_, to_gw(client_id), Visit<Each>::call, &visit);
        if (code == GW_E_NOTFOUND) return false;
        check(code, "client_get", client_id);
        return true;
    }
    gw_stats stats() const {
        gw_stats out{};
        out.struct_size = static_cast<uint32_t>(sizeof(out));
        check(offered(host_->stats, "stats")(inst_, &out), "stats");
        return out;
    }
    void shutdown(std::string_view why) const { offered(host_->shutdown, "shutdown")(inst_, to_gw(why)); }
    // False: too late, the deferred request is over.
    bool resume(gw_token token) const {
        return not_stale(offered(host_->resume, "resume")(inst_, token), "resume", {});
    }

    const gw_host* raw() const { return host_; }
    gw_inst* inst() const { return inst_; }

   private:
    // `each` behind the C callback; an exception ends the visits and is logged.
    template <typename Each>
    struct Visit {
        const Host& host;
        Each& each;
        static int32_t call(void* ud, const gw_client* client) {
            auto& self = *static_cast<Visit*>(ud);
            return detail::guarded(self.host.host_, self.host.inst_, "a client visitor",
                                   [&]() -> int32_t { return self.each(Client::from(*client)) ? 0 : 1; });
        }
    };

    void log(int32_t level, std::string_view text) const { host_->log(inst_, level, to_gw(text)); }
    static bool not_stale(int32_t code, const char* function, std::string_view about) {
        if (code == GW_E_STALE) return false;
        check(code, function, about);
        return true;
    }

    const gw_host* host_ = nullptr;
    gw_inst* inst_ = nullptr;
};

}  // namespace GATEWAY_SDK_HIDDEN

#endif
