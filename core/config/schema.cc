#include "core/config/schema.h"

#include "core/config/checks.h"
#include "core/config/schema_rows.h"

namespace gatewayd::config {

namespace {

const std::vector<std::string> tls_version_words{"1.2", "1.3"};
const std::vector<std::string> slow_client_words{"disconnect", "drop_oldest", "drop_newest"};
const std::vector<std::string> proxy_header_words{"x-forwarded-for", "forwarded", "proxy-protocol"};
const std::vector<std::string> log_level_words{"debug", "info", "warn", "error"};
const std::vector<std::string> log_format_words{"text", "json"};

void add_wsc(std::vector<Key>& keys) {
    keys.push_back(
        flag("wsc.enabled", GATEWAYD_AT(wsc.enabled),
             "false: no WebSocket listener; the log, `gatewayd check` and the statistics say so."));
    keys.push_back(
        text("wsc.node_ip", GATEWAYD_AT(wsc.node_ip), check_ip,
             "The address to listen on, IPv4 or IPv6; 0.0.0.0 is every IPv4 address of the machine."));
    keys.push_back(number("wsc.node_port", GATEWAYD_AT(wsc.node_port), "", 0, 65535,
                          "The TCP port to listen on. 0: any free port; the log names the real one."));
    keys.push_back(text("wsc.path", GATEWAYD_AT(wsc.path), check_url_path,
                        "The path that clients connect to; \"/\" is accepted too, other paths are 404."));
    keys.push_back(number("wsc.heartbeat_interval", GATEWAYD_AT(wsc.heartbeat_interval_s), "seconds", 1,
                          86400, "Between two pings of the server to each client."));
    keys.push_back(number("wsc.client_timeout", GATEWAYD_AT(wsc.client_timeout_s), "seconds", 2, 604800,
                          "A client that sends no frame of any kind for so long is closed. Must be larger "
                          "than heartbeat_interval."));
    keys.push_back(number("wsc.message_buffer_size", GATEWAYD_AT(wsc.message_buffer_size), "messages", 1,
                          1000000,
                          "What may wait for one connection, counted after its socket refused more; then "
                          "performance.slow_client decides."));
    keys.push_back(text(
        "wsc.websocket_origins", GATEWAYD_AT(wsc.websocket_origins), what_is_wrong_with_origin,
        "Pages of which origins may connect. Empty: any; else exact origins (\"https://app.example.com\"), "
        "subdomains (\"https://*.example.com\") or \"*\". Not empty: brings the plugin `cors`."));
    keys.push_back(
        text("wsc.trusted_proxies", GATEWAYD_AT(wsc.trusted_proxies), check_network,
             "Addresses or networks (10.0.0.0/8, 2001:db8::/32) of your proxies: what these say in "
             "proxy_header of a client's address is believed. Empty: a client is who connects."));
    keys.push_back(
        text("wsc.proxy_header", GATEWAYD_CHOICE_AT(wsc.proxy_header, proxy_header_words), nullptr,
             "The one way in which trusted_proxies say who the client is: one of two HTTP headers, "
             "or the PROXY protocol, version 1 or 2, which they must send then."));
}

void add_tls(std::vector<Key>& keys) {
    keys.push_back(of_kind(text("wsc.tls.cert", GATEWAYD_AT(wsc.tls.cert), nullptr,
                                "The file of the certificate, PEM: the server's own first, then its chain. "
                                "Empty: no TLS, clients use ws://."),
                           TextKind::path));
    keys.push_back(of_kind(text("wsc.tls.key", GATEWAYD_AT(wsc.tls.key), nullptr,
                                "The file of the certificate's private key, PEM, without a passphrase."),
                           TextKind::path));
    keys.push_back(text("wsc.tls.min_version", GATEWAYD_CHOICE_AT(wsc.tls.min_version, tls_version_words),
                        nullptr, "The oldest TLS version that clients may use."));
    keys.push_back(number("wsc.tls.session_lifetime", GATEWAYD_AT(wsc.tls.session_lifetime_s), "seconds", 0,
                          86400,
                          "How long a client that comes back may resume its TLS session instead of a whole "
                          "handshake. 0: never."));
    keys.push_back(Key{"wsc.tls.sni", nullptr,
                       "Further certificates, by the name that the client asks for. For each: names (exact, "
                       "or \"*.example.com\" for any one label), cert, key. Clients that ask for another "
                       "name, or for none, get wsc.tls.cert."});
}

void add_performance(std::vector<Key>& keys) {
    keys.push_back(number("wsc.performance.max_connections_per_node",
                          GATEWAYD_AT(wsc.performance.max_connections_per_node), "connections", 1, 10000000,
                          "How many may be open at a time; more are refused with 503 before the upgrade."));
    keys.push_back(number("wsc.performance.read_buffer_size",
                          GATEWAYD_AT(wsc.performance.read_buffer_size_kb), "KB", 1, 65536,
                          "First size of the buffer that holds one connection's incomplete message."));
    keys.push_back(number("wsc.performance.write_buffer_size",
                          GATEWAYD_AT(wsc.performance.write_buffer_size_kb), "KB", 1, 65536,
                          "First size of one connection's waiting output."));
    keys.push_back(flag("wsc.performance.enable_compression", GATEWAYD_AT(wsc.performance.enable_compression),
                        "true: permessage-deflate (RFC 7692) with every client that offers it."));
    keys.push_back(flag("wsc.performance.enable_metrics", GATEWAYD_AT(wsc.performance.enable_metrics),
                        "false: no /metrics on the admin listener."));
    keys.push_back(with_word_for_zero(
        number("wsc.performance.io_threads", GATEWAYD_AT(wsc.performance.io_threads), "threads", 1, 64,
               "Reactors, each with its own connections; auto: one for each core."),
        "auto"));
    keys.push_back(number("wsc.performance.reactor_buffer_size",
                          GATEWAYD_AT(wsc.performance.reactor_buffer_size_kb), "KB", 64, 65536,
                          "The read buffer that all connections of one reactor share."));
    keys.push_back(text("wsc.performance.slow_client",
                        GATEWAYD_CHOICE_AT(wsc.performance.slow_client, slow_client_words), nullptr,
                        "What happens when message_buffer_size or max_queue_size is reached: the client is "
                        "closed (1013), or its oldest or newest waiting message is dropped."));
    keys.push_back(number("wsc.performance.max_queue_size", GATEWAYD_AT(wsc.performance.max_queue_size_kb),
                          "KB", 1, 4194304, "What may wait for one connection; then slow_client decides."));
    keys.push_back(number(
        "wsc.performance.max_request_head_size", GATEWAYD_AT(wsc.performance.max_request_head_size_kb), "KB",
        1, 15, "The largest HTTP request head that opens a connection; a larger one is answered 431."));
    keys.push_back(
        number("wsc.performance.max_connections_per_address",
               GATEWAYD_AT(wsc.performance.max_connections_per_address), "connections", 0, 10000000,
               "How many one client address may have open; more are refused with 503. 0: no limit."));
    keys.push_back(number("wsc.performance.max_fragments", GATEWAYD_AT(wsc.performance.max_fragments),
                          "fragments", 1, 16777216,
                          "How many one message may have; more close the connection (1009)."));
    keys.push_back(number("wsc.performance.max_inbound_memory",
                          GATEWAYD_AT(wsc.performance.max_inbound_memory_mb), "MB", 1, 1048576,
                          "What incomplete messages of all connections may take together; a connection that "
                          "needs more is closed (1013)."));
    keys.push_back(number("wsc.performance.max_outbound_memory",
                          GATEWAYD_AT(wsc.performance.max_outbound_memory_mb), "MB", 1, 1048576,
                          "What may wait for all connections together; beyond it the connections for which "
                          "most waits lose it, as slow_client says."));
    keys.push_back(number("wsc.performance.handshake_timeout",
                          GATEWAYD_AT(wsc.performance.handshake_timeout_s), "seconds", 1, 3600,
                          "How long a client may take from its TCP connection to the end of the upgrade."));
    keys.push_back(number("wsc.performance.write_stall_timeout",
                          GATEWAYD_AT(wsc.performance.write_stall_timeout_s), "seconds", 1, 86400,
                          "A client that takes none of its waiting output for so long is closed."));
    keys.push_back(number("wsc.performance.shutdown_timeout", GATEWAYD_AT(wsc.performance.shutdown_timeout_s),
                          "seconds", 1, 3600,
                          "How long what is left to send may take when the gateway ends."));
}

void add_compression(std::vector<Key>& keys) {
    keys.push_back(
        number("wsc.performance.compression_threshold",
               GATEWAYD_AT(wsc.performance.compression_threshold_bytes), "bytes", 0, 1073741824,
               "Smaller messages are sent as they are: little is saved and DEFLATE takes its time."));
    keys.push_back(number("wsc.performance.compression_level", GATEWAYD_AT(wsc.performance.compression_level),
                          "", 1, 9, "How hard zlib tries: 1 is the fastest, 9 the smallest."));
    keys.push_back(
        flag("wsc.performance.compression_context_takeover",
             GATEWAYD_AT(wsc.performance.compression_context_takeover),
             "true: messages may refer back to those before them. Smaller, but each connection takes "
             "about 0.3 MB, and a broadcast is compressed for each by itself."));
    keys.push_back(
        number("wsc.performance.compression_window_bits",
               GATEWAYD_AT(wsc.performance.compression_window_bits), "", 9, 15,
               "The largest window that is agreed to, as a power of 2 bytes; less takes less memory "
               "with context takeover."));
    keys.push_back(number("wsc.performance.max_compression_memory",
                          GATEWAYD_AT(wsc.performance.max_compression_memory_mb), "MB", 1, 1048576,
                          "What kept contexts of all connections may take together; when it is used up, "
                          "newcomers compress without context takeover."));
}

void add_security(std::vector<Key>& keys) {
    keys.push_back(
        flag("wsc.security.enable_auth", GATEWAYD_AT(wsc.security.enable_auth),
             "true: brings the plugin that auth.provider names; without a key (jwt) or a url (http) the "
             "gateway does not start."));
    keys.push_back(
        text("wsc.security.auth.provider", GATEWAYD_AT(wsc.security.auth.provider), check_plugin_name,
             "Who checks who a client is: jwt (the plugin `auth-jwt`), http (`auth-http`, which asks "
             "your login), or a plugin of yours."));
    keys.push_back(
        of_kind(text("wsc.security.auth.keys", GATEWAYD_AT(wsc.security.auth.keys), nullptr,
                     "What tokens are verified with, in the form that the provider's README gives. Secret."),
                TextKind::secret));
    keys.push_back(flag("wsc.security.enable_rate_limit", GATEWAYD_AT(wsc.security.enable_rate_limit),
                        "true: brings the plugin `limits`."));
    keys.push_back(
        number("wsc.security.max_message_size", GATEWAYD_AT(wsc.security.max_message_size_kb), "KB", 1,
               1048576, "The largest message after reassembly; a larger one closes the connection (1009)."));
    keys.push_back(text("wsc.security.allowed_user_types", GATEWAYD_AT(wsc.security.allowed_user_types),
                        check_user_type,
                        "Clients of another user_type are refused with 403, with or without auth."));
    keys.push_back(text("wsc.security.broadcast_user_types", GATEWAYD_AT(wsc.security.broadcast_user_types),
                        check_user_type,
                        "Whose messages without a destination go to everyone; each must be in "
                        "allowed_user_types. Not given: those of the default that allowed_user_types has."));
    keys.push_back(
        Key{"wsc.security.permissions", nullptr,
            "Which user types may do what: a list for each rule, [\"*\"] for all of them. The core's "
            "rules are message_users, see_presence, use_groups and use_tickets; plugins define more. "
            "Not given: message_users and see_presence are [agent, admin] when an auth plugin is "
            "loaded, everything else is for all."});
    keys.push_back(flag("wsc.security.trust_client_identity", GATEWAYD_AT(wsc.security.trust_client_identity),
                        "true: clients may call themselves agent or admin without auth and off loopback."));
}

void add_http(std::vector<Key>& keys) {
    keys.push_back(of_kind(text("plugins.http.ca_file", GATEWAYD_AT(plugins.http.ca_file), nullptr,
                                "A file of the authorities that https servers are trusted by, PEM, in place "
                                "of the system's. Empty: the system's."),
                           TextKind::path));
    keys.push_back(number("plugins.http.max_connections", GATEWAYD_AT(plugins.http.max_connections),
                          "connections", 1, 65536, "To all servers; requests wait for a free one."));
    keys.push_back(number("plugins.http.max_connections_per_origin",
                          GATEWAYD_AT(plugins.http.max_connections_per_origin), "connections", 1, 65536,
                          "To one scheme, host and port."));
    keys.push_back(number("plugins.http.max_requests_per_plugin",
                          GATEWAYD_AT(plugins.http.max_requests_per_plugin), "requests", 1, 16384,
                          "Without an answer yet; further ones are refused at once. All plugins together may "
                          "have 16384."));
    keys.push_back(number("plugins.http.max_memory", GATEWAYD_AT(plugins.http.max_memory_mb), "MB", 1, 65536,
                          "What all requests and answers on their way may hold; beyond, requests are refused "
                          "and answers given up."));
}

void add_others(std::vector<Key>& keys) {
    keys.push_back(of_kind(text("plugins.path", GATEWAYD_AT(plugins.path), check_folder,
                                "Folders where plugins without a path of their own are looked up as "
                                "<name>.so. Empty: ../lib/gatewayd/plugins beside the program."),
                           TextKind::path));
    keys.push_back(
        number("plugins.drain_timeout", GATEWAYD_AT(plugins.drain_timeout_s), "seconds", 1, 3600,
               "After a reload, what a plugin's old generation has put aside may take so long; then "
               "it goes on in the new one."));
    keys.push_back(number("plugins.old_libraries", GATEWAYD_AT(plugins.old_libraries), "libraries", 0, 1000,
                          "So many libraries of generations that are gone stay mapped, the latest ones: for "
                          "what a plugin leaves behind by mistake."));
    keys.push_back(
        number("plugins.watchdog", GATEWAYD_AT(plugins.watchdog_ms), "milliseconds", 0, 3600000,
               "A reactor, or the control thread in a call of a plugin, that is busy with one thing "
               "for so long is logged: which plugin, which hook, its stack. 0: never."));
    keys.push_back(
        of_kind(text("plugins.state_dir", GATEWAYD_AT(plugins.state_dir), nullptr,
                     "The folder where crashes of plugins are counted. Empty: $STATE_DIRECTORY (set by "
                     "systemd), else $XDG_STATE_HOME/gatewayd, else ~/.local/state/gatewayd."),
                TextKind::path));
    keys.push_back(number("plugins.crash_limit", GATEWAYD_AT(plugins.crash_limit), "crashes", 1, 1000,
                          "After so many in a row on account of one plugin's file, its on_crash decides."));
    keys.push_back(
        number("plugins.crash_reset", GATEWAYD_AT(plugins.crash_reset_s), "seconds", 1, 604800,
               "A plugin that ran for so long without a crash, or to a clean end, begins at none."));
    keys.push_back(number("plugins.work_threads", GATEWAYD_AT(plugins.work_threads), "threads", 0, 64,
                          "For work that plugins give away so that they do not hold up connections; made "
                          "when a plugin does so for the first time. 0: they may not."));
    keys.push_back(Key{
        "plugins.load", nullptr,
        "The plugins, in the order of the chain. For each: name (unique), path (of the .so; "
        "without one it is looked up by name), on_error (closed: what it fails on is refused; "
        "open: goes on without it), on_crash (restart: it is loaded again whatever it did; skip: after "
        "crash_limit crashes in a row the gateway starts without it), budget_ms (of one call), on_overrun "
        "(log, bypass, reject: what becomes of a plugin that is over it overrun_limit times in a row, "
        "until it is tried again after overrun_retry_ms), allow_unsafe (true: on_error open, on_crash "
        "skip and on_overrun bypass also for handshake and auth plugins), config (what the plugin's "
        "README says)."});
    add_http(keys);
    keys.push_back(with_false_as_empty(text("admin.listen", GATEWAYD_AT(admin.listen), check_listen,
                                            "Address and port of the admin HTTP listener, host:port or "
                                            "[IPv6]:port. false: none. Off loopback it needs api_keys.")));
    keys.push_back(of_kind(text("admin.api_keys", GATEWAYD_AT(admin.api_keys), check_api_key,
                                "Back ends send one as `Authorization: Bearer <key>`; each at least 16 "
                                "characters. Secret. Empty: no key needed, loopback only."),
                           TextKind::secret));
    keys.push_back(text("log.level", GATEWAYD_CHOICE_AT(log.level, log_level_words), nullptr,
                        "What is less important is not logged."));
    keys.push_back(text("log.format", GATEWAYD_CHOICE_AT(log.format, log_format_words), nullptr,
                        "text: for people; json: one JSON object a line."));
    keys.push_back(
        number("log.max_connection_lines", GATEWAYD_AT(log.max_connection_lines), "lines", 0, 10000000,
               "How many lines of clients that connected are written in 10 s, and as many of those "
               "that disconnected; the others are counted in one. 0: no limit."));
}

#undef GATEWAYD_AT
#undef GATEWAYD_CHOICE_AT

std::vector<Key> make_keys() {
    std::vector<Key> keys;
    add_wsc(keys);
    add_tls(keys);
    add_performance(keys);
    add_compression(keys);
    add_security(keys);
    add_groups_and_tickets(keys);
    add_others(keys);
    return keys;
}

}  // namespace

const std::vector<Key>& schema_keys() {
    static const std::vector<Key> keys = make_keys();
    return keys;
}

const std::vector<Section>& schema_sections() {
    static const std::vector<Section> sections{
        {"wsc", "The WebSocket side: what clients connect to."},
        {"wsc.tls", "TLS on the listener, wss://. The files are read again on SIGHUP."},
        {"wsc.performance", "Limits and sizes. Every limit has an answer; none is silent."},
        {"wsc.security", "Who may connect and how much they may send."},
        {"wsc.security.auth", "For enable_auth; further keys are those of the provider's README.", true},
        {"wsc.security.rate_limit", "For enable_rate_limit; the keys are those of the README of `limits`.",
         true},
        {"wsc.group", "Groups of users: the configuration of the plugin `group`."},
        {"wsc.ticket", "Tickets between customers and agents: the configuration of the plugin `ticket`."},
        {"wsc.store", "For groups and tickets; further keys are those of the provider's README.", true},
        {"plugins", "Shared libraries that see handshakes and messages."},
        {"plugins.http", "The HTTP client that plugins share to ask back ends (gw.http/1)."},
        {"admin", "The HTTP listener for operators and back ends."},
        {"log", "The log, on standard error."},
    };
    return sections;
}

const Key* find_key(std::string_view path) {
    for (const Key& key : schema_keys()) {
        if (key.path == path) return &key;
    }
    return nullptr;
}

const Section* find_section(std::string_view path) {
    for (const Section& section : schema_sections()) {
        if (section.path == path) return &section;
    }
    return nullptr;
}

std::string_view parent_of(std::string_view path) {
    const size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view leaf_of(std::string_view path) {
    const size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string type_name(const Key& key) {
    if (key.path == "wsc.tls.sni") return "list of certificates";
    if (key.path == "wsc.security.permissions") return "rules with lists of user types";
    if (key.slot == nullptr) return "list of plugins";
    Settings settings;
    const Slot slot = key.slot(settings);
    if (std::holds_alternative<bool*>(slot)) return "true or false";
    if (std::holds_alternative<uint16_t*>(slot) || std::holds_alternative<uint32_t*>(slot)) return "number";
    if (std::holds_alternative<std::string*>(slot)) return "text";
    if (std::holds_alternative<std::vector<std::string>*>(slot)) return "list of text";
    if (std::holds_alternative<ConfigNodePtr*>(slot)) return "list";
    const auto& words = *std::get<Choice>(slot).words;
    std::string text;
    for (size_t i = 0; i < words.size(); ++i)
        text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
    return text;
}

std::string range_text(const Key& key) {
    if (key.max == 0) return {};
    std::string text = key.unit.empty() ? "" : key.unit + ", ";
    if (!key.word_for_zero.empty()) text += key.word_for_zero + " or ";
    return text + std::to_string(key.min) + " to " + std::to_string(key.max);
}

}  // namespace gatewayd::config
