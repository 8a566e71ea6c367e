// Tells other plugins (gw.event/1) what clients say: {"type":"tell","content":NAME,"data":{...}}. With
// `at_start` and `at_stop` it tells an event of that name then, too.
#include <string>

#include "gateway/plugin.hpp"

namespace {

class Tells : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"at_start", "at_stop"});
        at_start_ = config.get("at_start").string_or("");
        at_stop_ = config.get("at_stop").string_or("");
    }
    void Start() override {
        if (!at_start_.empty()) gateway::emit(host(), at_start_, "{}");
    }
    void Stop() override {
        if (!at_stop_.empty()) gateway::emit(host(), at_stop_, "{}");
    }

    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        if (request.field("type") != "tell") return gateway::Continue;
        const std::string name(request.field("content").value_or(""));
        const bool wanted = gateway::wanted(host(), name);
        const bool went = gateway::emit(host(), name, request.json_field("data").value_or("{}"));
        return request.answer(std::string(R"({"type":"told","wanted":)") + (wanted ? "true" : "false") +
                              R"(,"went":)" + (went ? "true" : "false") + "}");
    }

   private:
    std::string at_start_;
    std::string at_stop_;
};

}  // namespace

GATEWAY_PLUGIN(Tells, "tells", "1.0.0", "message")
