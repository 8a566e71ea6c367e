// Meters: what the plugin counts (README.md names them), and its words in the log about a back end that
// fails: a line a second at most, so that an outage does not fill the disk. [any] once it is made.
#ifndef GATEWAYD_PLUGINS_AUTH_HTTP_METERS_H
#define GATEWAYD_PLUGINS_AUTH_HTTP_METERS_H

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "answer.h"
#include "gateway/plugin.hpp"

namespace auth_http {

class Meters {
   public:
    // [control] In Configure. url: what the log calls the back end.
    Meters(const gateway::Host& host, const std::string& url);

    void asked() { asked_.add(); }
    void joined() { joined_.add(); }
    void used_again(const Outcome& outcome);  // from the cache
    void answered(const Outcome& outcome, uint64_t took_ns);
    void abandoned() { abandoned_.add(); }  // nobody waited for it any more
    void refused() { failed(Outcome::Failure::limit, "max_in_flight questions are on their way"); }

    gateway::Gauge in_flight;
    gateway::Gauge entries;

   private:
    static constexpr size_t failures = 6;
    void failed(Outcome::Failure failure, const std::string& why);

    const gateway::Host host_;
    const std::string url_;
    gateway::Counter asked_;
    gateway::Counter joined_;
    gateway::Counter abandoned_;
    std::array<gateway::Counter, 2> used_again_;  // admitted, denied
    std::array<gateway::Counter, 2> answers_;     // the same
    std::array<gateway::Counter, failures> failed_;
    gateway::Histogram seconds_;
    std::atomic<uint64_t> next_line_ns_{0};
    std::atomic<uint64_t> unsaid_{0};
};

}  // namespace auth_http

#endif
