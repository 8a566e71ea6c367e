#include "core/config/cross_checks.h"

#include <algorithm>
#include <utility>

#include "core/base/counters.h"
#include "core/config/address.h"
#include "core/config/settings_reader.h"

namespace gatewayd::config {

namespace {

class Checker {
   public:
    Checker(const ConfigNode& root, Settings& settings, Problems& problems)
        : root_(root),
          wsc_(settings.wsc),
          admin_(settings.admin),
          http_(settings.plugins.http),
          problems_(problems) {}

    void run() {
        check_heartbeat();
        check_sizes();
        check_proxies();
        check_user_types();
        check_auth();
        check_admin();
        check_compression();
        check_http();
    }

   private:
    bool is_written(std::string_view path) const { return find_node(root_, path) != nullptr; }

    // Not empty in the file: if it is in Settings, its items have errors of their own.
    bool is_written_list(std::string_view path) const {
        const ConfigNode* node = find_node(root_, path);
        return node != nullptr && !node->items.empty();
    }

    // At the first of the keys that is written.
    std::string place_of(std::initializer_list<const char*> paths) const {
        for (const char* path : paths) {
            if (const ConfigNode* node = find_node(root_, path)) return node->location;
        }
        return root_.location;
    }

    void error(const char* path, const std::string& message, const char* other_path = "") {
        problems_.error(place_of({path, other_path}), path, message);
    }

    void check_heartbeat() {
        if (wsc_.client_timeout_s > wsc_.heartbeat_interval_s) return;
        error("wsc.client_timeout",
              "is " + std::to_string(wsc_.client_timeout_s) +
                  " s; it must be larger than wsc.heartbeat_interval (" +
                  std::to_string(wsc_.heartbeat_interval_s) +
                  " s), or silent clients could not answer a ping",
              "wsc.heartbeat_interval");
    }

    void check_sizes() {
        const uint64_t message_kb = wsc_.security.max_message_size_kb;
        const uint64_t inbound_kb = uint64_t{wsc_.performance.max_inbound_memory_mb} * 1024;
        if (message_kb > inbound_kb) {
            error("wsc.security.max_message_size",
                  "is " + std::to_string(message_kb) + " KB; wsc.performance.max_inbound_memory (" +
                      std::to_string(wsc_.performance.max_inbound_memory_mb) +
                      " MB) is too small for one such message",
                  "wsc.performance.max_inbound_memory");
        }
        if (wsc_.performance.read_buffer_size_kb > inbound_kb) {
            error("wsc.performance.read_buffer_size",
                  "is " + std::to_string(wsc_.performance.read_buffer_size_kb) +
                      " KB; wsc.performance.max_inbound_memory (" +
                      std::to_string(wsc_.performance.max_inbound_memory_mb) +
                      " MB) is too small for one such buffer",
                  "wsc.performance.max_inbound_memory");
        }
        const uint64_t outbound_kb = uint64_t{wsc_.performance.max_outbound_memory_mb} * 1024;
        if (wsc_.performance.max_queue_size_kb > outbound_kb) {
            problems_.warn(
                place_of({"wsc.performance.max_queue_size", "wsc.performance.max_outbound_memory"}),
                "wsc.performance.max_queue_size",
                "is larger than wsc.performance.max_outbound_memory: no connection can have so much waiting");
        }
        if (message_kb > wsc_.performance.max_queue_size_kb) {
            problems_.warn(
                place_of({"wsc.performance.max_queue_size", "wsc.security.max_message_size"}),
                "wsc.performance.max_queue_size",
                "is smaller than wsc.security.max_message_size: the largest messages can make their "
                "recipients count as slow");
        }
    }

    void check_proxies() {
        static constexpr size_t max_proxies = 256;
        const auto& proxies = wsc_.trusted_proxies;
        if (proxies.size() > max_proxies) {
            error("wsc.trusted_proxies", "has " + std::to_string(proxies.size()) + " entries; there may be " +
                                             std::to_string(max_proxies) + ", so use networks");
        }
        for (const std::string& network : proxies) {
            if (network != "0.0.0.0/0" && network != "::/0") continue;
            problems_.warn(place_of({"wsc.trusted_proxies"}), "wsc.trusted_proxies",
                           network +
                               " trusts everyone: each client that reaches the listener itself can "
                               "claim any address");
        }
        if (proxies.empty() && wsc_.proxy_header != ProxyHeader::x_forwarded_for &&
            !is_written_list("wsc.trusted_proxies")) {
            problems_.warn(place_of({"wsc.proxy_header"}), "wsc.proxy_header",
                           "has no effect: wsc.trusted_proxies is empty");
        }
    }

