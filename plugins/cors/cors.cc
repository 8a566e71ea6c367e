// cors: refuses handshakes from web pages of other origins than the configured ones. Browsers let any page
// open a WebSocket to any host and send the user's cookies along; the server has to look at Origin. README.md
#include <string>
#include <vector>

#include "gateway/plugin.hpp"
#include "origin.h"

namespace cors {
namespace {

constexpr size_t max_shown_origin = 200;  // bytes of a refused origin in the answer

class Cors : public gateway::Interceptor {
   public:
    static constexpr uint32_t stage = GW_STAGE_HANDSHAKE;

    void Configure(const gateway::Config& config) override {
        config.allow_only({"origins", "allow_no_origin"});
        for (const gateway::Config& entry : config.get("origins").list()) {
            const std::string text = entry.required_string();
            std::string error;
            const auto pattern = OriginPattern::parse(text, &error);
            if (!pattern) entry.fail("\"" + text + "\": " + error);
            patterns_.push_back(*pattern);
        }
        allow_no_origin_ = config.get("allow_no_origin").bool_or(true);
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        const auto origin = request.header("Origin");
        if (!origin) {
            if (allow_no_origin_) return gateway::Continue;
            return request.reject(
                403, "forbidden",
                "a request without an Origin header is not allowed: it comes from no browser; set "
                "allow_no_origin of the plugin cors to true to allow it");
        }
        if (allowed(*origin)) return gateway::Continue;
        return request.reject(403, "forbidden",
                              "the origin \"" + std::string(origin->substr(0, max_shown_origin)) +
                                  "\" is not allowed: add it to wsc.websocket_origins");
    }

   private:
    bool allowed(std::string_view origin) const {
        if (patterns_.empty()) return true;
        for (const OriginPattern& pattern : patterns_) {
            if (pattern.matches(origin)) return true;
        }
        return false;
    }

    std::vector<OriginPattern> patterns_;  // empty: every origin
    bool allow_no_origin_ = true;
};

}  // namespace
}  // namespace cors

GATEWAY_PLUGIN_WITH(
    cors::Cors, "cors", "1.0.0", "handshake",
    "description=Refuses handshakes from web pages of other origins than the configured ones\n")
