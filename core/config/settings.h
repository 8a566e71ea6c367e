// The typed configuration: one struct for each section of the YAML, with the defaults. Units are in the
// names. docs/configuration.md and config/reference.yaml say the same for operators; a test compares them
// with this.
//
// Plain data, made once at start by load_settings() (loader.h), read-only afterwards: any thread.
#ifndef GATEWAYD_CORE_CONFIG_SETTINGS_H
#define GATEWAYD_CORE_CONFIG_SETTINGS_H

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/proxy_header.h"
#include "core/config/node.h"

namespace gatewayd {

enum class SlowClientPolicy : uint8_t { disconnect, drop_oldest, drop_newest };

struct PerformanceSettings {
    uint32_t max_connections_per_node = 10000;
    uint32_t read_buffer_size_kb = 4;
    uint32_t write_buffer_size_kb = 4;
    bool enable_compression = false;
    uint32_t compression_threshold_bytes = 512;
    uint32_t compression_level = 1;
    bool compression_context_takeover = false;
    uint32_t compression_window_bits = 15;
    uint32_t max_compression_memory_mb = 64;
    bool enable_metrics = true;
    uint32_t io_threads = 0;  // 0 is `auto`: one for each core
    uint32_t reactor_buffer_size_kb = 512;
    SlowClientPolicy slow_client = SlowClientPolicy::disconnect;
    uint32_t max_queue_size_kb = 4096;
    uint32_t max_request_head_size_kb = 8;
    uint32_t max_connections_per_address = 0;  // 0: no limit
    uint32_t max_fragments = 131072;
    uint32_t max_inbound_memory_mb = 256;
    uint32_t max_outbound_memory_mb = 1024;
    uint32_t handshake_timeout_s = 10;
    uint32_t write_stall_timeout_s = 30;
    uint32_t shutdown_timeout_s = 10;
};

struct AuthSettings {
    std::string provider = "jwt";  // the plugin that enable_auth brings
    ConfigNodePtr keys;            // a list that only the provider understands, secret; null: none
};

// Who may do what: an entry of wsc.security.permissions.
struct PermissionSettings {
    std::string rule;
    std::vector<std::string> user_types;  // "*": all of them
    std::string location;                 // "gateway.yaml:12:7: wsc.security.permissions.use_groups"
};

struct SecuritySettings {
    bool enable_auth = false;
    AuthSettings auth;
    bool enable_rate_limit = false;
    uint32_t max_message_size_kb = 1024;
    std::vector<std::string> allowed_user_types{"customer", "agent", "admin"};
    std::vector<std::string> broadcast_user_types{"agent", "admin"};
    std::vector<PermissionSettings> permissions;
    bool trust_client_identity = false;
};

enum class GroupCreation : uint8_t { join, api };
enum class GroupVisibility : uint8_t { open, invite };

struct GroupSettings {
    bool enabled = false;
    uint32_t max_group_size = 500;
    uint32_t max_groups_per_user = 100;
    uint32_t max_groups = 100000;
    GroupCreation create = GroupCreation::join;
    GroupVisibility visibility = GroupVisibility::open;
    uint32_t notice_limit = 500;
    uint32_t max_metadata_bytes = 4096;
    uint32_t changes_per_minute = 120;
    bool join_token_groups = true;
};

enum class AssignStrategy : uint8_t { least_loaded, round_robin, longest_idle };
enum class TicketOffer : uint8_t { none, accept };
enum class AgentStatus : uint8_t { available, busy, away };

struct TicketSettings {
    bool enabled = false;
    uint32_t max_tickets_per_agent = 10;
    bool auto_assign = true;
    AssignStrategy assign_strategy = AssignStrategy::least_loaded;
    TicketOffer offer = TicketOffer::none;
    uint32_t offer_timeout_s = 20;
    uint32_t ask_again_s = 60;
    AgentStatus agent_status = AgentStatus::available;
    uint32_t reassign_grace_s = 60;
    uint32_t ticket_timeout_s = 1800;
    uint32_t pause_timeout_s = 86400;
    uint32_t max_wait_s = 3600;
    uint32_t max_queue = 1000;
    uint32_t position_interval_s = 10;
    uint32_t max_tickets_per_customer = 5;
    uint32_t max_tickets = 100000;
    uint32_t reopen_window_s = 604800;
    uint32_t keep_closed_s = 2592000;
    uint32_t max_history = 10000;
    uint32_t max_data_bytes = 8192;
    uint32_t max_message_bytes = 65536;
    uint32_t changes_per_minute = 120;
    bool agents_set_skills = true;
    bool join_token_tickets = true;
};

struct StoreSettings {
    std::string provider = "sqlite";
};

enum class TlsMinVersion : uint8_t { v1_2, v1_3 };

// One certificate for some names: an entry of wsc.tls.sni.
struct TlsNameSettings {
    std::vector<std::string> names;  // in lower case; "*.example.com" is any one label
    std::string cert;                // absolute paths
    std::string key;
    std::string cert_location;  // "gateway.yaml:9:13: wsc.tls.sni[0].cert", for error messages
    std::string key_location;
};

struct TlsSettings {
    std::string cert;  // PEM: the server's certificate first, then its chain; empty: plain ws://
    std::string key;
    TlsMinVersion min_version = TlsMinVersion::v1_2;
    uint32_t session_lifetime_s = 3600;  // 0: sessions are never resumed
    std::vector<TlsNameSettings> sni;
    std::string cert_location;  // as above
    std::string key_location;