    void check_compression() {
        const PerformanceSettings& performance = wsc_.performance;
        const PerformanceSettings defaults;
        const auto same = [&](auto member) { return performance.*member == defaults.*member; };
        using P = PerformanceSettings;
        if (!performance.enable_compression) {
            for (const auto& [path, is_default] : {
                     std::pair("wsc.performance.compression_threshold",
                               same(&P::compression_threshold_bytes)),
                     std::pair("wsc.performance.compression_level", same(&P::compression_level)),
                     std::pair("wsc.performance.compression_context_takeover",
                               same(&P::compression_context_takeover)),
                     std::pair("wsc.performance.compression_window_bits", same(&P::compression_window_bits)),
                     std::pair("wsc.performance.max_compression_memory", same(&P::max_compression_memory_mb)),
                 }) {
                if (is_default) continue;
                problems_.warn(place_of({path}), path,
                               "has no effect: wsc.performance.enable_compression is false");
            }
        } else if (performance.compression_context_takeover &&
                   performance.slow_client != SlowClientPolicy::disconnect) {
            problems_.warn(
                place_of({"wsc.performance.compression_context_takeover"}),
                "wsc.performance.compression_context_takeover",
                "holds for what clients send alone: wsc.performance.slow_client may drop messages, "
                "which those after them must not refer to");
        }
    }

    // Whether the file can be used is seen when it is read.
    void check_http() {
        http_.ca_file_location = place_of({"plugins.http.ca_file"}) + ": plugins.http.ca_file";
    }

    void check_user_types() {
        auto& allowed = wsc_.security.allowed_user_types;
        auto& broadcast = wsc_.security.broadcast_user_types;
        if (allowed.empty()) {
            if (is_written_list("wsc.security.allowed_user_types")) return;
            error("wsc.security.allowed_user_types", "is empty: no client could connect");
            return;
        }
        if (allowed.size() > max_user_types) {
            error("wsc.security.allowed_user_types", "has " + std::to_string(allowed.size()) +
                                                         " types; there may be " +
                                                         std::to_string(max_user_types));
        }
        const auto not_allowed = [&](const std::string& type) {
            return std::find(allowed.begin(), allowed.end(), type) == allowed.end();
        };
        if (!is_written("wsc.security.broadcast_user_types")) {
            broadcast.erase(std::remove_if(broadcast.begin(), broadcast.end(), not_allowed), broadcast.end());
            return;
        }
        for (const std::string& type : broadcast) {
            if (!not_allowed(type)) continue;
            error("wsc.security.broadcast_user_types", type + " is not in wsc.security.allowed_user_types");
        }
    }

    void check_auth() {
        const SecuritySettings& security = wsc_.security;
        if (security.enable_auth || !security.auth.keys) return;
        problems_.warn(security.auth.keys->location, "wsc.security.auth.keys",
                       "has no effect: wsc.security.enable_auth is false");
    }

    void check_admin() {
        const std::optional<ListenAddress> listen = parse_listen_address(admin_.listen);
        if (!listen) {
            if (admin_.listen.empty() && !wsc_.enabled) {
                error("admin.listen", "is off, and so is wsc.enabled: there is nothing to run",
                      "wsc.enabled");
            }
            if (admin_.listen.empty() && !admin_.api_keys.empty()) {
                problems_.warn(place_of({"admin.api_keys"}), "admin.api_keys",
                               "has no effect: admin.listen is off");
            }
            return;
        }
        if (!is_loopback_ip(listen->ip) && admin_.api_keys.empty() && !is_written_list("admin.api_keys")) {
            error("admin.listen",
                  listen->ip +
                      " can be reached from elsewhere and admin.api_keys is empty; give a key or "
                      "listen on 127.0.0.1");
        }
        const bool same_port = wsc_.enabled && listen->port != 0 && listen->port == wsc_.node_port;
        if (same_port && (listen->ip == wsc_.node_ip || is_unspecified_ip(listen->ip) ||
                          is_unspecified_ip(wsc_.node_ip))) {
            error(
                "admin.listen",
                "port " + std::to_string(listen->port) + " is wsc.node_port; the two need ports of their own",
                "wsc.node_port");
        }
    }

    const ConfigNode& root_;
    WscSettings& wsc_;
    const AdminSettings& admin_;
    HttpClientSettings& http_;
    Problems& problems_;
};

}  // namespace

void check_across(const ConfigNode& root, Settings& settings, Problems& problems) {
    Checker(root, settings, problems).run();
}

}  // namespace gatewayd::config
