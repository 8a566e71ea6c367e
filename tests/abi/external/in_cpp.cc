// A plugin in C++ of two files: it numbers the messages that it sees.
#include <gateway/plugin.hpp>
#include <mutex>
#include <string>

#include "counter.h"

class Numbers : public gateway::Interceptor {
   public:
    void Configure(const gateway::Config& config) override {
        config.allow_only({"field"});
        field_ = config.get("field").string_or("number");
    }
    gateway::Verdict Intercept(gateway::Request& request, gateway::Connection&, gateway::Next&) override {
        const std::lock_guard<std::mutex> lock(mutex_);
        request.set_json(field_, std::to_string(counted()));
        return gateway::Continue;
    }

   private:
    std::mutex mutex_;
    std::string field_;
};
GATEWAY_PLUGIN(Numbers, "external.cpp", "1.0.0", "message")
