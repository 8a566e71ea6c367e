// Outage: what the log says about a back end that takes nothing: its beginning, a line a minute, its end. One
// thread at a time: there is one attempt at a time.
#ifndef GATEWAYD_PLUGINS_WEBHOOK_OUTAGE_H
#define GATEWAYD_PLUGINS_WEBHOOK_OUTAGE_H

#include <cstdint>
#include <string>

#include "gateway/plugin.hpp"

namespace webhook {

class Outage {
   public:
    // url: without its query, which may hold a secret.
    Outage(const gateway::Host& host, const std::string& url)
        : host_(host), url_(url.substr(0, url.find('?'))) {}

    void failed(const std::string& why, size_t waiting, uint64_t retry_ms);
    void delivered(size_t waiting);
    void refused(const std::string& why, uint32_t events);
    void expired(uint32_t events);

   private:
    const gateway::Host host_;
    const std::string url_;
    uint64_t since_ns_ = 0;  // 0: it takes what it gets
    uint64_t next_line_ns_ = 0;
    uint64_t attempts_ = 0;
};

// "1 event", "2 events".
std::string events_words(uint64_t count);
// "1.5 s", "250 ms".
std::string time_words(uint64_t ms);

}  // namespace webhook

#endif