    bool enabled() const { return !cert.empty(); }
};

struct WscSettings {
    bool enabled = true;
    std::string node_ip = "0.0.0.0";
    uint16_t node_port = 8081;  // 0: any free port
    std::string path = "/ws";
    uint32_t heartbeat_interval_s = 30;
    uint32_t client_timeout_s = 90;
    uint32_t message_buffer_size = 256;  // messages
    std::vector<std::string> websocket_origins;
    std::vector<std::string> trusted_proxies;  // networks, each good for Cidr::parse()
    ProxyHeader proxy_header = ProxyHeader::x_forwarded_for;
    TlsSettings tls;
    PerformanceSettings performance;
    SecuritySettings security;
    GroupSettings group;
    TicketSettings ticket;
    StoreSettings store;
};

enum class OnError : uint8_t { closed, open };
enum class OnCrash : uint8_t { restart, skip };
enum class OnOverrun : uint8_t { log, bypass, reject };

// One plugin to load: an entry of plugins.load, or one that a switched-on wsc section brings with it.
struct PluginSettings {
    std::string name;  // unique
    std::string path;  // absolute; empty: looked up by name in PluginsSettings::path
    OnError on_error = OnError::closed;
    OnCrash on_crash = OnCrash::restart;
    bool allow_unsafe = false;
    double budget_ms = 0;  // of one call; 0: none
    OnOverrun on_overrun = OnOverrun::log;
    uint32_t overrun_limit = 10;        // calls in a row
    uint32_t overrun_retry_ms = 10000;  // until a call is tried again
    bool listed = true;                 // false: from a wsc section alone, placed by stage
    std::string required_by;  // the wsc key that brought it, "wsc.websocket_origins"; empty when only listed
    ConfigNodePtr config;     // never null; a map (maybe empty)
    std::string location;     // "gateway.yaml:31:7", for error messages
};

// The HTTP client that plugins share (gw.http/1).
struct HttpClientSettings {
    std::string ca_file;  // absolute; empty: the system's authorities
    uint32_t max_connections = 256;
    uint32_t max_connections_per_origin = 64;
    uint32_t max_requests_per_plugin = 4096;
    uint32_t max_memory_mb = 128;
    std::string ca_file_location;  // "gateway.yaml:31:7: plugins.http.ca_file", for error messages
};

struct PluginsSettings {
    std::vector<std::string> path;  // absolute folders; empty: ../lib/gatewayd/plugins beside the binary
    std::string state_dir;          // absolute; empty: state_folder() of core/plugins/crash_record.h
    uint32_t crash_limit = 3;       // in a row; then on_crash decides
    uint32_t crash_reset_s = 600;   // without one: the count begins again
    uint32_t watchdog_ms = 2000;    // 0: none
    uint32_t drain_timeout_s = 30;
    uint32_t old_libraries = 8;
    std::vector<PluginSettings> load;
    uint32_t work_threads = 2;  // of gw.work/1; 0: it takes nothing on
    HttpClientSettings http;
};

struct AdminSettings {
    std::string listen = "127.0.0.1:8082";  // empty: no admin listener
    std::vector<std::string> api_keys;
};

enum class LogLevel : uint8_t { debug, info, warn, error };
enum class LogFormat : uint8_t { text, json };

struct LogSettings {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::text;
    uint32_t max_connection_lines = 1000;
};

struct Settings {
    WscSettings wsc;
    PluginsSettings plugins;
    AdminSettings admin;
    LogSettings log;
    bool safe_mode = false;  // --safe-mode, no key: no WebSocket listener, no plugin
};

}  // namespace gatewayd

#endif
