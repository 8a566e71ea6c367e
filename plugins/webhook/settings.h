// Settings: the plugin's configuration, read and checked; README.md says what each key means. [control]
#ifndef GATEWAYD_PLUGINS_WEBHOOK_SETTINGS_H
#define GATEWAYD_PLUGINS_WEBHOOK_SETTINGS_H

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/plugin.hpp"
#include "selection.h"

namespace webhook {

// Of `ask`; without it no message is asked about.
struct AskSettings {
    bool enabled = false;
    std::string url;
    std::vector<std::string> types;
    bool all_types = false;
    uint32_t timeout_ms = 2000;
    bool allows_on_failure = false;
    uint32_t max_in_flight = 256;

    bool has(std::string_view type) const;
};

struct Settings {
    std::string url;
    gateway::http::Headers headers;
    std::vector<std::string> secrets;
    Selection events;
    size_t batch_events = 100;
    size_t batch_bytes = size_t{256} * 1024;
    uint64_t max_delay_ms = 500;
    size_t max_queue_events = 10000;
    size_t max_queue_bytes = size_t{16384} * 1024;
    uint32_t timeout_ms = 10000;
    uint64_t retry_min_ms = 500;
    uint64_t retry_max_ms = 60000;
    uint64_t give_up_after_s = 3600;   // 0: never
    uint32_t flush_timeout_ms = 1500;  // below plugins.watchdog, which tells of the control thread that waits
    AskSettings ask;

    // Throws what is wrong, with its place.
    static Settings read(const gateway::Config& config, const gateway::Host& host);
};

}  // namespace webhook

#endif
