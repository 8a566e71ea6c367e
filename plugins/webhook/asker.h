// Asker: asks the back end about a message before it goes on, with the message put aside meanwhile. What the
// answer means is applied here. [conn], within the hooks of the message; its counters are [any].
#ifndef GATEWAYD_PLUGINS_WEBHOOK_ASKER_H
#define GATEWAYD_PLUGINS_WEBHOOK_ASKER_H

#include <atomic>
#include <cstdint>
#include <string>

#include "gateway/plugin.hpp"
#include "meters.h"
#include "settings.h"

namespace webhook {

class Asker {
   public:
    Asker(const gateway::Host& host, const Settings& settings, Meters* meters);

    bool asks_about(std::string_view type) const { return settings_.ask.enabled && settings_.ask.has(type); }
    // id: what the question is known by. Pending; or what on_failure says, at once, as too many are asked.
    gateway::Verdict ask(gateway::Request& request, gateway::Connection& connection, gateway::Next& next,
                         const std::string& id);
    // Continue: it may go on, changed perhaps.
    gateway::Verdict answered(gateway::Request& request, void* ud);
    void cancelled(void* ud);

   private:
    gateway::Verdict apply(gateway::Request& request, const gateway::http::Answer& answer);
    gateway::Verdict replace(gateway::Request& request, const Verdict& verdict);
    gateway::Verdict failed(gateway::Request& request, Result why, const std::string& words);
    void leave();

    const gateway::Host host_;
    const Settings settings_;
    const std::string asked_;  // for the log
    Meters* const meters_;
    std::atomic<uint32_t> in_flight_{0};
};

}  // namespace webhook

#endif
